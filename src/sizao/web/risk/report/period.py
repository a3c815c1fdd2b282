"""The period of a report: a calendar month, and the months it is compared with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from sizao.core.errors import ConfigError


@dataclass(frozen=True)
class Month:
    """A calendar month, local."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """``2026-10``. Raises ConfigError."""
        try:
            at = dt.datetime.strptime(text, "%Y-%m")  # noqa: DTZ007  # a month has no zone
        except ValueError:
            raise ConfigError(f"month {text!r} is not like 2026-10") from None
        return cls(at.year, at.month)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"

    @property
    def zh(self) -> str:
        return f"{self.year}年{self.month}月"

    @property
    def start(self) -> dt.datetime:
        return dt.datetime(self.year, self.month, 1, tzinfo=timezone.get_current_timezone())

    @property
    def end(self) -> dt.datetime:
        return self.back(-1).start

    @property
    def days(self) -> int:
        return (self.end.date() - self.start.date()).days

    def back(self, months: int) -> Month:
        """So many months before."""
        at = self.year * 12 + self.month - 1 - months
        return Month(at // 12, at % 12 + 1)


def last_whole(now: dt.datetime) -> Month:
    """The last month that is over."""
    local = timezone.localtime(now)
    return Month(local.year, local.month).back(1)
