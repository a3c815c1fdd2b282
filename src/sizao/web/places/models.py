"""Facts about places as they were put to the table, so that another table can be tried on them."""

from __future__ import annotations

from django.db import models

from sizao.web.twoperson import TwoPerson


class Fact(models.Model):
    """One fact and what became of it. Kept for 35 days: a replay looks back 30."""

    class Became(models.TextChoices):
        NEW = "new", "新预警"
        UPDATE = "update", "升级预警"
        REPEAT = "repeat", "并入预警"
        NOTHING = "nothing", "未达预警"
        LATE = "late", "到达过晚"

    id = models.CharField("编号", primary_key=True, max_length=32)
    reference = models.CharField("事实编号", max_length=32, db_index=True)
    origin = models.CharField("来源", max_length=12, db_index=True)
    source = models.CharField("数据源", max_length=96, blank=True)
    kind = models.CharField("类型", max_length=32)
    at = models.DateTimeField("时间", db_index=True)
    received = models.DateTimeField("接收时间")
    facts = models.JSONField("内容")
    row_id = models.CharField("决策表行", max_length=64, blank=True)
    table_version = models.CharField("决策表版本", max_length=32, blank=True)
    became = models.CharField("结果", max_length=8, choices=Became.choices)
    warning = models.ForeignKey(
        "warnings.Warning", models.PROTECT, null=True, related_name="facts", verbose_name="预警"
    )

    class Meta:
        verbose_name = verbose_name_plural = "路况事实"
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.origin} {self.kind} {self.at:%Y-%m-%d %H:%M} {self.became}"


class Rain(models.Model):
    """A station's rain intensity of the last half day: what sums are made of."""

    station = models.CharField("测站", max_length=64)
    at = models.DateTimeField("时间")
    mm_h = models.FloatField("雨强（毫米/小时）")

    class Meta:
        verbose_name = verbose_name_plural = "测站雨强"
        constraints = [models.UniqueConstraint(fields=["station", "at"], name="rain_once")]


class ResponseLevel(TwoPerson):
    """A response level for a case: proposed from numbers by one person, started by another.

    ``level`` 0 ends the response. The newest accepted one holds.
    """

    case = models.ForeignKey(
        "cases.Case", models.PROTECT, related_name="response_levels", verbose_name="案件"
    )
    level = models.PositiveSmallIntegerField("响应等级", help_text="1 至 4，0 为终止响应")
    hours = models.FloatField("预计阻断（小时）")
    cities = models.PositiveSmallIntegerField("涉及地市")
    provinces = models.PositiveSmallIntegerField("涉及省份")

    class Meta:
        verbose_name = verbose_name_plural = "应急响应等级"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(state="asked"), name="one_open_response"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.level} {self.state}"
