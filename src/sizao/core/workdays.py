"""Working days: which days an office is open, and deadlines counted in them.

Holidays and weekends worked instead are dated data of the rule book (``holidays.YEAR``). A year
that nobody has entered is counted by weekends alone; :meth:`Workdays.knows` says so.

>>> from datetime import date
>>> days = announced()
>>> days.after(date(2026, 9, 30), 1)      # the National Day week is skipped
datetime.date(2026, 10, 8)
>>> days.is_working(date(2026, 10, 10))   # a Saturday worked instead
True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from sizao.core.rulebook import rulebook

_PREFIX = "holidays."
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Workdays:
    """What is known of holidays. Every other day follows its weekday."""

    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    """Saturdays and Sundays worked instead of a holiday."""
    years: frozenset[int] = field(default_factory=frozenset)
    """Years whose holidays are entered."""

    def knows(self, *days: date) -> bool:
        """Whether the holidays of all these days' years are entered."""
        return all(day.year in self.years for day in days)

    def is_working(self, day: date) -> bool:
        """Whether an office is open on a day. A day that is both is a holiday."""
        if day in self.holidays:
            return False
        return day in self.worked or day.weekday() < 5

    def after(self, day: date, count: int) -> date:
        """The working day that is ``count`` working days after a day, not counting that day.

        The day on which something is assigned does not count. ``count`` 0 is the day itself, or
        the next working day if it is none. Raises ValueError below 0.
        """
        if count < 0:
            raise ValueError(f"cannot count {count} working days forward")
        found = day
        while count or not self.is_working(found):
            found += _DAY
            if count and self.is_working(found):
                count -= 1
        return found

    def before(self, day: date, count: int) -> date:
        """The last day with ``count`` working days left to a day, that day counted.

        One working day before a Monday is the Friday: from there on, Monday alone is left.
        """
        found = day
        while count > 0:
            found -= _DAY
            if self.is_working(found):
                count -= 1
        return found

    def between(self, first: date, last: date) -> int:
        """Working days after ``first`` up to and with ``last``; negative if ``last`` is before."""
        if last < first:
            return -self.between(last, first)
        span = (first + _DAY * number for number in range(1, (last - first).days + 1))
        return sum(self.is_working(day) for day in span)

    def with_days(self, holidays: Iterable[date], worked: Iterable[date]) -> Workdays:
        """These and further ones: a year in which any holiday is given counts as entered."""
        more = frozenset(holidays)
        return Workdays(
            self.holidays | more,
            self.worked | frozenset(worked),
            self.years | {day.year for day in more},
        )


@cache
def announced() -> Workdays:
    """The holidays of the rule book. Raises ConfigError for a wrong entry of it."""
    found = Workdays()
    for rule_id, rule in rulebook().items():
        if rule_id.startswith(_PREFIX):
            found = found.with_days(_days(rule.value("holidays")), _days(rule.value("workdays")))
    return found


def _days(spans: Iterable[str]) -> list[date]:
    """Days of a list such as ``["2026-10-01..2026-10-07", "2026-01-01"]``."""
    found: list[date] = []
    for span in spans:
        first, _, last = str(span).partition("..")
        start, end = date.fromisoformat(first), date.fromisoformat(last or first)
        found += [start + _DAY * number for number in range((end - start).days + 1)]
    return found
