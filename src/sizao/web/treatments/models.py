"""Treatments of places. A row is never edited: a wrong one is withdrawn with a reason."""

from __future__ import annotations

from django.db import models

from sizao.web.units.models import User


class Treatment(models.Model):
    """Works at one segment or junction."""

    class Origin(models.TextChoices):
        HAND = "hand", "人工录入"
        FILE = "file", "文件导入"
        HAZARD = "hazard", "隐患台账"

    kind = models.CharField("措施", max_length=48, db_index=True)
    name = models.CharField("内容", max_length=120)
    place = models.CharField("地点", max_length=96)
    lat = models.FloatField("纬度")
    lon = models.FloatField("经度")
    first = models.DateField("开工")
    last = models.DateField("完工", db_index=True)
    cost = models.DecimalField("费用（元）", max_digits=14, decimal_places=2, null=True)
    source = models.CharField("来源", max_length=200)
    selected_from = models.PositiveSmallIntegerField("选点所用事故首年", null=True)
    selected_to = models.PositiveSmallIntegerField("选点所用事故末年", null=True)
    origin = models.CharField("录入方式", max_length=8, choices=Origin.choices)
    hazard = models.OneToOneField(
        "hazards.Hazard", models.PROTECT, null=True, related_name="treatment", verbose_name="隐患"
    )
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="录入人")
    recorded_at = models.DateTimeField("录入时间", db_index=True)
    withdrawn_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="撤回人"
    )
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawn_why = models.CharField("撤回理由", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "治理记录"
        ordering = ["-last", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "lat", "lon", "first", "last"],
                condition=models.Q(withdrawn_at=None),
                name="treatment_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.place} {self.first}"
