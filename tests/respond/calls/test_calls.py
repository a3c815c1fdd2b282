"""Grading, likeness and reports upward, as plain values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.errors import ConfigError
from sizao.respond.calls.likeness import Sighting, alike, like
from sizao.respond.calls.reporting import Done, Toll, missing, next_legs, reach
from sizao.respond.calls.table import CallTable, read, table_of
from sizao.respond.calls.triage import Facts, triage

TABLE = table_of(date(2026, 11, 26))
HOUR = 3600.0


@pytest.mark.parametrize(
    ("facts", "level", "command", "plans"),
    [
        (Facts("crash"), "yellow", "squadron", ()),
        (Facts("crash", injured=1), "orange", "brigade", ()),
        (Facts("crash", injured=3), "red", "detachment", ("mass_casualty",)),
        (Facts("crash", dead=1), "red", "detachment", ("fatal_crash",)),
        (Facts("crash", injured=0, dead=0, trapped=0), "yellow", "squadron", ()),
        (Facts("crash", hazmat="yes"), "red", "detachment", ("hazmat_crash",)),
        (Facts("crash", hazmat="no"), "yellow", "squadron", ()),
        (Facts("fire", tunnel=True), "orange", "brigade", ("vehicle_fire", "tunnel")),
        (Facts("crash", involved=frozenset({"school_bus"})), "red", "detachment", ("school_bus",)),
        (Facts("crash", involved=frozenset({"coach"})), "yellow", "squadron", ()),
        (Facts("breakdown"), "blue", "squadron", ()),
        (Facts("breakdown", road_class="expressway", lanes="part"), "orange", "brigade", ()),
        (Facts("person", road_class="expressway"), "orange", "brigade", ()),
        (Facts("person", road_class="urban"), "blue", "squadron", ()),
        (Facts("signal"), "blue", "squadron", ()),
    ],
)  # fmt: skip
def test_grades(facts: Facts, level: str, command: str, plans: tuple[str, ...]) -> None:
    found = triage(facts, TABLE)
    assert (found.level.code, found.command_level.code, found.plans) == (level, command, plans)
    assert found.resources[0] == "patrol"


@given(
    injured=st.none() | st.integers(0, 5),
    trapped=st.none() | st.integers(0, 2),
    lanes=st.sampled_from(["", "none", "part", "all"]),
    hazmat=st.sampled_from(["", "yes", "no"]),
    more=st.integers(1, 3),
)
def test_worse_news_never_lowers_the_grade(
    injured: int | None, trapped: int | None, lanes: str, hazmat: str, more: int
) -> None:
    facts = Facts("crash", injured=injured, trapped=trapped, lanes=lanes, hazmat=hazmat)
    worse = replace(facts, injured=(injured or 0) + more, trapped=(trapped or 0) + more)
    assert triage(worse, TABLE).level >= triage(facts, TABLE).level
    assert set(triage(worse, TABLE).resources) >= set(triage(facts, TABLE).resources)


def test_what_nobody_has_asked_is_still_to_ask() -> None:
    fields = [one.field for one in triage(Facts("crash", placed=False), TABLE).questions]
    assert fields == ["place", "injured", "trapped", "hazmat", "vehicles", "lanes"]
    known = Facts("crash", injured=0, trapped=0, hazmat="no", vehicles=2, lanes="none")
    assert triage(known, TABLE).questions == ()


def test_an_unknown_kind_or_a_wrong_row_is_named() -> None:
    with pytest.raises(ConfigError, match="no kind of call 'x'"):
        triage(Facts("x"), TABLE)
    text = (resources.files("sizao.respond.calls") / "tables/2026-01-01.yaml").read_text("utf-8")
    raw = yaml.safe_load(text)
    raw["rows"][0]["when"] = {"wounded_min": 1}
    with pytest.raises(ConfigError, match="row any_crash names what does not exist"):
        read(raw)


HERE = Sighting("a", 1000.0, "crash", "G5", "expressway", 120_000.0, "下行", 26.5, 101.8)


def test_along_the_road_counts_before_the_crow() -> None:
    # A loop of the road: near as the crow flies, far along it.
    other = replace(HERE, key="b", stake_m=125_000.0)
    assert alike(HERE, other, TABLE) is None
    found = alike(HERE, replace(other, stake_m=None), TABLE)
    assert found is not None
    assert not found.along


def test_a_vague_stake_widens_the_search() -> None:
    other = replace(HERE, key="b", stake_m=122_500.0)
    assert alike(HERE, other, TABLE) is None
    assert alike(replace(HERE, within_m=1000.0), other, TABLE) is not None


def test_the_own_carriageway_comes_first() -> None:
    facing = replace(HERE, key="facing", direction="上行", stake_m=120_010.0)
    own = replace(HERE, key="own", stake_m=120_900.0)
    assert [one.key for one in like(HERE, [facing, own], TABLE)] == ["own", "facing"]


def test_nothing_is_alike_without_a_place() -> None:
    assert alike(replace(HERE, lat=None, stake_m=None), HERE, TABLE) is None


@given(
    metres=st.floats(0, 5000), minutes=st.floats(-200, 200),
    family=st.sampled_from(["", "crash", "fixture"]),
)  # fmt: skip
def test_likeness_is_mutual(metres: float, minutes: float, family: str) -> None:
    other = replace(
        HERE, key="b", stake_m=120_000.0 + metres, time_s=1000.0 + minutes * 60, family=family
    )
    assert (alike(HERE, other, TABLE) is None) == (alike(other, HERE, TABLE) is None)


def legs(
    origin: str, tolls: list[Toll], done: list[Done], table: CallTable = TABLE
) -> list[tuple[int, int, str, str, float]]:
    found = next_legs(origin, 0.0, tolls, done, table.update_h)
    return [(one.round, one.step, one.sender, one.receiver, one.due_s / HOUR) for one in found]


def test_one_hour_then_two_hours_a_level() -> None:
    tolls = [Toll(0.0, dead=3)]
    assert legs("squadron", tolls, []) == [(1, 1, "squadron", "brigade", 1.0)]
    first = Done(1, 1, "brigade", sent_s=1800.0)
    assert legs("squadron", tolls, [first]) == []
    first = replace(first, receipt_s=HOUR)
    assert legs("squadron", tolls, [first]) == [(1, 2, "brigade", "detachment", 3.0)]
    second = Done(1, 2, "detachment", sent_s=HOUR, receipt_s=2 * HOUR)
    assert legs("squadron", tolls, [first, second]) == [(1, 3, "detachment", "province", 4.0)]
    third = Done(1, 3, "province", sent_s=HOUR, receipt_s=2 * HOUR)
    assert legs("squadron", tolls, [first, second, third]) == []


@pytest.mark.parametrize(
    ("toll", "grade", "top"),
    [
        (Toll(0, dead=2), "ordinary", "detachment"),
        (Toll(0, dead=3), "considerable", "province"),
        (Toll(0, dead=2, missing=1), "considerable", "province"),
        (Toll(0, serious=10), "considerable", "province"),
        (Toll(0, dead=10), "major", "ministry"),
        (Toll(0, dead=30), "extraordinarily_serious", "ministry"),
        (Toll(0, loss_cny=10_000_000), "considerable", "province"),
        (Toll(0), "ordinary", "detachment"),
    ],
)
def test_how_far_up_follows_order_493(toll: Toll, grade: str, top: str) -> None:
    assert toll.grade == grade
    assert reach(grade) == top


def test_a_change_begins_a_round_only_after_somebody_was_told() -> None:
    tolls = [Toll(0.0, dead=1), Toll(600.0, dead=2)]
    waiting = Done(1, 1, "brigade")
    assert legs("squadron", tolls, [waiting]) == [], "the first report carries the newer toll"
    told = Done(1, 1, "brigade", sent_s=300.0)
    assert legs("squadron", tolls, [told]) == [(2, 1, "squadron", "brigade", 600 / HOUR + 1)]
    again = Done(2, 1, "brigade", sent_s=700.0)
    assert legs("squadron", tolls, [told, again]) == []
    late = [tolls[0], Toll(7 * 24 * HOUR + 1, dead=2)]
    assert legs("squadron", late, [told]) == []


def test_what_a_report_lacks() -> None:
    assert missing({"place": True, "course": True, "toll": True}) == [
        "loss", "measures", "enterprise",
    ]  # fmt: skip


def test_the_reference_shows_every_row() -> None:
    page = Path(__file__).resolve().parents[3] / "docs/reference/calls.md"
    text = page.read_text(encoding="utf-8")
    shown = {
        line.split("|")[1].strip(" `"): [cell.strip() for cell in line.split("|")[3:5]]
        for line in text.splitlines()
        if line.startswith("| `") and line.count("|") == 5
    }
    assert shown == {
        row.id: [row.level.code, row.command_level.code] for row in TABLE.rows
    }  # fmt: skip
