"""What the desk noticed about sources, and orders to read quarantine again."""

from __future__ import annotations

from django.db import models

from sizao.web.units.models import User


class SourceEvent(models.Model):
    """A source fell silent, from when to when, and who took note of it.

    Its id is derived from source, topic and the last record before, so that the same silence is
    one event however often it is looked at and whoever was down meanwhile.
    """

    id = models.CharField(primary_key=True, max_length=32)
    source = models.CharField("数据源", max_length=96, db_index=True)
    topic = models.CharField("主题", max_length=32)
    heard = models.DateTimeField("此前最后一条", null=True)
    started = models.DateTimeField("开始", db_index=True)
    ended = models.DateTimeField("结束", null=True)
    outcome = models.CharField(
        "结束方式", max_length=16, blank=True, help_text="heard、unwatched；空为仍在静默"
    )
    noticed = models.DateTimeField("发现时间")
    acknowledged = models.DateTimeField("知悉时间", null=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="知悉人"
    )
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "数据源静默"
        ordering = ["-started"]

    def __str__(self) -> str:
        return f"{self.source} {self.topic} {self.started:%Y-%m-%d %H:%M}"


class Watched(models.Model):
    """Since when the desk watches a line of a contract: silence before that is nobody's fault.

    ``since`` is null while the source is refused; a source that is watched for the first time is
    watched from its last record on.
    """

    source = models.CharField("数据源", max_length=96)
    topic = models.CharField("主题", max_length=32)
    since = models.DateTimeField("开始关注", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "关注的数据源"
        constraints = [models.UniqueConstraint(fields=["source", "topic"], name="one_watch")]

    def __str__(self) -> str:
        return f"{self.source} {self.topic}"


class QuarantineOrder(models.Model):
    """An order to the writer of a log: read quarantine again and append what now decodes."""

    id = models.CharField(primary_key=True, max_length=32)
    log = models.CharField("日志", max_length=16)
    source = models.CharField("数据源", max_length=96, blank=True)
    reason = models.CharField("原因", max_length=48, blank=True)
    since = models.DateTimeField("自", null=True)
    until = models.DateTimeField("至")
    ordered_at = models.DateTimeField("下达时间")
    ordered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="下达人")
    log_seq = models.PositiveBigIntegerField("日志位置", null=True)
    finished_at = models.DateTimeField("完成时间", null=True)
    result = models.JSONField("结果", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "隔离数据重放"
        ordering = ["-ordered_at"]

    def __str__(self) -> str:
        return f"{self.log} {self.source} {self.reason}"
