"""Notices to parties, their deliveries by channel, and every attempt at one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sizao.core.agencies import AGENCIES
from sizao.core.levels import WarningLevel
from sizao.respond.routing import CHANNELS
from sizao.web.audit.models import AppendOnly
from sizao.web.units.models import NOTHING, Unit, User, under


class NoticeQuerySet(models.QuerySet):
    def for_user(self, user: User) -> NoticeQuerySet:
        """A partner's own; of the police, those to its own subtree and about its cases."""
        if user.is_partner:
            return self.filter(party=user.party) if user.party else self.none()
        if user.sees_all:
            return self
        if not user.path:
            return self.filter(NOTHING)
        return self.filter(
            under(user.path, "party", "case__unit")
            | Q(case__reach__contains=f"|{user.path}")
            | Q(person=user)
        )

    def addressed(self, user: User) -> NoticeQuerySet:
        """What the user's own unit or agency was told."""
        if user.is_partner:
            return self.for_user(user)
        if not user.unit or not user.path:
            return self.filter(NOTHING)
        return self.filter(Q(party=user.unit) | Q(person=user))


class Notice(models.Model):
    """What one party was told, once, and what it answered.

    The words hold no plate, terminal, driver or enterprise: they leave the police's own pages.
    ``key`` is derived from what is told and to whom, so that telling again changes nothing.
    """

    key = models.CharField("键", max_length=32, unique=True)
    party = models.ForeignKey(
        Unit, models.PROTECT, related_name="notices", verbose_name="通报对象"
    )  # fmt: skip
    role = models.CharField("角色", max_length=16, blank=True, help_text="空为整个单位")
    person = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="值班人",
        help_text="通报给值班人员的，现在是谁；换班时随值班表改变",
    )  # fmt: skip
    warning = models.ForeignKey(
        "warnings.Warning", models.PROTECT, null=True, related_name="notices", verbose_name="预警"
    )
    case = models.ForeignKey(
        "cases.Case", models.PROTECT, null=True, related_name="notices", verbose_name="案件"
    )
    about = models.CharField(
        "事由", max_length=64, blank=True, db_index=True, help_text="其他模块的对象，如 task:12"
    )
    level = models.PositiveSmallIntegerField(
        "等级", null=True, choices=[(level.value, level.zh) for level in WarningLevel]
    )
    title_zh = models.CharField("标题", max_length=160)
    title_en = models.CharField("英文标题", max_length=160)
    text_zh = models.TextField("内容", blank=True)
    text_en = models.TextField("英文内容", blank=True)
    place = models.CharField("地点", max_length=160, blank=True)
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    rows = models.JSONField("对象表的行", default=list)
    table_date = models.DateField("对象表日期", null=True)
    channels = models.JSONField("通道顺序", default=list)
    exercise = models.BooleanField("演练", default=False)
    told_at = models.DateTimeField("通报时间", db_index=True)
    acknowledge_by = models.DateTimeField("确认时限", null=True, db_index=True)
    acknowledge_s = models.FloatField("确认期限（秒）", null=True)
    acknowledged_at = models.DateTimeField("确认时间", null=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="确认人"
    )
    missed_at = models.DateTimeField("超时时间", null=True)
    lifted_at = models.DateTimeField("解除时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通报"
        ordering = ["-told_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.pk} {self.party} {self.title_zh}"

    @property
    def level_code(self) -> str:
        return WarningLevel(self.level).code if self.level else ""

    @property
    def agency_zh(self) -> str:
        return AGENCIES[self.party.agency][0] if self.party.agency else ""


class Reply(AppendOnly):
    """What a party wrote back, or the police to the party: never edited."""

    notice = models.ForeignKey(
        Notice, models.PROTECT, related_name="replies", verbose_name="通报"
    )  # fmt: skip
    at = models.DateTimeField("时间")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="回复人")
    text = models.TextField("内容")

    class Meta:
        verbose_name = verbose_name_plural = "回复"
        ordering = ["at", "pk"]


class Delivery(models.Model):
    """One notice by one channel to one address: the durable outbox of what leaves the system.

    A delivery is marked ``sending`` and committed before anything leaves, and gets its outcome
    after. One that is found ``sending`` when the process starts may have left: it is sent again
    under the same key, and the attempt says so.
    """

    class State(models.TextChoices):
        HELD = "held", "备用"
        WAITING = "waiting", "待发送"
        SENDING = "sending", "发送中"
        SENT = "sent", "已发出"
        DELIVERED = "delivered", "已送达"
        READ = "read", "已读"
        FAILED = "failed", "未送达"
        CLEARING = "clearing", "撤除中"
        CANCELLED = "cancelled", "已撤销"

    notice = models.ForeignKey(
        Notice, models.PROTECT, related_name="deliveries", verbose_name="通报"
    )  # fmt: skip
    key = models.CharField("幂等键", max_length=32, unique=True)
    channel = models.CharField(
        "通道", max_length=16, choices=[(code, names[0]) for code, names in CHANNELS.items()]
    )
    order = models.PositiveSmallIntegerField("次序", default=0)
    endpoint = models.CharField(
        "端点", max_length=64, blank=True, help_text="channels.yaml 中的名称"
    )
    state = models.CharField("状态", max_length=12, choices=State.choices, db_index=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_at = models.DateTimeField("下次尝试", null=True, db_index=True)
    made_at = models.DateTimeField("生成时间")
    sent_at = models.DateTimeField("发出时间", null=True)
    delivered_at = models.DateTimeField("送达时间", null=True)
    read_at = models.DateTimeField("已读时间", null=True)
    doubtful = models.BooleanField("可能已发出", default=False)
    receipt = models.CharField("对方编号", max_length=128, blank=True, db_index=True)
    detail = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "送达"
        ordering = ["notice", "order", "pk"]
        indexes = [models.Index(fields=["state", "next_at"])]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"

    @property
    def open(self) -> bool:
        """Whether something is still to be done for it."""
        return self.state in (self.State.WAITING, self.State.SENDING, self.State.CLEARING)


class Attempt(AppendOnly):
    """One try at a delivery, written with its outcome."""

    delivery = models.ForeignKey(
        Delivery, models.PROTECT, related_name="tries", verbose_name="送达"
    )  # fmt: skip
    number = models.PositiveSmallIntegerField("次数")
    at = models.DateTimeField("时间")
    ok = models.BooleanField("成功")
    status = models.PositiveSmallIntegerField("HTTP 状态", null=True)
    detail = models.CharField("说明", max_length=300, blank=True)
    perhaps_twice = models.BooleanField(
        "可能重复", default=False, help_text="进程曾在发送与记录之间停止，对方可能收到两次，键相同"
    )

    class Meta:
        verbose_name = verbose_name_plural = "发送尝试"
        ordering = ["at", "pk"]
