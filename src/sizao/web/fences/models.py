"""Changes of fences: asked for by one person, decided by another, never edited."""

from __future__ import annotations

from django.db import models

from sizao.web.twoperson import TwoPerson


class FenceChange(TwoPerson):
    """A fence as it is to be from now on, or its end.

    The newest accepted change of a number is in force and replaces the one before as a whole.
    """

    number = models.PositiveIntegerField("编号", db_index=True)
    feature = models.JSONField("围栏", null=True, help_text="GeoJSON；空为撤销")

    class Meta:
        verbose_name = verbose_name_plural = "围栏变更"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                condition=models.Q(state="asked"),
                name="one_open_change_a_fence",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name} {self.state}"

    @property
    def name(self) -> str:
        return str(self.feature["properties"]["name"]) if self.feature else ""

    @property
    def ends(self) -> bool:
        """Whether it takes the fence out of force."""
        return self.feature is None
