"""Who there is: units in a tree, accounts with a role, patrols on the road."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.dispatch import Signal

from sizao.core.levels import CommandLevel

moved = Signal()
"""A unit got another place in the tree: ``old`` and ``new`` path."""


def under(path: str, *fields: str) -> Q:
    """Rows whose unit, named by lookups such as ``unit``, lies in the subtree of ``path``."""
    condition = Q()
    for field in fields:
        condition |= Q(**{f"{field}__path__startswith": path})
    return condition


NOTHING = Q(pk__in=[])


class UnitQuerySet(models.QuerySet):
    def for_user(self, user: User) -> UnitQuerySet:
        """The units a user may see: its own subtree; everything for the auditor."""
        if user.sees_all:
            return self
        return self.filter(path__startswith=user.path) if user.path else self.none()


class Unit(models.Model):
    """A detachment, brigade or squadron. ``path`` holds the ids from the root: ``1/4/9/``."""

    class Level(models.IntegerChoices):
        SQUADRON = 1, "中队"
        BRIGADE = 2, "大队"
        DETACHMENT = 3, "支队"

    code = models.CharField("代码", max_length=32, unique=True)
    name_zh = models.CharField("名称", max_length=64)
    name_en = models.CharField("英文名称", max_length=96)
    level = models.PositiveSmallIntegerField("级别", choices=Level.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    path = models.CharField("层级路径", max_length=64, db_index=True, editable=False)
    area = models.CharField("辖区代码", max_length=12, blank=True)
    roads = models.CharField(
        "专管道路类别", max_length=64, blank=True,
        help_text="逗号分隔，例如 expressway：这些类别的道路归本大队管，不论在哪个区县",
    )  # fmt: skip
    lat = models.FloatField("纬度", null=True, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name_zh

    @property
    def command_level(self) -> CommandLevel:
        return CommandLevel(self.level)

    def save(self, *args, **kwargs) -> None:
        super().save(*args, **kwargs)
        old, path = self.path, f"{self.parent.path if self.parent else ''}{self.pk}/"
        if path == old:
            return
        self.path = path
        super().save(update_fields=["path"])
        if old:  # it was moved: everything below moves with it
            for unit in Unit.objects.filter(path__startswith=old).exclude(pk=self.pk):
                Unit.objects.filter(pk=unit.pk).update(path=path + unit.path.removeprefix(old))
            moved.send(Unit, old=old, new=path)


class User(AbstractUser):
    """An account: one role, one unit."""

    class Role(models.TextChoices):
        OPERATOR = "operator", "指挥员"
        LEADER = "leader", "领导"
        OFFICER = "officer", "民警"
        AUDITOR = "auditor", "审计员"
        ADMIN = "admin", "管理员"

    class Theme(models.TextChoices):
        AUTO = "", "默认"
        DARK = "dark", "深色"
        LIGHT = "light", "浅色"

    role = models.CharField("角色", max_length=16, choices=Role.choices, default=Role.OFFICER)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="users", verbose_name="单位"
    )
    display_name = models.CharField("姓名", max_length=64, blank=True)
    language = models.CharField(
        "语言", max_length=8, blank=True, choices=[("zh-hans", "简体中文"), ("en", "English")]
    )
    theme = models.CharField(
        "主题", max_length=8, blank=True, default="", choices=Theme.choices
    )  # fmt: skip

    objects = UserManager()

    class Meta:
        verbose_name = verbose_name_plural = "账号"

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def sees_all(self) -> bool:
        """The auditor reads everything; so does an operator of the detachment (root unit)."""
        return self.role == self.Role.AUDITOR or (
            self.unit is not None and self.unit.parent_id is None
        )

    @property
    def path(self) -> str:
        """Path of the own unit; empty sees nothing."""
        return self.unit.path if self.unit is not None else ""

    @property
    def acts(self) -> bool:
        """Whether the role may change a case at all."""
        return self.role in (self.Role.OPERATOR, self.Role.LEADER, self.Role.OFFICER)

    @property
    def sees_imports(self) -> bool:
        """Whether the imports of crash records and registers are shown."""
        at_root = self.unit is not None and self.unit.parent_id is None
        desk = at_root and self.role in (self.Role.OPERATOR, self.Role.LEADER)
        return desk or self.reads_audit

    @property
    def sees_risk(self) -> bool:
        """Whether the assessments of places are shown: to every account that has a unit."""
        return self.unit_id is not None or self.reads_audit

    @property
    def sees_plans(self) -> bool:
        """Whether patrol plans are shown at all; which part of one says ``plan.access``."""
        return self.unit_id is not None and self.role != self.Role.ADMIN

    @property
    def reads_audit(self) -> bool:
        return self.role in (self.Role.AUDITOR, self.Role.ADMIN) or self.is_superuser


class PatrolQuerySet(models.QuerySet):
    def for_user(self, user: User) -> PatrolQuerySet:
        """The patrols of a user's subtree."""
        if user.sees_all:
            return self
        return self.filter(under(user.path, "unit")) if user.path else self.none()


class PatrolUnit(models.Model):
    """巡逻警力: a crew with a police vehicle."""

    class State(models.TextChoices):
        AVAILABLE = "available", "可派"
        ASSIGNED = "assigned", "已派"
        ON_SCENE = "on_scene", "到场"
        OFF_DUTY = "off_duty", "下勤"

    call_sign = models.CharField("呼号", max_length=32, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="patrols", verbose_name="单位")
    vehicle = models.CharField(
        "警车终端号", max_length=20, blank=True, db_index=True,
        help_text="警车的终端号，位置由它上报",
    )  # fmt: skip
    state = models.CharField(
        "状态", max_length=12, choices=State.choices, default=State.AVAILABLE
    )  # fmt: skip

    objects = PatrolQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "巡逻警力"
        ordering = ["call_sign"]

    def __str__(self) -> str:
        return self.call_sign

    @property
    def case(self):
        """The case it is assigned to now, or None."""
        assignment = self.assignments.filter(released_at=None).select_related("case").first()
        return assignment.case if assignment else None
