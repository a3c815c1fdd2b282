"""Indicators that are a median time: what they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sizao.govern.indicator import SMALL_N, Indicator, Kpi, rule_of, target_of
from sizao.govern.records import CaseRecord
from sizao.govern.statistics import median, median_interval, percentile

Moment = Callable[[CaseRecord], float | None]


def median_time(
    kpi: Kpi, records: Sequence[CaseRecord], *, start: Moment, end: Moment, at_s: float
) -> Indicator:
    """Median, 95th percentile and interval of ``end - start`` over cases issued by ``at_s``.

    A case without an end by ``at_s`` is not measured and counted in the note: the median speaks
    for those that got there. An end before its start is a fault of a clock; it is left out and
    counted too, since a negative time would make the rest look better.
    """
    scope = [record for record in records if record.issued_s <= at_s]
    spans, faulty = [], 0
    for record in scope:
        begin, stop = start(record), end(record)
        if begin is None or stop is None or stop > at_s:
            continue
        if stop < begin:
            faulty += 1
        else:
            spans.append(stop - begin)
    value, target = median(spans), target_of(rule_of(kpi))
    low, high = median_interval(spans) or (None, None)
    zh, en = _note(len(spans), len(scope) - len(spans) - faulty, faulty)
    return Indicator(
        id=kpi.id,
        version=kpi.version,
        unit="s",
        value=value,
        numerator=len(spans),
        denominator=len(scope),
        n=len(spans),
        low=low,
        high=high,
        p95=percentile(spans, 0.95),
        target=target,
        met=None if value is None or target is None else value <= target,
        note_zh=zh,
        note_en=en,
    )


def _note(n: int, waiting: int, faulty: int) -> tuple[str, str]:
    zh, en = [], []
    if waiting:
        zh.append(f"另有{waiting}件尚未走到这一步，未计入")
        en.append(f"{waiting} more have not got there yet and are not counted")
    if faulty:
        zh.append(f"{faulty}件时间先后颠倒，疑为时钟故障，未计入")
        en.append(f"{faulty} with times in reverse (clock fault?) are not counted")
    if 0 < n < SMALL_N:
        zh.append(f"仅{n}件，数值不稳定")
        en.append(f"only {n} case{'s' * (n > 1)}, the value is unsure")
    return "；".join(zh), "; ".join(en)
