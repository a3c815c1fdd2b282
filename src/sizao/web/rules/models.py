"""Changes of rules: asked for by one person, decided by another, never edited."""

from __future__ import annotations

from django.db import models

from sizao.web.units.models import User


class Change(models.Model):
    """Parameters of one rule that are to differ from the rule book, or the rule switched off.

    The newest accepted change of a rule is in force and replaces the ones before as a whole.
    """

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        ACCEPTED = "accepted", "已批准"
        REFUSED = "refused", "未批准"
        WITHDRAWN = "withdrawn", "已撤回"

    rule = models.CharField("规则", max_length=64, db_index=True)
    enabled = models.BooleanField("启用", default=True)
    params = models.JSONField("与默认不同的参数", default=dict)
    version = models.CharField("规则版本", max_length=32)
    reason = models.CharField("理由", max_length=500)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_at = models.DateTimeField("申请时间", db_index=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="决定人"
    )
    decided_at = models.DateTimeField("决定时间", null=True)
    remark = models.CharField("决定意见", max_length=500, blank=True)

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
