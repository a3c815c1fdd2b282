"""Asking the ledger: which deadlines that have passed were not acted on yet."""

from __future__ import annotations

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from sizao.web.clocks.models import Miss


def unfired(
    rows: QuerySet, clock: str, prefix: str, name: str, due: str, *, moves: bool = True
) -> QuerySet:
    """Keys of rows whose present deadline is not in the ledger, the oldest first.

    For a domain that keeps no column of its own for it. The subject of the clock must be
    ``PREFIX:NAME`` with the row's ``name``, and ``due`` the column of the deadline.

    moves : whether a row may get another deadline; without it, what fired once never does again
    """
    subject = Concat(Value(f"{prefix}:"), Cast(OuterRef(name), CharField()))
    told = Miss.objects.filter(clock=clock, subject=subject)
    if moves:
        told = told.filter(due_at=OuterRef(due))
    return rows.exclude(Exists(told)).order_by(due).values_list("pk", flat=True)
