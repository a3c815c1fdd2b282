"""Conflicts, plans and their faults, lane groups, and the search for a better plan."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from sizao.core.errors import ConfigError, SaidError
from sizao.plan.signals import conflicts, phasing
from sizao.plan.signals.counts import Counts, counts_of
from sizao.plan.signals.gain import gain
from sizao.plan.signals.junction import Junction, as_data, junction_of
from sizao.plan.signals.model import Model, webster_cycle_s
from sizao.plan.signals.optimise import optimise, retime
from sizao.plan.signals.program import Phase, Program, faults, green_min_s, program_of
from sizao.plan.signals.program import as_data as program_data

from .conftest import FLOWS, crossroads


def test_movements_lead_where_a_driver_would_say(junction: Junction) -> None:
    def leads(movement: str) -> str:
        found = junction.exit_of(movement)
        return found.id if found else ""

    assert [leads(f"N.{turn}") for turn in "LTR"] == ["E", "S", "W"]
    assert [leads(f"E.{turn}") for turn in "LTR"] == ["S", "W", "N"]


def test_crossing_pairs_of_a_crossroads(junction: Junction) -> None:
    """Every pair of movements of different arms, held against a list written by hand."""
    cross = {
        "N.L": "S.T S.R E.L E.T W.L W.T",
        "N.T": "S.L E.L E.T W.L W.R W.T",
        "N.R": "S.L E.T",
    }
    for one, expected in cross.items():
        found = {
            other
            for other in junction.movements()
            if other[0] != "N" and conflicts.cross(junction, one, other)
        }
        assert found == set(expected.split()), one


def test_left_turns_give_way_to_oncoming_traffic_only(junction: Junction) -> None:
    assert conflicts.gives_way(junction, "N.L", "S.T")
    assert not conflicts.gives_way(junction, "S.T", "N.L")
    assert conflicts.gives_way(junction, "S.R", "N.L")  # 对向右转让左转
    assert not conflicts.gives_way(junction, "N.L", "S.R")
    assert not conflicts.gives_way(junction, "N.L", "E.T")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arms": []}, "3 to 6 arms"),
        ({"lanes": ["X"]}, "left"),
        ({"lanes": [{"turns": "T", "width_m": 9}]}, "wide"),
        ({"crossing_m": 200}, "crossing"),
        ({"bearing_deg": 5}, "apart"),
        ({"speed_kmh": "fast"}, "could not convert"),
    ],
)
def test_a_junction_that_cannot_be_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    raw = {"arms": []} if "arms" in change else crossroads(**change)
    with pytest.raises(ConfigError, match=words):
        junction_of(raw)


def test_a_junction_and_a_plan_survive_their_own_form(junction: Junction, split: Program) -> None:
    assert junction_of(as_data(junction)) == junction
    assert program_of(program_data(split), junction) == split


def test_crossing_movements_are_refused_in_one_phase(junction: Junction) -> None:
    every = junction.movements()
    with pytest.raises(ConfigError, match="cross"):
        program_of({"phases": [{"movements": every, "green_s": 30}] * 2}, junction)


def test_a_forgotten_movement_is_named(junction: Junction) -> None:
    phases = [{"movements": [f"{a}.T", f"{a}.R"], "green_s": 20} for a in "NESW"]
    with pytest.raises(ConfigError, match=r"N\.L"):
        program_of({"phases": phases}, junction)


def test_a_count_of_an_impossible_movement_is_named(junction: Junction) -> None:
    with pytest.raises(ConfigError, match=r"Q\.T"):
        counts_of({"vehicles": {"Q.T": 3}}, junction)
    with pytest.raises(ConfigError, match="nobody"):
        counts_of({"vehicles": {"N.T": 0}}, junction)


def test_movements_are_named_as_people_say_them() -> None:
    raw = crossroads()
    raw["arms"][0]["name"] = "人民路北口"
    junction = junction_of(raw)
    with pytest.raises(SaidError) as told:
        counts_of({"minutes": 15, "vehicles": {"N.T": 2000}}, junction)
    assert told.value.zh == "人民路北口直行折算为每小时 8,000 辆，超过上限 6,000 辆，请核对"
    with pytest.raises(SaidError) as told:
        program_of({"phases": [{"movements": ["N.T", "E.T"], "green_s": 30}] * 2}, junction)
    assert told.value.zh == "第 1 相位：E直行与人民路北口直行冲突，不能同时放行"


def test_an_arm_after_the_other_by_hand(junction: Junction, counts: Counts, split: Program) -> None:
    """Group N.L: 160 / 0.92 = 173.9 veh/h, 1550 x 30/148 = 314.2, X 0.5535."""
    result = Model(junction, counts).evaluate(split)
    left = next(one for one in result.groups if one.group.name == "N.L")
    assert split.cycle_s == 148
    assert result.lost_s == pytest.approx(28)
    assert (left.group.flow, left.capacity) == pytest.approx((173.9, 314.2), abs=0.1)
    assert left.degree == pytest.approx(0.5535, abs=1e-3)
    assert result.oversaturated
    assert result.critical == pytest.approx(result.ratio * 148 / 120)


def test_critical_ratios_without_overlap_are_the_greatest_of_each_phase(
    junction: Junction, counts: Counts, split: Program
) -> None:
    model = Model(junction, counts)
    by_hand = [
        max(g.flow / g.sat for g in model.groups if g.arm == arm) for arm in ("N", "S", "E", "W")
    ]
    assert model.needs(split) == pytest.approx(by_hand)
    assert webster_cycle_s(model, split) == pytest.approx((1.5 * 28 + 5) / (1 - sum(by_hand)))


def test_a_left_turn_that_gives_way_has_less_the_more_comes_towards_it(
    junction: Junction, counts: Counts
) -> None:
    both = Program(
        tuple(
            Phase(frozenset(f"{a}.{t}" for a in pair for t in "LTR"), 30, 4, 3)
            for pair in ("NS", "EW")
        )
    )
    found = []
    for oncoming in (100, 400, 800):
        more = replace(counts, vehicles={**counts.vehicles, "S.T": oncoming})
        result = Model(junction, more).evaluate(both)
        found.append(next(one.capacity for one in result.groups if one.group.name == "N.L"))
    assert found[0] > found[1] > found[2] >= 2 * 3600 / both.cycle_s  # sneakers are left


def test_the_better_plan_keeps_every_bound(
    junction: Junction, counts: Counts, split: Program
) -> None:
    model = Model(junction, counts)
    found = optimise(model, split)
    assert found.result.delay_s < model.evaluate(split).delay_s
    assert faults(junction, found.program, counts) == []
    assert not phasing.unwalked(junction, tuple(p.movements for p in found.program.phases))
    for one in found.program.phases:
        assert one.green_s >= green_min_s(junction, one, counts, found.program.cycle_s)
    same = retime(model, split)
    assert found.result.delay_s <= same.result.delay_s < model.evaluate(split).delay_s


def test_the_search_finds_what_trying_everything_finds() -> None:
    """Two one-way roads: few enough plans to try them all."""
    raw = {
        "arms": [
            {"id": "N", "bearing_deg": 0, "lanes": ["T", "T"], "exit_lanes": 0},
            {"id": "E", "bearing_deg": 90, "lanes": ["T"], "exit_lanes": 0},
            {"id": "S", "bearing_deg": 180, "lanes": [], "exit_lanes": 2},
            {"id": "W", "bearing_deg": 270, "lanes": [], "exit_lanes": 1},
        ]
    }
    junction = junction_of(raw)
    model = Model(junction, counts_of({"vehicles": {"N.T": 1100, "E.T": 450}}, junction))
    found = optimise(model)
    a, b = found.program.phases
    best = min(
        model.delay_s(Program((replace(a, green_s=x), replace(b, green_s=y))))
        for x, y in product(range(10, 100), repeat=2)
        if 40 <= x + y + a.change_s + b.change_s <= 160
    )
    assert found.result.delay_s == pytest.approx(best, rel=1e-3)
    assert found.webster_s is not None
    assert found.webster_s * 0.7 < found.program.cycle_s < found.webster_s * 1.3


def test_walking_people_hold_the_green(junction: Junction, counts: Counts) -> None:
    """Control: without the crossing the search takes a shorter green."""
    few = replace(counts, vehicles=dict.fromkeys(FLOWS, 20))
    walked = optimise(Model(junction, few)).program
    free = junction_of(crossroads(crossing_m=0))
    unwalked = optimise(Model(free, few)).program
    longest = max(one.green_s for one in walked.phases)
    assert longest >= 20  # 3.2 + 20 m / 1.2 m/s
    assert max(one.green_s for one in unwalked.phases) < longest


def test_many_left_turns_get_a_phase_of_their_own(junction: Junction, counts: Counts) -> None:
    assert phasing.may_give_way(junction, counts, "E")
    many = replace(counts, vehicles={**counts.vehicles, "E.L": 260})
    assert not phasing.may_give_way(junction, many, "E")
    for phases in phasing.choices(junction, many):
        assert not any({"E.L", "W.T"} <= one for one in phases)


def test_demand_beyond_every_plan_is_said_and_not_hidden(
    junction: Junction, counts: Counts
) -> None:
    twice = replace(counts, vehicles={k: v * 3 for k, v in counts.vehicles.items()})
    found = optimise(Model(junction, twice))
    assert found.result.oversaturated
    assert found.webster_s is None
    assert found.program.cycle_s <= 160


def test_a_plan_too_short_to_walk_is_found_faulty(junction: Junction, counts: Counts) -> None:
    raw = {
        "phases": [
            {"movements": ["N.L", "N.T", "N.R", "S.L", "S.T", "S.R"], "green_s": 12},
            {"movements": ["E.L", "E.T", "E.R", "W.L", "W.T", "W.R"], "green_s": 40,
             "yellow_s": 3, "all_red_s": 0},
        ]
    }  # fmt: skip
    found = faults(junction, program_of(raw, junction), counts)
    assert {(one["kind"], one["phase"]) for one in found} == {
        ("green", 1), ("yellow", 2), ("all_red", 2),
    }  # fmt: skip


def test_a_gain_has_an_interval_and_none_over_itself(
    junction: Junction, counts: Counts, split: Program
) -> None:
    model = Model(junction, counts)
    better = optimise(model, split).program
    found = gain(model, split, better, draws=60)
    assert found.sure
    assert found.lower_s < found.saved_s < found.upper_s
    assert gain(model, split, better, draws=60) == found
    nothing = gain(model, split, split, draws=10)
    assert (nothing.lower_s, nothing.saved_s, nothing.upper_s) == (0, 0, 0)
    assert not nothing.sure


def test_a_stem_has_no_oncoming_traffic() -> None:
    raw = {
        "arms": [
            {"id": "E", "bearing_deg": 90, "lanes": ["LT", "T"], "exit_lanes": 2, "crossing_m": 15},
            {"id": "S", "bearing_deg": 180, "lanes": ["LR"], "exit_lanes": 1, "crossing_m": 9},
            {
                "id": "W",
                "bearing_deg": 270,
                "lanes": ["T", "TR"],
                "exit_lanes": 2,
                "crossing_m": 15,
            },
        ]
    }
    junction = junction_of(raw)
    assert junction.movements() == ["E.L", "E.T", "S.L", "S.R", "W.T", "W.R"]
    vehicles = {"E.L": 60, "E.T": 500, "S.L": 90, "S.R": 80, "W.T": 450, "W.R": 70}
    counts = counts_of({"vehicles": vehicles}, junction)
    found = optimise(Model(junction, counts))
    assert not found.result.oversaturated
    walked = {arm for one in found.program.phases for arm in one.walk}
    assert walked == {"E", "S", "W"}
