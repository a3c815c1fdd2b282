"""Hazards, their photos and timelines, who was told, listings and their documents."""

from __future__ import annotations

from django.db import models

from sizao.core.levels import CommandLevel
from sizao.govern.hazards.kinds import Kind, kinds
from sizao.govern.hazards.listing import LEVELS
from sizao.govern.hazards.records import DUE, DUTY_KINDS, GRADES, State
from sizao.web.audit.models import AppendOnly
from sizao.web.hazards.access import visible_hazards
from sizao.web.units.models import Unit, User

ORIGINS = {
    "inspection": ("排查", "inspection"),
    "report": ("群众上报", "report"),
    "risk": ("风险评估", "risk screening"),
    "crash": ("事故复盘", "crash review"),
    "freight": ("货运源头", "freight"),
    "other": ("其他", "other"),
}
"""From where a hazard came."""


def _choices(names: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(code, pair[0]) for code, pair in names.items()]


class HazardQuerySet(models.QuerySet):
    def for_user(self, user: User) -> HazardQuerySet:
        """The hazards a user may see."""
        return self.filter(visible_hazards(user))

    def open(self) -> HazardQuerySet:
        """Those still in the ledger."""
        return self.filter(closed=False)

    def late(self, now) -> HazardQuerySet:
        """Those whose duty body is late."""
        return self.filter(state__in=[state.value for state in DUE], deadline__lt=now)

    def bare(self, now) -> HazardQuerySet:
        """Open ones on which the work is not done and which nothing protects meanwhile."""
        return self.filter(state__in=["found", "assigned", "rectifying", "rectified"]).filter(
            models.Q(protection="") | models.Q(protected_until__lt=now)
        )


