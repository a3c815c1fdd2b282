"""Handover notes. One that both have signed is never changed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sizao.web.audit.models import AppendOnlyError
from sizao.web.units.models import NOTHING, Unit, User, under


class HandoverQuerySet(models.QuerySet):
    def for_user(self, user: User) -> HandoverQuerySet:
        """The notes of a user's unit and those below it."""
        if user.sees_all:
            return self
        return self.filter(under(user.path, "unit")) if user.path else self.filter(NOTHING)


class Handover(models.Model):
    """What one shift hands to the next. ``items`` are frozen once both have signed."""

    class State(models.TextChoices):
        DRAFT = "draft", "待交班签字"
        HANDED = "handed", "待接班签字"
        DONE = "done", "已交接"
        DROPPED = "dropped", "已作废"

    OPEN = ("draft", "handed")

    number = models.CharField("编号", max_length=24, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="handovers", verbose_name="单位")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.DRAFT)
    items = models.JSONField("未了事项", default=list)
    """Of each: key, kind, zh, en, url, due_s, start_s, level, late (raised after the outgoing
    person signed)."""
    note = models.TextField("交班说明", max_length=4000, blank=True)
    made_at = models.DateTimeField("生成时间", db_index=True)
    out_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="交班人"
    )
    out_at = models.DateTimeField("交班时间", null=True)
    in_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="接班人"
    )
    in_at = models.DateTimeField("接班时间", null=True)
    version = models.PositiveIntegerField("版本", default=1)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "交接班记录"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state__in=["draft", "handed"]), name="one_handover"
            )
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args, **kwargs) -> None:
        """Refuses to change a note that both have signed."""
        if self.pk and Handover.objects.filter(pk=self.pk, state=self.State.DONE).exists():
            raise AppendOnlyError(f"{self.number} is signed by both and never edited")
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def late(self) -> list[dict]:
        """Items raised after the outgoing person signed."""
        return [one for one in self.items if one.get("late")]
