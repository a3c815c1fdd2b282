"""Reading a call for a change, and writing down that it changed."""

from __future__ import annotations

from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.web import audit
from sizao.web.calls.access import may_work
from sizao.web.calls.errors import CallConflictError
from sizao.web.calls.models import Call, CallEvent
from sizao.web.clock import feed_now
from sizao.web.units.models import User


def open_one(user: User, number: str, expected_version: int | None) -> Call:
    """The call for changing, within the caller's transaction.

    Raises Call.DoesNotExist, TransitionError (code ``role``), CallConflictError.
    """
    call = (
        Call.objects.for_user(user)
        .select_related("unit", "desk", "case", "joined_to")
        .select_for_update(of=("self",))
        .get(number=number)
    )
    if not may_work(user, call):
        raise TransitionError(
            "您可以查看这条接警，但不能办理。",
            "You may read this call but not work it.",
            code="role",
        )
    if expected_version is not None and call.version != expected_version:
        since = call.events.filter(seq__gt=expected_version).order_by("seq")
        raise CallConflictError(
            "您看到的页面已过时，请按最新情况再操作。"
            + "；".join(
                f"{timezone.localtime(one.at):%H:%M:%S} {one.actor_name}：{one.text_zh}"
                for one in since
            ),
            "The call changed since you opened it. "
            + "; ".join(
                f"{timezone.localtime(one.at):%H:%M:%S} {one.actor}: {one.text_en}" for one in since
            ),
        )
    return call


def log_event(call: Call, action: str, zh: str, en: str, user: User | None) -> None:
    """Save the call one version on, with its line of the timeline and its audit entry."""
    call.version += 1
    call.changed_at = feed_now()
    call.save()
    CallEvent.objects.create(
        call=call, seq=call.version, at=call.changed_at,
        actor=user.username if user else "system", actor_name=str(user) if user else "系统",
        action=action, text_zh=zh, text_en=en,
    )  # fmt: skip
    audit.record(
        user, f"call.{action}", "call", call.number,
        {"state": call.state, "version": call.version, "level": call.level_code,
         "case": call.case.number if call.case else "",
         "joined_to": call.joined_to.number if call.joined_to else ""},
    )  # fmt: skip
