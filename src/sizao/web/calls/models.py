"""Calls, their timeline, who was told, the toll, the reports upward; the caller kept apart."""

from __future__ import annotations

from django.db import models

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.core.severity import classes_1991, grades_2007
from sizao.web.audit.models import AppendOnly
from sizao.web.calls.access import visible
from sizao.web.units.models import Unit, User


class CallQuerySet(models.QuerySet):
    def for_user(self, user: User) -> CallQuerySet:
        """The calls a user may see."""
        return self.filter(visible(user))

    def open(self) -> CallQuerySet:
        """Calls on which something is still to be done."""
        return self.filter(state=Call.State.OPEN)


class Call(models.Model):
    """One call about one thing. Who called is in :class:`CallContact`."""

    class State(models.TextChoices):
        OPEN = "open", "处理中"
        JOINED = "joined", "已并入"
        CLOSED = "closed", "已办结"

    number = models.CharField("编号", max_length=24, unique=True)
    line = models.CharField("来电线路", max_length=8, default="122")
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.OPEN, db_index=True
    )
    kind = models.CharField("类别", max_length=16, db_index=True)
    text = models.TextField("简要情况", max_length=2000, blank=True)
    address = models.CharField("来电人所述地点", max_length=200, blank=True)
    how = models.CharField("定位方式", max_length=12, blank=True)
    place = models.CharField("地点", max_length=96, blank=True)
    road = models.CharField("道路", max_length=32, blank=True)
    road_class = models.CharField("道路类别", max_length=24, blank=True)
    stake_m = models.FloatField("桩号（米）", null=True)
    direction = models.CharField("方向", max_length=16, blank=True)
    within_m = models.FloatField("定位误差（米）", default=0)
    tunnel = models.BooleanField("隧道内", default=False)
    area = models.CharField("区县", max_length=12, blank=True)
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    injured = models.PositiveSmallIntegerField("受伤", null=True)
    dead = models.PositiveSmallIntegerField("死亡", null=True)
    trapped = models.PositiveSmallIntegerField("被困", null=True)
    vehicles = models.PositiveSmallIntegerField("车辆数", null=True)
    involved = models.JSONField("涉及", default=list)
    hazmat = models.CharField("危险品", max_length=8, blank=True)
    goods = models.CharField("危险品名称或编号", max_length=80, blank=True)
    on_fire = models.BooleanField("起火", default=False)
    lanes = models.CharField("占道", max_length=8, blank=True)
    level = models.PositiveSmallIntegerField(
        "等级", choices=[(level.value, level.zh) for level in WarningLevel], db_index=True
    )
    command_level = models.PositiveSmallIntegerField(
        "指挥层级", choices=[(level.value, level.zh) for level in CommandLevel]
    )
    triage = models.JSONField("分级依据", default=dict)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="calls", verbose_name="属地单位")
    desk = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="接警单位")
    taker = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="接警员")
    case = models.ForeignKey(
        "cases.Case", models.PROTECT, null=True, related_name="calls", verbose_name="案件"
    )
    joined_to = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="joined", verbose_name="并入"
    )
    received_at = models.DateTimeField("来电时间", db_index=True)
    changed_at = models.DateTimeField("更新时间", db_index=True)
    closed_at = models.DateTimeField("办结时间", null=True)
    outcome = models.TextField("处理结果", blank=True)
    callback_due = models.DateTimeField("应回访时间", null=True, db_index=True)
    callback_at = models.DateTimeField("回访时间", null=True)
    callback_note = models.CharField("回访情况", max_length=200, blank=True)
    wants_callback = models.BooleanField("要求回访", default=True)
    version = models.PositiveIntegerField("版本", default=0)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "接警"
        ordering = ["-received_at", "-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def level_code(self) -> str:
        return WarningLevel(self.level).code

    @property
    def where(self) -> str:
        """The place in words: resolved, else as the caller put it."""
        return self.place or self.address or f"{self.unit.name_zh}辖区"

    @property
    def callback_waits(self) -> bool:
        return self.callback_due is not None and self.callback_at is None


class CallContact(models.Model):
    """How to reach the caller: deleted after a set time."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="contact", verbose_name="接警")
    name = models.CharField("称呼", max_length=64, blank=True)
    phone = models.CharField("电话", max_length=32)
    delete_after = models.DateTimeField("保留至", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "来电人"

    @property
    def masked(self) -> str:
        """The number with its middle hidden."""
        if len(self.phone) < 7:
            return "*" * len(self.phone)
        return f"{self.phone[:3]}****{self.phone[-4:]}"


class CallEvent(AppendOnly):
    """One line of a call's timeline."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="events", verbose_name="接警")
    seq = models.PositiveIntegerField("序号")
    at = models.DateTimeField("时间")
    actor = models.CharField("操作人账号", max_length=150)
    actor_name = models.CharField("操作人", max_length=96)
    action = models.CharField("动作", max_length=24)
    text_zh = models.TextField("说明")
    text_en = models.TextField("英文说明")

    class Meta:
        verbose_name = verbose_name_plural = "接警过程"
        ordering = ["call", "seq"]
        constraints = [models.UniqueConstraint(fields=["call", "seq"], name="call_event_seq")]


class Told(models.Model):
    """Somebody who must be told of a call, by when, and what became of it."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="told", verbose_name="接警")
    resource = models.CharField("对象", max_length=24)
    due_at = models.DateTimeField("应通知时间")
    told_at = models.DateTimeField("通知时间", null=True)
    told_by = models.CharField("通知人", max_length=96, blank=True)
    arrived_at = models.DateTimeField("到场时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "联动通知"
        ordering = ["due_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["call", "resource"], name="told_once")]


class CallToll(AppendOnly):
    """Deaths and injuries as known at a moment: the grade in force and the old class, apart."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="tolls", verbose_name="接警")
    at = models.DateTimeField("时间")
    by = models.CharField("填报人", max_length=96)
    dead = models.PositiveSmallIntegerField("死亡", null=True)
    serious = models.PositiveSmallIntegerField("重伤", null=True)
    light = models.PositiveSmallIntegerField("轻伤", null=True)
    missing = models.PositiveSmallIntegerField("下落不明", null=True)
    loss_cny = models.FloatField("直接经济损失（元）", null=True)
    grade_2007 = models.CharField(
        "事故等级（493号令）", max_length=24, blank=True, choices=list(grades_2007().items())
    )
    class_1991 = models.CharField(
        "事故分类（1991）", max_length=16, blank=True, choices=list(classes_1991().items())
    )

    class Meta:
        verbose_name = verbose_name_plural = "伤亡情况"
        ordering = ["call", "pk"]


class Notice(models.Model):
    """A report to the next level: a clock, what it said, and the receipt."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="notices", verbose_name="接警")
    round = models.PositiveSmallIntegerField("轮次")
    step = models.PositiveSmallIntegerField("步骤")
    sender = models.CharField("报送层级", max_length=16)
    receiver = models.CharField("接收层级", max_length=16)
    start_at = models.DateTimeField("起算时间")
    due_at = models.DateTimeField("时限", db_index=True)
    content = models.JSONField("内容", default=dict)
    sent_at = models.DateTimeField("报送时间", null=True)
    sent_by = models.CharField("报送人", max_length=96, blank=True)
    receipt_due = models.DateTimeField("应签收时间", null=True, db_index=True)
    receipt_at = models.DateTimeField("签收时间", null=True)
    receipt_by = models.CharField("签收人", max_length=96, blank=True)
    late_at = models.DateTimeField("超时升级时间", null=True)
    unanswered_at = models.DateTimeField("未签收升级时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "事故上报"
        ordering = ["call", "round", "step"]
        constraints = [
            models.UniqueConstraint(fields=["call", "round", "step"], name="notice_once")
        ]
