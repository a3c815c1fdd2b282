"""Issued briefings: as they were issued, never changed. A correction is a new one."""

from __future__ import annotations

from django.db import models

from sizao.web.audit.models import AppendOnly, AppendOnlyQuerySet
from sizao.web.units.models import NOTHING, Unit, User, under


class BriefingQuerySet(AppendOnlyQuerySet):
    def for_user(self, user: User) -> BriefingQuerySet:
        """The briefings of a user's unit and those below it."""
        if user.sees_all:
            return self
        return self.filter(under(user.path, "unit")) if user.path else self.filter(NOTHING)


class Briefing(AppendOnly):
    """One morning's briefing of a unit."""

    number = models.CharField("编号", max_length=32, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="briefings", verbose_name="单位")
    since = models.DateTimeField("起")
    until = models.DateTimeField("止", db_index=True)
    content = models.JSONField("内容")
    """Sections as ``content.Section.to_dict``, in both languages."""
    words = models.TextField("签发人的话", max_length=1000, blank=True)
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="签发人")
    issued_at = models.DateTimeField("签发时间", db_index=True)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="corrections", verbose_name="更正自"
    )
    why = models.CharField("更正原因", max_length=300, blank=True)

    objects = BriefingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "早报"
        ordering = ["-issued_at", "-pk"]

    def __str__(self) -> str:
        return self.number
