"""Storms that desks went through."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sizao.web.units.models import Unit


class Spell(models.Model):
    """One storm of one unit's desk. Whoever sits there, or takes over, has the same one."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="storms", verbose_name="单位")
    began_at = models.DateTimeField("开始", db_index=True)
    calm_since = models.DateTimeField("平静始于", null=True)
    ended_at = models.DateTimeField("结束", null=True)
    operators = models.PositiveSmallIntegerField("在线值班员", default=1)
    unsigned = models.PositiveIntegerField("待签收", default=0)
    arrived = models.PositiveIntegerField("窗口内新增", default=0)
    peak_unsigned = models.PositiveIntegerField("待签收峰值", default=0)
    peak_arrived = models.PositiveIntegerField("新增峰值", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "风暴"
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(ended_at=None), name="one_storm_a_unit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.began_at:%Y-%m-%d %H:%M}"
