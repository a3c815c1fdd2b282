"""Shifts, swaps, and spans in which somebody is not available. Never why not."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sizao.respond.duty.roster import POSTS
from sizao.web.units.models import NOTHING, Unit, User, under


class ShiftQuerySet(models.QuerySet):
    def for_user(self, user: User) -> ShiftQuerySet:
        """The shifts of a user's unit, those below it and those above it: who commands tonight."""
        if user.sees_all:
            return self
        if not user.path:
            return self.filter(NOTHING)
        above = [int(part) for part in user.path.strip("/").split("/")]
        return self.filter(under(user.path, "unit") | Q(unit__in=above))

    def standing(self) -> ShiftQuerySet:
        return self.filter(cancelled_at=None)


class Shift(models.Model):
    """One person at one post of a unit for a time."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="shifts", verbose_name="单位")
    post = models.CharField(
        "岗位", max_length=16, choices=[(code, names[0]) for code, names in POSTS.items()]
    )
    person = models.ForeignKey(User, models.PROTECT, related_name="shifts", verbose_name="值班人")
    start = models.DateTimeField("上班", db_index=True)
    end = models.DateTimeField("下班", db_index=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField("排班时间")
    cancelled_at = models.DateTimeField("撤销时间", null=True)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "班次"
        ordering = ["start", "post", "pk"]

    def __str__(self) -> str:
        return f"{self.unit} {self.get_post_display()} {self.start:%m-%d %H:%M}"


class Swap(models.Model):
    """Somebody asks that another person takes a shift; a leader decides."""

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        ACCEPTED = "accepted", "已批准"
        REFUSED = "refused", "未批准"
        WITHDRAWN = "withdrawn", "已撤回"

    shift = models.ForeignKey(Shift, models.PROTECT, related_name="swaps", verbose_name="班次")
    to = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="接替人")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_at = models.DateTimeField("申请时间")
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "换班"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shift"], condition=Q(state="asked"), name="one_swap_waits"
            )
        ]


class Unavailable(models.Model):
    """A person is not available from when to when. There is no column for a reason."""

    person = models.ForeignKey(User, models.PROTECT, related_name="away", verbose_name="人员")
    start = models.DateTimeField("自")
    end = models.DateTimeField("至")
    noted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="登记人")

    class Meta:
        verbose_name = verbose_name_plural = "不可排班"
        ordering = ["start"]
