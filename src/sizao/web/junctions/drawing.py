"""The junction seen from above, its phases, and a plan over its cycle, as SVG.

Colours are classes: the page's style sheet has them, and :data:`PRINT` for paper.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from html import escape
from typing import Any

from sizao.plan.signals.junction import Arm, Junction
from sizao.web.junctions.words import turn_mark

SIZE = 340
_MIDDLE = SIZE / 2
_LANE = 11.0
_REACH = 128.0

PRINT = """<style>
.jx-road{fill:#e3e6e9}.jx-line{stroke:#8a949e;stroke-width:.7;fill:none}
.jx-middle{stroke:#c99700;stroke-width:1.2;fill:none}.jx-stop{stroke:#222;stroke-width:1.8}
.jx-zebra{stroke:#555;stroke-width:1.5}.jx-arrow{stroke:#222;stroke-width:1.3;fill:none}
.jx-name{font:11px 'Noto Sans SC',sans-serif;fill:#111}
.jx-mark{fill:#111}.jx-marked{font:9px 'Noto Sans SC',sans-serif;fill:#fff}
.jx-go{stroke:#0b7268;stroke-width:2;fill:none}.jx-glyph{fill:#eef1f3}
.jx-green{fill:#2f9e6b}.jx-yellow{fill:#e8b923}.jx-red{fill:#e9c9c9}.jx-walk{fill:#9bb7c9}
.jx-tick{font:10px 'Noto Sans SC',sans-serif;fill:#333}.jx-axis{stroke:#999;stroke-width:.6}
</style>"""

_ARROWS = {
    "T": "M0 -9V9M-3 5L0 9L3 5",
    "L": "M0 -9V0Q0 4 5 4H8M5 1L8.500 4L5 7",
    "R": "M0 -9V0Q0 4 -5 4H-8M-5 1L-8.500 4L-5 7",
}
"""Seen with the driver coming down the page: his left is right on it."""


def plan(
    junction: Junction, defects: Mapping[str, int], title: str, *, print_: bool = False
) -> str:
    """The junction from above. defects : open findings by arm, drawn as a number beside it."""
    radius = max(
        (max(len(arm.lanes), arm.exit_lanes) * _LANE for arm in junction.arms), default=22.0
    ) + 10  # fmt: skip
    roads = "".join(_road(arm) for arm in junction.arms)
    arms = "".join(_arm(arm, radius) for arm in junction.arms)
    names = "".join(_name(arm, defects.get(arm.id, 0)) for arm in junction.arms)
    return (
        f'<svg class="jx" viewBox="0 0 {SIZE} {SIZE}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg" aria-label="{escape(title, quote=True)}">'
        f"{PRINT if print_ else ''}{roads}{arms}{names}</svg>"
    )


def _turned(arm: Arm) -> str:
    return f'transform="rotate({arm.bearing_deg:.1f} {_MIDDLE} {_MIDDLE})"'


def _road(arm: Arm) -> str:
    left = _MIDDLE - len(arm.lanes) * _LANE
    width = (len(arm.lanes) + arm.exit_lanes) * _LANE
    top = _MIDDLE - _REACH
    return (
        f'<rect class="jx-road" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{_REACH + 14:.1f}" {_turned(arm)}/>'
    )


def _arm(arm: Arm, radius: float) -> str:
    """Lane lines, stop line, zebra and arrows, drawn upwards and turned."""
    top, near = _MIDDLE - _REACH, _MIDDLE - radius
    parts = []
    stop = near - 16 if arm.crossing_m else near - 4
    for n in range(1, len(arm.lanes)):
        x = _MIDDLE - n * _LANE
        parts.append(f'<path class="jx-line" d="M{x:.1f} {stop:.1f}V{top:.1f}"/>')
    for n in range(1, arm.exit_lanes):
        x = _MIDDLE + n * _LANE
        parts.append(
            f'<path class="jx-line" stroke-dasharray="6 5" d="M{x:.1f} {stop:.1f}V{top:.1f}"/>'
        )
    parts.append(f'<path class="jx-middle" d="M{_MIDDLE} {stop:.1f}V{top:.1f}"/>')
    if arm.lanes:
        x = _MIDDLE - len(arm.lanes) * _LANE
        parts.append(f'<path class="jx-stop" d="M{x:.1f} {stop:.1f}H{_MIDDLE}"/>')
    if arm.crossing_m:
        start = _MIDDLE - len(arm.lanes) * _LANE + 2
        end = _MIDDLE + arm.exit_lanes * _LANE - 1
        for n in range(int((end - start) / 4) + 1):
            parts.append(f'<path class="jx-zebra" d="M{start + 4 * n:.1f} {near - 12:.1f}v10"/>')
    for n, lane in enumerate(arm.lanes):
        x, y = _MIDDLE - (n + 0.5) * _LANE, stop - 16
        shape = "".join(_ARROWS[turn] for turn in ("L", "T", "R") if turn in lane.turns)
        parts.append(
            f'<path class="jx-arrow" transform="translate({x:.1f} {y:.1f}) scale(.8)" d="{shape}"/>'
        )
    return f"<g {_turned(arm)}>{''.join(parts)}</g>"


def _name(arm: Arm, defects: int) -> str:
    angle = math.radians(arm.bearing_deg)
    x = _MIDDLE + math.sin(angle) * (_REACH + 16)
    y = _MIDDLE - math.cos(angle) * (_REACH + 18)
    if abs(math.sin(angle)) > 0.7:  # beside the road, where traffic comes in: names are long
        beside = len(arm.lanes) * _LANE + 10
        x = _MIDDLE + math.sin(angle) * (_REACH - 30) - beside * math.cos(angle)
        y = _MIDDLE - math.cos(angle) * (_REACH - 30) - beside * math.sin(angle) + 4
    half = 5.5 * len(arm.name)
    x = min(max(x, half), SIZE - half)
    y = min(max(y, 14), SIZE - 8)
    text = (
        f'<text class="jx-name" x="{x:.0f}" y="{y:.0f}" text-anchor="middle">'
        f"{escape(arm.name)}</text>"
    )
    if not defects:
        return text
    x2 = _MIDDLE + math.sin(angle) * (_REACH - 10) + 30 * math.cos(angle)
    y2 = _MIDDLE - math.cos(angle) * (_REACH - 10) + 30 * math.sin(angle)
    return (
        f'{text}<circle class="jx-mark" cx="{x2:.0f}" cy="{y2:.0f}" r="8"/>'
        f'<text class="jx-marked" x="{x2:.0f}" y="{y2 + 3.2:.1f}" text-anchor="middle">'
        f"{defects}</text>"
    )


def glyph(
    junction: Junction, movements: Collection[str], walk: Collection[str] = (), *,
    print_: bool = False,
) -> str:  # fmt: skip
    """One phase as arrows from where movements come to where they go."""
    paths = []
    for movement in sorted(movements):
        arm = junction.arm(movement.rpartition(".")[0])
        out = junction.exit_of(movement)
        if out is None:
            continue
        a, b = math.radians(arm.bearing_deg - 14), math.radians(out.bearing_deg + 14)
        x0, y0 = 36 + 30 * math.sin(a), 36 - 30 * math.cos(a)
        x1, y1 = 36 + 27 * math.sin(b), 36 - 27 * math.cos(b)
        middle = 36.0 if not movement.endswith(".R") else 36 + 12 * (math.sin(a) + math.sin(b)) / 2
        middle_y = 36.0 if not movement.endswith(".R") else 36 - 12 * (
            math.cos(a) + math.cos(b)
        ) / 2  # fmt: skip
        back = math.atan2(y1 - middle_y, x1 - middle)
        tips = "".join(
            f"M{x1:.1f} {y1:.1f}L{x1 - 6 * math.cos(back + turn):.1f} "
            f"{y1 - 6 * math.sin(back + turn):.1f}"
            for turn in (0.5, -0.5)
        )
        paths.append(
            f'<path class="jx-go" d="M{x0:.1f} {y0:.1f}Q{middle:.1f} {middle_y:.1f} '
            f'{x1:.1f} {y1:.1f}{tips}"/>'
        )
    for arm_id in walk:
        turned = f'transform="rotate({junction.arm(arm_id).bearing_deg:.1f} 36 36)"'
        paths.append(f'<path class="jx-zebra" stroke-dasharray="2 2" d="M24 5H48" {turned}/>')
    return (
        '<svg class="jx jx-phase" viewBox="0 0 72 72" aria-hidden="true" '
        'xmlns="http://www.w3.org/2000/svg">'
        f'{PRINT if print_ else ""}<circle class="jx-glyph" cx="36" cy="36" r="35"/>'
        f"{''.join(paths)}</svg>"
    )


def timeline(
    junction: Junction, data: Mapping[str, Any], longest_s: int, title: str, *,
    print_: bool = False,
) -> str:  # fmt: skip
    """A plan over its cycle: a row a movement, green, yellow and red as they come.

    data : a plan as ``program.as_data`` has it; longest_s : seconds the width stands for, so that
    two plans can be compared side by side.
    """
    names = junction.movements()
    height = 20 + 15 * len(names)
    left, width = 84, 516
    scale = width / max(longest_s, 1)
    parts = []
    starts = _starts(data)
    for row, name in enumerate(names):
        y = 4 + 15 * row
        arm, turn = name.rpartition(".")[0], name[-1]
        word = f"{_short(junction.arm(arm).name)} {turn_mark(turn)}"
        parts.append(
            f'<text class="jx-tick" x="{left - 6}" y="{y + 9}" text-anchor="end">'
            f"{escape(word)}</text>"
        )
        for number, (start, phase) in enumerate(starts):
            after = data["phases"][(number + 1) % len(data["phases"])]
            parts += _bars(name, phase, after, left + start * scale, y, scale)
    bottom = 4 + 15 * len(names)
    cycle = data["cycle_s"]
    parts.append(f'<path class="jx-axis" d="M{left} {bottom}h{cycle * scale:.1f}"/>')
    for second in range(0, cycle + 1, 20):
        parts.append(
            f'<text class="jx-tick" x="{left + second * scale:.1f}" y="{bottom + 12}" '
            f'text-anchor="middle">{second}</text>'
        )
    return (
        f'<svg class="jx jx-timeline" viewBox="0 0 620 {height}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg" aria-label="{escape(title, quote=True)}">'
        f"{PRINT if print_ else ''}{''.join(parts)}</svg>"
    )


def _short(name: str) -> str:
    """The end of an arm's name, which says the direction: 北进口 of 人民路北进口."""
    return name[-3:] if name.endswith("进口") else name[:10]


def _starts(data: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    at, found = 0, []
    for phase in data["phases"]:
        found.append((at, phase))
        at += phase["green_s"] + phase["yellow_s"] + phase["all_red_s"]
    return found


def _bars(
    name: str, phase: Mapping[str, Any], after: Mapping[str, Any], x: float, y: int, scale: float
) -> list[str]:
    whole = phase["green_s"] + phase["yellow_s"] + phase["all_red_s"]
    if name not in phase["movements"]:
        return [_bar("red", x, y, whole * scale)]
    if name in after["movements"]:
        return [_bar("green", x, y, whole * scale)]
    green, yellow = phase["green_s"] * scale, phase["yellow_s"] * scale
    return [
        _bar("green", x, y, green),
        _bar("yellow", x + green, y, yellow),
        _bar("red", x + green + yellow, y, phase["all_red_s"] * scale),
    ]


def _bar(kind: str, x: float, y: int, width: float) -> str:
    if width <= 0:
        return ""
    return f'<rect class="jx-{kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="11"/>'
