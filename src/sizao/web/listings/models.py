"""Listings, their interim reports, the documents issued, and the number series of offices."""

from __future__ import annotations

from datetime import date

from django.db import models

from sizao.govern.hazards.listing import LEVELS
from sizao.web.audit.models import AppendOnly
from sizao.web.hazards.models import Hazard
from sizao.web.units.models import Unit, User


class Office(models.Model):
    """In whose name a unit issues documents: a committee's office, or the unit itself."""

    unit = models.OneToOneField(Unit, models.PROTECT, related_name="office", verbose_name="单位")
    name = models.CharField("发文机关", max_length=40)
    prefix = models.CharField(
        "机关代字", max_length=12, help_text="发文字号的代字，例如 示交安办督"
    )

    class Meta:
        verbose_name = verbose_name_plural = "发文机关"

    def __str__(self) -> str:
        return self.name


class Series(models.Model):
    """The last number an office gave in a year. Locked while one is taken: no gap, no twin."""

    office = models.ForeignKey(Office, models.PROTECT, related_name="series", verbose_name="机关")
    year = models.PositiveSmallIntegerField("年")
    last = models.PositiveIntegerField("已编至", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "发文编号"
        constraints = [models.UniqueConstraint(fields=["office", "year"], name="series_of_year")]


class Listing(models.Model):
    """One hazard under listed supervision, from the asking to the lifting."""

    class State(models.TextChoices):
        ASKED = "asked", "待决定"
        IN_FORCE = "in_force", "督办中"
        LIFTED = "lifted", "已解除"
        REFUSED = "refused", "未同意"

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="listings", verbose_name="隐患")
    level = models.CharField(
        "层级", max_length=8, choices=[(code, names[0]) for code, names in LEVELS.items()]
    )
    state = models.CharField(
        "状态", max_length=8, choices=State.choices, default=State.ASKED, db_index=True
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="督办单位")
    reason = models.TextField("挂牌理由", max_length=1000)
    requirements = models.TextField("整改内容", max_length=2000, help_text="一行一项")
    deadline = models.DateField("整改期限")
    addressee = models.CharField("主送", max_length=64)
    copies = models.CharField("抄送", max_length=200, blank=True)
    signer = models.CharField("签发人", max_length=16, blank=True)
    outside_number = models.CharField("上级文号", max_length=40, blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提请人")
    asked_at = models.DateTimeField("提请时间")
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="决定人"
    )
    decided_at = models.DateTimeField("决定时间", null=True)
    remark = models.CharField("决定意见", max_length=200, blank=True)
    number = models.CharField("文号", max_length=48, blank=True)
    panel = models.JSONField("专家验收", default=dict)
    panel_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="验收登记人"
    )
    lifted_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="解除决定人"
    )
    lifted_at = models.DateTimeField("解除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "挂牌督办"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard"],
                condition=models.Q(state__in=["asked", "in_force"]),
                name="one_listing_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return self.number or f"{self.hazard} {self.get_level_display()}"

    def lines(self) -> list[str]:
        """What has to be done, an item a line."""
        return [line.strip() for line in self.requirements.splitlines() if line.strip()]

    def interim_due_days(self) -> list[date]:
        """Days on which a report is due, in order."""
        return list(self.interims.order_by("due").values_list("due", flat=True))

    def done_words(self) -> str:
        """What the duty body did, as it was recorded last."""
        done = self.hazard.events.filter(action="rectify").order_by("-seq").first()
        return done.data["details"].get("reason", "") if done else ""


class Interim(models.Model):
    """An interim report: due on a day; without ``at`` it has not come."""

    listing = models.ForeignKey(
        Listing, models.PROTECT, related_name="interims", verbose_name="挂牌"
    )
    due = models.DateField("应报日期")
    text = models.TextField("进展", max_length=1000, blank=True)
    at = models.DateTimeField("报送时间", null=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    reminded_at = models.DateTimeField("催报时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "进展报告"
        ordering = ["listing", "due"]


class Issued(AppendOnly):
    """A document as it was issued: its words are kept, so that it never reads otherwise."""

    listing = models.ForeignKey(
        Listing, models.PROTECT, related_name="documents", verbose_name="挂牌"
    )
    kind = models.CharField(
        "文种", max_length=8, choices=[("notice", "督办通知"), ("lifting", "解除通知")]
    )
    number = models.CharField("文号", max_length=48)
    content = models.JSONField("内容")
    issued_at = models.DateTimeField("签发时间")
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="签发操作人")

    class Meta:
        verbose_name = verbose_name_plural = "已发文件"
        ordering = ["issued_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["listing", "kind"], name="one_document_of_a_kind"),
            models.UniqueConstraint(fields=["number"], name="one_document_of_a_number"),
        ]
