"""Changes of the calendar: asked for by one person, decided by another, never edited."""

from __future__ import annotations

from django.db import models

from sizao.web.twoperson import TwoPerson


class CalendarChange(TwoPerson):
    """An entry as it is to be from now on, or that it was a mistake and goes.

    The newest accepted change of a number replaces the one before as a whole. A market that moves
    or ends gets a last day: what it did to the roads before stays known.
    """

    number = models.PositiveIntegerField("编号", db_index=True)
    entry = models.JSONField("条目", null=True, help_text="risk.day_calendar 的格式；空为撤销")

    class Meta:
        verbose_name = verbose_name_plural = "日历变更"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                condition=models.Q(state="asked"),
                name="one_open_change_an_entry",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name} {self.state}"

    @property
    def name(self) -> str:
        return str(self.entry.get("name") or self.entry["kind"]) if self.entry else ""

    @property
    def ends(self) -> bool:
        """Whether it takes the entry away."""
        return self.entry is None
