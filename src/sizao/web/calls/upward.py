"""Reports to the levels above: which are due, sending them, receipts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sizao.core.errors import TransitionError
from sizao.respond.calls import reporting
from sizao.respond.calls.reporting import CONTENT, LEVELS, Done, Toll
from sizao.web.calls.intake import table_now
from sizao.web.calls.keeping import log_event, open_one
from sizao.web.calls.models import Call, CallToll, Notice
from sizao.web.clock import feed_now
from sizao.web.units.models import Unit, User
from sizao.web.writing import write

_ORIGIN = {
    Unit.Level.SQUADRON: "squadron",
    Unit.Level.BRIGADE: "brigade",
    Unit.Level.DETACHMENT: "detachment",
}


def why(call: Call) -> list[tuple[str, str]]:
    """Why this call must be reported upward, in both languages; empty: it need not be."""
    last = call.tolls.order_by("-pk").first()
    known: dict[str, int | None] = {
        "dead": last.dead if last and last.dead is not None else call.dead,
        "serious": last.serious if last else None,
        "missing": last.missing if last else None,
        "injured": call.injured,
        "trapped": call.trapped,
        "school_bus": int("school_bus" in call.involved),
        "leak": int(call.kind == "leak"),
    }
    if call.kind not in ("crash", "fire", "leak"):
        return []
    return reporting.reasons(known, table_now(call.received_at))


def follow(call: Call, since: datetime) -> int:
    """Begin the clocks that are due, within the caller's transaction. Returns how many.

    since : when what makes it one to be reported was learnt; the first clock runs from there
    """
    if call.state == Call.State.JOINED or (not call.notices.exists() and not why(call)):
        return 0
    done = [
        Done(one.round, one.step, one.receiver, _s(one.sent_at), _s(one.receipt_at))
        for one in call.notices.all()
    ]
    tolls = [_toll(one) for one in call.tolls.order_by("pk")]
    # Without a count yet, the report goes as far as the mildest grade.
    tolls = tolls or [Toll(call.received_at.timestamp())]
    origin = _ORIGIN.get(Unit.Level(call.desk.level), "detachment")
    first = call.notices.order_by("round", "step").first()
    known_s = (first.start_at if first else since).timestamp()
    legs = reporting.next_legs(origin, known_s, tolls, done, table_now(call.received_at).update_h)
    for leg in legs:
        Notice.objects.create(
            call=call, round=leg.round, step=leg.step, sender=leg.sender, receiver=leg.receiver,
            start_at=_at(leg.start_s), due_at=_at(leg.due_s),
        )  # fmt: skip
    return len(legs)


def draft(call: Call) -> dict[str, Any]:
    """What the report would say now, by the codes of ``CONTENT``, and what is missing."""
    toll = call.tolls.order_by("-pk").first()
    told = [one for one in call.told.all() if one.told_at is not None]
    table = table_now(call.received_at)
    kind = table.kinds[call.kind]
    told_zh = "、".join(table.resources[one.resource].zh for one in told)
    said = {
        "place": call.where if call.place else "",
        "course": f"{kind.zh}。{call.text}" if call.text else "",
        "toll": _toll_words(call, toll),
        "loss": f"{toll.loss_cny:,.0f} 元" if toll and toll.loss_cny is not None else "",
        "measures": f"已通知{told_zh}。" if told_zh else "",
        "enterprise": "",
    }
    if call.case is not None:
        said["measures"] += f"已立案 {call.case.number}（{call.case.get_state_display()}）。"
    return {
        "said": said,
        "missing": reporting.missing({code: bool(text) for code, text in said.items()}),
        "grade_2007": toll.grade_2007 if toll else "",
        "class_1991": toll.class_1991 if toll else "",
    }


def _toll_words(call: Call, toll: CallToll | None) -> str:
    """The last count; what it leaves out as the callers told it."""
    counted = (toll.dead, toll.serious, toll.light, toll.missing) if toll else (None,) * 4
    dead, serious, light, missing = counted
    hurt = call.injured if serious is None and light is None else None
    parts = [
        (call.dead if dead is None else dead, "死亡"), (serious, "重伤"), (light, "轻伤"),
        (hurt, "受伤"), (missing, "下落不明"), (call.trapped, "被困"),
    ]  # fmt: skip
    return "，".join(f"{word} {count} 人" for count, word in parts if count is not None)


def send(
    user: User, number: str, notice_id: int, extra: dict[str, str], expected_version: int
) -> Call:
    """Send a report with what is known now; what the form adds fills what is missing.

    A report goes out incomplete rather than late: what is missing is kept with it.
    """
    with write():
        call = open_one(user, number, expected_version)
        notice = _notice(call, notice_id)
        if notice.sent_at is not None:
            raise TransitionError("这一级已经报送。", "This one has been sent.", code="state")
        content = draft(call)
        for code in CONTENT:
            if text := extra.get(code, "").strip():
                content["said"][code] = text[:500]
        content["missing"] = reporting.missing(
            {code: bool(text) for code, text in content["said"].items()}
        )
        now = feed_now()
        notice.content, notice.sent_at, notice.sent_by = content, now, str(user)
        minutes = table_now(call.received_at).receipt_min
        notice.receipt_due = now + timedelta(minutes=minutes)
        notice.save()
        zh, en = leg_words(notice)
        late = "（已超时限）" if now > notice.due_at else ""
        log_event(call, "notice", f"事故上报{zh}{late}", f"Reported {en}", user)
    return call


def receipt(user: User, number: str, notice_id: int, by: str, expected_version: int) -> Call:
    """The next level has it: who there signed. The clock of the level after that begins."""
    with write():
        call = open_one(user, number, expected_version)
        notice = _notice(call, notice_id)
        if notice.sent_at is None or notice.receipt_at is not None:
            raise TransitionError(
                "没有等待签收的上报。", "No report waits for a receipt.", code="state"
            )
        if not by.strip():
            raise TransitionError("请填写签收人。", "Say who signed for it.", code="reason")
        now = feed_now()
        notice.receipt_at, notice.receipt_by = now, by.strip()[:96]
        notice.save()
        zh, en = leg_words(notice)
        log_event(call, "receipt", f"上报{zh}已签收：{notice.receipt_by}",
                  f"Receipt {en}: {notice.receipt_by}", user)  # fmt: skip
        follow(call, now)
    return call


def leg_words(notice: Notice) -> tuple[str, str]:
    """From whom to whom, in both languages."""
    (from_zh, from_en), (to_zh, to_en) = LEVELS[notice.sender], LEVELS[notice.receiver]
    return f"（{from_zh}→{to_zh}）", f"({from_en} to {to_en})"


def _notice(call: Call, notice_id: int) -> Notice:
    found = call.notices.filter(pk=notice_id).first()
    if found is None:
        raise TransitionError("没有这项上报。", "There is no such report.", code="target")
    return found


def _toll(row: CallToll) -> Toll:
    return Toll(row.at.timestamp(), row.dead, row.serious, row.light, row.missing, row.loss_cny)


def _s(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
