"""Charts of the report as SVG: vector in the PDF, and what the Word pictures are drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

FONT = "Noto Sans SC"
INK, SOFT, GRID, STRONG = "#222222", "#9aa4ae", "#d5dade", "#5c2485"


def bars(
    labels: Sequence[str],
    values: Sequence[float],
    *,
    marked: Sequence[int] = (),
    line: Sequence[float] | None = None,
    unit: str = "起",
    every: int = 1,
    width: int = 620,
    height: int = 165,
) -> str:
    """Bars from zero with their numbers; ``marked`` are dark, ``line`` is a second series."""
    left, right, top, bottom = 44, 10, 22, 34
    inner, tall = width - left - right, height - top - bottom
    most = _round_up(max([*values, *(line or ()), 1]))
    step = inner / max(len(values), 1)
    parts = [_text(left - 6, top - 8, unit, anchor="end")]
    for tick in range(5):
        value = most * tick / 4
        y = top + tall * (1 - tick / 4)
        parts.append(f'<path d="M{left} {y:.1f}H{width - right}" stroke="{GRID}"/>')
        parts.append(_text(left - 6, y + 4, f"{value:g}", anchor="end"))
    for number, value in enumerate(values):
        x = left + number * step
        high = tall * value / most
        colour = STRONG if number in marked else SOFT
        parts.append(
            f'<rect x="{x + step * 0.18:.1f}" y="{top + tall - high:.1f}" '
            f'width="{step * 0.64:.1f}" height="{high:.1f}" fill="{colour}"/>'
        )
        if step >= 20 or number in marked:
            parts.append(_text(x + step / 2, top + tall - high - 4, f"{value:g}", size=10))
        if number % every == 0:
            parts.append(_text(x + step / 2, height - 14, labels[number]))
    if line:
        points = " ".join(
            f"{left + (number + 0.5) * step:.1f},{top + tall * (1 - value / most):.1f}"
            for number, value in enumerate(line)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{INK}" stroke-width="1.6" '
            'stroke-dasharray="4 3"/>'
        )
    return _svg(width, height, parts)


def network(
    lines: Sequence[Sequence[tuple[float, float]]],
    weights: Sequence[float],
    marks: Sequence[tuple[float, float, str]],
    *,
    width: int = 620,
    height: int = 400,
) -> str:
    """A road network with some of its lines heavier, and numbered places (lon, lat, number)."""
    xs = [x for line in lines for x, _ in line]
    ys = [y for line in lines for _, y in line]
    west, east, south, north = min(xs), max(xs), min(ys), max(ys)
    # A degree of longitude is shorter: at 26.6 degrees north by a tenth.
    squeeze = 0.894 if 20 < south < 35 else 0.8
    scale = min((width - 20) / max((east - west) * squeeze, 1e-6),
                (height - 20) / max(north - south, 1e-6))  # fmt: skip
    wide, high = (east - west) * squeeze * scale, (north - south) * scale
    left, top = (width - wide) / 2, (height - high) / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (x - west) * squeeze * scale, top + (north - y) * scale

    parts = []
    order = sorted(range(len(lines)), key=lambda row: weights[row])
    for row in order:
        path = "L".join("{:.1f} {:.1f}".format(*at(x, y)) for x, y in lines[row])
        weight = weights[row]
        colour = STRONG if weight >= 1 else SOFT if weight > 0 else GRID
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" '
            f'stroke-width="{0.9 + 2.6 * min(weight, 1.5):.1f}" stroke-linecap="round"/>'
        )
    for (px, py), (tx, ty), number in _apart(
        [(*at(x, y), number) for x, y, number in marks], width, height
    ):
        parts.append(f'<path d="M{px:.1f} {py:.1f}L{tx:.1f} {ty:.1f}" stroke="{INK}"/>')
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2.5" fill="{INK}"/>')
        parts.append(f'<circle cx="{tx:.1f}" cy="{ty:.1f}" r="8.5" fill="#fff" stroke="{INK}"/>')
        parts.append(_text(tx, ty + 3.8, number, size=10.5, colour=INK))
    return _svg(width, height, parts)


def _apart(
    marks: Sequence[tuple[float, float, str]], width: int, height: int
) -> list[tuple[tuple[float, float], tuple[float, float], str]]:
    """Each mark's place and a free place for its number, as near as there is one."""
    taken: list[tuple[float, float]] = [(x, y) for x, y, _ in marks]
    found = []
    for x, y, number in marks:
        places = [
            (x + radius * math.sin(turn * math.pi / 8), y - radius * math.cos(turn * math.pi / 8))
            for radius in range(16, 200, 12)
            for turn in range(16)
        ]
        inside = [one for one in places if 10 < one[0] < width - 10 and 10 < one[1] < height - 10]
        free = next(
            (one for one in inside if all(math.dist(one, other) > 17 for other in taken)),
            inside[0],
        )
        taken.append(free)
        found.append(((x, y), free, number))
    return found


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT}">{"".join(parts)}</svg>'
    )


def _text(
    x: float, y: float, text: str, *, anchor: str = "middle", size: float = 11, colour: str = INK
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(text)}</text>'
    )


def _round_up(value: float) -> float:
    """The next of 4, 8, 12, 20, 40, 80, 120, 200 ...: quarters of it are whole numbers."""
    power = 1
    while True:
        for factor in (4, 8, 12, 20):
            if factor * power >= value:
                return float(factor * power)
        power *= 10
