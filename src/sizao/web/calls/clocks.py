"""The clocks of reports upward: sent in time, signed for in time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from sizao.web.calls.keeping import log_event
from sizao.web.calls.models import Notice
from sizao.web.calls.upward import leg_words
from sizao.web.channels.telling import tell
from sizao.web.clocks.services import Ran

_LATE = Q(sent_at=None, late_at=None)
_UNANSWERED = Q(sent_at__isnull=False, receipt_at=None, unanswered_at=None)


class CallClocks:
    """A report that was not sent, or not signed for, in time: the unit above the desk is told."""

    clocks = ("call.report", "call.receipt")

    def overdue(self, now: datetime) -> Iterable[int]:
        late = Notice.objects.filter(_LATE, due_at__lt=now)
        unanswered = Notice.objects.filter(_UNANSWERED, receipt_due__lt=now)
        rows = (late | unanswered).order_by("due_at")
        return rows.values_list("pk", flat=True)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        notice = Notice.objects.select_related("call__unit", "call__desk").get(pk=key)
        if notice.sent_at is None and notice.late_at is None and notice.due_at < now:
            notice.late_at, clock, due = now, "call.report", notice.due_at
            said = ("超时未报", "is late")
        elif _waits(notice, now):
            notice.unanswered_at, clock, due = now, "call.receipt", notice.receipt_due
            said = ("超时未签收", "has no receipt")
        else:
            return []
        notice.save()
        zh, en = leg_words(notice)
        told_zh, told_en = f"事故上报{zh}{said[0]}", f"Report {en} {said[1]}"
        call, upper = notice.call, notice.call.desk.parent
        if upper is not None:
            title = (f"{call.number} {call.where}：{told_zh}", f"{call.number}: {told_en}")
            tell(upper, key=(clock, call.number, notice.round, notice.step), title=title)
            told_zh += f"，提请{upper.name_zh}督办"
            told_en += f"; {upper.name_en} is told"
        log_event(call, "late" if clock == "call.report" else "unanswered", told_zh, told_en, None)
        subject = f"call:{call.number}:{notice.round}:{notice.step}"
        return [Ran(clock, subject, due)]


def _waits(notice: Notice, now: datetime) -> bool:
    return (
        notice.sent_at is not None
        and notice.receipt_at is None
        and notice.unanswered_at is None
        and notice.receipt_due is not None
        and notice.receipt_due < now
    )
