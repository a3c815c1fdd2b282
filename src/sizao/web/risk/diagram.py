"""Collision diagram of a site as SVG: where each crash was, of what form, how bad.

Symbols follow the usual collision diagram: an arrow is a vehicle, and how arrows meet is the form.
A record without a direction gets a dashed ring, and the page says how many there are: an arrow
drawn at a guess would be evidence of nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 300
MOST = 40
"""Crashes drawn; the newest. The table has all."""

ARROW = "M-12 0H-2M-6 -4L-1.500 0L-6 4"
SYMBOLS = {
    "rear_end": "M-15 0H-5M-9 -4L-4.500 0L-9 4M0 0H10M6 -4L10.500 0L6 4",
    "head_on": f"{ARROW}M12 0H2M6 -4L1.500 0L6 4",
    "side": f"{ARROW}M0 13V3M-4 7L0 2.500L4 7",
    "pedestrian": f"{ARROW}M5 -5a2.500 2.500 0 1 0 .01 0M5 0V6M2 3H8M5 6L2.500 10M5 6L7.500 10",
    "rollover": f"{ARROW}M3 -4a4.500 4.500 0 1 1 -1.500 7M9 2L6 5",
    "off_road": "M-12 4H-4C2 4 4 0 6 -8M2 -5L6.500 -9.500L9.500 -4",
    "fixed_object": f"{ARROW}M3 -5H11V5H3Z",
    "parked": f"{ARROW}M2 -4H14V4H2ZM5 -4V4",
    "fire": f"{ARROW}M6 6C1 2 6 -1 6 -7C11 -2 11 3 6 6Z",
    "other": f"{ARROW}M3 -4L10 4M10 -4L3 4",
    "": f"{ARROW}",
}
"""Path of each form of collision, about 24 units wide, the vehicle going right."""


@dataclass(frozen=True)
class Mark:
    """One crash on the diagram.

    number : as in the table; form : key of SYMBOLS; harm : fatal, injury, property or ""
    dark, wet : of the record; heading_deg : of the road as drawn, None if no direction is recorded
    x, y : where it was in the drawing; title : its facts in words
    """

    number: int
    form: str
    harm: str
    dark: bool
    wet: bool
    heading_deg: float | None
    x: float
    y: float
    title: str


def spread(marks: Sequence[Mark], apart: float = 34.0) -> list[Mark]:
    """Marks moved off each other along a spiral, the nearest free place first."""
    placed: list[Mark] = []
    for mark in marks:
        x, y = mark.x, mark.y
        for turn in range(400):
            radius, angle = 3.2 * math.sqrt(turn) * 2, turn * 2.399963
            x = min(WIDTH - 20, max(20.0, mark.x + radius * math.cos(angle)))
            y = min(HEIGHT - 24, max(20.0, mark.y + radius * math.sin(angle)))
            if all(math.hypot(x - one.x, y - one.y) >= apart for one in placed):
                break
        placed.append(Mark(**{**mark.__dict__, "x": x, "y": y}))
    return placed


def segment(marks: Sequence[Mark], left: str, right: str, way: int, title: str) -> str:
    """A straight road from one stake to the other; ``x`` of a mark is where along it.

    way : 1 one way to the right, -1 to the left, 0 both ways
    """
    middle = HEIGHT / 2
    road = [
        f'<path class="road" d="M0 {middle}H{WIDTH}"/>',
        "" if way else f'<path class="centre" d="M0 {middle}H{WIDTH}"/>',
    ]
    if way:
        x = WIDTH - 60 if way > 0 else 60
        arrow = f"h{36 * way}m{-7 * way} -5l{7 * way} 5l{-7 * way} 5"
        road.append(f'<path class="way" d="M{x} {middle}{arrow}"/>')
    moved = spread(marks)
    leaders = [
        f'<path class="leader" d="M{mark.x:.1f} {middle}L{new.x:.1f} {new.y:.1f}"/>'
        for mark, new in zip(marks, moved, strict=True)
        if abs(new.y - middle) > 16 or abs(new.x - mark.x) > 16
    ]
    high = min((one.y for one in moved), default=middle)
    low = max((one.y for one in moved), default=middle)
    top, bottom = min(high, middle - 24) - 24, max(low, middle + 24) + 28
    ends = [
        f'<text class="end" x="8" y="{bottom + 8:.0f}">{escape(left)}</text>',
        f'<text class="end" x="{WIDTH - 8}" y="{bottom + 8:.0f}" text-anchor="end">'
        f"{escape(right)}</text>",
    ]
    drawn = [*road, *leaders, *(_mark(one) for one in moved), *ends]
    return _svg(title, drawn, top, bottom + 16 - top)


def junction(marks: Sequence[Mark], arms: Sequence[tuple[float, str]], title: str) -> str:
    """A junction north up: arms by their true bearing, with the roads' names."""
    cx, cy, reach = WIDTH / 2, HEIGHT / 2, 132.0
    drawn = []
    for bearing, name in arms:
        dx, dy = math.sin(math.radians(bearing)), -math.cos(math.radians(bearing))
        drawn.append(
            f'<path class="road" d="M{cx} {cy}L{cx + dx * reach:.1f} {cy + dy * reach:.1f}"/>'
        )
        x, y = cx + dx * (reach + 16), cy + dy * (reach + 4)
        anchor = "start" if dx > 0.3 else "end" if dx < -0.3 else "middle"
        drawn.append(
            f'<text class="end" x="{x:.1f}" y="{min(HEIGHT - 6, max(14.0, y)):.1f}" '
            f'text-anchor="{anchor}">{escape(name)}</text>'
        )
    drawn.append(
        f'<path class="north" d="M{WIDTH - 26} 44V16m-5 8l5 -8l5 8"/>'
        f'<text class="end" x="{WIDTH - 26}" y="58" text-anchor="middle">N</text>'
    )
    return _svg(title, [*drawn, *(_mark(one) for one in spread(marks))])


def _mark(mark: Mark) -> str:
    known = mark.heading_deg is not None
    # Headings count clockwise from north, drawings clockwise from the right.
    turn = (mark.heading_deg or 90.0) - 90.0
    ring = {"fatal": "fatal", "injury": "injury"}.get(mark.harm, "plain")
    parts = [
        f'<circle class="ring {ring}" r="15"/>',
        "" if known else '<circle class="unknown" r="12"/>',
        f'<path class="form" transform="rotate({turn:.0f}) scale(.82)" '
        f'd="{SYMBOLS.get(mark.form, SYMBOLS["other"])}"/>',
        '<path class="dark" d="M9 -15a6 6 0 1 0 6 6a4.600 4.600 0 0 1 -6 -6Z"/>'
        if mark.dark
        else "",
        '<path class="wet" d="M-8 19q2 -3 4 0t4 0t4 0t4 0"/>' if mark.wet else "",
        f'<text class="number" x="-17" y="-9">{mark.number}</text>',
    ]
    return (
        f'<g class="mark" transform="translate({mark.x:.1f} {mark.y:.1f})">'
        f"<title>{escape(mark.title)}</title>{''.join(parts)}</g>"
    )


def _svg(title: str, parts: Sequence[str], top: float = 0.0, height: float = HEIGHT) -> str:
    return (
        f'<svg class="sz-collisions" viewBox="0 {top:.0f} {WIDTH} {height:.0f}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
