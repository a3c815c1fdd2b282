"""The clocks of calls: who must be told, reports upward and their receipts, calling back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from sizao.web.calls.intake import table_now
from sizao.web.calls.keeping import log_event
from sizao.web.calls.models import Call, Notice, Told
from sizao.web.calls.upward import leg_words
from sizao.web.channels.telling import tell
from sizao.web.clocks.ledger import unfired
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
        call = notice.call
        _tell_above(
            call, (clock, call.number, notice.round, notice.step),
            "late" if clock == "call.report" else "unanswered",
            f"事故上报{zh}{said[0]}", f"Report {en} {said[1]}",
        )  # fmt: skip
        subject = f"call:{call.number}:{notice.round}:{notice.step}"
        return [Ran(clock, subject, due)]


class TellingClocks:
    """Somebody who must be told of a call was not in time: the unit above the desk is told."""

    clocks = ("call.tell",)

    def overdue(self, now: datetime) -> Iterable[int]:
        return unfired(_untold(now), "call.tell", "told", "pk", "due_at")

    def fire(self, key: int, now: datetime) -> list[Ran]:
        rows = _untold(now).select_related("call__unit", "call__desk__parent")
        one = rows.filter(pk=key).first()
        if one is None:
            return []
        name = table_now(one.call.received_at).resources[one.resource]
        _tell_above(
            one.call, ("call.tell", one.pk), "untold",
            f"超时未通知{name.zh}", f"Not told in time: {name.en}",
        )  # fmt: skip
        return [Ran("call.tell", f"told:{one.pk}", one.due_at)]


class CallbackClocks:
    """A caller who asked for it was not called back in time: the unit above the desk is told."""

    clocks = ("call.callback",)

    def overdue(self, now: datetime) -> Iterable[int]:
        return unfired(_unanswered(now), "call.callback", "call", "number", "callback_due")

    def fire(self, key: int, now: datetime) -> list[Ran]:
        call = _unanswered(now).select_related("unit", "desk__parent").filter(pk=key).first()
        if call is None or call.callback_due is None:
            return []
        _tell_above(
            call, ("call.callback", call.number), "uncalled",
            "超时未回访来电人", "The caller was not called back in time",
        )  # fmt: skip
        return [Ran("call.callback", f"call:{call.number}", call.callback_due)]


def _untold(now: datetime) -> QuerySet[Told]:
    open_calls = Q(call__state=Call.State.OPEN)
    return Told.objects.filter(open_calls, told_at=None, arrived_at=None, due_at__lt=now)


def _unanswered(now: datetime) -> QuerySet[Call]:
    return Call.objects.filter(callback_at=None, callback_due__lt=now)


def _tell_above(call: Call, key: tuple[object, ...], action: str, zh: str, en: str) -> None:
    """The unit above the desk hears of it, and the call's timeline says so."""
    upper = call.desk.parent
    if upper is not None:
        tell(upper, key=key, title=(f"{call.number} {call.where}：{zh}", f"{call.number}: {en}"))
        zh += f"，提请{upper.name_zh}督办"
        en += f"; {upper.name_en} is told"
    log_event(call, action, zh, en, None)


def _waits(notice: Notice, now: datetime) -> bool:
    return (
        notice.sent_at is not None
        and notice.receipt_at is None
        and notice.unanswered_at is None
        and notice.receipt_due is not None
        and notice.receipt_due < now
    )
