"""A source's hours as bars: small ones for the list, charts for its page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from sizao.core.sources import HOUR_S
from sizao.log.source_figures import Figures, total
from sizao.web.sources.services import HOURS, SourceRow

SPARK_W, SPARK_H = 2, 20
"""Width of a bar and height of all, in units of the drawing."""


@dataclass(frozen=True)
class Bar:
    """One hour in the list: a bar of received, its dark top what was quarantined."""

    x: int
    height: float
    bad: float

    @property
    def y(self) -> float:
        return round(SPARK_H - self.height, 1)


def spark(row: SourceRow, hour: int) -> dict[str, Any]:
    """48 bars up to an hour; an hour without anything has none."""
    most = max((one.received for one in row.hours.values()), default=0)
    bars = []
    for place, at in enumerate(range(hour - HOURS + 1, hour + 1)):
        figures = row.hours.get(at)
        if figures is None or not figures.received:
            continue
        height = max(1.0, SPARK_H * figures.received / most)
        bad = height * figures.quarantined_total / figures.received
        bars.append(Bar(place * (SPARK_W + 1), round(height, 1), round(bad, 1)))
    return {"bars": bars, "most": most, "width": HOURS * (SPARK_W + 1), "height": SPARK_H}


@dataclass(frozen=True)
class Chart:
    """One chart of a source's page, in the shape that the indicators' script draws."""

    id: str
    name: str
    note: str
    data: dict[str, Any]

    @property
    def unit(self) -> str:
        return str(self.data["unit"])

    @property
    def points(self) -> list[dict[str, Any]]:
        points: list[dict[str, Any]] = self.data["points"]
        return points


def charts(
    row: SourceRow, hours: Mapping[int, Figures], starts: Sequence[int], step: int
) -> list[Chart]:
    """Accepted, quarantined, completeness, delay; each bar is ``step`` hours."""
    spans = [
        (start, [hours[at] for at in range(start, start + step) if at in hours]) for start in starts
    ]
    sums = [(_label(start, step), total(some) if some else None) for start, some in spans]
    promised = row.promised_completeness
    delay = row.promised_delay_s
    found = [
        Chart(
            "accepted",
            _("采用"),
            _("进入系统的记录。"),
            _data(_("条"), None, [(name, one and one.accepted_total, one) for name, one in sums]),
        ),
        Chart(
            "quarantined",
            _("隔离"),
            _("无法使用、原样留存的数据。"),
            _data(
                _("条"), None, [(name, one and one.quarantined_total, one) for name, one in sums]
            ),
        ),
        Chart(
            "delay",
            _("95% 延迟"),
            _("95% 的记录从事件发生到收到用时不超过此值；按分档插值。"),
            _data(_("秒"), delay, [(name, one and one.delay(0.95), one) for name, one in sums]),
        ),
    ]
    if any(one is not None and one.completeness is not None for _name, one in sums):
        points = [
            {
                "label": name,
                "value": _percent(one.completeness if one else None),
                "low": None,
                "high": None,
                "numerator": round(one.counted) if one and one.counted is not None else None,
                "denominator": round(one.expected) if one and one.expected is not None else None,
                "n": one.accepted_total if one else 0,
            }
            for name, one in sums
        ]
        target = None if promised is None else promised * 100
        found.insert(
            2,
            Chart(
                "complete",
                _("完整率"),
                _("采用数除以约定应到数；应到数不明的时段不显示。"),
                {"unit": "%", "target": target, "points": points},
            ),
        )
    return found


def _data(
    unit: str, target: float | None, rows: Iterable[tuple[str, float | None, Figures | None]]
) -> dict[str, Any]:
    points = [
        {
            "label": name,
            "value": None if value is None else round(float(value), 1),
            "low": None,
            "high": None,
            "numerator": None,
            "denominator": None,
            "n": one.received if one else 0,
        }
        for name, value, one in rows
    ]
    return {"unit": unit, "target": target, "points": points}


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def _label(hour: int, step: int) -> str:
    local = timezone.localtime(datetime.fromtimestamp(hour * HOUR_S, UTC))
    return f"{local:%m-%d}" if step >= 24 else f"{local:%d %H:%M}"
