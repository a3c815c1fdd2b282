"""Plans and their stays. What coverage is computed from lies in the plan's folder, see files.py."""

from __future__ import annotations

from django.db import models

from sizao.web.units.models import Unit


class Plan(models.Model):
    """Patrols of some days: who ordered it, who approved it, what it is expected to cover."""

    class State(models.TextChoices):
        MAKING = "making", "正在编排"
        DRAFT = "draft", "待审批"
        APPROVED = "approved", "已批准"
        WITHDRAWN = "withdrawn", "已撤回"
        FAILED = "failed", "未完成"

    state = models.CharField("状态", max_length=10, choices=State.choices, db_index=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="plans", verbose_name="单位")
    first = models.DateField("首日")
    days = models.PositiveSmallIntegerField("天数")
    assessment = models.PositiveBigIntegerField("所用评估")
    given = models.JSONField("警力与规则", default=dict)
    """The units file, as ``plan.force.force_of`` takes it."""
    by = models.CharField("编排人", max_length=150)
    by_name = models.CharField("姓名", max_length=64, blank=True)
    at = models.DateTimeField("编排时间", db_index=True)
    approved_by = models.CharField("批准人", max_length=150, blank=True)
    approved_name = models.CharField("批准人姓名", max_length=64, blank=True)
    approved_at = models.DateTimeField("批准时间", null=True)
    seed = models.CharField("随机种子", max_length=64)
    """The secret the plan is drawn from. Never on a page before the last shift is over."""
    commitment = models.CharField("种子承诺", max_length=64)
    step = models.CharField("步骤", max_length=32, blank=True)
    summary = models.JSONField("概要", default=dict)
    error = models.CharField("原因", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "巡逻勤务方案"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.pk} {self.unit} {self.first}"


class Stay(models.Model):
    """One visit, operation or break of a crew."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="stays", verbose_name="方案")
    crew = models.CharField("警力", max_length=32)
    crew_name = models.CharField("警力名称", max_length=64)
    shift = models.CharField("班次", max_length=32)
    shift_start = models.DateTimeField("上勤")
    shift_end = models.DateTimeField("下勤")
    slot = models.PositiveIntegerField("时段")
    activity = models.CharField("勤务", max_length=24)
    arrive = models.DateTimeField("到达")
    leave = models.DateTimeField("离开")
    drive_min = models.FloatField("路上分钟")
    post = models.IntegerField("点位")
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    place = models.CharField("地点", max_length=200, blank=True)
    changed_by = models.CharField("改动人", max_length=150, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "勤务点"
        ordering = ["crew", "arrive", "pk"]

    def __str__(self) -> str:
        return f"{self.crew} {self.arrive} {self.place}"
