"""The junction as plain XML for netconvert: nodes, edges, connections.

Straight arms of :data:`ARM_M`; edge ``N_in`` leads to the junction, ``N_out`` away. SUMO counts
lanes from the kerb, the register from the median.
"""

from __future__ import annotations

import math
from xml.sax.saxutils import quoteattr

from sizao.core.errors import ConfigError
from sizao.plan.signals.junction import Arm, Junction

CENTRE = "junction"
ARM_M = 320.0
"""Long enough for the queues of a cycle; what does not fit waits outside and is counted."""
_STOP_M = 6.0
"""Zebra and a set-back between the crossing road and the stop line."""


def nodes(junction: Junction) -> str:
    """One signal in the middle, a dead end to each arm."""
    rows = [f'<node id="{CENTRE}" x="0" y="0" type="traffic_light" radius="{_STOP_M}"/>']
    for number, arm in enumerate(junction.arms):
        east, north = _at(arm, ARM_M)
        rows.append(f'<node id="end{number}" x="{east:.2f}" y="{north:.2f}" type="priority"/>')
    return _document("nodes", rows)


def edges(junction: Junction) -> str:
    """Approach and exit of each arm, side by side, right-hand traffic."""
    rows = []
    for number, arm in enumerate(junction.arms):
        speed = f'speed="{arm.speed_kmh / 3.6:.2f}" spreadType="right"'
        if arm.lanes:
            widths = "".join(
                f'<lane index="{index}" width="{lane.width_m:.2f}"/>'
                for index, lane in enumerate(reversed(arm.lanes))
            )
            rows.append(
                f'<edge id="in{number}" from="end{number}" to="{CENTRE}" '
                f'numLanes="{len(arm.lanes)}" {speed}>{widths}</edge>'
            )
        if arm.exit_lanes:
            rows.append(
                f'<edge id="out{number}" from="{CENTRE}" to="end{number}" '
                f'numLanes="{arm.exit_lanes}" {speed}/>'
            )
    return _document("edges", rows)


def connections(junction: Junction) -> str:
    """Which lane leads where: the k-th lane of a turn to the k-th lane of the exit."""
    rows = [
        f'<connection from="{start}" to="{end}" fromLane="{lane}" toLane="{into}"/>'
        for start, end, lane, into, _ in links(junction)
    ]
    return _document("connections", rows)


def links(junction: Junction) -> list[tuple[str, str, int, int, str]]:
    """From edge, to edge, from lane, to lane (SUMO's numbers) and movement of every link."""
    index = {arm.id: number for number, arm in enumerate(junction.arms)}
    found = []
    for movement in junction.movements():
        arm = junction.arm(movement.rpartition(".")[0])
        turn = movement[-1]
        out = junction.exit_of(movement)
        if out is None:  # movements() names none such
            raise ConfigError(f"{movement} leads nowhere")
        # From the kerb for right turns and through, from the median for left turns.
        own = [n for n, lane in enumerate(reversed(arm.lanes)) if turn in lane.turns]
        for rank, lane_index in enumerate(own):
            if turn == "L":
                into = out.exit_lanes - min(len(own) - rank, out.exit_lanes)
            else:
                into = min(rank, out.exit_lanes - 1)
            found.append((f"in{index[arm.id]}", f"out{index[out.id]}", lane_index, into, movement))
    return found


def _at(arm: Arm, away_m: float) -> tuple[float, float]:
    angle = math.radians(arm.bearing_deg)
    return away_m * math.sin(angle), away_m * math.cos(angle)


def _document(kind: str, rows: list[str]) -> str:
    inside = "\n".join(f"  {row}" for row in rows)
    return f"<{kind}>\n{inside}\n</{kind}>\n"


def attribute(text: str) -> str:
    """A value quoted for XML."""
    return quoteattr(text)
