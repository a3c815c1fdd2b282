"""Moments, days, times of day, in every form in use."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import NamedTuple

from sizao.feeds.tables.reasons import Bad
from sizao.feeds.tables.table import Cell, Words
from sizao.feeds.tables.values.base import Column, plain

_DATE = r"(\d{4})\s*[年/.\-]\s*(\d{1,2})\s*[月/.\-]\s*(\d{1,2})\s*日?"
_CLOCK = r"(\d{1,2})\s*[时点:]\s*(?:(\d{1,2})\s*(?:[分:]\s*(?:(\d{1,2})(?:\.\d+)?\s*秒?)?)?)?"
_MOMENT = re.compile(
    rf"{_DATE}(?:\s*T?\s*(上午|下午|晚上|凌晨)?\s*{_CLOCK})?\s*(Z|[+-]\d\d:?\d\d)?"
)
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:\s*(\d\d)(\d\d)(\d\d)?)?")
_TIME = re.compile(_CLOCK)
_OTHER_ORDER = re.compile(r"\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}.*")


class Stamp(NamedTuple):
    """A moment as written: naive where no offset stood there; ``clock`` is false for a bare day."""

    at: dt.datetime
    clock: bool


@dataclass(frozen=True)
class Moment:
    """Date and time in the forms in use, spreadsheets' day numbers among them."""

    takes = Words(
        "日期时间：2024-01-05 14:03、2024/1/5、20240105140300、2024年1月5日 14时3分、Excel 日期",
        "date and time: 2024-01-05 14:03, 2024/1/5, 20240105140300, Excel dates",
    )

    def __call__(self, value: Cell, column: Column) -> Stamp:
        if isinstance(value, dt.datetime):
            # A date in a workbook is a midnight: nobody typed the hour.
            return Stamp(value, (value.hour, value.minute, value.second) != (0, 0, 0))
        if isinstance(value, dt.date):
            return Stamp(_naive(value.year, value.month, value.day), False)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(float(value), column)
        text = plain(value)
        if found := _MOMENT.fullmatch(text):
            return _moment(found)
        if found := _DIGITS.fullmatch(text):
            clock = found[4] is not None
            return Stamp(_date_time(*(int(part or 0) for part in found.groups())), clock)
        if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
            return self._number(float(text), column)
        raise Bad("date_order" if _OTHER_ORDER.fullmatch(text) else "no_time")

    @staticmethod
    def _number(value: float, column: Column) -> Stamp:
        if value.is_integer() and 19_000_101 <= value < 100_000_000_000_000:
            found = _DIGITS.fullmatch(str(int(value)))
            if found:
                return Stamp(
                    _date_time(*(int(part or 0) for part in found.groups())), found[4] is not None
                )
        # Day numbers from 1954 to 2119: an ordinary count is far from them.
        if not 20_000 <= value <= 80_000:
            raise Bad("no_time")
        start = _naive(1904, 1, 1) if column.epoch_1904 else _naive(1899, 12, 30)
        seconds = round(value * 86_400)
        return Stamp(start + dt.timedelta(seconds=seconds), seconds % 86_400 != 0)


def _moment(found: re.Match[str]) -> Stamp:
    year, month, day, half, hour, minute, second, offset = found.groups()
    hours = int(hour or 0)
    if half in ("下午", "晚上") and hours < 12:
        hours += 12
    at = _date_time(int(year), int(month), int(day), hours, int(minute or 0), int(second or 0))
    if offset:
        east = dt.timedelta(0)
        if offset != "Z":
            sign = -1 if offset[0] == "-" else 1
            east = sign * dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
        at = at.replace(tzinfo=dt.timezone(east))
    return Stamp(at, hour is not None)


def _naive(*parts: int) -> dt.datetime:
    return dt.datetime(*parts)  # type: ignore[arg-type] # noqa: DTZ001 - integers; the kind knows the zone


def _date_time(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> dt.datetime:
    """Raises Bad where the calendar has no such moment; 24:00 is the next day's midnight."""
    try:
        if (hour, minute, second) == (24, 0, 0):
            return _naive(year, month, day) + dt.timedelta(days=1)
        return _naive(year, month, day, hour, minute, second)
    except (ValueError, OverflowError):
        raise Bad("impossible_date") from None


@dataclass(frozen=True)
class Day:
    """A calendar day."""

    takes = Words("日期：2024-01-05、2024年1月5日、Excel 日期", "date: 2024-01-05, Excel")

    def __call__(self, value: Cell, column: Column) -> dt.date:
        return Moment()(value, column).at.date()


@dataclass(frozen=True)
class Clock:
    """A time of day: 14:03, 1403 (digits are always HHMM), 14时3分, or a share of a day."""

    takes = Words("时刻：14:03、1403、14时3分", "time of day: 14:03, 1403")

    def __call__(self, value: Cell, column: Column) -> dt.time:
        if isinstance(value, dt.datetime):
            return value.time()
        if isinstance(value, dt.time):
            return value
        if isinstance(value, dt.timedelta):
            return _clock(*_hms(value.total_seconds()))
        if isinstance(value, float) and 0 <= value < 1:
            return _clock(*_hms(round(value * 86_400)))
        text = plain(value)
        if re.fullmatch(r"\d{1,4}", text):
            # Hours and minutes without their zeros: 45 is 00:45. Bare hours are another field.
            return _clock(*divmod(int(text), 100))
        if found := _TIME.fullmatch(text):
            return _clock(*(int(part or 0) for part in found.groups()))
        raise Bad("no_time")


def _hms(seconds: float) -> tuple[int, int, int]:
    whole = int(seconds)
    return whole // 3600, whole // 60 % 60, whole % 60


def _clock(hour: int, minute: int = 0, second: int = 0) -> dt.time:
    try:
        return dt.time(hour, minute, second)
    except (ValueError, OverflowError):
        raise Bad("impossible_date") from None