class Hazard(models.Model):
    """Something wrong with a place or an enterprise. The state machine is ``govern.hazards``."""

    number = models.CharField("编号", max_length=20, unique=True)
    state = models.CharField(
        "状态", max_length=12, choices=[(one.value, one.zh) for one in State], db_index=True
    )
    closed = models.BooleanField("不在账", default=False, db_index=True)
    kind = models.CharField("类别", max_length=24, db_index=True)
    grade = models.CharField("等级", max_length=16, blank=True, choices=_choices(GRADES))
    origin = models.CharField("来源", max_length=12, choices=_choices(ORIGINS))
    origin_ref = models.CharField("来源编号", max_length=64, blank=True)
    origin_data = models.JSONField("来源依据", default=dict, help_text="评估结论等，随隐患保存")
    report = models.ForeignKey(
        "reports.Report", models.PROTECT, null=True, related_name="hazards", verbose_name="上报"
    )
    text = models.TextField("描述", max_length=2000)
    place = models.CharField("地点", max_length=96)
    road = models.CharField("道路", max_length=32, blank=True)
    road_class = models.CharField("道路类别", max_length=24, blank=True)
    stake = models.CharField("桩号", max_length=24, blank=True)
    junction = models.CharField("路口", max_length=64, blank=True, db_index=True)
    enterprise = models.CharField("企业", max_length=96, blank=True)
    area = models.CharField("区县", max_length=12, blank=True)
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    local_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="属地单位")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="hazards", verbose_name="督办单位")
    command_level = models.PositiveSmallIntegerField(
        "督办层级", choices=[(level.value, level.zh) for level in CommandLevel]
    )
    reach = models.CharField("可见路径", max_length=512, editable=False)
    duty_kind = models.CharField(
        "责任单位类别", max_length=8, blank=True, choices=_choices(DUTY_KINDS)
    )
    duty_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name="责任单位（本系统）"
    )
    duty_party = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name="责任单位（联动单位）",
        help_text="在本系统有账号的外部门；由它自己接收、报进展、传证据",
    )  # fmt: skip
    duty_name = models.CharField("责任单位", max_length=64, blank=True, db_index=True)
    deadline = models.DateTimeField("整改期限", null=True, db_index=True)
    promised = models.DateTimeField("原定期限", null=True)
    rings_at = models.DateTimeField("下次提醒或升级", null=True, db_index=True)
    protection = models.TextField("临时防护", blank=True)
    protection_by = models.CharField("防护责任人", max_length=64, blank=True)
    protected_until = models.DateTimeField("防护有效至", null=True)
    listed = models.CharField("挂牌", max_length=8, blank=True, choices=_choices(LEVELS))
    escalations = models.PositiveSmallIntegerField("升级次数", default=0)
    extended = models.PositiveSmallIntegerField("延期次数", default=0)
    reopened = models.PositiveSmallIntegerField("返弹次数", default=0)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="merged", verbose_name="合并到"
    )
    found_at = models.DateTimeField("登记时间", db_index=True)
    rectified_at = models.DateTimeField("整改完成时间", null=True)
    accepted_at = models.DateTimeField("验收时间", null=True)
    closed_at = models.DateTimeField("销号时间", null=True, db_index=True)
    reopened_at = models.DateTimeField("返弹时间", null=True)
    machine = models.JSONField("状态机", default=dict, editable=False)
    version = models.PositiveIntegerField("版本", default=1)
    changed_at = models.DateTimeField("更新时间", db_index=True)

    objects = HazardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "隐患"
        ordering = ["-found_at", "-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def about(self) -> Kind:
        """What kind of hazard it is; one that is known no more is "other"."""
        return kinds().get(self.kind) or kinds()["other"]

    def late_at(self, now) -> bool:
        due = self.state in [state.value for state in DUE]
        return due and self.deadline is not None and self.deadline < now

    def protected_at(self, now) -> bool:
        until = self.protected_until
        return bool(self.protection) and (until is None or until >= now)

    def add_reach(self, *units: Unit | None) -> None:
        """Let further units see it; nobody who saw it loses sight."""
        paths = [path for path in self.reach.split("|") if path]
        paths += [unit.path for unit in units if unit is not None]
        self.reach = f"|{'|'.join(dict.fromkeys(paths))}|"


class HazardEvent(AppendOnly):
    """One line of a hazard's timeline."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="events", verbose_name="隐患")
    seq = models.PositiveIntegerField("序号")
    at = models.DateTimeField("时间")
    actor = models.CharField("操作人账号", max_length=150)
    actor_name = models.CharField("操作人", max_length=96)
    action = models.CharField("动作", max_length=24)
    from_state = models.CharField("原状态", max_length=12, blank=True)
    to_state = models.CharField("新状态", max_length=12, blank=True)
    text_zh = models.TextField("说明", blank=True)
    text_en = models.TextField("英文说明", blank=True)
    data = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "隐患时间线"
        ordering = ["hazard", "seq"]
        constraints = [models.UniqueConstraint(fields=["hazard", "seq"], name="hazard_event_seq")]


class HazardPhoto(AppendOnly):
    """A photo in the evidence store, with the step it came with."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="photos", verbose_name="隐患")
    number = models.PositiveSmallIntegerField("序号")
    seq = models.PositiveIntegerField("所属步骤")
    stage = models.CharField("阶段", max_length=12)
    evidence = models.CharField("证据编号", max_length=64, db_index=True)
    format = models.CharField("格式", max_length=8)
    size = models.PositiveIntegerField("字节")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "隐患照片"
        ordering = ["hazard", "number"]
        constraints = [
            models.UniqueConstraint(fields=["hazard", "number"], name="hazard_photo_number")
        ]


class HazardNotice(models.Model):
    """Somebody concerned has to know: an account, a unit, or a party outside."""

    hazard = models.ForeignKey(Hazard, models.PROTECT, related_name="notices", verbose_name="隐患")
    seq = models.PositiveIntegerField("所属步骤")
    at = models.DateTimeField("时间", db_index=True)
    user = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="告知账号"
    )
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name="告知单位"
    )
    party = models.CharField("告知外单位", max_length=64, blank=True)
    action = models.CharField("事由", max_length=24)
    text_zh = models.TextField("内容")
    text_en = models.TextField("英文内容")
    read_at = models.DateTimeField("阅知时间", null=True)
    read_by = models.CharField("阅知人", max_length=150, blank=True)
    sent = models.ForeignKey(
        "channels.Notice", models.PROTECT, null=True, related_name="+", verbose_name="通报",
        help_text="按通道发出的通报，有送达回执",
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "隐患告知"
        ordering = ["-at", "-pk"]
