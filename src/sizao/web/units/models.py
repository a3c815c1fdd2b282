"""Who there is: units in a tree, accounts with a role, patrols on the road."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.dispatch import Signal
from django.utils.translation import gettext as _

from sizao.core.agencies import AGENCIES
from sizao.core.levels import CommandLevel
from sizao.respond.unit_kinds import KINDS, skills_of
from sizao.web.audit.models import AppendOnly

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


class PoliceUnits(models.Manager.from_queryset(UnitQuerySet)):
    """The police's own units. What lists, counts or commands units means these."""

    def get_queryset(self) -> UnitQuerySet:
        return super().get_queryset().filter(agency="")


class PartyUnits(models.Manager.from_queryset(UnitQuerySet)):
    """Partner agencies and the city's duty office: told and asked, never commanding."""

    def get_queryset(self) -> UnitQuerySet:
        return super().get_queryset().exclude(agency="")


class Unit(models.Model):
    """A detachment, brigade or squadron; or, with an ``agency``, a partner beside them.

    ``path`` holds the ids from the root: ``1/4/9/``. A partner hangs under the police unit that
    it works with, and sees nothing by that: what a partner sees is addressed to it.
    """

    class Level(models.IntegerChoices):
        PARTNER = 0, "联动单位"
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
    agency = models.CharField(
        "联动部门", max_length=16, blank=True, db_index=True,
        choices=[(code, names[0]) for code, names in AGENCIES.items()],
        help_text="空为公安交管单位",
    )  # fmt: skip
    area = models.CharField("辖区代码", max_length=12, blank=True)
    roads = models.CharField(
        "专管道路类别", max_length=64, blank=True,
        help_text="逗号分隔，例如 expressway：这些类别的道路归本大队管，不论在哪个区县",
    )  # fmt: skip
    lat = models.FloatField("纬度", null=True, blank=True)
    lon = models.FloatField("经度", null=True, blank=True)

    objects = PoliceUnits()
    parties = PartyUnits()
    everyone = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=Q(agency="", level__gt=0) | (~Q(agency="") & Q(level=0)),
                name="partner_has_no_level",
            )
        ]

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
            for unit in Unit.everyone.filter(path__startswith=old).exclude(pk=self.pk):
                Unit.everyone.filter(pk=unit.pk).update(path=path + unit.path.removeprefix(old))
            moved.send(Unit, old=old, new=path)


class Party(Unit):
    """A partner agency, in the admin beside the police's units."""

    objects = PartyUnits()

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = "联动单位"


class User(AbstractUser):
    """An account: one role, one unit."""

    class Role(models.TextChoices):
        OPERATOR = "operator", "指挥员"
        LEADER = "leader", "领导"
        OFFICER = "officer", "民警"
        AUDITOR = "auditor", "审计员"
        ADMIN = "admin", "管理员"
        PARTNER = "partner", "联动单位"

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

    def clean(self) -> None:
        """A partner's account belongs to an agency, and an agency's account is a partner's."""
        super().clean()
        of_agency = self.unit is not None and self.unit.agency != ""
        if of_agency != (self.role == self.Role.PARTNER):
            raise ValidationError(
                {"role": _("联动单位的账号须用“联动单位”角色，且只能用于联动单位。")}
            )

    @property
    def is_partner(self) -> bool:
        """Whether the account is another agency's: by its role or by its unit, whichever says so.

        A partner sees what is addressed to it and nothing else, so every property below that
        opens something says no. ``units/partners.py`` has the addresses it may open.
        """
        return self.role == self.Role.PARTNER or (self.unit is not None and self.unit.agency != "")

    @property
    def party(self) -> Unit | None:
        """The agency of a partner's account; None for the police and for a partner without one."""
        return self.unit if self.is_partner and self.unit and self.unit.agency else None

    @property
    def sees_all(self) -> bool:
        """The auditor reads everything; so does an operator of the detachment (root unit)."""
        if self.is_partner:
            return False
        return self.role == self.Role.AUDITOR or (
            self.unit is not None and self.unit.parent_id is None
        )

    @property
    def path(self) -> str:
        """Path of the own unit; empty sees nothing."""
        return self.unit.path if self.unit is not None and not self.is_partner else ""

    @property
    def acts(self) -> bool:
        """Whether the role may change a case at all."""
        roles = (self.Role.OPERATOR, self.Role.LEADER, self.Role.OFFICER)
        return self.role in roles and not self.is_partner

    @property
    def sees_imports(self) -> bool:
        """Whether the imports of crash records and registers are shown."""
        at_root = self.path != "" and self.unit.parent_id is None
        desk = at_root and self.role in (self.Role.OPERATOR, self.Role.LEADER)
        return desk or self.reads_audit

    @property
    def sees_risk(self) -> bool:
        """Whether the assessments of places are shown: to every account that has a unit."""
        return self.path != "" or self.reads_audit

    @property
    def sees_plans(self) -> bool:
        """Whether patrol plans are shown at all; which part of one says ``plan.access``."""
        return self.path != "" and self.role != self.Role.ADMIN

    @property
    def reads_audit(self) -> bool:
        trusted = self.role in (self.Role.AUDITOR, self.Role.ADMIN) or self.is_superuser
        return trusted and not self.is_partner


