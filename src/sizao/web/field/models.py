"""What officers did in the field, each once, and the pictures they took."""

from __future__ import annotations

from django.db import models

from sizao.web.cases.models import Case
from sizao.web.units.models import User


class FieldAction(models.Model):
    """An action that a phone sent, with what became of it.

    ``client_id`` is the phone's: the same again is the same action, however often it is sent.
    """

    class Result(models.TextChoices):
        DONE = "done", "已提交"
        CONFLICT = "conflict", "有冲突"
        REFUSED = "refused", "未能提交"
        DROPPED = "dropped", "已放弃"

    client_id = models.CharField("客户端编号", max_length=64, unique=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="操作人")
    case = models.ForeignKey(
        Case, models.PROTECT, related_name="field_actions", verbose_name="案件"
    )
    action = models.CharField("动作", max_length=16)
    given = models.JSONField("内容", default=dict)
    done_at = models.DateTimeField("现场时间", help_text="手机上操作的时间，不晚于收到时间")
    received_at = models.DateTimeField("收到时间")
    seen = models.PositiveIntegerField("所见版本", default=0)
    result = models.CharField("结果", max_length=8, choices=Result.choices)
    answer = models.JSONField("答复", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "外勤操作"
        ordering = ["received_at", "pk"]

    def __str__(self) -> str:
        return f"{self.case} {self.action}"


class FieldPhoto(models.Model):
    """A picture of a field action. The file is in the evidence store before this row is."""

    action = models.OneToOneField(
        FieldAction, models.PROTECT, related_name="photo", verbose_name="操作"
    )
    evidence = models.CharField("证据编号", max_length=64, db_index=True)
    format = models.CharField("格式", max_length=8)
    size = models.PositiveIntegerField("字节")
    log_seq = models.PositiveBigIntegerField("日志位置", null=True, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "外勤照片"

    def __str__(self) -> str:
        return self.evidence[:16]
