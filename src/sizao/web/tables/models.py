"""The installation's own tables: drafted by one person, approved by another, never edited after."""

from __future__ import annotations

from django.db import models

from sizao.web.twoperson import TwoPerson


class Version(TwoPerson):
    """A whole table, in force from a day on once somebody else approved it.

    ``text`` is the file as the package keeps them. ``replay`` is what the trial on the last 30 days
    said, of exactly this text; a draft that changed has none.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        ASKED = "asked", "待批准"
        ACCEPTED = "accepted", "已批准"
        REFUSED = "refused", "未批准"
        WITHDRAWN = "withdrawn", "已撤回"

    book = models.CharField("分级表", max_length=16, db_index=True)
    base = models.CharField("改自版本", max_length=32)
    text = models.TextField("内容")
    starts = models.DateField("生效日期")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    drafted_at = models.DateTimeField("起草时间")
    asked_at = models.DateTimeField("申请时间", null=True)
    replay = models.JSONField("回放结果", null=True)
    edits = models.PositiveIntegerField("改动次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "分级表版本"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["book"],
                condition=models.Q(state__in=["draft", "asked"]),
                name="one_open_version_a_book",
            )
        ]

    def __str__(self) -> str:
        return f"{self.book} {self.name} {self.state}"

    @property
    def name(self) -> str:
        """How a warning names it: the day with the number of the version."""
        return f"{self.starts:%Y-%m-%d}#{self.pk}"
