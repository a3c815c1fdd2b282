"""A signal plan as SUMO's tlLogic: a letter for each link and phase.

G goes, g goes and gives way, y stops, r stands, s may turn right after a stop: a right turn on red
is allowed where no arrow forbids it (Road Traffic Safety Law regulation, article 38).
"""

from __future__ import annotations

from collections.abc import Mapping

from sizao.plan.microsim.network import CENTRE
from sizao.plan.signals import conflicts
from sizao.plan.signals.junction import Junction
from sizao.plan.signals.program import Phase, Program


def logic(junction: Junction, program: Program, linked: Mapping[int, str]) -> str:
    """The additional file that replaces netconvert's plan. linked : movement of each link."""
    rows = []
    count = max(linked) + 1
    for number, phase in enumerate(program.phases):
        after = program.phases[(number + 1) % len(program.phases)]
        for seconds, state in (
            (phase.green_s, _green(junction, phase, linked, count)),
            (phase.yellow_s, _change(junction, phase, after, linked, count, "y")),
            (phase.all_red_s, _change(junction, phase, after, linked, count, "r")),
        ):
            if seconds:
                rows.append(f'    <phase duration="{seconds}" state="{state}"/>')
    inside = "\n".join(rows)
    return (
        "<additional>\n"
        f'  <tlLogic id="{CENTRE}" type="static" programID="plan" offset="0">\n{inside}\n'
        "  </tlLogic>\n</additional>\n"
    )


def _green(junction: Junction, phase: Phase, linked: Mapping[int, str], count: int) -> str:
    return "".join(_letter(junction, phase, linked.get(n, "")) for n in range(count))


def _letter(junction: Junction, phase: Phase, movement: str) -> str:
    if movement in phase.movements:
        return "g" if conflicts.permitted(junction, movement, phase.movements) else "G"
    return _standing(junction, movement)


def _standing(junction: Junction, movement: str) -> str:
    if movement.endswith(".R"):
        return "g" if junction.arm(movement[:-2]).right_free else "s"
    return "r"


def _change(
    junction: Junction,
    phase: Phase,
    after: Phase,
    linked: Mapping[int, str],
    count: int,
    letter: str,
) -> str:
    """Movements that go on in the next phase stay green; the others end."""
    found = []
    for number in range(count):
        movement = linked.get(number, "")
        if movement not in phase.movements:
            found.append(_standing(junction, movement))
        elif movement in after.movements:
            both = phase.movements & after.movements
            found.append("g" if conflicts.permitted(junction, movement, both) else "G")
        elif letter == "y" or not movement.endswith(".R"):
            found.append(letter)
        else:
            found.append(_standing(junction, movement))
    return "".join(found)
