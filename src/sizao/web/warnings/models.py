"""Warnings and the repeats counted under them."""

from __future__ import annotations

from django.db import models

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.core.vehicles import KINDS
from sizao.respond.records import ORIGINS
from sizao.web.audit.models import AppendOnly, AppendOnlyQuerySet
from sizao.web.cases.access import visible_cases
from sizao.web.units.models import Unit, User

LEVELS = [(level.value, level.zh) for level in WarningLevel]
_ORIGINS = [(code, zh) for code, (zh, _en) in ORIGINS.items()]
COMMAND_LEVELS = [(level.value, level.zh) for level in CommandLevel]


class WarningQuerySet(AppendOnlyQuerySet):
    def for_user(self, user: User) -> WarningQuerySet:
        """The warnings whose case a user may see; a partner agency's are those it was told of."""
        if user.is_partner:
            return self.filter(notices__party=user.party) if user.party else self.none()
        return self.filter(visible_cases(user, "case__"))


class RealWarnings(models.Manager.from_queryset(WarningQuerySet)):
    """Without those of drills, as ``Case.objects``."""

    def get_queryset(self) -> WarningQuerySet:
        return super().get_queryset().filter(drill=False)


class Warning(AppendOnly):
    """A graded notice for a command level. An update is another row that refers to this one.

    It is about a place, and about a vehicle only where a detection made it: ``origin`` says what it
    was made from and ``origin_ref`` which one of those.
    """

    id = models.CharField("编号", primary_key=True, max_length=32)
    level = models.PositiveSmallIntegerField("等级", choices=LEVELS, db_index=True)
    command_level = models.PositiveSmallIntegerField("指挥层级", choices=COMMAND_LEVELS)
    kind = models.CharField("类型", max_length=32, db_index=True, help_text="规则或情况编号")
    origin = models.CharField(
        "来源", max_length=12, choices=_ORIGINS, default="detection", db_index=True
    )
    origin_ref = models.CharField("来源编号", max_length=96, blank=True, db_index=True)
    detection = models.CharField("检测编号", max_length=32, blank=True, db_index=True)
    revision = models.SmallIntegerField("检测修订", default=0)
    rule_version = models.CharField("规则版本", max_length=32, blank=True)
    vehicle = models.CharField("终端号", max_length=20, blank=True, db_index=True)
    vehicle_kind = models.CharField("车辆类型", max_length=24, default="other", blank=True)
    plate = models.CharField("号牌", max_length=16, blank=True)
    plate_colour = models.PositiveSmallIntegerField("号牌颜色", null=True)
    place = models.CharField("地点", max_length=96, blank=True)
    road = models.CharField("道路", max_length=32, blank=True)
    road_class = models.CharField("道路类别", max_length=24, blank=True)
    stake_m = models.FloatField("桩号（米）", null=True)
    area = models.CharField("区县", max_length=12, blank=True)
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    onset = models.DateTimeField("起始时间")
    last = models.DateTimeField("最近时间")
    fired = models.DateTimeField("触发时间")
    received = models.DateTimeField("接收时间", null=True)
    issued = models.DateTimeField("发布时间", db_index=True)
    until = models.DateTimeField("预计结束", null=True, help_text="预报、通知的有效期至")
    measured = models.FloatField("测得值", null=True)
    limit = models.FloatField("限值", null=True)
    measured_unit = models.CharField("单位", max_length=16, blank=True)
    severity = models.CharField("程度", max_length=24, blank=True)
    quality = models.CharField("数据质量", max_length=64, blank=True)
    evidence = models.JSONField("证据", default=list)
    outline = models.JSONField("范围", null=True, help_text="GeoJSON，WGS-84；没有则以一点为准")
    row_id = models.CharField("决策表行", max_length=64, blank=True)
    table_date = models.DateField("决策表日期", null=True)
    table_version = models.CharField("决策表版本", max_length=32, blank=True)
    explanation = models.JSONField("定级说明", default=dict, help_text="zh, en, …")
    refers_to = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="updates", verbose_name="更新自"
    )
    case = models.ForeignKey(
        "cases.Case", models.PROTECT, related_name="warnings", verbose_name="案件"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="warnings", verbose_name="发往单位")

    drill = models.BooleanField("演练", default=False, editable=False)

    every = WarningQuerySet.as_manager()
    objects = RealWarnings()

    class Meta:
        verbose_name = verbose_name_plural = "预警"
        ordering = ["-issued", "id"]

    def __str__(self) -> str:
        return f"{self.level_zh} {self.kind} {self.plate or self.place}"

    @property
    def level_code(self) -> str:
        return WarningLevel(self.level).code

    @property
    def level_zh(self) -> str:
        return WarningLevel(self.level).zh

    @property
    def command_level_code(self) -> str:
        return CommandLevel(self.command_level).code

    @property
    def vehicle_kind_zh(self) -> str:
        return KINDS.get(self.vehicle_kind, KINDS["other"])


class WarningRepeat(AppendOnly):
    """The same again, no worse, within the merge window: by the same vehicle, or at the same place.

    ``counts`` is false for a later revision of the very detection that made the warning: it
    only moves the end of the episode. ``detection`` is the id of what repeated it, whatever its
    origin.
    """

    warning = models.ForeignKey(
        Warning, models.PROTECT, related_name="repeats", verbose_name="预警"
    )
    origin = models.CharField("来源", max_length=12, choices=_ORIGINS, default="detection")
    detection = models.CharField("检测编号", max_length=96)
    revision = models.SmallIntegerField("修订")
    at = models.DateTimeField("时间")
    measured = models.FloatField("测得值", null=True)
    vehicle = models.CharField("终端号", max_length=20, blank=True)
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    road = models.CharField("道路", max_length=32, blank=True)
    stake_m = models.FloatField("桩号（米）", null=True)
    counts = models.BooleanField("计数", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "重复触发"
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["detection", "revision"], name="repeat_once")
        ]
