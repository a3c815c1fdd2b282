"""Cases, their timelines and assigned patrols. What acts on the road is in ``web.measures``."""

from __future__ import annotations

from django.db import models

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.records import ORIGINS, State
from sizao.web.audit.models import AppendOnly
from sizao.web.cases.access import visible_cases
from sizao.web.units.models import PatrolUnit, Unit, User

STATES = [(state.value, state.zh) for state in State]


class CaseQuerySet(models.QuerySet):
    def for_user(self, user: User) -> CaseQuerySet:
        """The cases a user may see."""
        return self.filter(visible_cases(user))

    def open(self) -> CaseQuerySet:
        """Cases on which something is still to be done."""
        return self.filter(closed=False)


class RealCases(models.Manager.from_queryset(CaseQuerySet)):
    """Without drills. Whatever counts, shows or sends means these unless it says ``every``: a page
    that nobody thought of when drills came leaves them out."""

    def get_queryset(self) -> CaseQuerySet:
        return super().get_queryset().filter(drill=None)


class Case(models.Model):
    """The joint response to warnings, reports or a call. The state machine is ``respond.case``.

    ``vehicle`` is empty where it is about a place.
    """

    number = models.CharField("编号", max_length=20, unique=True)
    state = models.CharField("状态", max_length=12, choices=STATES, default="raised", db_index=True)
    closed = models.BooleanField("已结", default=False, db_index=True)
    level = models.PositiveSmallIntegerField(
        "等级", choices=[(level.value, level.zh) for level in WarningLevel], db_index=True
    )
    command_level = models.PositiveSmallIntegerField(
        "指挥层级", choices=[(level.value, level.zh) for level in CommandLevel]
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cases", verbose_name="指挥单位")
    local_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="属地中队")
    reach = models.CharField(
        "可见路径", max_length=512, editable=False,
        help_text="|路径|路径|：指挥单位、属地中队和出警中队的层级路径",
    )  # fmt: skip
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="owned_cases", verbose_name="签收人"
    )
    kind = models.CharField("类型", max_length=32, db_index=True)
    origin = models.CharField(
        "来源", max_length=12, choices=[(code, zh) for code, (zh, _en) in ORIGINS.items()],
        default="detection", db_index=True,
    )  # fmt: skip
    origin_ref = models.CharField("来源编号", max_length=96, blank=True, db_index=True)
    vehicle = models.CharField("终端号", max_length=20, blank=True, db_index=True)
    vehicle_kind = models.CharField("车辆类型", max_length=24, default="other", blank=True)
    plate = models.CharField("号牌", max_length=16, blank=True, db_index=True)
    plate_colour = models.PositiveSmallIntegerField("号牌颜色", null=True)
    place = models.CharField("地点", max_length=96, blank=True)
    road = models.CharField("道路", max_length=32, blank=True)
    area = models.CharField("区县", max_length=12, blank=True)
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    onset_at = models.DateTimeField("起始时间")
    fired_at = models.DateTimeField("触发时间")
    raised_at = models.DateTimeField("发布时间", db_index=True)
    signed_at = models.DateTimeField("签收时间", null=True)
    first_action_at = models.DateTimeField("首次处置时间", null=True)
    dispatched_at = models.DateTimeField("派警时间", null=True)
    on_scene_at = models.DateTimeField("到场时间", null=True)
    controlled_at = models.DateTimeField("控制时间", null=True)
    resolved_at = models.DateTimeField("处置时间", null=True)
    verified_at = models.DateTimeField("核实时间", null=True)
    resolved_by = models.CharField("处置人", max_length=150, blank=True)
    outcome = models.TextField("处置结果", blank=True)
    clock = models.CharField("当前时限", max_length=16, blank=True)
    deadline = models.DateTimeField("到期时间", null=True, db_index=True)
    escalate_at = models.DateTimeField("升级时间", null=True, db_index=True)
    first_deadlines = models.JSONField(
        "原定时限", default=dict, help_text="各步骤最初的到期时间（纪元秒），指标按它计算"
    )
    escalations = models.PositiveSmallIntegerField("升级次数", default=0)
    machine = models.JSONField("状态机", default=dict, editable=False)
    version = models.PositiveIntegerField("版本", default=1)
    changed_at = models.DateTimeField("更新时间", db_index=True)

    drill = models.ForeignKey(
        "drills.Drill", models.PROTECT, null=True, editable=False, related_name="cases",
        verbose_name="演练",
    )  # fmt: skip

    every = CaseQuerySet.as_manager()
    objects = RealCases()

    class Meta:
        verbose_name = verbose_name_plural = "案件"
        ordering = ["-raised_at", "-id"]

    def __str__(self) -> str:
        return self.number

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
    def escalated(self) -> bool:
        return self.escalations > 0

    @property
    def paths(self) -> list[str]:
        """Paths of the units concerned."""
        return [path for path in self.reach.split("|") if path]

    def add_reach(self, *units: Unit) -> None:
        """Let further units see the case; nobody who saw it loses sight."""
        paths = dict.fromkeys([*self.paths, *(unit.path for unit in units)])
        self.reach = f"|{'|'.join(paths)}|"

    def reachable_from(self, path: str) -> bool:
        """Whether a unit at ``path`` sees the case."""
        return f"|{path}" in self.reach


class CaseEvent(AppendOnly):
    """One line of the timeline."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", verbose_name="案件")
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
    prev_hash = models.CharField("上一条哈希", max_length=64, editable=False)
    hash = models.CharField("哈希", max_length=64, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "时间线"
        ordering = ["case", "seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="event_seq")]


class Receipt(AppendOnly):
    """A person opened a case, or a task of it, for the first time: who knew, and since when."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="receipts", verbose_name="案件")
    task = models.CharField("任务", max_length=96, blank=True, help_text="预案/任务；空为案件本身")
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="阅读人")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="单位")
    at = models.DateTimeField("首次打开")

    class Meta:
        verbose_name = verbose_name_plural = "阅读回执"
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(fields=["case", "task", "user"], name="receipt_once")
        ]


class Assignment(models.Model):
    """A patrol sent to a case."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="assignments", verbose_name="案件")
    patrol = models.ForeignKey(
        PatrolUnit, models.PROTECT, related_name="assignments", verbose_name="警力"
    )
    assigned_at = models.DateTimeField("派出时间")
    eta_s = models.FloatField("预计到场（秒）", null=True)
    arrived_at = models.DateTimeField("到场时间", null=True)
    released_at = models.DateTimeField("返回时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "出警"
        ordering = ["assigned_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["patrol"], condition=models.Q(released_at=None), name="patrol_busy_once"
            )
        ]
