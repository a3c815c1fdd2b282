"""A register with fleets of twelve firms, one of three trucks, and where asked for a review."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa

from sizao.core.schemas import POSITION, REGISTER
from sizao.log.archive.store import ArchiveStore
from sizao.web.enterprises import compute, services
from sizao.web.enterprises.models import Review
from sizao.web.fleet.services import load_register
from tests.web.conftest import World

FIRMS = 12
FLEET = 8
TINY = "f99"
"""Three trucks, one episode, hardly a kilometre: first by raw rate."""
ALONE = "f98"
"""One truck: its owner's livelihood."""


def fleets(world: World) -> None:
    """Firms f00 to f11, the even ones at home in the east; TINY in the west, ALONE."""
    rows = []
    sizes = [*((f"f{n:02}", FLEET) for n in range(FIRMS)), (TINY, 3), (ALONE, 1)]
    for number, (firm, size) in enumerate(sizes):
        for one in range(size):
            rows.append(
                {"vehicle": f"100{number:04}{one:04}", "plate": f"川DI{number:02}{one:02}",
                 "plate_colour": 2, "kind": "heavy_truck", "enterprise": firm,
                 "enterprise_name": f"虚构货运{firm}公司",
                 "area": "510402" if number % 2 == 0 else "510403"}
            )  # fmt: skip
    load_register(pa.RecordBatch.from_pylist(rows, schema=REGISTER))


def vehicle(firm: int, one: int = 0) -> str:
    return f"100{firm:04}{one:04}"


def driven(world: World) -> None:
    """An archive: each truck of f00 to f11 drove an hour at 60 km/h, those of TINY a minute."""
    start = world.now - timedelta(hours=6)
    rows: list[dict[str, Any]] = []
    empty = {**dict.fromkeys(POSITION.names), "lat": 26.5, "lon": 101.7, "received": start,
             "source": "jt808"}  # fmt: skip
    for number in range(FIRMS + 1):
        reports = 60 if number < FIRMS else 1
        for one in range(FLEET if number < FIRMS else 3):
            for minute in range(reports):
                rows.append(
                    {**empty, "vehicle": vehicle(number, one), "speed_kmh": 60.0,
                     "time": start + timedelta(minutes=minute)}
                )  # fmt: skip
    with ArchiveStore(world.data.archive) as store:
        store.take([pa.RecordBatch.from_pylist(rows, schema=POSITION)], 1, 1.0)


def episodes(world: World) -> None:
    """Speeding: one each of f00 to f10, nine of f11, one of TINY."""
    start = world.now - timedelta(hours=5)
    of = [*range(FIRMS - 1), *[FIRMS - 1] * 9, FIRMS]
    for count, number in enumerate(of):
        world.append(
            world.detection(
                vehicle=vehicle(number, count % (FLEET if number < FIRMS else 3)),
                start=start + timedelta(minutes=2 * count),
            )
        )


def reviewed(world: World, slot: str = "night:2026-11-23") -> Review:
    """Everything, and the review made of it in this process."""
    fleets(world)
    driven(world)
    episodes(world)
    found = services.run(slot, compute.compute)
    assert found is not None
    return found


def one_review(world: World) -> Review:
    """A review of the world's own truck's enterprise alone, as if it had eight."""
    row = {
        "enterprise": "e1", "kind": "freight", "duty": "speeding", "vehicles": 8.0, "events": 3.0,
        "exposure": 2.0, "unit": "thousand_km", "raw_rate": 1.5, "similar": 1.0, "expected": 1.2,
        "lower": 0.5, "upper": 2.1, "ratio": 1.2, "probability_worse": 0.2, "weight": 0.5,
        "rank": 1, "note": "",
    }  # fmt: skip
    whole = {**row, "duty": "overall", "unit": None, "events": None, "exposure": None,
             "raw_rate": None}  # fmt: skip
    firm = {"name": "虚构货运一公司", "kind": "freight", "area": "510402", "vehicles": 8,
            "km": 2000.0, "vehicle_days": 30, "seen": 7}  # fmt: skip
    return Review.objects.create(
        slot="night:2026-11-23", made=world.now, first_day="2026-10-26", last_day="2026-11-23",
        summary={"days": 29, "left_out": 1, "none": ["fatigue"], "firms": {"e1": firm}},
        rows=[row, whole],
    )  # fmt: skip