class PatrolQuerySet(models.QuerySet):
    def for_user(self, user: User) -> PatrolQuerySet:
        """The patrols of a user's subtree."""
        if user.sees_all:
            return self
        return self.filter(under(user.path, "unit")) if user.path else self.none()


class PatrolUnit(models.Model):
    """警力单元: whom one can send: a crew with its vehicle, or a partner's."""

    class State(models.TextChoices):
        AVAILABLE = "available", "可派"
        ASSIGNED = "assigned", "已派"
        ON_SCENE = "on_scene", "到场"
        TRANSPORTING = "transporting", "转运中"
        OFF_DUTY = "off_duty", "下勤"
        OUT_OF_SERVICE = "out_of_service", "停用"

    call_sign = models.CharField("呼号", max_length=32, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="patrols", verbose_name="单位")
    kind = models.CharField(
        "类型", max_length=16, default="patrol_car",
        choices=[(kind.code, kind.zh) for kind in KINDS.values()],
    )  # fmt: skip
    skills = models.CharField(
        "另有能力", max_length=120, blank=True,
        help_text="逗号分隔，类型本身的能力不必写：patrol, alcohol, weighing, hazmat, medical, "
        "tow, lift, drone",
    )  # fmt: skip
    vehicle = models.CharField(
        "警车终端号", max_length=20, blank=True, db_index=True,
        help_text="警车的终端号，位置由它上报",
    )  # fmt: skip
    state = models.CharField(
        "状态", max_length=16, choices=State.choices, default=State.AVAILABLE
    )  # fmt: skip
    shift_from = models.DateTimeField("上勤时间", null=True, blank=True)
    shift_until = models.DateTimeField("下勤时间", null=True, blank=True)
    lat = models.FloatField("手机纬度", null=True, blank=True, editable=False)
    lon = models.FloatField("手机经度", null=True, blank=True, editable=False)
    seen_at = models.DateTimeField("手机定位时间", null=True, blank=True, editable=False)

    objects = PatrolQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "警力单元"
        ordering = ["call_sign"]

    def __str__(self) -> str:
        return self.call_sign

    @property
    def all_skills(self) -> frozenset[str]:
        """By its kind, and its own."""
        return skills_of(self.kind, (one.strip() for one in self.skills.split(",")))

    @property
    def case(self):
        """The case it is assigned to now, or None."""
        assignment = self.assignments.filter(released_at=None).select_related("case").first()
        return assignment.case if assignment else None


class PatrolState(AppendOnly):
    """A state that a unit took, when and why."""

    patrol = models.ForeignKey(
        PatrolUnit, models.PROTECT, related_name="states", verbose_name="警力单元"
    )
    at = models.DateTimeField("时间", db_index=True)
    state = models.CharField("状态", max_length=16)
    by = models.CharField("操作人", max_length=150, blank=True)
    why = models.CharField("原因", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "警力状态记录"
        ordering = ["-at", "-pk"]
