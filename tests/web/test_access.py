"""One rule of sight for rows, API, streams and vehicles: the unit's subtree."""

from __future__ import annotations

import pytest

from sizao.web.cases.models import Case
from sizao.web.fleet.access import Sight
from sizao.web.fleet.services import mask_plate
from sizao.web.live.models import OutboxEvent
from sizao.web.units.models import PatrolUnit, Unit
from sizao.web.warnings.models import Warning

from .conftest import COACH, HAZMAT, TRUCK, WEST, World

# Who sees which of three cases: east squadron 1, west squadron, expressway (red, detachment).
SEES = {
    "op-zd": {"east", "west", "fast"},
    "lead-zd": {"east", "west", "fast"},
    "audit": {"east", "west", "fast"},
    "admin": {"east", "west", "fast"},
    "op-dd": {"east"},
    "lead-dd": {"east"},
    "off-dd1": {"east"},
    "off-dd2": set(),
    "lead-xd": {"west"},
    "off-xd1": {"west"},
    "nobody": set(),
}
UNIT_COUNT = {"op-zd": 8, "audit": 8, "op-dd": 3, "off-dd1": 1, "lead-xd": 2, "nobody": 0}


@pytest.fixture
def three(world: World) -> World:
    world.append(
        world.detection(),
        world.detection(vehicle=HAZMAT, area="510403", lat=WEST[0], lon=WEST[1]),
        world.detection(
            vehicle=COACH, vehicle_kind="line_coach", road_class="expressway", road="G5",
            measured=130.0, limit=80.0, severity="50-70",
        ),
    )  # fmt: skip
    world.round()
    return world


NAMES = {TRUCK: "east", HAZMAT: "west", COACH: "fast"}


@pytest.mark.parametrize(("name", "expected"), SEES.items())
def test_rows_api_and_events_agree(three: World, name: str, expected: set[str]):
    user = three.user(name)
    assert {NAMES[one.vehicle] for one in Case.objects.for_user(user)} == expected
    assert {NAMES[one.vehicle] for one in Warning.objects.for_user(user)} == expected
    client = three.client(name)
    for listing in ("warnings", "cases"):
        answer = client.get(f"/api/v1/{listing}").json()
        assert {NAMES[item["vehicle"]] for item in answer["items"]} == expected
        assert answer["count"] == len(expected)
    told = {
        event.data["case"]
        for event in OutboxEvent.objects.filter(name="warning")
        if event.visible_to(user)
    }
    seen = {Case.objects.get(pk=pk).vehicle for pk in told}
    assert {NAMES[vehicle] for vehicle in seen} == expected
    for case in Case.objects.all():
        status = 200 if NAMES[case.vehicle] in expected else 404
        assert client.get(f"/api/v1/cases/{case.pk}").status_code == status


@pytest.mark.parametrize(("name", "count"), UNIT_COUNT.items())
def test_units_and_patrols(world: World, name: str, count: int):
    user = world.user(name)
    assert Unit.objects.for_user(user).count() == count
    patrols = {"op-zd": 4, "audit": 4, "op-dd": 3, "off-dd1": 2, "lead-xd": 1, "nobody": 0}
    assert PatrolUnit.objects.for_user(user).count() == patrols[name]


def test_a_vehicle_is_seen_where_it_is_where_it_lives_and_where_its_case_is(world: World):
    world.board(
        {"vehicle": TRUCK},
        {"vehicle": HAZMAT, "lat": WEST[0], "lon": WEST[1], "area": "510403"},
        {"vehicle": "19800009999"},
    )
    east, west = Sight(world.user("op-dd")), Sight(world.user("lead-xd"))
    assert east.may_see(TRUCK)
    assert not west.may_see(TRUCK)
    assert west.may_see(HAZMAT)
    assert not east.may_see(HAZMAT)
    assert west.may_see(COACH), "lives in the west, though not on the road"
    assert east.may_see("19800009999"), "not registered, but on our road"
    # A case on a west vehicle in the east lets the east look it up wherever it went.
    world.raise_case(vehicle=HAZMAT, vehicle_kind="hazmat")
    assert Sight(world.user("op-dd")).may_see(HAZMAT)


def test_plates_are_whole_only_for_those_who_act_there(world: World):
    world.board({"vehicle": TRUCK, "lat": 26.589, "lon": 101.67})  # on squadron 2's road
    plate = "川D·A0001"
    masked = mask_plate(plate)
    assert masked == "川D·A***1"
    assert Sight(world.user("off-dd2")).plate(TRUCK, plate) == plate
    assert Sight(world.user("off-dd1")).plate(TRUCK, plate) == masked
    assert Sight(world.user("op-dd")).plate(TRUCK, plate) == plate
    assert Sight(world.user("audit")).plate(TRUCK, plate) == masked
    items = world.client("audit").get("/api/v1/vehicles").json()["items"]
    assert {item["plate"] for item in items if item["id"] == TRUCK} == {masked}


def test_territory_answers_one_place_and_many_the_same(world: World):
    import numpy as np

    from sizao.web.units.territory import territory

    rng = np.random.default_rng(3)
    n = 400
    area = rng.choice(["510402", "510403", "510411", "999999", ""], n)
    road = rng.choice(["expressway", "national", "urban", ""], n)
    lat, lon = rng.uniform(26.3, 26.9, n), rng.uniform(101.4, 102.0, n)
    many = territory().responsible(area.astype(np.str_), road.astype(np.str_), lat, lon)
    one = [
        territory().squadron(str(a), str(r), float(y), float(x)).pk
        for a, r, y, x in zip(area, road, lat, lon, strict=True)
    ]
    assert many.tolist() == one
