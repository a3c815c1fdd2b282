"""The list of vehicles on the road: who is in it, in which order, and what it does not tell."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest

from tests.web.conftest import COACH, HAZMAT, TRUCK, World

WEST = {"lat": 26.5985, "lon": 101.603, "area": "510403"}


@pytest.fixture
def driving(world: World) -> World:
    """A truck and a coach in the east, the truck speeding; a silent tanker in the west."""
    world.board(
        {"vehicle": COACH, "kind": "line_coach", "speed_kmh": 40.0, "stake_m": 9_000.0},
        {"vehicle": TRUCK, "speed_kmh": 75.0, "active": "speeding", "stake_m": 120_300.0},
        {"vehicle": HAZMAT, "kind": "hazmat", "speed_kmh": None, "limit_kmh": None,
         "time": world.now - timedelta(minutes=9), **WEST},
    )  # fmt: skip
    return world


def listed(world: World, query: str = "", who: str = "op-zd") -> list[str]:
    page = world.client(who).get(f"/vehicles/?part=rows&{query}").content.decode()
    return re.findall(r'data-row="(\d+)"', page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [TRUCK, COACH, HAZMAT]),
        ("sort=-state", [HAZMAT, COACH, TRUCK]),
        ("sort=speed", [COACH, TRUCK, HAZMAT]),
        ("sort=-speed", [TRUCK, COACH, HAZMAT]),  # nothing reported is last either way
        ("sort=-over", [TRUCK, COACH, HAZMAT]),
        ("sort=place", [HAZMAT, COACH, TRUCK]),
        ("sort=heard", [HAZMAT, COACH, TRUCK]),  # of one second: the board's own order
        ("sort=nonsense", [TRUCK, COACH, HAZMAT]),
        ("state=active", [TRUCK]),
        ("state=offline", [HAZMAT]),
        ("kind=line_coach", [COACH]),
        ("unit=dd", [TRUCK, COACH]),
        ("q=g353k120", [TRUCK]),
        ("road=g353&state=normal", [COACH]),
        ("q=nowhere", []),
        ("page=99", [TRUCK, COACH, HAZMAT]),
    ],
)
def test_it_is_narrowed_and_put_in_order(driving: World, query: str, found: list[str]) -> None:
    assert listed(driving, query) == found


def test_everybody_sees_the_own_roads(driving: World) -> None:
    assert set(listed(driving, who="op-dd")) == {TRUCK, COACH}
    assert listed(driving, who="lead-xd") == [HAZMAT]
    assert listed(driving, who="nobody") == []


def test_a_second_later_nothing_is_shuffled(driving: World) -> None:
    """Vehicles that are equal in what the list is sorted by keep their places as speeds change."""
    names = [f"1000000{at:04d}" for at in range(250)]
    pages = []
    for speed in (30.0, 31.0):
        driving.board(*({"vehicle": name, "speed_kmh": speed} for name in names))
        pages.append([listed(driving, f"page={page}") for page in (1, 2, 3)])
    assert pages[0] == pages[1] == [names[:100], names[100:200], names[200:]]


def test_a_plate_is_neither_shown_nor_found(driving: World) -> None:
    """Who wants to know a vehicle opens it, and that is written down."""
    from sizao.web.audit.models import AuditEntry

    for who in ("op-zd", "off-dd1", "audit"):
        page = driving.client(who).get("/vehicles/").content.decode()
        assert "A0001" not in page
        assert "川D·A***1" in page
    assert listed(driving, "q=A0001") == []
    assert listed(driving, f"q={TRUCK}") == []
    answer = driving.client("op-zd").get("/vehicles/?format=csv&state=active")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert rows[1][:7] == [
        "疑似违法", "超速", "重型载货汽车", "川D·A***1", "G353 K120+300", "75", "60",
    ]  # fmt: skip
    entry = AuditEntry.objects.latest("seq")
    assert (entry.action, entry.data["rows"]) == ("export", 1)
