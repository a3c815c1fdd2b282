"""Changes of rules: asked for by one person, decided by another, never edited."""

from __future__ import annotations

from django.db import models

from sizao.web.twoperson import TwoPerson
from sizao.web.units.models import User


class Change(TwoPerson):
    """Parameters of one rule that are to differ from the rule book, or the rule switched off.

    The newest accepted change of a rule is in force and replaces the ones before as a whole.
    """

    rule = models.CharField("规则", max_length=64, db_index=True)
    enabled = models.BooleanField("启用", default=True)
    params = models.JSONField("与默认不同的参数", default=dict)
    version = models.CharField("规则版本", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "规则变更"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"],
                condition=models.Q(state="asked"),
                name="one_open_change_a_rule",
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.version} {self.state}"


class Trial(models.Model):
    """A version of a rule tried on the archive: what would have changed.

    Belongs to a version, not to a change: it can be run before one is asked for, and whoever
    decides a change sees every trial of its version. ``summary`` holds numbers only; the episodes
    are in a file that is deleted after ``trials.KEPT``.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "排队"
        RUNNING = "running", "试算中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"
        CANCELLED = "cancelled", "已取消"

    BUSY = (State.WAITING, State.RUNNING)

    rule = models.CharField("规则", max_length=64, db_index=True)
    enabled = models.BooleanField("启用", default=True)
    params = models.JSONField("与默认不同的参数", default=dict)
    version = models.CharField("规则版本", max_length=32)
    since = models.DateTimeField("起")
    until = models.DateTimeField("止")
    purpose = models.CharField("目的", max_length=200)
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.WAITING, db_index=True
    )
    progress = models.FloatField("进度", default=0.0)
    summary = models.JSONField("结果", default=dict)
    error = models.CharField("原因", max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="试算人")
    asked_at = models.DateTimeField("提出时间", db_index=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "规则试算"
        ordering = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.rule} {self.version} {self.state}"

    @property
    def busy(self) -> bool:
        return self.state in self.BUSY
