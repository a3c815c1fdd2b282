"""Changes of what a warning rests on, and what a person said to them. Appended, never edited."""

from __future__ import annotations

from django.db import models

from sizao.web.audit.models import AppendOnly
from sizao.web.cases.models import Case
from sizao.web.units.models import User
from sizao.web.warnings.models import Warning


class BasisChange(AppendOnly):
    """One source of a warning took back or changed what it had said.

    ``reference`` names the source: a detection, a notice, or the place of a station. ``before`` and
    ``after`` hold what is compared: ``measured``, ``unit``, ``severity``, ``level``, ``end`` (ISO),
    ``station`` and ``said`` where there is one.
    """

    class Kind(models.TextChoices):
        WITHDRAWN = "withdrawn", "依据已撤回"
        CORRECTED = "corrected", "依据已更正"
        RESTORED = "restored", "依据恢复成立"
        CLEARED = "cleared", "测站已恢复正常"
        CANCELLED = "cancelled", "发布单位已解除"

    warning = models.ForeignKey(
        Warning, models.PROTECT, related_name="basis_changes", verbose_name="预警"
    )
    case = models.ForeignKey(
        Case, models.PROTECT, related_name="basis_changes", verbose_name="案件"
    )  # fmt: skip
    kind = models.CharField("变化", max_length=10, choices=Kind.choices)
    reference = models.CharField("依据编号", max_length=96)
    revision = models.PositiveSmallIntegerField("修订", help_text="检测的修订，或第几次恢复")
    at = models.DateTimeField("记录时间", db_index=True)
    known = models.DateTimeField("数据时间")
    before = models.JSONField("原值", default=dict)
    after = models.JSONField("新值", default=dict)
    left = models.PositiveSmallIntegerField("仍成立的依据")
    of = models.PositiveSmallIntegerField("全部依据")
    asks = models.BooleanField("需要确认", help_text="定级可能不再成立，或已有文书")
    documents = models.JSONField("已形成的文书", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "依据变化"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["warning", "reference", "revision", "kind"], name="basis_change_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.warning_id} {self.kind} {self.reference}"

    @property
    def partial(self) -> bool:
        """Other sources of the same warning still say what they said."""
        return self.left > 0


class BasisAnswer(AppendOnly):
    """What a person decided about a change, once."""

    class Choice(models.TextChoices):
        CONTINUE = "continue", "继续处置"
        STAND_DOWN = "stand_down", "停止处置"

    change = models.OneToOneField(
        BasisChange, models.PROTECT, related_name="answer", verbose_name="依据变化"
    )
    choice = models.CharField("决定", max_length=10, choices=Choice.choices)
    remark = models.CharField("理由", max_length=300)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="确认人")
    at = models.DateTimeField("确认时间")

    class Meta:
        verbose_name = verbose_name_plural = "依据变化的确认"
        ordering = ["at", "pk"]
