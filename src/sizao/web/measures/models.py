"""Control measures, their records, and the texts that went to terminals."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sizao.core.levels import CommandLevel
from sizao.respond.measure_kinds import KINDS
from sizao.respond.measures import Clock, MeasureState, clock
from sizao.respond.measures import Measure as Standing
from sizao.web.audit.models import AppendOnly
from sizao.web.cases.models import Case
from sizao.web.units.models import NOTHING, Unit, User

STATES = [(state.value, state.value) for state in MeasureState]


class MeasureQuerySet(models.QuerySet):
    def for_user(self, user: User) -> MeasureQuerySet:
        """The measures a user may see: that a road is closed is no secret inside the police."""
        if user.sees_all or user.path:
            return self
        return self.filter(NOTHING)

    def open(self) -> MeasureQuerySet:
        """Ordered or in force: somebody still has to act."""
        return self.filter(state__in=(MeasureState.ORDERED, MeasureState.IN_FORCE))

    def in_force(self) -> MeasureQuerySet:
        return self.filter(state=MeasureState.IN_FORCE)


class ControlMeasure(models.Model):
    """One measure. The rules of its life are ``respond.measures``."""

    number = models.CharField("编号", max_length=20, unique=True)
    kind = models.CharField(
        "措施", max_length=20, choices=[(one.code, one.zh) for one in KINDS.values()], db_index=True
    )
    state = models.CharField("状态", max_length=12, choices=STATES, db_index=True)
    approval = models.CharField("批准", max_length=8, default="none")
    case = models.ForeignKey(
        Case, models.PROTECT, null=True, blank=True, related_name="measures", verbose_name="案件"
    )
    task = models.ForeignKey(
        "response.PlanTask", models.PROTECT, null=True, blank=True, editable=False,
        related_name="taken", verbose_name="预案任务",
    )  # fmt: skip
    proposal = models.PositiveSmallIntegerField(
        "建议序号", null=True, editable=False, help_text="任务所建议的措施中的第几项，从 0 数起"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="measures", verbose_name="下达单位")
    command_level = models.PositiveSmallIntegerField(
        "督办层级", choices=[(level.value, level.zh) for level in CommandLevel]
    )
    reach = models.CharField(
        "可见路径", max_length=512, editable=False, help_text="事件推送到哪些单位"
    )
    place = models.CharField("地点", max_length=120, blank=True)
    road = models.CharField("道路", max_length=32, blank=True, db_index=True)
    road_class = models.CharField("道路类别", max_length=20, blank=True)
    direction = models.CharField("方向", max_length=16, blank=True)
    stake_from_m = models.FloatField("起点桩号（米）", null=True)
    stake_to_m = models.FloatField("止点桩号（米）", null=True)
    lanes = models.CharField(
        "车道", max_length=32, blank=True, help_text="逗号分隔，自左向右从 1 数起；空为全幅"
    )
    geometry = models.JSONField("几何", default=dict, help_text="GeoJSON，WGS-84")
    segments = models.JSONField(
        "路段", default=list, help_text="[[路段, 起, 止], ...]，属于 network 所指的路网"
    )
    network = models.CharField("路网摘要", max_length=32, blank=True)
    limit_kmh = models.FloatField("限速（km/h）", null=True)
    vehicles = models.CharField(
        "适用车型", max_length=200, blank=True, help_text="逗号分隔；空为所有车辆"
    )
    text = models.CharField("文字", max_length=200, blank=True)
    plan = models.JSONField("绕行方案", default=dict, help_text="分流绕行的路线、距离、流量与岗位")
    grade = models.CharField("管制等级", max_length=8, blank=True)
    basis = models.CharField("依据", max_length=48, help_text="规则库条目")
    reason = models.CharField("原因", max_length=300)
    from_at = models.DateTimeField("计划开始")
    until_at = models.DateTimeField("预计结束", db_index=True)
    ordered_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="下达人")
    ordered_at = models.DateTimeField("下达时间", db_index=True)
    begun_at = models.DateTimeField("实施时间", null=True)
    ended_at = models.DateTimeField("解除时间", null=True, db_index=True)
    deadline = models.DateTimeField("到期时间", null=True, db_index=True)
    machine = models.JSONField("状态机", default=dict, editable=False)
    version = models.PositiveIntegerField("版本", default=1)
    changed_at = models.DateTimeField("更新时间", db_index=True)
    client_id = models.CharField(
        "客户端编号", max_length=64, null=True, unique=True, editable=False,
        help_text="由终端给出，同一编号只生效一次",
    )  # fmt: skip

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "管制措施"
        ordering = ["-ordered_at", "-id"]

    def __str__(self) -> str:
        return self.number

    @property
    def standing(self) -> Standing:
        """The state as ``respond`` knows it."""
        return Standing.from_dict(self.machine)

    @property
    def clock(self) -> Clock | None:
        return clock(self.standing)

    @property
    def whole(self) -> bool:
        """The whole carriageway, not single lanes."""
        return not self.lanes

    @property
    def open_now(self) -> bool:
        return self.standing.open


class MeasureEvent(AppendOnly):
    """One line of a measure's record."""

    measure = models.ForeignKey(
        ControlMeasure, models.PROTECT, related_name="events", verbose_name="措施"
    )
    seq = models.PositiveIntegerField("序号")
    at = models.DateTimeField("时间")
    actor = models.CharField("操作人账号", max_length=150)
    actor_name = models.CharField("操作人", max_length=96)
    action = models.CharField("动作", max_length=16)
    text_zh = models.TextField("说明", blank=True)
    text_en = models.TextField("英文说明", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "措施记录"
        ordering = ["measure", "seq"]
        constraints = [models.UniqueConstraint(fields=["measure", "seq"], name="measure_event_seq")]


class TerminalText(models.Model):
    """A text to one terminal, spoken to its driver: an order in the log, with its receipt.

    Belongs to a case (an operator's word to that driver), to a measure (everybody in an area), or
    to both.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "待发送"
        SENT = "sent", "已发送"
        ACKNOWLEDGED = "acknowledged", "已送达"
        REFUSED = "refused", "终端拒绝"
        OFFLINE = "offline", "终端离线"
        EXPIRED = "expired", "已过期"

    case = models.ForeignKey(
        Case, models.PROTECT, null=True, related_name="texts", verbose_name="案件"
    )
    measure = models.ForeignKey(
        ControlMeasure, models.PROTECT, null=True, related_name="texts", verbose_name="措施"
    )
    command = models.CharField("指令编号", max_length=32, unique=True)
    kind = models.CharField("类型", max_length=16, default="text")
    vehicle = models.CharField("终端号", max_length=20)
    text = models.CharField("内容", max_length=500)
    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.QUEUED)
    detail = models.CharField("说明", max_length=200, blank=True)
    ordered_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="下达人")
    ordered_at = models.DateTimeField("下达时间")
    log_seq = models.PositiveBigIntegerField("日志位置", null=True, db_index=True)
    sent_at = models.DateTimeField("发送时间", null=True)
    answered_at = models.DateTimeField("应答时间", null=True)
    expires_at = models.DateTimeField("有效期至")
    lifted_at = models.DateTimeField("解除时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "终端提示"
        ordering = ["ordered_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(case__isnull=False) | Q(measure__isnull=False), name="text_of_something"
            ),
            models.UniqueConstraint(
                fields=["measure", "vehicle"], condition=Q(measure__isnull=False),
                name="text_once_a_measure",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["vehicle", "ordered_at"])]


class Publication(models.Model):
    """How far ``temporary-limits.geojson`` follows the database: one row."""

    wanted = models.PositiveBigIntegerField("应有版本", default=0)
    done = models.PositiveBigIntegerField("已写版本", default=0)
