"""A junction under a signal plan: lane groups, degree of saturation, control delay.

A lane group is what shares lanes (HCM 2000, chapter 16). Left turns that give way to oncoming
traffic get what gaps and the end of green leave them, see :func:`_gaps`. Right turns past an
island are outside the signal and left out. Walking and cycling people do not slow turning traffic
here: figures for busy crossings are too good.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import linprog

from sizao.core.rulebook import entry
from sizao.plan.signals import conflicts, hcm, webster
from sizao.plan.signals.counts import Counts
from sizao.plan.signals.junction import Arm, Junction, Lane
from sizao.plan.signals.program import Program
from sizao.plan.signals.saturation import saturation

HOURS = 0.25
"""Analysis period of the delay formulas."""


@dataclass(frozen=True)
class Group:
    """Lanes of an arm that share traffic. flow, sat : veh/h, left turns protected."""

    arm: str
    turns: tuple[str, ...]
    lanes: int
    flow: float
    sat: float
    left: float
    """Share of left turns in the flow."""

    @property
    def name(self) -> str:
        return f"{self.arm}.{''.join(self.turns)}"

    @property
    def movements(self) -> tuple[str, ...]:
        return tuple(f"{self.arm}.{turn}" for turn in self.turns)

    @property
    def governing(self) -> tuple[str, ...]:
        """Movements whose signal the group waits for: a right turn beside others does not."""
        return tuple(one for one in self.movements if not one.endswith(".R")) or self.movements


@dataclass(frozen=True)
class GroupResult:
    """A group under a plan. capacity : veh/h; delay : s/veh; queue : veh at the end of red."""

    group: Group
    green_s: float
    capacity: float
    degree: float
    delay_s: float
    queue: float
    permitted: bool

    @property
    def level(self) -> str:
        return hcm.level(self.delay_s)


@dataclass(frozen=True)
class Result:
    """A plan's worth. ``ratio``: sum Y of critical flow ratios; ``critical``: HCM's X_c."""

    groups: tuple[GroupResult, ...]
    cycle_s: int
    lost_s: float
    ratio: float

    @property
    def delay_s(self) -> float:
        """Mean over vehicles in s/veh (HCM 2000 equations 16-13 and 16-14)."""
        flow = sum(one.group.flow for one in self.groups)
        return sum(one.delay_s * one.group.flow for one in self.groups) / flow if flow else 0.0

    @property
    def level(self) -> str:
        return hcm.level(self.delay_s)

    @property
    def degree(self) -> float:
        """The highest degree of saturation of a group."""
        return max((one.degree for one in self.groups), default=0.0)

    @property
    def critical(self) -> float:
        """X_c = Y C / (C - L) (HCM 2000 equation 16-8)."""
        room = self.cycle_s - self.lost_s
        return self.ratio * self.cycle_s / room if room > 0 else math.inf

    @property
    def oversaturated(self) -> bool:
        return self.degree > 1


class Model:
    """A junction with its counts; :meth:`evaluate` any plan of it.

    method : of saturation.METHODS
    """

    def __init__(self, junction: Junction, counts: Counts, method: str = "cjj") -> None:
        self.junction = junction
        self.counts = counts
        self.method = method
        rule = entry("signal.intervals")
        self._gain = rule.value("green_extension") - rule.value("startup_lost")
        gaps = entry("signal.permitted_left")
        self._gap_s, self._follow_s = gaps.value("critical_gap"), gaps.value("follow_up")
        self._sneakers = gaps.value("sneakers")
        self._served: dict[tuple[frozenset[str], ...], list[_Served]] = {}

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Lane groups with traffic, by arm."""
        return tuple(
            group
            for arm in self.junction.arms
            for group in _groups(self.junction, arm, self.counts, self.method)
            if group.flow > 0
        )

    @cached_property
    def _at(self) -> Mapping[str, Group]:
        return {name: group for group in self.groups for name in group.movements}

    def effective_s(self, green_s: float) -> float:
        """g = G + Y + R - t_L with t_L = l_1 + Y + R - e."""
        return green_s + self._gain

    def lost_s(self, program: Program) -> float:
        """L of the cycle: what is no effective green of any phase."""
        return program.cycle_s - sum(self.effective_s(one.green_s) for one in program.phases)

    def evaluate(self, program: Program) -> Result:
        """Every group under a plan, and the whole."""
        found = tuple(self._groups_under(program))
        lost = self.lost_s(program)
        return Result(found, program.cycle_s, lost, sum(self._needs(program, found)))

    def delay_s(self, program: Program) -> float:
        """Mean control delay alone, for the search."""
        total = flow = 0.0
        for one in self._groups_under(program):
            total += one.delay_s * one.group.flow
            flow += one.group.flow
        return total / flow if flow else 0.0

    def needs(self, program: Program) -> list[float]:
        """The least flow ratio of each phase, so that every group gets what it needs."""
        return self._needs(program, tuple(self._groups_under(program)))

    def _needs(self, program: Program, found: tuple[GroupResult, ...]) -> list[float]:
        """Smallest x >= 0 with sum of x over a group's phases >= its flow ratio: a small LP.

        Without overlaps this is the greatest ratio of each phase, as Webster takes it. Left turns
        that give way in a lane of their own are served by gaps, not by a share of the cycle.
        """
        count = len(program.phases)
        rows, bounds = [], []
        for one, served in zip(found, self._served_by(program), strict=True):
            if one.permitted and one.group.turns == ("L",):
                continue
            effective = one.capacity * program.cycle_s / one.green_s if one.green_s else 0.0
            rows.append([-1.0 if on else 0.0 for on in served.phases])
            bounds.append(-one.group.flow / effective if effective else 0.0)
        if not rows:
            return [0.0] * count
        answer = linprog(np.ones(count), A_ub=rows, b_ub=bounds, bounds=[(0, None)] * count)
        return [float(one) for one in answer.x] if answer.success else [math.inf] * count

    def _served_by(self, program: Program) -> list[_Served]:
        key = tuple(one.movements for one in program.phases)
        if key not in self._served:
            self._served[key] = [_served(self.junction, one, key) for one in self.groups]
        return self._served[key]

    def _groups_under(self, program: Program) -> list[GroupResult]:
        cycle = program.cycle_s
        served = self._served_by(program)
        greens = {
            group.name: self._green(program, how.phases)
            for group, how in zip(self.groups, served, strict=True)
        }
        found = []
        for group, how in zip(self.groups, served, strict=True):
            green = greens[group.name]
            capacity = self._capacity(program, group, how, greens)
            degree = group.flow / capacity if capacity > 0 else math.inf
            delay = (
                hcm.control_delay_s(group.flow, capacity, green, cycle, HOURS)
                if green > 0
                else 3600.0 * HOURS
            )
            queue = group.flow / 3600 * (cycle - green)
            found.append(
                GroupResult(group, green, capacity, degree, delay, queue, any(how.permitted))
            )
        return found

    def _green(self, program: Program, on: tuple[bool, ...]) -> float:
        """Effective green of a group; the change between two of its phases is green for it."""
        total = 0.0
        for number, phase in enumerate(program.phases):
            if not on[number]:
                continue
            total += self.effective_s(phase.green_s)
            if on[(number + 1) % len(on)] and not all(on):
                total += phase.change_s
        return min(total, float(program.cycle_s))

    def _capacity(
        self, program: Program, group: Group, how: _Served, greens: Mapping[str, float]
    ) -> float:
        green, cycle = greens[group.name], float(program.cycle_s)
        if not any(how.permitted):
            return hcm.capacity(group.sat, green, cycle)
        shared = sum(
            self.effective_s(phase.green_s)
            for phase, yields in zip(program.phases, how.permitted, strict=True)
            if yields
        )
        shared = min(shared, green)
        turning = self._gaps(group, greens, shared, cycle)
        if group.turns == ("L",):
            return hcm.capacity(group.sat, green - shared, cycle) + turning * group.lanes
        # A lane that straight traffic shares: each left turn takes as long as E_L others.
        per_lane = group.sat / group.lanes
        equivalent = max(per_lane * shared / cycle / max(turning, 1e-6), 1.0)
        in_lane = min(1.0, group.left * group.lanes)
        factor = (1 / (1 + in_lane * (equivalent - 1)) + group.lanes - 1) / group.lanes
        return hcm.capacity(group.sat, green - shared + shared * factor, cycle)

    def _gaps(self, group: Group, greens: Mapping[str, float], green: float, cycle: float) -> float:
        """veh/h a lane of left turns gets through oncoming traffic, while both are green.

        Once the oncoming queue is gone (g_q = v_o r / (s_o - v_o)), s_p = v_o exp(-v_o t_c) /
        (1 - exp(-v_o t_f)) (the form of HCM 2010, chapter 31); and ``sneakers`` at each end.
        """
        facing = self._at.get(f"{self.junction.opposing(group.arm)}.T")
        least = 3600 * self._sneakers / cycle
        if facing is None:
            return max(least, group.sat / group.lanes * green / cycle)
        flow = self.counts.flow(f"{facing.arm}.T") / facing.lanes
        total = facing.flow
        red = cycle - greens[facing.name]
        queue_s = total * red / (facing.sat - total) if facing.sat > total else green
        free = max(0.0, green - queue_s)
        flow *= facing.lanes  # gaps are those of all lanes together
        if flow < 1:
            rate = 3600 / self._follow_s
        else:
            rate = (
                flow * math.exp(-flow * self._gap_s / 3600)
                / (1 - math.exp(-flow * self._follow_s / 3600))
            )  # fmt: skip
        return least + rate * free / cycle


