"""Assessments: where and when of a forecast deserves to be said, as records for ``warn``.

Of all kilometre-hours ahead the worst share is taken, consecutive hours of an edge become one
span, and each says what it rests on: the usual level, the factors, an interval.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import stats

from sizao.core.clock import SHANGHAI
from sizao.core.ids import content_id
from sizao.core.schemas import ASSESSMENT
from sizao.risk.posterior import COVER
from sizao.risk.snapping import JUNCTION_M
from sizao.risk.weather_hours import KINDS
from sizao.risk.week_ahead import Ahead

MODEL = "eb-week-2"
SHARE = 0.01
"""Share of kilometre-hours that is worth saying."""

MOST = 5000
"""Spans of one forecast; a log is no place for every hour of every street."""


def assessments(
    ahead: Ahead, made: datetime, share: float = SHARE, told: timedelta | None = None
) -> pa.RecordBatch:
    """Spans of the worst ``share`` of kilometre-hours, the worst first, schema ASSESSMENT.

    made : when the forecast was made; it names the forecast and is not looked up
    told : leave out spans that are over, or begin more than so long after that

    An edge shorter than its two junctions' reach is ranked as if it were that long.
    """
    sites = ahead.base.sites
    cells = ahead.cells()
    hours = cells.shape[1]
    # An edge that is all junction would lead any list by the kilometre, for being short.
    length_km = np.maximum(sites.length_km, 2 * JUNCTION_M / 1000)
    density = cells / length_km[:, None]
    order = np.argsort(-density.ravel(), kind="stable")
    budget = share * sites.length_km.sum() * hours
    long = np.cumsum(sites.length_km[order // hours])
    worse: np.ndarray = np.empty(density.size)
    worse[order] = long / (sites.length_km.sum() * hours)
    worse = worse.reshape(density.shape)
    chosen = np.zeros(density.size, np.bool_)
    chosen[order[: int(np.searchsorted(long, budget, side="right"))]] = True
    usual = ahead.usual()
    posterior, _ = ahead.base.estimate.on_edges(sites)
    rows = []
    for edge, first, last in _spans(chosen.reshape(density.shape)):
        span = slice(first, last)
        expected, normal = float(cells[edge, span].sum()), float(usual[edge, span].sum())
        # The place is unsure as its posterior is, the factors as their logarithms are.
        relative = posterior.variance[edge] / posterior.mean[edge] ** 2
        relative += _factor_variance(ahead, edge, span)
        lower, upper = stats.gamma.ppf(
            [(1 - COVER) / 2, (1 + COVER) / 2], 1 / relative, scale=expected * relative
        )
        site = f"{sites.u[edge]}-{sites.v[edge]}"
        start = datetime.combine(ahead.first, datetime.min.time(), SHANGHAI)
        row: dict[str, Any] = {
            "assessment": content_id(MODEL, site, start.isoformat(), first, last, made.isoformat()),
            "time": start + timedelta(hours=first),
            "received": made,
            "until": start + timedelta(hours=last),
            "kind": "forecast",
            "site": site,
            "lat": float(sites.lat[sites.a[edge]] + sites.lat[sites.b[edge]]) / 2,
            "lon": float(sites.lon[sites.a[edge]] + sites.lon[sites.b[edge]]) / 2,
            "road": str(sites.name[edge]) or None,
            "expected": expected,
            "usual": normal,
            "lower": float(lower),
            "upper": float(upper),
            "per_km_hour": expected / float(length_km[edge]) / (last - first),
            "share": float(worse[edge, span].min()),
            "reasons": _reasons(ahead, edge, span, expected / normal if normal else 1.0),
            "model": MODEL,
            "source": "risk",
        }
        rows.append({**row, **{k: v.astimezone(UTC) for k, v in row.items()
                               if isinstance(v, datetime)}})  # fmt: skip
    if told is not None:
        rows = [row for row in rows if row["until"] > made and row["time"] < made + told]
    rows.sort(key=lambda row: (-row["per_km_hour"], row["time"], row["site"]))
    return pa.RecordBatch.from_pylist(rows[:MOST], schema=ASSESSMENT)


def _spans(chosen: np.ndarray) -> list[tuple[int, int, int]]:
    """(edge, first hour, hour after the last) of every run of chosen hours."""
    padded = np.zeros((chosen.shape[0], chosen.shape[1] + 2), np.int8)
    padded[:, 1:-1] = chosen
    change = np.diff(padded, axis=1)
    edge, first = np.nonzero(change == 1)
    _, last = np.nonzero(change == -1)
    return list(zip(edge.tolist(), first.tolist(), last.tolist(), strict=True))


def _factor_variance(ahead: Ahead, edge: int, span: slice) -> float:
    if ahead.weather is None:
        return 0.0
    kind = ahead.weather_at(edge)[span]
    return float((ahead.ratios.log_error(kind) ** 2).mean())


def _reasons(ahead: Ahead, edge: int, span: slice, ratio: float) -> list[str]:
    """What moves the span from the usual, most telling first: ``weather.rain``, ``market``."""
    found = [f"ratio {ratio:.2f}"]
    if ahead.weather is not None:
        kinds = Counter(KINDS[code] for code in ahead.weather_at(edge)[span] if code > 0)
        found += [f"weather.{kind} {hours} h" for kind, hours in kinds.most_common()]
    days = range(span.start // 24, (span.stop - 1) // 24 + 1)
    for day in (ahead.first + timedelta(days=i) for i in days):
        for entry in ahead.calendar.on(day):
            if entry.lat is None or ahead.is_near(edge, entry):
                found.append(f"calendar.{entry.kind} {entry.name}".rstrip())
    found += ["flow" for fact in ahead.flow if fact.edge == edge]
    return list(dict.fromkeys(found))
