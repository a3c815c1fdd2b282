"""What the desk does for calls in each round: after the case, out of the memory."""

from __future__ import annotations

from datetime import datetime

from sizao.web import audit
from sizao.web.calls.models import Call, CallContact
from sizao.web.calls.services import finish
from sizao.web.writing import write


def follow_cases() -> int:
    """Close calls whose case is verified; who wants to be called back gets a clock."""
    done = Call.objects.filter(state=Call.State.OPEN, case__closed=True)
    count = 0
    for pk in list(done.values_list("pk", flat=True)):
        with write():
            call = done.select_related("case", "unit", "desk").filter(pk=pk).first()
            # A report upward that was not sent keeps the call open: the duty outlives the case.
            if call is None or call.notices.filter(sent_at=None).exists():
                continue
            finish(call, call.case.outcome or f"案件 {call.case.number} 已办结", None)
            count += 1
    return count


def purge_contacts(now: datetime) -> int:
    """Delete callers' numbers whose time is over and whose call is done. Returns how many.

    The audit entry says how many were deleted, how many remain and until when the next is kept.
    """
    with write():
        due = CallContact.objects.filter(delete_after__lte=now, call__state=Call.State.CLOSED)
        numbers = list(due.order_by("pk").values_list("call__number", flat=True))
        if not numbers:
            return 0
        due.delete()
        rest = CallContact.objects.order_by("delete_after")
        following = rest.first()
        audit.record(
            None, "call.contacts_deleted", "call", numbers[-1],
            {"deleted": len(numbers), "calls": numbers[:1000], "remaining": rest.count(),
             "next": following.delete_after if following else None},
        )  # fmt: skip
    return len(numbers)
