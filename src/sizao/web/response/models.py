"""Tasks of started plans as the desks see them, and the installation's own plans."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from sizao.respond.plans.runs import TaskState
from sizao.web.cases.access import visible_cases
from sizao.web.cases.models import Case
from sizao.web.twoperson import TwoPerson
from sizao.web.units.models import NOTHING, Unit, User

OPEN = [state.value for state in (TaskState.ORDERED, TaskState.ACKNOWLEDGED)]


class PlanTaskQuerySet(models.QuerySet):
    def for_user(self, user: User) -> PlanTaskQuerySet:
        """A partner's own tasks; of the police, those of its units and of its cases."""
        if user.is_partner:
            return self.filter(unit=user.party) if user.party else self.none()
        if user.sees_all:
            return self
        if not user.path:
            return self.filter(NOTHING)
        return self.filter(Q(unit__path__startswith=user.path) | visible_cases(user, "case__"))

    def at_desk(self, user: User) -> PlanTaskQuerySet:
        """What the user's own unit or agency has to do, and what was missed below it."""
        own = self.for_user(user)
        if user.is_partner or not user.path:
            return own
        return own.filter(Q(unit=user.unit) | (Q(unit__parent=user.unit) & Q(missed__gt=0)))

    def current(self) -> PlanTaskQuerySet:
        """Ordered and not ended; of drills, those of one that runs."""
        running = Q(case__drill=None) | Q(case__drill__state="running")
        return self.filter(running, state__in=OPEN)


class RealTasks(models.Manager.from_queryset(PlanTaskQuerySet)):
    """Without those of drills, as ``Case.objects``."""

    def get_queryset(self) -> PlanTaskQuerySet:
        return super().get_queryset().filter(case__drill=None)


class PlanTask(models.Model):
    """One task of a started plan: a copy of what the case's state says, made in its transaction."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks", verbose_name="案件")
    run = models.CharField("预案", max_length=48)
    task = models.CharField("任务", max_length=48)
    order = models.PositiveSmallIntegerField("次序")
    party = models.CharField("责任方", max_length=16)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="tasks", verbose_name="承办单位")
    zh = models.CharField("任务内容", max_length=300)
    en = models.CharField("英文内容", max_length=300)
    state = models.CharField(
        "状态", max_length=16, choices=[(state.value, state.zh) for state in TaskState]
    )
    ordered_at = models.DateTimeField("下达时间", null=True, db_index=True)
    acknowledge_by = models.DateTimeField("接收时限", null=True)
    finish_by = models.DateTimeField("完成时限", null=True)
    acknowledged_at = models.DateTimeField("接收时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    by = models.CharField("办理人", max_length=96, blank=True)
    reason = models.CharField("说明", max_length=500, blank=True)
    missed = models.PositiveSmallIntegerField("超时次数", default=0)

    every = PlanTaskQuerySet.as_manager()
    objects = RealTasks()

    class Meta:
        verbose_name = verbose_name_plural = "预案任务"
        ordering = ["case", "run", "order"]
        constraints = [
            models.UniqueConstraint(fields=["case", "run", "task"], name="one_task_a_run")
        ]
        indexes = [models.Index(fields=["unit", "state"])]

    def __str__(self) -> str:
        return f"{self.case} {self.run}/{self.task}"

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @property
    def waiting(self) -> bool:
        return self.state == TaskState.WAITING

    @property
    def key(self) -> str:
        """Names it in receipts and clocks."""
        return f"{self.run}/{self.task}"

    @property
    def clock(self) -> str:
        """The clock that runs next; empty if none does."""
        return {"ordered": "acknowledge", "acknowledged": "finish"}.get(self.state, "")

    @property
    def deadline_s(self) -> float | None:
        at = self.acknowledge_by if self.clock == "acknowledge" else self.finish_by
        return at.timestamp() if self.clock and at else None

    @property
    def start_s(self) -> float | None:
        return self.ordered_at.timestamp() if self.ordered_at else None


class OwnPlan(TwoPerson):
    """A text of the installation's own: a plan of the package changed, or one more.

    Asked for by one person, approved by another, in force from the day in its text on.
    """

    plan = models.CharField("预案", max_length=48, db_index=True)
    text = models.TextField("全文")
    valid_from = models.DateField("生效日期")

    class Meta:
        verbose_name = verbose_name_plural = "本单位预案"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan"], condition=Q(state="asked"), name="one_open_text_a_plan"
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.valid_from} {self.state}"

    @property
    def version(self) -> str:
        return f"{self.valid_from:%Y-%m-%d}-{self.pk}"
