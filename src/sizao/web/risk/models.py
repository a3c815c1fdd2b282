"""Assessment runs. What a run found lies in its folder of the data directory, see files.py."""

from __future__ import annotations

from django.db import models


class Assessment(models.Model):
    """One run: which records and years, how, by whom, and what came of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        WORKING = "working", "正在评估"
        DONE = "done", "完成"
        FAILED = "failed", "未完成"

    BUSY = ("waiting", "working")

    state = models.CharField("状态", max_length=10, choices=State.choices, db_index=True)
    step = models.CharField("步骤", max_length=16, blank=True)
    progress = models.FloatField("进度", default=0.0)
    by = models.CharField("操作人", max_length=150)
    by_name = models.CharField("姓名", max_length=64, blank=True)
    at = models.DateTimeField("开始时间", db_index=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    first_year = models.PositiveSmallIntegerField("首年")
    last_year = models.PositiveSmallIntegerField("末年")
    method = models.CharField("方法", max_length=16)
    version = models.CharField("版本", max_length=32)
    parameters = models.JSONField("参数", default=dict)
    data = models.JSONField("所用数据", default=dict)
    """sources with their number of crashes, crashes without a place, network digest"""
    summary = models.JSONField("概要", default=dict)
    backtest = models.JSONField("回测", null=True)
    error = models.CharField("原因", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "风险评估"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.pk} {self.first_year}-{self.last_year} {self.state}"

    @property
    def busy(self) -> bool:
        return self.state in self.BUSY

    @property
    def years(self) -> range:
        return range(self.first_year, self.last_year + 1)

    @property
    def span(self) -> str:
        """The years as people write them."""
        if self.first_year == self.last_year:
            return f"{self.first_year}"
        return f"{self.first_year}–{self.last_year}"
