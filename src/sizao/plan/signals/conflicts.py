"""Which movements cross each other's way.

Entries and exits are points on a circle round the junction; two movements cross when their chords
do. Who turns right, or left against oncoming traffic, gives way (Regulation of the Road Traffic
Safety Law, articles 38, 51 and 52: turning to straight on, an oncoming right turn to the left
turn): such pairs may share a phase, all others may not.
"""

from __future__ import annotations

from collections.abc import Collection

from sizao.plan.signals.junction import Junction, split

_HALF_DEG = 8.0
"""Right-hand traffic: seen outwards, traffic comes in left of the arm's axis and leaves right."""


def cross(junction: Junction, one: str, other: str) -> bool:
    """Whether two movements cross or end in the same arm; of one arm they never do."""
    (a, _), (b, _) = split(one), split(other)
    to_a, to_b = junction.exit_of(one), junction.exit_of(other)
    if a == b or to_a is None or to_b is None:
        return False
    if to_a.id == to_b.id:
        return True
    start, end = _ends(junction, a, to_a.bearing_deg)
    first, second = _ends(junction, b, to_b.bearing_deg)
    return _between(start, first, end) != _between(start, second, end)


def gives_way(junction: Junction, one: str, other: str) -> bool:
    """Whether ``one`` has to wait for ``other`` where both are green."""
    (a, turn), (b, other_turn) = split(one), split(other)
    if turn == "R":
        return other_turn != "R" and cross(junction, one, other)
    return (
        turn == "L"
        and other_turn == "T"
        and junction.opposing(a) == b
        and cross(junction, one, other)
    )


def permitted(junction: Junction, movement: str, green: Collection[str]) -> bool:
    """Whether a movement must give way to another that is green with it."""
    return any(gives_way(junction, movement, other) for other in green)


def forbidden(junction: Junction, green: Collection[str]) -> list[tuple[str, str]]:
    """Pairs that may not be green together: they cross and neither gives way by rule."""
    names = sorted(green)
    return [
        (one, other)
        for number, one in enumerate(names)
        for other in names[number + 1 :]
        if cross(junction, one, other)
        and not gives_way(junction, one, other)
        and not gives_way(junction, other, one)
    ]


def crossings(junction: Junction, green: Collection[str]) -> list[str]:
    """Arms that may be walked across while these movements are green.

    Nobody drives straight over the crossing; turning traffic gives way to who walks.
    """
    found = []
    for arm in junction.arms:
        if not arm.crossing_m:
            continue
        out = any(split(one)[0] == arm.id and split(one)[1] != "R" for one in green)
        into = any(
            one.endswith(".T") and (end := junction.exit_of(one)) and end.id == arm.id
            for one in green
        )
        if not out and not into and not _protected_into(junction, arm.id, green):
            found.append(arm.id)
    return found


def _protected_into(junction: Junction, arm: str, green: Collection[str]) -> bool:
    """A left turn with an arrow does not expect anybody on the crossing it drives over.

    At the stem of a T there is no arrow: who turns left there gives way to who walks.
    """
    every = junction.movements()
    return any(
        one.endswith(".L")
        and (end := junction.exit_of(one)) is not None
        and end.id == arm
        and (through := f"{split(one)[0]}.T") in every
        and through not in green
        for one in green
    )


def _ends(junction: Junction, arm: str, exit_deg: float) -> tuple[float, float]:
    return junction.arm(arm).bearing_deg - _HALF_DEG, exit_deg + _HALF_DEG


def _between(start: float, angle: float, end: float) -> bool:
    return (angle - start) % 360 < (end - start) % 360
