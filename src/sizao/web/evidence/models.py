"""Evidence as the desk knows it. The bytes are in the store, their record is in a log."""

from __future__ import annotations

from django.db import models

from sizao.web.units.models import User


class Piece(models.Model):
    """A file that belongs to a vehicle: an alarm's or another medium of its terminal.

    Followed from the logs so that pages find it by vehicle and time. Pictures of passages are
    far too many for that; they are counted in :class:`Day` only.
    """

    evidence = models.CharField("证据编号", max_length=64, db_index=True)
    what = models.CharField("类别", max_length=12)
    subject = models.CharField("终端号", max_length=32)
    refers_to = models.CharField("所属报警", max_length=96, blank=True)
    time = models.DateTimeField("拍摄时间")
    kind = models.CharField("类型", max_length=8)
    format = models.CharField("格式", max_length=8, blank=True)
    name = models.CharField("文件名", max_length=100, blank=True)
    size = models.PositiveBigIntegerField("字节")
    channel = models.PositiveSmallIntegerField("通道", null=True)
    source = models.CharField("数据源", max_length=96)
    deleted_at = models.DateTimeField("删除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "证据"
        ordering = ["-time"]
        indexes = [models.Index(fields=["subject", "time"])]

    def __str__(self) -> str:
        return self.evidence[:16]

    @property
    def is_image(self) -> bool:
        return self.kind == "image"


class Day(models.Model):
    """What came on one day, and how much of it has gone. Days are of the wall clock, local."""

    what = models.CharField("类别", max_length=12)
    day = models.DateField("日期")
    pieces = models.PositiveBigIntegerField("件数", default=0)
    size = models.PositiveBigIntegerField("字节", default=0)
    gone = models.PositiveBigIntegerField("已删件数", default=0)
    gone_size = models.PositiveBigIntegerField("已删字节", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "证据日计"
        constraints = [models.UniqueConstraint(fields=["what", "day"], name="one_evidence_day")]

    def __str__(self) -> str:
        return f"{self.what} {self.day}"


class Hold(models.Model):
    """Somebody wants evidence kept: that of a case, or one piece by its number.

    A hold is released, never deleted; who set it and who released it are in the audit log too.
    """

    case = models.ForeignKey(
        "cases.Case", models.PROTECT, null=True, related_name="holds", verbose_name="案件"
    )
    evidence = models.CharField("证据编号", max_length=64, blank=True, db_index=True)
    reason = models.CharField("原因", max_length=200)
    until = models.DateTimeField("保留至", db_index=True)
    set_at = models.DateTimeField("设定时间")
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="设定人")
    released_at = models.DateTimeField("解除时间", null=True)
    released_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="解除人"
    )
    release_reason = models.CharField("解除原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "证据保留"
        ordering = ["-set_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.case or self.evidence[:16]} {self.until:%Y-%m-%d}"


class Retained(models.Model):
    """A piece whose time is over but which something still wants. Looked at again each run."""

    evidence = models.CharField("证据编号", max_length=64)
    what = models.CharField("类别", max_length=12)
    subject = models.CharField("对象", max_length=96, blank=True)
    refers_to = models.CharField("所属记录", max_length=96, blank=True)
    time = models.DateTimeField("拍摄时间")
    size = models.PositiveBigIntegerField("字节")
    appended = models.DateTimeField("入库时间")
    why = models.CharField("保留原因", max_length=8, help_text="case、report、hold、closed")
    seen = models.DateTimeField("上次核对", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "到期仍保留的证据"

    def __str__(self) -> str:
        return f"{self.evidence[:16]} {self.why}"
