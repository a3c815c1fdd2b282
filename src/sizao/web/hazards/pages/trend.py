"""The trend as a drawing: a pair of bars a week, opened and closed, and the open stock as a line.

Drawn here, so that it needs no script; colours come from the page's style sheet.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from sizao.govern.hazards.clearance import Week

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 34, 34, 12, 30


def trend(weeks: Sequence[Week]) -> SafeString:
    """The drawing of these weeks; the last one is the present week, not yet over."""
    if not weeks:
        return mark_safe("")
    most = max([1, *(max(week.opened, week.closed) for week in weeks)])
    stock_most = max([1, *(week.stock for week in weeks)])
    inner_w, inner_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step = inner_w / len(weeks)
    bar = min(step * 0.3, 18)
    base = TOP + inner_h
    parts = []
    line = []
    for at, week in enumerate(weeks):
        middle = LEFT + step * (at + 0.5)
        for shift, value, name in ((-bar - 1, week.opened, "opened"), (1, week.closed, "closed")):
            height = inner_h * value / most
            parts.append(
                f'<rect class="sz-trend-{name}" x="{middle + shift:.1f}" y="{base - height:.1f}" '
                f'width="{bar:.1f}" height="{height:.1f}"/>'
            )
        line.append(f"{middle:.1f},{base - inner_h * week.stock / stock_most:.1f}")
        parts.append(
            f'<text class="sz-trend-label{" sz-trend-other" if (len(weeks) - at) % 3 != 1 else ""}"'
            f' x="{middle:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{week.monday:%m-%d}</text>'
        )
        said = _("{day} 起一周：新增 {opened}，销号 {closed}，周末在账 {stock}").format(
            day=week.monday, opened=week.opened, closed=week.closed, stock=week.stock
        )
        parts.append(
            f'<rect class="sz-trend-over" x="{LEFT + step * at:.1f}" y="{TOP}" '
            f'width="{step:.1f}" height="{inner_h}"><title>{escape(said)}</title></rect>'
        )
    parts.insert(0, _axis(most, LEFT - 6, "end", base, inner_h))
    parts.insert(0, _axis(stock_most, WIDTH - RIGHT + 6, "start", base, inner_h))
    parts.append(f'<polyline class="sz-trend-stock" points="{" ".join(line)}"/>')
    title = escape(
        _("近 {n} 周新增、销号与在账隐患").format(n=len(weeks))
    )  # fmt: skip
    # Numbers and escaped words only.
    return mark_safe(
        f'<svg class="sz-trend" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
        f'<line class="sz-trend-base" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{base}" y2="{base}"/>'
        f"{''.join(parts)}</svg>"
    )


def _axis(most: int, x: float, anchor: str, base: float, height: float) -> str:
    return "".join(
        f'<text class="sz-trend-label" x="{x}" y="{base - height * share + 4:.1f}" '
        f'text-anchor="{anchor}">{most * share:g}</text>'
        for share in ((0, 1) if most % 2 else (0, 0.5, 1))
    )
