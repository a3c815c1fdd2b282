"""Who is sent: by road with the closures in force, by skill, and again when one is held up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sizao.core.errors import TransitionError
from sizao.web.cases import services as cases
from sizao.web.cases.queries import propose_units
from sizao.web.measures import closures, services
from sizao.web.measures.places import locate
from sizao.web.units.models import PatrolUnit
from sizao.web.units.states import set_by_hand

from ..conftest import EAST, World
from .conftest import STEP


def close(world: World, stake: float, to: float, **given):
    where = locate("closure", road="G353", stake_from_m=stake, stake_to_m=to)
    return services.order(
        world.user("op-dd"), "closure", where, reason="塌方", urgent=True, **given
    )


def seconds(world: World, case) -> float:
    found = propose_units(world.user("op-dd"), case)
    return next(one.candidate.seconds for one in found if one.candidate.call_sign == "东一01")


@pytest.fixture
def case(roads: World):
    """A case two steps west of the squadron, and the squadron's first car two steps east."""
    car = {"vehicle": "19900000001", "kind": "police", "lat": EAST[0], "lon": EAST[1] + 2 * STEP}
    roads.board(car)
    return roads.raise_case(lat=EAST[0], lon=EAST[1] - 2 * STEP)


def test_a_closure_in_force_makes_the_way_longer_and_lifting_it_short_again(roads, case):
    short = seconds(roads, case)
    one = close(roads, 119_500, 119_600)
    long = seconds(roads, case)
    assert long > short * 1.2
    services.act(roads.user("op-dd"), one.pk, "lift", one.version, reason="清通")
    assert seconds(roads, case) == pytest.approx(short)


@pytest.mark.parametrize("given", [{"lanes": "1"}, {"vehicles": "hazmat"}])
def test_what_does_not_close_the_road_to_the_police_changes_nothing(roads, case, given):
    short = seconds(roads, case)
    close(roads, 119_500, 119_600, **given)
    assert seconds(roads, case) == pytest.approx(short)


def test_a_closure_of_another_network_is_not_taken_for_one_of_this(roads, case):
    one = close(roads, 119_500, 119_600)
    assert closures.closed_segments(one.network)
    assert closures.closed_segments("another") == frozenset()


def test_the_promise_is_kept_with_the_assignment_and_who_is_late_is_shown(roads, case):
    case = cases.act(roads.user("op-dd"), case.pk, "sign", case.version)
    promised = seconds(roads, case)
    case = cases.act(roads.user("op-dd"), case.pk, "dispatch", case.version, units=["东一01"])
    sent = case.assignments.get()
    assert sent.eta_s == pytest.approx(promised)
    client = roads.client("op-dd")
    assert "data-held-up" not in client.get(f"/cases/{case.pk}/").content.decode()
    roads.clock.advance(promised * 2 + 200)
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert 'data-held-up="东一01"' in page
    assert "重新推荐警力" in page


def test_a_hazmat_case_names_what_nobody_has(roads, case):
    other = roads.raise_case(vehicle="19800000002", vehicle_kind="hazmat")
    page = roads.client("op-dd").get(f"/cases/{other.pk}/?part=units").content.decode()
    assert "本案还需要" in page
    PatrolUnit.objects.filter(call_sign="东一02").update(skills="hazmat")
    page = roads.client("op-dd").get(f"/cases/{other.pk}/?part=units").content.decode()
    assert "本案还需要" not in page


def test_the_phones_position_counts_while_it_is_the_newer(roads, case):
    PatrolUnit.objects.filter(call_sign="东一01").update(
        lat=EAST[0], lon=EAST[1] - 2 * STEP, seen_at=roads.now - timedelta(seconds=1)
    )
    roads.board({"vehicle": "19900000001", "kind": "police", "lat": EAST[0],
                 "lon": EAST[1] + 2 * STEP, "time": roads.now - timedelta(minutes=2)})  # fmt: skip
    assert seconds(roads, case) < 70


def test_states_by_hand_leave_a_line_and_do_not_undo_a_dispatch(roads, case):
    patrol = PatrolUnit.objects.get(call_sign="东一01")
    user = roads.user("off-dd1")
    set_by_hand(user, patrol.pk, "off_duty", "available", "交班")
    with pytest.raises(TransitionError, match="下勤"):
        set_by_hand(user, patrol.pk, "available", "available")  # a stale page
    set_by_hand(user, patrol.pk, "available", "off_duty")
    case = cases.act(roads.user("op-dd"), case.pk, "sign", case.version)
    cases.act(roads.user("op-dd"), case.pk, "dispatch", case.version, units=["东一01"])
    with pytest.raises(TransitionError, match="出警"):
        set_by_hand(user, patrol.pk, "off_duty", "assigned")
    with pytest.raises(TransitionError):
        set_by_hand(user, patrol.pk, "transporting", "assigned")  # a car carries nobody
    lines = [(one.state, one.by, one.why) for one in patrol.states.order_by("pk")]
    assert lines == [
        ("off_duty", "off-dd1", "交班"), ("available", "off-dd1", ""),
        ("assigned", "", case.number),
    ]  # fmt: skip
    page = roads.client("op-dd").get(f"/units/patrols/{patrol.pk}/").content.decode()
    assert "交班" in page


def test_units_by_kind_state_and_skill(roads):
    PatrolUnit.objects.filter(call_sign="东二01").update(kind="tow_truck")
    client = roads.client("op-dd")
    for query, wanted in (
        ("kind=tow_truck", {"东二01"}), ("skill=tow", {"东二01"}),
        ("skill=patrol", {"东一01", "东一02"}), ("state=off_duty", set()),
    ):  # fmt: skip
        page = client.get(f"/units/?{query}").content.decode()
        assert {name for name in ("东一01", "东一02", "东二01") if f">{name}<" in page} == wanted
