"""The register of junctions, their audits, counts and signal timings."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sizao.web.audit.models import AppendOnly
from sizao.web.units.models import NOTHING, Unit, User


class JunctionQuerySet(models.QuerySet):
    def for_user(self, user: User) -> JunctionQuerySet:
        """The junctions of a user's unit and those below it; everything for the detachment."""
        if user.sees_all:
            return self
        return self.filter(unit__path__startswith=user.path) if user.path else self.filter(NOTHING)


class Junction(models.Model):
    """One junction. ``shape`` and ``plan`` are as ``sizao junction`` takes them."""

    class State(models.TextChoices):
        NORMAL = "normal", "一般路口"
        HAZARD = "hazard", "隐患路口"
        WORKS = "works", "整治中"
        REVIEW = "review", "待验收"
        ACCEPTED = "accepted", "已验收"
        MODEL = "model", "精品路口"

    name = models.CharField("名称", max_length=80)
    unit = models.ForeignKey(
        Unit, models.PROTECT, related_name="junctions", verbose_name="管辖单位"
    )
    lat = models.FloatField("纬度")
    lon = models.FloatField("经度")
    state = models.CharField(
        "状态", max_length=10, choices=State.choices, default=State.NORMAL, db_index=True
    )
    shape = models.JSONField("进口道")
    plan = models.JSONField("现行配时", default=dict, blank=True)
    contact = models.CharField("联系人与电话", max_length=120, blank=True)
    asked_by = models.CharField("申请验收人", max_length=150, blank=True)
    works_at = models.DateTimeField("整治开始", null=True)
    changed_at = models.DateTimeField("更新时间", db_index=True)
    version = models.PositiveIntegerField("版本", default=1)

    objects = JunctionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "路口"
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Step(AppendOnly):
    """One line of a junction's history."""

    junction = models.ForeignKey(
        Junction, models.PROTECT, related_name="steps", verbose_name="路口"
    )
    at = models.DateTimeField("时间")
    by = models.CharField("操作人", max_length=150)
    by_name = models.CharField("姓名", max_length=64, blank=True)
    action = models.CharField("动作", max_length=16)
    state = models.CharField("其后状态", max_length=10)
    note = models.CharField("说明", max_length=500, blank=True)
    facts = models.JSONField("当时的条件", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "路口历史"
        ordering = ["junction", "pk"]


class Audit(models.Model):
    """One walk round a junction. Once finished it does not change."""

    junction = models.ForeignKey(
        Junction, models.PROTECT, related_name="audits", verbose_name="路口"
    )
    edition = models.CharField("检查表版本", max_length=16)
    started_at = models.DateTimeField("开始")
    finished_at = models.DateTimeField("完成", null=True, db_index=True)
    by = models.CharField("检查人账号", max_length=150)
    by_name = models.CharField("检查人", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "路口检查"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["junction"], condition=Q(finished_at=None), name="one_open_audit"
            )
        ]


class Finding(models.Model):
    """What was found at one arm about one item."""

    class Answer(models.TextChoices):
        GOOD = "good", "合格"
        DEFECT = "defect", "有问题"
        NONE = "none", "不适用"

    audit = models.ForeignKey(Audit, models.CASCADE, related_name="findings", verbose_name="检查")
    arm = models.CharField("进口", max_length=16)
    item = models.CharField("检查项", max_length=32)
    answer = models.CharField("结论", max_length=8, choices=Answer.choices)
    note = models.CharField("说明", max_length=300, blank=True)
    photo = models.CharField("照片", max_length=64, blank=True)
    photo_format = models.CharField("格式", max_length=8, blank=True)
    at = models.DateTimeField("时间")
    by = models.CharField("检查人账号", max_length=150)

    class Meta:
        verbose_name = verbose_name_plural = "检查结论"
        ordering = ["audit", "arm", "item"]
        constraints = [models.UniqueConstraint(fields=["audit", "arm", "item"], name="one_finding")]


class Count(AppendOnly):
    """A turning count. ``data`` is as ``counts_of`` takes it."""

    class Source(models.TextChoices):
        TYPED = "typed", "人工录入"
        FILE = "file", "文件导入"

    junction = models.ForeignKey(
        Junction, models.PROTECT, related_name="counts", verbose_name="路口"
    )
    source = models.CharField("来源", max_length=8, choices=Source.choices)
    counted_at = models.DateTimeField("调查时间")
    data = models.JSONField("流量")
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.CharField("录入人", max_length=150)
    by_name = models.CharField("姓名", max_length=64, blank=True)
    at = models.DateTimeField("录入时间")

    class Meta:
        verbose_name = verbose_name_plural = "转向流量"
        ordering = ["-counted_at", "-pk"]


class Timing(models.Model):
    """A better plan that was computed, perhaps simulated, perhaps adopted."""

    class Run(models.TextChoices):
        NONE = "none", "未仿真"
        WAITING = "waiting", "排队中"
        RUNNING = "running", "正在仿真"
        DONE = "done", "已仿真"
        FAILED = "failed", "仿真失败"
        CANCELLED = "cancelled", "已取消"

    BUSY = ("waiting", "running")

    junction = models.ForeignKey(
        Junction, models.PROTECT, related_name="timings", verbose_name="路口"
    )
    count = models.ForeignKey(Count, models.PROTECT, related_name="+", verbose_name="流量")
    method = models.CharField("饱和流量", max_length=12)
    shape = models.JSONField("当时的进口道")
    before = models.JSONField("现行方案")
    after = models.JSONField("优化方案")
    gain = models.JSONField("改善")
    by = models.CharField("计算人", max_length=150)
    by_name = models.CharField("姓名", max_length=64, blank=True)
    at = models.DateTimeField("计算时间")
    adopted_by = models.CharField("采用人", max_length=150, blank=True)
    adopted_name = models.CharField("采用人姓名", max_length=64, blank=True)
    adopted_at = models.DateTimeField("采用时间", null=True)
    run = models.CharField("仿真", max_length=10, choices=Run.choices, default=Run.NONE)
    runs_done = models.PositiveSmallIntegerField("已完成次数", default=0)
    runs_whole = models.PositiveSmallIntegerField("总次数", default=0)
    outcome = models.JSONField("仿真结果", default=dict)
    error = models.CharField("原因", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "配时方案"
        ordering = ["-pk"]

    @property
    def busy(self) -> bool:
        return self.run in self.BUSY
