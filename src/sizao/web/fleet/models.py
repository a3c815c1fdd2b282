"""The register in the database: enterprises and their vehicles."""

from __future__ import annotations

from django.db import models

from sizao.core.vehicles import KINDS


class Enterprise(models.Model):
    """A transport enterprise."""

    id = models.CharField("编号", primary_key=True, max_length=32)
    name = models.CharField("名称", max_length=96)

    class Meta:
        verbose_name = verbose_name_plural = "企业"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Vehicle(models.Model):
    """One registered terminal and the vehicle it sits in."""

    id = models.CharField("终端号", primary_key=True, max_length=20)
    plate = models.CharField("号牌", max_length=16, blank=True, db_index=True)
    plate_colour = models.PositiveSmallIntegerField("号牌颜色", null=True, blank=True)
    kind = models.CharField("车辆类型", max_length=24, choices=list(KINDS.items()), default="other")
    enterprise = models.ForeignKey(
        Enterprise, models.SET_NULL, null=True, blank=True, related_name="vehicles",
        verbose_name="企业",
    )  # fmt: skip
    area = models.CharField("籍属区县", max_length=12, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "车辆"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.plate or self.id
