"""The register in the database: enterprises and their vehicles."""

from __future__ import annotations

from django.db import models

from sizao.core.vehicles import KINDS, SERVICES
from sizao.feeds.tables.kinds.enterprise import ENTERPRISE_KINDS


class Enterprise(models.Model):
    """A transport enterprise."""

    id = models.CharField("编号", primary_key=True, max_length=32)
    name = models.CharField("名称", max_length=96)
    kind = models.CharField(
        "类型", max_length=16, blank=True,
        choices=[(code, words[0]) for code, words in ENTERPRISE_KINDS.items()],
    )  # fmt: skip
    area = models.CharField("行政区划", max_length=12, blank=True)
    duty_phone = models.CharField("值班电话", max_length=40, blank=True)

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
    plate_class = models.CharField("号牌种类", max_length=2, blank=True)
    gross_kg = models.FloatField("总质量（kg）", null=True, blank=True)
    payload_kg = models.FloatField("核定载质量（kg）", null=True, blank=True)
    towed_kg = models.FloatField("准牵引总质量（kg）", null=True, blank=True)
    seats = models.PositiveSmallIntegerField("核定载客", null=True, blank=True)
    axles = models.PositiveSmallIntegerField("轴数", null=True, blank=True)
    inspection_until = models.DateField("检验有效期止", null=True, blank=True)
    scrap_until = models.DateField("强制报废期止", null=True, blank=True)
    service = models.CharField(
        "客运服务类型", max_length=32, choices=list(SERVICES.items()), blank=True
    )

    class Meta:
        verbose_name = verbose_name_plural = "车辆"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.plate or self.id


class Publication(models.Model):
    """Whether ``register.parquet`` is a copy of what is in the database: one row.

    ``wanted`` rises in the transaction of every change, ``done`` follows when the file has been
    replaced. Between the two a killed process leaves the file old; whoever looks next renews it.
    """

    wanted = models.PositiveBigIntegerField("改动次数", default=0)
    done = models.PositiveBigIntegerField("已写入文件", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "登记文件"

    def __str__(self) -> str:
        return f"{self.done}/{self.wanted}"
