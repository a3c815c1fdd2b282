"""A signal plan (配时方案): phases one after another, each with its green, yellow and all-red."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sizao.core.errors import SaidError
from sizao.core.rulebook import entry
from sizao.plan.signals import conflicts
from sizao.plan.signals.counts import Counts
from sizao.plan.signals.intervals import all_red_s, walk_s, whole, yellow_s
from sizao.plan.signals.junction import Junction, split, spoken

MOST_PHASES = 8


@dataclass(frozen=True)
class Phase:
    """Movements that are green together; times in whole seconds. walk : arms that are crossed."""

    movements: frozenset[str]
    green_s: int
    yellow_s: int
    all_red_s: int
    walk: tuple[str, ...] = ()

    @property
    def change_s(self) -> int:
        return self.yellow_s + self.all_red_s


@dataclass(frozen=True)
class Program:
    """Phases in order; the cycle is their sum."""

    phases: tuple[Phase, ...]

    @property
    def cycle_s(self) -> int:
        return sum(phase.green_s + phase.change_s for phase in self.phases)

    def greens(self) -> tuple[int, ...]:
        return tuple(phase.green_s for phase in self.phases)


def phase(junction: Junction, movements: frozenset[str], green_s: int) -> Phase:
    """A phase with the change intervals its approaches need and the crossings it leaves free."""
    arms = [junction.arm(split(one)[0]) for one in movements]
    yellow = max(whole(yellow_s(arm.speed_kmh, arm.grade_pct)) for arm in arms)
    red = max(whole(all_red_s(arm.speed_kmh, clear_m(junction, arm.id))) for arm in arms)
    return Phase(movements, green_s, yellow, red, tuple(conflicts.crossings(junction, movements)))


def clear_m(junction: Junction, arm: str) -> float:
    """Way from the stop line over the widest road that is crossed, with both zebra strips."""
    others = [one.width_m for one in junction.arms if one.id not in (arm, junction.opposing(arm))]
    return max(others, default=10.0) + 6.0


def green_min_s(junction: Junction, one: Phase, counts: Counts, cycle_s: float) -> int:
    """The shortest green of a phase: of its kind, and enough to walk what it lets people walk.

    An island in the middle makes a crossing two short ones.
    """
    rule = entry("signal.limits")
    through = any(not name.endswith(".L") for name in one.movements)
    least = rule.value("green_min_through" if through else "green_min_left")
    for name in one.walk:
        arm = junction.arm(name)
        way = arm.crossing_m / 2 if arm.refuge else arm.crossing_m
        people = counts.walkers.get(name, 0) / counts.minutes * cycle_s / 60
        least = max(least, whole(walk_s(way, people)))
    return int(least)


def program_of(raw: Mapping[str, Any], junction: Junction) -> Program:
    """The plan of a file: ``phases`` of movements and green_s; change intervals may be left out.

    Raises SaidError, in words, for what cannot be or would be dangerous.
    """
    made = []
    for number, given in enumerate(raw.get("phases") or (), 1):
        try:
            movements = frozenset(map(str, given["movements"]))
            unknown = sorted(movements - set(junction.movements()))
            if unknown or not movements:
                raise SaidError(
                    f"第 {number} 相位：本路口没有流向 {'、'.join(unknown)}"
                    if unknown
                    else f"第 {number} 相位：没有选流向",
                    f"phase {number}: no such movement {', '.join(unknown)}",
                )
            usual = phase(junction, movements, int(given["green_s"]))
            made.append(
                Phase(
                    movements,
                    usual.green_s,
                    int(given.get("yellow_s", usual.yellow_s)),
                    int(given.get("all_red_s", usual.all_red_s)),
                    tuple(given["walk"]) if "walk" in given else usual.walk,
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SaidError(
                f"第 {number} 相位：填写不全或不是数字", f"phase {number}: {error}"
            ) from None
    found = Program(tuple(made))
    check(junction, found)
    return found


def check(junction: Junction, program: Program) -> None:
    """Raises SaidError if a plan lets crossing movements go together or forgets one."""
    if not 2 <= len(program.phases) <= MOST_PHASES:
        raise SaidError(
            f"配时方案须有 2 至 {MOST_PHASES} 个相位，现在是 {len(program.phases)} 个",
            f"a plan has 2 to {MOST_PHASES} phases",
        )
    for number, one in enumerate(program.phases, 1):
        clash = conflicts.forbidden(junction, one.movements)
        if clash:
            both = "与".join(spoken(junction, name) for name in clash[0])
            raise SaidError(
                f"第 {number} 相位：{both}冲突，不能同时放行",
                f"phase {number}: {clash[0][0]} and {clash[0][1]} cross",
            )
        if not (1 <= one.green_s <= 200 and 2 <= one.yellow_s <= 7 and 0 <= one.all_red_s <= 10):
            raise SaidError(
                f"第 {number} 相位：绿灯须为 1 至 200 秒，黄灯 2 至 7 秒，全红 0 至 10 秒",
                f"phase {number}: green 1-200, yellow 2-7, all-red 0-10 s",
            )
    green = frozenset[str]().union(*(one.movements for one in program.phases))
    free = {
        f"{arm.id}.R" for arm in junction.arms if arm.right_free
    }  # an island takes these past the signal
    missing = [one for one in junction.movements() if one not in green and one not in free]
    if missing:
        raise SaidError(
            f"没有相位放行{'、'.join(spoken(junction, name) for name in missing)}",
            f"no phase lets {', '.join(missing)} go",
        )


def faults(junction: Junction, program: Program, counts: Counts) -> list[dict[str, Any]]:
    """What a plan falls short of: greens too short to walk or to go, a change interval too short.

    Each is a dict with ``kind``, ``phase`` (from 1), ``is_s`` and ``least_s``.
    """
    found: list[dict[str, Any]] = []
    for number, one in enumerate(program.phases, 1):
        usual = phase(junction, one.movements, one.green_s)
        least = green_min_s(junction, one, counts, program.cycle_s)
        for kind, is_s, least_s in (
            ("green", one.green_s, least),
            ("yellow", one.yellow_s, usual.yellow_s),
            ("all_red", one.all_red_s, usual.all_red_s),
        ):
            if is_s < least_s:
                found.append({"kind": kind, "phase": number, "is_s": is_s, "least_s": least_s})
    limits = entry("signal.limits")
    if program.cycle_s > limits.value("cycle_max"):
        found.append({"kind": "cycle", "phase": 0, "is_s": program.cycle_s,
                      "least_s": limits.value("cycle_max")})  # fmt: skip
    return found


def as_data(program: Program, order: Sequence[str] = ()) -> dict[str, Any]:
    """The plan as :func:`program_of` takes it; ``order`` is that of the movements."""
    place = {name: number for number, name in enumerate(order)}
    return {
        "cycle_s": program.cycle_s,
        "phases": [
            {
                "movements": sorted(one.movements, key=lambda name: (place.get(name, 99), name)),
                "green_s": one.green_s,
                "yellow_s": one.yellow_s,
                "all_red_s": one.all_red_s,
                "walk": list(one.walk),
            }
            for one in program.phases
        ],
    }
