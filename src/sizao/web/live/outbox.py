"""Publishing what changed, in the transaction of the change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Model

from sizao.web.clock import feed_now
from sizao.web.gathered import put_last
from sizao.web.live.models import OutboxEvent

KEEP = timedelta(hours=24)
"""A client that was away longer than this reloads instead of resuming."""


def publish(name: str, reach: str, data: dict[str, Any]) -> None:
    """Add an event for every screen that may see one of the unit paths in ``reach``.

    A row among the values of ``data`` stands for its key, which it may get only at the end.
    Raises RuntimeError outside a transaction: the event must not outlive its change.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("publish() needs the transaction of the change it tells")
    at = feed_now()
    put_last(lambda: OutboxEvent(at=at, name=name, reach=reach, data=_keyed(data)))


def _keyed(data: dict[str, Any]) -> dict[str, Any]:
    return {name: one.pk if isinstance(one, Model) else one for name, one in data.items()}


def case_event(case, action: str) -> None:
    """Tell the screens that a case changed."""
    publish(
        "case",
        case.reach,
        {
            "id": case,
            "number": case.number,
            "state": case.state,
            "level": case.level_code,
            "command_level": case.command_level_code,
            "unit": case.unit.code,
            "version": case.version,
            "closed": case.closed,
            "drill": case.drill_id is not None,
            "deadline": case.deadline.isoformat() if case.deadline else None,
            "action": action,
        },
    )


def warning_event(warning) -> None:
    """Tell the screens that a warning was issued."""
    publish(
        "warning",
        warning.case.reach,
        {
            "id": warning.pk,
            "level": warning.level_code,
            "kind": warning.kind,
            "origin": warning.origin,
            "place": warning.place,
            "lat": warning.lat,
            "lon": warning.lon,
            "unit": warning.unit.code,
            "case": warning.case,
            "number": warning.case.number,
            "refers_to": warning.refers_to_id,
            "issued": warning.issued.isoformat(),
        },
    )


def repeat_event(warning: str, case: Model | int, number: str, reach: str, repeats: int) -> None:
    """Tell the screens that a vehicle did the same again.

    warning : the id of which one; case : the row or its key, with its number and reach
    """
    publish(
        "case",
        reach,
        {
            "id": case,
            "number": number,
            "action": "repeat",
            "warning": warning,
            "repeats": repeats,
        },
    )


def patrol_event(patrol) -> None:
    """Tell the screens that a patrol's state changed."""
    publish(
        "unit",
        f"|{patrol.unit.path}|",
        {"call_sign": patrol.call_sign, "state": patrol.state, "unit": patrol.unit.code},
    )


def control_event(measure) -> None:
    """Tell the screens what became of a text to a terminal."""
    publish(
        "control",
        measure.case.reach if measure.case is not None else measure.measure.reach,
        {
            "case": measure.case_id,
            "command": measure.command,
            "state": measure.state,
            "detail": measure.detail,
        },
    )


def prune() -> int:
    """Remove events older than a day. Returns how many."""
    return OutboxEvent.objects.filter(at__lt=feed_now() - KEEP).delete()[0]
