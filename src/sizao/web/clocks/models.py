"""Every clock that ran out, once."""

from __future__ import annotations

from django.db import models

from sizao.web.audit.models import AppendOnly


class Miss(AppendOnly):
    """A clock ran out and what follows from it was done, in the same transaction.

    The constraint is the safeguard: a second firing of the same deadline cannot be written, so
    its effects are rolled back with it, whatever mistake a domain makes.
    """

    clock = models.CharField("时限", max_length=32, db_index=True)
    subject = models.CharField("对象", max_length=64)
    due_at = models.DateTimeField("到期时间")
    fired_at = models.DateTimeField("处理时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "超时记录"
        ordering = ["-fired_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["clock", "subject", "due_at"], name="clock_fires_once")
        ]

    def __str__(self) -> str:
        return f"{self.clock} {self.subject} {self.due_at:%Y-%m-%d %H:%M:%S}"
