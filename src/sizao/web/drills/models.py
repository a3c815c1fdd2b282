"""Drills and what is played in. Their cases are rows of ``cases`` that name the drill."""

from __future__ import annotations

from django.db import models

from sizao.web.units.models import User


class Drill(models.Model):
    """One drill: from a script or a past case, started and ended by a person."""

    class State(models.TextChoices):
        RUNNING = "running", "进行中"
        ENDED = "ended", "已结束"

    number = models.CharField("编号", max_length=16, unique=True)
    zh = models.CharField("名称", max_length=120)
    en = models.CharField("英文名称", max_length=120)
    script = models.JSONField("脚本")
    speed = models.FloatField("速度", default=1.0, help_text="脚本的一分钟用多少分之一分钟演完")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.RUNNING)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="启动人")
    started_at = models.DateTimeField("开始时间", db_index=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="结束人"
    )
    ended_at = models.DateTimeField("结束时间", null=True)
    played = models.PositiveSmallIntegerField("已播条数", default=0)
    next_at = models.DateTimeField("下一条时间", null=True, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "演练"
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def running(self) -> bool:
        return self.state == self.State.RUNNING
