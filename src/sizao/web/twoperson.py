"""What one person asks for and another decides: the columns and the decision, for every such thing.

A change is never edited. Who asked cannot approve; who asked may withdraw. One row of a thing may
wait at a time, which each model says by a constraint of its own.
"""

from __future__ import annotations

from typing import TypeVar

from django.db import models

from sizao.core.errors import TransitionError
from sizao.web.clock import feed_now
from sizao.web.units.models import User


class TwoPerson(models.Model):
    """Base of rows that wait for another person."""

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        ACCEPTED = "accepted", "已批准"
        REFUSED = "refused", "未批准"
        WITHDRAWN = "withdrawn", "已撤回"

    reason = models.CharField("理由", max_length=500)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_at = models.DateTimeField("申请时间", db_index=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="决定人"
    )
    decided_at = models.DateTimeField("决定时间", null=True)
    remark = models.CharField("决定意见", max_length=500, blank=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=TwoPerson)


def decide(user: User, row: Row, accept: bool, remark: str) -> Row:
    """Accept, refuse or withdraw, within the caller's transaction.

    Raises TransitionError for one's own and for what has been decided meanwhile.
    """
    own = user.pk == row.asked_by_id
    if own and accept:
        raise TransitionError(
            "不能批准自己申请的变更，须由另一人批准", "You asked for it: another person approves."
        )
    locked = type(row)._default_manager.select_for_update().get(pk=row.pk)
    if locked.state != TwoPerson.State.ASKED:
        raise TransitionError("这项变更已经有了决定", "It has been decided already.")
    refused = TwoPerson.State.WITHDRAWN if own else TwoPerson.State.REFUSED
    locked.state = TwoPerson.State.ACCEPTED if accept else refused
    locked.decided_by, locked.decided_at = user, feed_now()
    locked.remark = remark.strip()
    locked.save()
    return locked
