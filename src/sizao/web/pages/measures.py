"""Indicators as cards: the value in the unit people say it in, how sure, and the bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from sizao.web.indicators.services import Row
from sizao.web.pages import words


@dataclass(frozen=True)
class Card:
    """One indicator. Values are in ``unit``: %, minutes, seconds or cases."""

    id: str
    name: str
    version: int
    unit: str
    value: float | None
    low: float | None
    high: float | None
    p95: float | None
    numerator: int
    denominator: int
    n: int
    target: float | None
    met: bool | None
    better: str
    note: str
    formula: str
    certainty: str
    citation: str
    parts: list[tuple[str, str, int]]
    total: dict[str, Any]
    points: list[dict[str, Any]]

    @property
    def chart(self) -> dict[str, Any]:
        """What the chart's script needs."""
        return {"unit": self.unit, "target": self.target, "points": self.points}


def cards(
    total: Sequence[Row], spans: Sequence[tuple[datetime, Sequence[Row]]], step: timedelta
) -> list[Card]:
    """A card for each indicator, in the order of the registry."""
    found = []
    for index, row in enumerate(total):
        unit, scale = _unit(row)
        value = row.indicator
        definition = row.definition
        found.append(
            Card(
                id=value.id,
                name=words.pick(definition.name_zh, definition.name_en),
                version=definition.version,
                unit=unit,
                value=_scaled(value.value, scale),
                low=_scaled(value.low, scale),
                high=_scaled(value.high, scale),
                p95=_scaled(value.p95, scale),
                numerator=value.numerator,
                denominator=value.denominator,
                n=value.n,
                target=_scaled(value.target, scale),
                met=value.met,
                better=definition.better,
                note=words.pick(value.note_zh, value.note_en),
                formula=words.pick(definition.formula_zh, definition.formula_en),
                certainty=definition.certainty,
                citation=words.citation(definition.citation),
                parts=[(code, words.level_word(code), n) for code, n in value.parts],
                total=_point(_("全部"), row, scale),
                points=[_point(_label(start, step), rows[index], scale) for start, rows in spans],
            )
        )
    return found


def _unit(row: Row) -> tuple[str, float]:
    """The unit to show and how many of it one stored unit is."""
    unit = row.indicator.unit
    if unit == "ratio":
        return "%", 100.0
    if unit == "s":
        largest = max(row.indicator.value or 0, row.indicator.target or 0)
        return (_("分钟"), 1 / 60) if largest >= 180 else (_("秒"), 1.0)
    return _("件"), 1.0


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else round(value * scale, 1)


def _point(label: str, row: Row, scale: float) -> dict[str, Any]:
    value = row.indicator
    return {
        "label": label,
        "value": _scaled(value.value, scale),
        "low": _scaled(value.low, scale),
        "high": _scaled(value.high, scale),
        "numerator": value.numerator,
        "denominator": value.denominator,
        "n": value.n,
    }


def _label(start: datetime, step: timedelta) -> str:
    local = timezone.localtime(start)
    return f"{local:%m-%d}" if step >= timedelta(days=1) else f"{local:%H:%M}"
