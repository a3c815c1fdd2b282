"""The outbox: what changed, in the order in which it was committed."""

from __future__ import annotations

from django.db import models

NOTICE = "notice"
"""Events of what parties were told: the one kind that a partner agency hears."""


class OutboxEvent(models.Model):
    """One change to tell the screens; ``id`` is the SSE event id that a client resumes from."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField("时间", db_index=True)
    name = models.CharField("事件", max_length=24)
    reach = models.CharField("可见路径", max_length=512, help_text="|路径|路径|；空为所有人")
    data = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "推送事件"
        ordering = ["id"]

    def visible_to(self, user) -> bool:
        """Whether a user (or anything with ``sees_all``, ``path``, ``party``) is concerned."""
        if user.party:
            return self.name == NOTICE and f"|{user.party}|" in self.reach
        return user.sees_all or (bool(user.path) and f"|{user.path}" in self.reach)
