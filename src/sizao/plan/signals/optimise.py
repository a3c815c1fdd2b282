"""A better plan: every sensible phasing, every cycle, splits by Webster, then second by second.

What is made small is the mean control delay of HCM 2000 over all vehicles. Bounds that no plan
breaks: least greens, time to walk, change intervals, shortest and longest cycle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sizao.core.errors import SaidError
from sizao.core.rulebook import entry
from sizao.plan.signals import phasing, webster
from sizao.plan.signals.model import Model, Result
from sizao.plan.signals.program import Program, green_min_s, phase

STEP_S = 5
REFINED = 4
"""Phasings whose best cycle is worked on second by second."""
_ROUNDS = 200


@dataclass(frozen=True)
class Found:
    """A plan and its worth. webster_s : Webster's cycle for its phases, None: there is none."""

    program: Program
    result: Result
    webster_s: float | None


def optimise(model: Model, given: Program | None = None, cycle_max: int | None = None) -> Found:
    """The plan with the least delay. ``given`` is one more phasing to try.

    Raises SaidError where no phasing keeps the bounds within the longest cycle.
    """
    tried = phasing.choices(model.junction, model.counts)
    if given is not None:
        mine = tuple(one.movements for one in given.phases)
        if mine not in tried and not phasing.unwalked(model.junction, mine):
            tried.append(mine)
    return _best(model, tried, cycle_max)


def retime(model: Model, given: Program, cycle_max: int | None = None) -> Found:
    """The same phases with the times that give the least delay."""
    return _best(model, [tuple(one.movements for one in given.phases)], cycle_max)


def _best(model: Model, tried: list[phasing.Phases], cycle_max: int | None) -> Found:
    rough = sorted(
        (found for one in tried if (found := _rough(model, one, cycle_max)) is not None),
        key=lambda pair: pair[0],
    )
    if not rough:
        raise SaidError(
            "在最短绿灯和最长周期之间排不下任何相位方案：请设安全岛缩短过街，或放宽最长周期",
            "no phasing fits between the least greens and the longest cycle: "
            "shorten the crossings with islands or allow a longer cycle",
        )
    refined = [_refine(model, program, cycle_max) for _, program in rough[:REFINED]]
    best = min(refined, key=model.delay_s)
    try:
        usual: float | None = webster.cycle_s(model.needs(best), model.lost_s(best))
    except webster.Oversaturated:
        usual = None
    return Found(best, model.evaluate(best), usual)


def _rough(
    model: Model, phases: phasing.Phases, cycle_max: int | None
) -> tuple[float, Program] | None:
    """The best cycle of a phasing in steps of STEP_S, splits by Webster."""
    longest = _longest(cycle_max)
    start = Program(tuple(phase(model.junction, one, 20) for one in phases))
    change = sum(one.change_s for one in start.phases)
    needs = model.needs(start)
    least_cycle = change + sum(
        green_min_s(model.junction, one, model.counts, 90) for one in start.phases
    )
    shortest = max(entry("signal.limits").value("cycle_min"), least_cycle)
    if shortest > longest:
        return None
    best: tuple[float, Program] | None = None
    for cycle in [*range(shortest, longest, STEP_S), longest]:
        program = _split(model, start, needs, cycle, change)
        if program is None:
            continue
        # Left turns that give way get other shares of another cycle: once more with those.
        again = _split(model, start, model.needs(program), cycle, change) or program
        for one in (program, again):
            delay = model.delay_s(one)
            if best is None or delay < best[0]:
                best = delay, one
    return best


def _split(
    model: Model, start: Program, needs: list[float], cycle: int, change: int
) -> Program | None:
    """Greens in the ratio of what phases need, none below its least; whole seconds."""
    least = [green_min_s(model.junction, one, model.counts, cycle) for one in start.phases]
    room = cycle - change
    if sum(least) > room:
        return None
    fixed: set[int] = set()
    greens = [float(one) for one in least]
    while True:
        free = [number for number in range(len(least)) if number not in fixed]
        left = room - sum(least[number] for number in fixed)
        if not free:
            break
        shares = webster.splits_s([needs[number] for number in free], 0, left)
        short = [n for n, share in zip(free, shares, strict=True) if share < least[n]]
        for number, share in zip(free, shares, strict=True):
            greens[number] = share
        if not short:
            break
        fixed |= set(short)
        for number in short:
            greens[number] = least[number]
    whole = [max(low, int(one)) for low, one in zip(least, greens, strict=True)]
    over = room - sum(whole)
    order = sorted(range(len(whole)), key=lambda n: whole[n] - greens[n])
    for number in range(over):
        whole[order[number % len(order)]] += 1
    return _with(start, whole)


def _refine(model: Model, program: Program, cycle_max: int | None) -> Program:
    """Move seconds between phases, add or take some, as long as delay falls."""
    longest = _longest(cycle_max)
    shortest = entry("signal.limits").value("cycle_min")
    best, delay = program, model.delay_s(program)
    size = 4
    for _ in range(_ROUNDS):
        moved = False
        for greens in _moves(list(best.greens()), size):
            tried = _with(best, greens)
            if not shortest <= tried.cycle_s <= longest or any(
                one.green_s < green_min_s(model.junction, one, model.counts, tried.cycle_s)
                for one in tried.phases
            ):
                continue
            found = model.delay_s(tried)
            if found < delay - 1e-6:
                best, delay, moved = tried, found, True
        if not moved:
            if size == 1:
                break
            size //= 2
    return best


def _moves(greens: list[int], size: int) -> list[list[int]]:
    found = []
    for here in range(len(greens)):
        for change in (size, -size):
            alone = list(greens)
            alone[here] += change
            found.append(alone)
        for there in range(len(greens)):
            if here != there:
                pair = list(greens)
                pair[here] += size
                pair[there] -= size
                found.append(pair)
    return [one for one in found if min(one) > 0]


def _with(program: Program, greens: list[int]) -> Program:
    return Program(
        tuple(replace(one, green_s=s) for one, s in zip(program.phases, greens, strict=True))
    )


def _longest(cycle_max: int | None) -> int:
    allowed = int(entry("signal.limits").value("cycle_max"))
    return min(cycle_max, allowed) if cycle_max else allowed
