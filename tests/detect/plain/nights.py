"""Hours of the day in Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def span_of(us: int, start_min: float, end_min: float) -> date | None:
    """The day on which the span of hours began that holds a moment, None outside of them.

    Start inclusive, end exclusive; from 22:00 to 06:00 goes over midnight.

    >>> span_of(1_772_460_000_000_000, 1320, 360), span_of(1_772_459_999_000_000, 1320, 360)
    (datetime.date(2026, 3, 2), None)
    >>> span_of(1_772_460_000_000_000 + 3 * 3_600_000_000, 1320, 360)
    datetime.date(2026, 3, 2)
    """
    local = _EPOCH + timedelta(hours=8, microseconds=us)
    today = local.date()
    minute = (local - datetime.combine(today, datetime.min.time(), UTC)) / timedelta(minutes=1)
    if start_min <= end_min:
        return today if start_min <= minute < end_min else None
    if minute >= start_min:
        return today
    return today - timedelta(days=1) if minute < end_min else None
