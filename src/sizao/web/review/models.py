"""Files of a case, and what its review found."""

from __future__ import annotations

from django.db import models

from sizao.web.audit.models import AppendOnly
from sizao.web.cases.models import Case
from sizao.web.units.models import User


class Attachment(AppendOnly):
    """A photo or document that somebody put to a case. The bytes are in the evidence store; a line
    of the timeline names them, so they are in its chain."""

    case = models.ForeignKey(
        Case, models.PROTECT, related_name="attachments", verbose_name="案件"
    )  # fmt: skip
    evidence = models.CharField("SHA-256", max_length=64, db_index=True)
    name = models.CharField("文件名", max_length=120)
    format = models.CharField("格式", max_length=8)
    size = models.PositiveBigIntegerField("字节")
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="上传人")
    at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "案件附件"
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["case", "evidence"], name="file_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.format in ("jpg", "png", "webp")


class Finding(models.Model):
    """What a review found, and what is to be done about it by whom until when."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="findings", verbose_name="案件")
    text = models.CharField("发现", max_length=500)
    action = models.CharField("整改措施", max_length=500, blank=True)
    owner = models.CharField("责任单位或责任人", max_length=96, blank=True)
    due = models.DateField("期限", null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提出人")
    at = models.DateTimeField("提出时间")
    done_at = models.DateTimeField("完成时间", null=True)
    done_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="确认人"
    )
    done_note = models.CharField("完成情况", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "复盘发现"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:40]
