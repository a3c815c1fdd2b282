"""Which phases a junction can have: every sensible way to let its movements go.

Roads are taken in turn: two arms that face each other together, any other arm alone. Of two
facing arms the left turns may give way (one phase), go before the straight traffic, go with their
own arm only, or overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from sizao.core.rulebook import entry
from sizao.plan.signals import conflicts
from sizao.plan.signals.counts import Counts
from sizao.plan.signals.junction import Junction

Phases = tuple[frozenset[str], ...]


def choices(junction: Junction, counts: Counts) -> list[Phases]:
    """Sets of movements by phase; never two that cross, and every crossing is walked once."""
    found = []
    for parts in product(*(list(_road(junction, counts, road)) for road in _roads(junction))):
        phases = tuple(one for part in parts for one in part if one)
        if len(phases) < 2 or any(conflicts.forbidden(junction, one) for one in phases):
            continue
        if phases not in found:
            found.append(phases)
    walked = [one for one in found if not unwalked(junction, one)]
    return walked or found


def unwalked(junction: Junction, phases: Phases) -> list[str]:
    """Arms with a crossing that no phase leaves free."""
    free = {arm for one in phases for arm in conflicts.crossings(junction, one)}
    return [arm.id for arm in junction.arms if arm.crossing_m and arm.id not in free]


def _roads(junction: Junction) -> list[tuple[str, ...]]:
    left = [arm.id for arm in junction.arms if arm.lanes]
    roads: list[tuple[str, ...]] = []
    while left:
        one = left.pop(0)
        facing = junction.opposing(one)
        if facing in left and junction.opposing(facing) == one:
            left.remove(facing)
            roads.append((one, facing))
        else:
            roads.append((one,))
    return roads


def _road(junction: Junction, counts: Counts, road: tuple[str, ...]) -> Iterator[Phases]:
    every = junction.movements()

    def of(arm: str, turns: str) -> frozenset[str]:
        return frozenset(f"{arm}.{turn}" for turn in turns if f"{arm}.{turn}" in every)

    if len(road) == 1:
        yield (of(road[0], "LTR"),)
        return
    a, b = road
    if all(may_give_way(junction, counts, arm) for arm in road):
        yield (of(a, "LTR") | of(b, "LTR"),)
    yield of(a, "LTR"), of(b, "LTR")
    if not (_own_lane(junction, a) and _own_lane(junction, b)):
        return
    straight = of(a, "TR") | of(b, "TR")
    if of(a, "L") and of(b, "L"):
        yield of(a, "L") | of(b, "L"), straight
        for one, other in ((a, b), (b, a)):
            yield of(one, "LTR"), straight, of(other, "LTR")
            yield of(a, "L") | of(b, "L"), of(one, "LTR"), straight
    else:
        one = a if of(a, "L") else b
        yield of(one, "LTR"), straight


def may_give_way(junction: Junction, counts: Counts, arm: str) -> bool:
    """Whether left turns of an arm are few enough to go without a phase of their own.

    Source: HCM 2000, chapter 10, appendix A: not from 240 veh/h on, nor where left turns times
    oncoming traffic reach a product that depends on the oncoming lanes.
    """
    left = counts.flow(f"{arm}.L")
    facing = junction.opposing(arm)
    if f"{arm}.L" not in junction.movements() or facing is None:
        return True
    rule = entry("signal.left_turn_phase")
    if left > rule.value("left_max"):
        return False
    lanes = sum("T" in lane.turns for lane in junction.arm(facing).lanes)
    name = {0: "product_1_lane", 1: "product_1_lane", 2: "product_2_lanes"}.get(
        lanes, "product_3_lanes"
    )
    oncoming = counts.flow(f"{facing}.T") + counts.flow(f"{facing}.R")
    return bool(left * oncoming < rule.value(name))


def _own_lane(junction: Junction, arm: str) -> bool:
    """Whether left turns have lanes that nobody else uses (or there are none)."""
    lanes = [lane for lane in junction.arm(arm).lanes if "L" in lane.turns]
    return all(lane.turns == {"L"} for lane in lanes)
