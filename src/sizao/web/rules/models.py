"""Changes of rules: asked for by one person, decided by another, never edited."""

from __future__ import annotations

from django.db import models

from sizao.web.twoperson import TwoPerson


class Change(TwoPerson):
    """Parameters of one rule that are to differ from the rule book, or the rule switched off.

    The newest accepted change of a rule is in force and replaces the ones before as a whole.
    """

    rule = models.CharField("规则", max_length=64, db_index=True)
    enabled = models.BooleanField("启用", default=True)
    params = models.JSONField("与默认不同的参数", default=dict)
    version = models.CharField("规则版本", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "规则变更"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"],
                condition=models.Q(state="asked"),
                name="one_open_change_a_rule",
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.version} {self.state}"
