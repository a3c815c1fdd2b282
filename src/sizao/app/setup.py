"""What ``sizao demo`` makes before it starts: city, register, database, accounts.

Every step may be repeated: what exists and still fits is kept, so that a second start goes on
with the cases and vehicles of the first.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from sizao import __version__
from sizao.app.demo_keys import write_keys
from sizao.core import durable
from sizao.log import register
from sizao.log.datadir import DataDir

if TYPE_CHECKING:
    from sizao.web.units.services import DemoAccount


def prepare(data: DataDir, *, seed: int, vehicles: int) -> Iterator[str]:
    """Make what is missing; yields a line about each step before doing it."""
    made = data.root / "demo.json"
    want = {"version": __version__, "seed": seed, "vehicles": vehicles, "city": _city_print()}
    have = json.loads(made.read_text(encoding="utf-8")) if made.exists() else {}
    if have != want or not data.network.exists() or not data.register.exists():
        yield "drawing the schematic city and its road network"
        _write_city(data, seed=seed, vehicles=vehicles)
    write_keys(data)
    yield "preparing the database"
    _database(data, fresh=have != want, seed=seed)
    durable.replace(made, json.dumps(want).encode())


def _city_print() -> str:
    """Fingerprint of the city's data files: another city needs another network."""
    from importlib import resources

    digest = hashlib.sha256()
    folder = resources.files("sizao.sim.city")
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.endswith((".yaml", ".py")):
            digest.update(item.read_bytes())
    return digest.hexdigest()[:16]


def _write_city(data: DataDir, *, seed: int, vehicles: int) -> None:
    from sizao.app.context import write_context
    from sizao.app.demo_calendar import write_calendar
    from sizao.app.demo_sources import write_roadside, write_sources
    from sizao.sim import city, fleet

    drawn = city.write(data)
    write_context(drawn, data)
    write_sources(drawn, data)
    write_roadside(drawn, data)
    write_calendar(drawn, data)
    made = fleet.register(drawn, vehicles, seed)
    register.save(pa.Table.from_batches([made]), data.register)


def _database(data: DataDir, *, fresh: bool, seed: int) -> None:
    """Migrate; when the city is new, load its units, patrols, vehicles and crash history."""
    from sizao.app.wiring import setup_django

    os.environ["SIZAO_DEMO"] = "1"
    setup_django(data)
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from sizao.web.fleet import services as fleet_services
    from sizao.web.units import services as unit_services

    if fresh:
        from sizao.sim import city

        unit_services.load_units(city.units())
        loaded = register.load(data.register).combine_chunks().to_batches()[0]
        fleet_services.load_register(loaded)
        unit_services.load_patrols(_patrols(loaded))
    from sizao.web.imports.models import Crash

    if not Crash.objects.exists():
        from sizao.app.demo_crashes import import_crashes

        import_crashes(data, seed)
    unit_services.create_demo_accounts()
    if fresh:
        from sizao.roads.network import Network
        from sizao.web.measures import demo

        demo.seed(Network.load(data.network))
    from sizao.app.demo_duty import seed_duty

    seed_duty(data)
    from sizao.web.junctions import demo as junctions
    from sizao.web.tables import demo as tables

    junctions.seed()
    tables.seed()


def _patrols(register: pa.RecordBatch) -> Iterator[dict[str, str]]:
    """A patrol for each police vehicle: numbered within its squadron."""
    numbers: dict[str, int] = {}
    for row in register.to_pylist():
        if row["kind"] == "police":
            unit = row["enterprise"]
            numbers[unit] = numbers.get(unit, 0) + 1
            name = row["enterprise_name"].partition("（")[0]
            call_sign = f"{name} {numbers[unit]:02d} 车"
            yield {"call_sign": call_sign, "unit": unit, "vehicle": row["vehicle"]}


def accounts() -> tuple[DemoAccount, ...]:
    """The accounts of a demonstration."""
    from sizao.web.units.services import DEMO_ACCOUNTS

    return DEMO_ACCOUNTS
