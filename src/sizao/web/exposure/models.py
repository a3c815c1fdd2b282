"""Sums of the fleet's flow and behaviour by edge and hour that were made. Never a vehicle."""

from __future__ import annotations

from django.db import models


class FleetSum(models.Model):
    """One sum: over which days, and what it covers. Its rows are a file, see services.py."""

    class State(models.TextChoices):
        WORKING = "working", "正在汇总"
        DONE = "done", "完成"
        FAILED = "failed", "未完成"

    slot = models.CharField("时机", max_length=32, unique=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, db_index=True)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    made = models.DateTimeField("时间", db_index=True)
    tried_at = models.DateTimeField("上次尝试", null=True)
    days = models.PositiveSmallIntegerField("回溯天数")
    summary = models.JSONField("概要", default=dict)
    error = models.CharField("原因", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "营运车辆流量汇总"
        ordering = ["-made", "-pk"]

    def __str__(self) -> str:
        return f"{self.slot} {self.state}"
