"""Requests for entries, the entries, what they hit, and what a person said to a hit."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from sizao.web.audit.models import AppendOnly
from sizao.web.twoperson import TwoPerson
from sizao.web.units.models import NOTHING, Unit, User


class Request(TwoPerson):
    """Entries that one person asks for and another decides, as a whole: one, a file, a renewal."""

    class Kind(models.TextChoices):
        ADD = "add", "新增"
        FILE = "file", "导入"
        RENEW = "renew", "续期"

    kind = models.CharField("方式", max_length=8, choices=Kind.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="申请单位")
    file = models.CharField("文件", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "布控申请"
        ordering = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind} {self.state}"


class EntryQuerySet(models.QuerySet):
    def for_user(self, user: User) -> EntryQuerySet:
        """The detachment and the auditor see all, a unit what it or one below asked for."""
        if user.sees_all:
            return self
        if not user.path:
            return self.filter(NOTHING)
        return self.filter(request__unit__path__startswith=user.path)

    def in_force(self, now: datetime) -> EntryQuerySet:
        """Approved, begun, neither over nor removed."""
        return self.standing(now).filter(since__lte=now)

    def standing(self, now: datetime) -> EntryQuerySet:
        """In force, or approved for later."""
        return self.filter(
            request__state=Request.State.ACCEPTED, until__gt=now, removed_at=None
        )  # fmt: skip


class Entry(models.Model):
    """One plate that is looked for. Nothing but its removal changes it; longer is a new entry."""

    class Handling(models.TextChoices):
        RECORD = "record", "只记录轨迹，不拦截"
        NOTIFY = "notify", "通知办案单位"
        CHECK = "check", "就近拦查"

    HANDLINGS_EN = {
        "record": "record its way, do not stop it",
        "notify": "tell the investigating unit",
        "check": "stop and check it nearby",
    }

    number = models.CharField("编号", max_length=24, unique=True)
    request = models.ForeignKey(
        Request, models.PROTECT, related_name="entries", verbose_name="申请"
    )  # fmt: skip
    plate = models.CharField("号牌", max_length=16, db_index=True)
    plate_colour = models.PositiveSmallIntegerField("号牌颜色", null=True)
    reason = models.CharField("事由类别", max_length=24)
    details = models.CharField("具体事由", max_length=300)
    case_number = models.CharField("案件编号", max_length=64)
    since = models.DateTimeField("起")
    until = models.DateTimeField("止", db_index=True)
    handling = models.CharField("处置要求", max_length=8, choices=Handling.choices)
    instruction = models.CharField("处置说明", max_length=300, blank=True)
    renews = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="renewals", verbose_name="续期自"
    )
    removed_at = models.DateTimeField("撤控时间", null=True)
    removed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="撤控人"
    )
    removed_why = models.CharField("撤控原因", max_length=300, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "布控"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def handling_words(self) -> tuple[str, str]:
        """What is to be done, in Chinese and English."""
        return str(self.get_handling_display()), self.HANDLINGS_EN[self.handling]

    def state(self, now: datetime) -> str:
        """asked, refused, withdrawn, removed, over, later or in_force."""
        if self.request.state != Request.State.ACCEPTED:
            return str(self.request.state)
        if self.removed_at is not None:
            return "removed"
        if self.until <= now:
            return "over"
        return "later" if self.since > now else "in_force"


class Edition(AppendOnly):
    """The list as it was given to the pipeline: its version, and which entries stood in it."""

    version = models.CharField("版本", max_length=16, unique=True)
    at = models.DateTimeField("发布时间")
    entries = models.JSONField("条目", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "布控名单版本"
        ordering = ["at", "pk"]


class Hit(AppendOnly):
    """A passage that matched an entry. ``probable``: one character that cameras confuse differs."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="hits", verbose_name="布控")
    detection = models.CharField("检测编号", max_length=32, unique=True)
    at = models.DateTimeField("过车时间", db_index=True)
    probable = models.BooleanField("疑似")
    road = models.CharField("道路", max_length=32, blank=True)
    stake_m = models.FloatField("桩号（米）", null=True)
    passage = models.CharField("过车记录", max_length=128, blank=True)
    version = models.CharField("名单版本", max_length=16, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "布控命中"
        ordering = ["-at", "-pk"]


class Confirmation(AppendOnly):
    """A person compared the pictures of a probable hit."""

    hit = models.OneToOneField(
        Hit, models.PROTECT, related_name="confirmation", verbose_name="命中"
    )  # fmt: skip
    same = models.BooleanField("是布控车辆")
    remark = models.CharField("依据", max_length=300)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="确认人")
    at = models.DateTimeField("确认时间")

    class Meta:
        verbose_name = verbose_name_plural = "命中确认"


UNSURE = Q(probable=True) & (Q(confirmation=None) | Q(confirmation__same=False))
"""Hits on which nobody may act."""
