"""States of the units that can be sent, each change with its line."""

from __future__ import annotations

from datetime import datetime

from sizao.core.errors import TransitionError
from sizao.respond.unit_kinds import BY_HAND, KINDS, STATES
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.live import outbox
from sizao.web.units.models import PatrolState, PatrolUnit, User
from sizao.web.writing import write


def take_state(
    patrol: PatrolUnit, state: str, at: datetime, *, by: User | None = None, why: str = ""
) -> None:
    """Let a unit take a state, within the caller's transaction: its row, a line, an event."""
    patrol.state = state
    patrol.save(update_fields=["state"])
    PatrolState(
        patrol=patrol, at=at, state=state, by=by.get_username() if by is not None else "", why=why
    ).save()
    outbox.patrol_event(patrol)


def set_by_hand(user: User, patrol_id: int, state: str, seen: str, why: str = "") -> PatrolUnit:
    """A person says what a unit does now: free, transporting, off duty, out of service.

    seen : the state that the person saw; somebody may have sent it out meanwhile

    Raises PatrolUnit.DoesNotExist, TransitionError.
    """
    with write():
        patrol = (
            PatrolUnit.objects.for_user(user)
            .select_related("unit")
            .select_for_update(of=("self",))
            .get(pk=patrol_id)
        )
        if patrol.state != seen:
            zh, en = STATES[patrol.state]
            raise TransitionError(
                f"{patrol.call_sign} 现在是“{zh}”，请按最新情况再操作。",
                f"{patrol.call_sign} is “{en}” now; look again.",
                code="conflict",
            )
        if state not in BY_HAND or state not in KINDS[patrol.kind].states:
            raise TransitionError("没有这个状态。", "No such state of its kind.", code="state")
        if state != "transporting" and patrol.assignments.filter(released_at=None).exists():
            raise TransitionError(
                f"{patrol.call_sign} 正在出警，请先结束出警。",
                f"{patrol.call_sign} is on a case; end that first.",
                code="busy",
            )
        take_state(patrol, state, feed_now(), by=user, why=why.strip()[:120])
        audit.record(
            user, "patrol.state", "patrol", patrol.call_sign,
            {"from": seen, "to": state, "why": why.strip()},
        )  # fmt: skip
    return patrol