@dataclass(frozen=True)
class _Served:
    """In which phases a group goes, and in which of them its left turns give way."""

    phases: tuple[bool, ...]
    permitted: tuple[bool, ...]


def _served(junction: Junction, group: Group, key: tuple[frozenset[str], ...]) -> _Served:
    on = tuple(all(one in green for one in group.governing) for green in key)
    left = f"{group.arm}.L"
    yields = tuple(
        going and "L" in group.turns and conflicts.permitted(junction, left, green)
        for going, green in zip(on, key, strict=True)
    )
    return _Served(on, yields)


def _groups(junction: Junction, arm: Arm, counts: Counts, method: str) -> list[Group]:
    """Lanes joined where they share a turn; turns that lead nowhere are left out."""
    possible = {
        one.rpartition(".")[2] for one in junction.movements() if one.startswith(arm.id + ".")
    }
    if arm.right_free:
        possible.discard("R")
    sets: list[tuple[set[str], list[Lane]]] = []
    for lane in arm.lanes:
        turns = set(lane.turns) & possible
        if not turns:
            continue
        lanes = [Lane(frozenset(turns), lane.width_m)]
        for other in [one for one in sets if one[0] & turns]:
            sets.remove(other)
            turns |= other[0]
            lanes = other[1] + lanes
        sets.append((turns, lanes))
    found = []
    for turns, lanes in sets:
        order: tuple[str, ...] = tuple(turn for turn in ("L", "T", "R") if turn in turns)
        flows = {turn: counts.flow(f"{arm.id}.{turn}") for turn in order}
        flow = sum(flows.values())
        if flow <= 0:
            continue
        shares = {turn: value / flow for turn, value in flows.items()}
        heavy = sum(
            counts.heavy.get(f"{arm.id}.{turn}", 0.0) * share for turn, share in shares.items()
        )
        sat = saturation(
            lanes, shares, heavy=heavy, grade_pct=arm.grade_pct,
            central=junction.central, method=method,
        )  # fmt: skip
        found.append(Group(arm.id, order, len(lanes), flow, sat, shares.get("L", 0.0)))
    return found


def webster_cycle_s(model: Model, program: Program) -> float:
    """Webster's cycle for the phases of a plan. Raises Oversaturated where there is none."""
    return webster.cycle_s(model.needs(program), model.lost_s(program))
