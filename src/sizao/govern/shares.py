"""Indicators that are a share of cases: what they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sizao.govern.indicator import SMALL_N, Indicator, Kpi, Named, rule_of, target_of
from sizao.govern.records import CaseRecord
from sizao.govern.statistics import wilson

Moment = Callable[[CaseRecord], float | None]


def share(kpi: Named, numerator: int, denominator: int, *, waiting: int = 0) -> Indicator:
    """A share with its Wilson interval; None, never 100 %, over no cases."""
    value = numerator / denominator if denominator else None
    target = target_of(rule_of(kpi))
    low, high = wilson(numerator, denominator) or (None, None)
    keeps = None
    if value is not None and target is not None:
        keeps = value >= target if kpi.better == "high" else value <= target
    zh, en = _note(denominator, waiting)
    return Indicator(
        id=kpi.id,
        version=kpi.version,
        unit="ratio",
        value=value,
        numerator=numerator,
        denominator=denominator,
        n=denominator,
        low=low,
        high=high,
        target=target,
        met=keeps,
        note_zh=zh,
        note_en=en,
    )


def share_in_time(
    kpi: Kpi, records: Sequence[CaseRecord], *, done: Moment, deadline: Moment, at_s: float
) -> Indicator:
    """The share of cases done by their deadline.

    A case counts once it is decided: done, or past its deadline. One that still has time is
    neither a success nor a failure and stands in the note. Being done at the very deadline is in
    time. Over a window not much longer than the clock this is a little too kind, because an early
    success is decided before a late failure; the note's number says by how much at most.
    """
    decided = kept = waiting = 0
    for record in records:
        limit = deadline(record)
        if record.issued_s > at_s or limit is None:
            continue
        moment = done(record)
        was_done = moment is not None and moment <= at_s
        if not was_done and at_s <= limit:
            waiting += 1
            continue
        decided += 1
        kept += was_done and moment is not None and moment <= limit
    return share(kpi, kept, decided, waiting=waiting)


def _note(n: int, waiting: int) -> tuple[str, str]:
    zh, en = [], []
    if waiting:
        zh.append(f"另有{waiting}件尚在时限内，未计入")
        en.append(f"{waiting} more are still within their time and are not counted")
    if 0 < n < SMALL_N:
        zh.append(f"仅{n}件，数值不稳定")
        en.append(f"only {n} case{'s' * (n > 1)}, the value is unsure")
    return "；".join(zh), "; ".join(en)
