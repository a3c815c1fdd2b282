"""Assessments of enterprises' duties that were made. No vehicle and no driver is in one."""

from __future__ import annotations

from django.db import models


class Review(models.Model):
    """One assessment of all enterprises."""

    slot = models.CharField("时机", max_length=32, unique=True)
    """The occasion: a repeat after a kill makes the same one."""
    made = models.DateTimeField("时间", db_index=True)
    first_day = models.DateField("首日")
    last_day = models.DateField("末日")
    summary = models.JSONField("概要", default=dict)
    rows = models.JSONField("结果", default=list)
    """Rows of ``risk.enterprises.SCHEMA``."""

    class Meta:
        verbose_name = verbose_name_plural = "企业主体责任评估"
        ordering = ["-made", "-pk"]

    def __str__(self) -> str:
        return self.slot
