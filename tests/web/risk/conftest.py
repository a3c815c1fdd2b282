"""A world with a small road network, a crash register and, where asked for, one assessment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sizao.web.imports.models import Batch, Crash
from sizao.web.risk import compute, files, services
from sizao.web.risk.models import Assessment
from tests.risk import grids
from tests.web.conftest import World

_TEXTS = ("road", "direction", "place", "area", "severity_2007", "severity_1991", "procedure",
          "collision", "weather", "light_condition", "surface", "cause", "description")  # fmt: skip


def register(world: World, years: range = range(2023, 2026), a_year: int = 120) -> None:
    """Roads on the disk and crashes in the register."""
    grids.network().save(world.data.network)
    batch = Batch.objects.create(
        kind="crash", source="试验台账", file_name="a.csv", size=1, sha256="0" * 64,
        state=Batch.State.DONE, by="system", at=world.now,
    )  # fmt: skip
    rows = []
    for row in grids.crash_rows(years, a_year):
        given: dict[str, Any] = {name: row[name] or "" for name in _TEXTS}
        rows.append(
            Crash(
                source=row["source"], number=row["crash"], time=row["time"],
                hour_known=row["hour_known"], lat=row["lat"], lon=row["lon"], dead=row["dead"],
                injured=row["injured"], parties=",".join(row["parties"]), batch=batch,
                row=row["row"], **given,
            )
        )  # fmt: skip
    Crash.objects.bulk_create(rows)


_kept: dict[str, bytes] = {}
"""Files of the run, once computed: the same register gives the same."""


def _computed(place: Path, step: services.Step) -> None:
    if not _kept:
        compute.compute(place, step)
        _kept.update({path.name: path.read_bytes() for path in place.iterdir()})
    for name, data in _kept.items():
        if name != "job.json":
            (place / name).write_bytes(data)


def assessed(world: World) -> Assessment:
    """One finished run; computed in this process by the first test that asks."""
    files.forget()
    register(world)
    opened = services.open_run(None, years=range(2023, 2026))
    found = services.run(opened.pk, _computed)
    assert found.state == "done", found.error
    return found


@pytest.fixture
def run(world: World) -> Iterator[Assessment]:
    yield assessed(world)
    files.forget()
