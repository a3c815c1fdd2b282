"""Who works when: the roster that lets the most be covered, by the rules, with a proven bound.

Each shift's worth is a concave function of who is on duty, known through cuts (``covering.Cut``);
the roster is chosen against them, and its optimum bounds every roster's worth (Benders 1962).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from sizao.core.errors import ConfigError
from sizao.plan.covering import Cut
from sizao.plan.force import Force, Unit
from sizao.plan.week import Shift

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_LIMIT_S = 60.0
"""A guard, seldom reached: a plan must not depend on how fast the machine is."""


@dataclass(frozen=True, eq=False)
class Roster:
    """work : bool (units, shifts); worth : (shifts,), what the cuts allow each shift;
    bound : no roster is worth more."""

    work: Bools
    worth: Floats
    bound: float


def choose_roster(force: Force, shifts: Sequence[Shift], cuts: Sequence[Sequence[Cut]]) -> Roster:
    """The best roster against the cuts of each shift.

    cuts : per shift, at least one
    Raises ConfigError that says which rule cannot be kept.
    """
    units, number = len(force.units), len(shifts)
    size = units * number
    rows, lower, upper = _rules(force, shifts)
    columns = size + number
    extra, above = [], []
    for shift, of_shift in enumerate(cuts):
        for cut in of_shift:
            row = np.zeros(columns)
            row[size + shift] = 1.0
            row[[unit * number + shift for unit in range(units)]] = -cut.price
            extra.append(row)
            above.append(cut.constant)
    matrix = sparse.vstack(
        (
            sparse.hstack((rows, sparse.csr_array((rows.shape[0], number)))),
            sparse.csr_array(np.array(extra)),
        )
    )
    highest = np.array([min(c.constant + c.price.clip(0).sum() for c in of) for of in cuts])
    found = milp(
        np.concatenate((np.zeros(size), -np.ones(number))),
        constraints=LinearConstraint(
            matrix,
            np.concatenate((lower, np.full(len(extra), -np.inf))),
            np.concatenate((upper, above)),
        ),
        integrality=np.concatenate((np.ones(size), np.zeros(number))),
        bounds=Bounds(
            np.zeros(columns),
            np.concatenate((_allowed(force, shifts).ravel().astype(float), highest)),
        ),
        options={"time_limit": _LIMIT_S, "mip_rel_gap": 5e-3},
    )
    if found.x is None:
        raise ConfigError(_why(force, shifts))
    work = found.x[:size].reshape(units, number) > 0.5
    return Roster(work, found.x[size:], -float(found.mip_dual_bound))


def problems(force: Force, shifts: Sequence[Shift], work: Bools) -> list[str]:
    """Every rule that a roster breaks, in words; empty if it keeps them all."""
    found = []
    for row, unit in enumerate(force.units):
        own = [shift for shift in shifts if work[row, shift.number]]
        found += [
            f"{unit.id}: not available in {shift.key}" for shift in own if not _free(unit, shift)
        ]
        for one, other in itertools.pairwise(own):
            rest_h = (other.start - one.end).total_seconds() / 3600.0
            if rest_h < force.rules.min_rest_h:
                found.append(f"{unit.id}: {rest_h:.1f} h rest before {other.key}")
        for week in _weeks(shifts):
            hours = sum(shift.kind.hours for shift in own if shift.number in week)
            nights = sum(shift.kind.night for shift in own if shift.number in week)
            if hours > force.rules.max_hours_week:
                found.append(f"{unit.id}: {hours:g} h in seven days")
            if nights > force.rules.max_nights_week:
                found.append(f"{unit.id}: {nights} nights in seven days")
    on_duty = work.sum(axis=0)
    for shift in shifts:
        if on_duty[shift.number] < force.rules.min_on_duty:
            found.append(f"{shift.key}: {on_duty[shift.number]} units on duty")
        most = force.rules.max_on_duty
        if most is not None and on_duty[shift.number] > most:
            found.append(f"{shift.key}: {on_duty[shift.number]} units on duty")
        for pool, vehicles in force.vehicles.items():
            out = sum(
                int(work[row, together.number])
                for together in _at(shifts, shift.start)
                for row, unit in enumerate(force.units)
                if unit.vehicles == pool
            )
            if out > vehicles:
                found.append(f"{shift.key}: {out} vehicles of {pool} out of {vehicles}")
    return found


def _rules(force: Force, shifts: Sequence[Shift]) -> tuple[sparse.csr_array, Floats, Floats]:
    units, number = len(force.units), len(shifts)
    rows: list[Floats] = []
    low: list[float] = []
    high: list[float] = []

    def add(row: Floats, least: float, most: float) -> None:
        rows.append(row.ravel())
        low.append(least)
        high.append(most)

    rules = force.rules
    rest = dt.timedelta(hours=rules.min_rest_h)
    for one in shifts:
        row = np.zeros((units, number))
        row[:, one.number] = 1.0
        add(row, rules.min_on_duty, np.inf if rules.max_on_duty is None else rules.max_on_duty)
        # All shifts that begin before this one's rest is over: at most one of them.
        near = [two.number for two in shifts if one.start <= two.start < one.end + rest]
        for unit in range(units):
            if len(near) > 1:
                for other in near[1:]:
                    row = np.zeros((units, number))
                    row[unit, [one.number, other]] = 1.0
                    add(row, 0, 1)
        for pool, vehicles in force.vehicles.items():
            row = np.zeros((units, number))
            members = [i for i, unit in enumerate(force.units) if unit.vehicles == pool]
            row[np.ix_(members, [two.number for two in _at(shifts, one.start)])] = 1.0
            add(row, 0, vehicles)
    hours = np.array([shift.kind.hours for shift in shifts])
    nights = np.array([float(shift.kind.night) for shift in shifts])
    for week in _weeks(shifts):
        for unit in range(units):
            for each, most in ((hours, rules.max_hours_week), (nights, rules.max_nights_week)):
                row = np.zeros((units, number))
                row[unit, week] = each[week]
                add(row, 0, most)
    return sparse.csr_array(np.array(rows)), np.array(low), np.array(high)


def _weeks(shifts: Sequence[Shift]) -> list[list[int]]:
    """Numbers of the shifts of each seven days from the first."""
    found: dict[int, list[int]] = {}
    for shift in shifts:
        found.setdefault((shift.date - shifts[0].date).days // 7, []).append(shift.number)
    return list(found.values())


def _at(shifts: Sequence[Shift], moment: dt.datetime) -> list[Shift]:
    return [shift for shift in shifts if shift.start <= moment < shift.end]


def _free(unit: Unit, shift: Shift) -> bool:
    last = (shift.end - dt.timedelta(seconds=1)).date()
    if unit.away & {shift.date, last}:
        return False
    return unit.free_from is None or shift.start >= unit.free_from


def _allowed(force: Force, shifts: Sequence[Shift]) -> Bools:
    return np.array([[_free(unit, shift) for shift in shifts] for unit in force.units])


def _why(force: Force, shifts: Sequence[Shift]) -> str:
    """The plainest reason why no roster exists."""
    need, rules = force.rules.min_on_duty, force.rules
    allowed = _allowed(force, shifts)
    for shift in shifts:
        there = int(allowed[:, shift.number].sum())
        if there < need:
            return f"{shift.key}: {need} units must be on duty, {there} are available"
    for week in _weeks(shifts):
        hours = sum(shifts[number].kind.hours for number in week) * need
        most = len(force.units) * rules.max_hours_week
        if hours > most:
            return (
                f"{need} units in every shift are {hours:g} h in seven days; {len(force.units)} "
                f"units may work {most:g} h (max_hours_week {rules.max_hours_week:g})"
            )
        # Whole shifts: 44 h are five of eight, and four hours nobody can use.
        each = int(rules.max_hours_week // min(shifts[number].kind.hours for number in week))
        if len(week) * need > len(force.units) * each:
            return (
                f"{len(week) * need} shifts have to be worked in seven days; {len(force.units)} "
                f"units may work {each} each (max_hours_week {rules.max_hours_week:g})"
            )
        nights = sum(shifts[number].kind.night for number in week) * need
        if nights > len(force.units) * rules.max_nights_week:
            return (
                f"{nights} nights in seven days; {len(force.units)} units may work "
                f"{len(force.units) * rules.max_nights_week} (max_nights_week)"
            )
    return (
        f"no roster keeps {rules.min_rest_h:g} h rest, {rules.max_hours_week:g} h and "
        f"{rules.max_nights_week} nights a week, the vehicles and {need} units on duty together: "
        "loosen one of the rules"
    )
