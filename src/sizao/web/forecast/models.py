"""Forecasts that were made, and what of weather and flow they take in. Never a vehicle."""

from __future__ import annotations

from django.db import models


class Forecast(models.Model):
    """One forecast: on what occasion, from which assessment, and what came of it.

    An occasion (``slot``) has one row for ever: whatever is stopped meanwhile goes on with it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        WORKING = "working", "正在预报"
        DONE = "done", "完成"
        FAILED = "failed", "未完成"

    BUSY = ("waiting", "working")

    slot = models.CharField("时机", max_length=64, unique=True)
    cause = models.CharField("缘由", max_length=12)
    state = models.CharField("状态", max_length=10, choices=State.choices, db_index=True)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    made = models.DateTimeField("预报时间", db_index=True)
    """Feed time of the occasion. It names the spans, so that a repeat gives the same ones."""
    first_day = models.DateField("首日")
    days = models.PositiveSmallIntegerField("天数")
    assessment = models.ForeignKey(
        "risk.Assessment", models.PROTECT, null=True, related_name="forecasts", verbose_name="评估"
    )
    by = models.CharField("操作人", max_length=150)
    tried_at = models.DateTimeField("上次尝试", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    summary = models.JSONField("概要", default=dict)
    error = models.CharField("原因", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "风险预报"
        ordering = ["-made", "-pk"]

    def __str__(self) -> str:
        return f"{self.slot} {self.state}"

    @property
    def busy(self) -> bool:
        return self.state in self.BUSY


class StationHour(models.Model):
    """The worst class of weather that a station measured in an hour."""

    station = models.CharField("测站", max_length=64)
    hour = models.IntegerField("小时", help_text="自 1970 年起的小时数，当地时间")
    kind = models.SmallIntegerField("天气", help_text="risk.weather_hours.KINDS 的序号")
    lat = models.FloatField("纬度")
    lon = models.FloatField("经度")

    class Meta:
        verbose_name = verbose_name_plural = "测站天气"
        constraints = [models.UniqueConstraint(fields=["station", "hour"], name="weather_once")]

    def __str__(self) -> str:
        return f"{self.station} {self.hour} {self.kind}"


class Notice(models.Model):
    """A weather notice that may still hold: a row of WEATHER_NOTICE."""

    id = models.CharField("编号", primary_key=True, max_length=160)
    until = models.DateTimeField("失效时间", db_index=True)
    row = models.JSONField("内容")

    class Meta:
        verbose_name = verbose_name_plural = "气象预警"

    def __str__(self) -> str:
        return f"{self.pk} {self.until:%Y-%m-%d %H:%M}"


class PassageHour(models.Model):
    """How many vehicles passed a checkpoint in an hour. Which ones is not kept."""

    checkpoint = models.CharField("卡口", max_length=64)
    hour = models.IntegerField("小时", help_text="自 1970 年起的小时数，当地时间")
    number = models.PositiveIntegerField("车次")

    class Meta:
        verbose_name = verbose_name_plural = "卡口流量"
        constraints = [models.UniqueConstraint(fields=["checkpoint", "hour"], name="flow_once")]

    def __str__(self) -> str:
        return f"{self.checkpoint} {self.hour} {self.number}"


class News(models.Model):
    """When weather, flow last changed in a way that matters to a forecast."""

    topic = models.CharField("主题", primary_key=True, max_length=16)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "预报输入变化"

    def __str__(self) -> str:
        return f"{self.topic} {self.at:%Y-%m-%d %H:%M}"
