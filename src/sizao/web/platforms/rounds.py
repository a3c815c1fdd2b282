"""What the desk does for platform links: orders out; messages, answers and results in.

A text for a vehicle (0x9503) goes the way every text goes: a row of ``commands``, sent by the
gateway, its result a row of ``command_results``. When that is final it is answered with 0x1503.
Each step is a row that is committed before the next, and ids come from content, so that a restart
neither forgets nor repeats.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa

from sizao.core.ids import content_id
from sizao.core.schemas import COMMAND, PLATFORM_ORDER
from sizao.log.interface import LogReader, LogWriter
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.desk.models import Cursor
from sizao.web.platforms.models import Message, Order, VehicleText
from sizao.web.platforms.services import DUTY, EXPIRES, TEXT, VEHICLE_ANSWER
from sizao.web.writing import write

ROWS = 500
TEXT_EXPIRES = timedelta(seconds=60)
"""A text that did not reach its terminal by then is answered as failed."""

FINAL = {"acknowledged": 0, "refused": 1, "expired": 1}
"""What became of a text, and the result of 0x1503: 0 done, 1 failed."""

VEHICLE_TEXT = "0x9503"
_SHOWN = {DUTY, TEXT, VEHICLE_TEXT}
_ANSWERS = {"0x1301": DUTY, "0x1302": TEXT}


def flush(log: LogWriter) -> int:
    """Append orders and texts that wait to the command log and mark them."""
    orders = list(Order.objects.filter(log_seq=None).order_by("ordered_at"))
    texts = list(VehicleText.objects.filter(log_seq=None, state="queued"))
    batches: dict[str, pa.RecordBatch] = {}
    if orders:
        rows = [
            {
                "order": one.pk, "time": one.ordered_at, "link": one.link, "kind": one.kind,
                "plate": one.plate or None, "plate_colour": one.plate_colour,
                "body": json.dumps(one.fields, ensure_ascii=False), "expires": one.expires_at,
            }
            for one in orders
        ]  # fmt: skip
        batches["platform_orders"] = pa.RecordBatch.from_pylist(rows, schema=PLATFORM_ORDER)
    if texts:
        rows = [
            {
                "command": one.command, "time": one.ordered_at, "vehicle": one.vehicle,
                "kind": "text", "text": one.text, "expires": one.expires_at,
            }
            for one in texts
        ]  # fmt: skip
        batches["commands"] = pa.RecordBatch.from_pylist(rows, schema=COMMAND)
    if not batches:
        return 0
    # A second append after a kill in between changes nothing: the gateway knows both by their ids.
    seqs = log.append(batches)
    with write():
        if orders:
            Order.objects.filter(pk__in=[one.pk for one in orders]).update(
                log_seq=seqs["platform_orders"]
            )
        if texts:
            VehicleText.objects.filter(pk__in=[one.pk for one in texts]).update(
                log_seq=seqs["commands"]
            )
    return len(orders) + len(texts)


def follow(log: LogReader) -> int:
    """Take over what links wrote and what became of texts. Returns rows."""
    return _each(log, "platform_messages", _message) + _each(log, "command_results", _result)


def _each(log: LogReader, topic: str, take: Any) -> int:
    key = f"links:{topic}"
    at = Cursor.objects.filter(pk=key).values_list("seq", flat=True).first() or 0
    rows = 0
    for segment in log.read(topic, at, ROWS):
        with write():
            for row in segment.batch.to_pylist():
                take(row)
                rows += 1
            Cursor.objects.update_or_create(pk=key, defaults={"seq": segment.seq})
    return rows


def _message(row: dict[str, Any]) -> None:
    kind = row["kind"].rpartition("/")[2]
    fields = json.loads(row["body"])
    if row["direction"] == "out":
        Order.objects.filter(pk=row["message"], state=Order.State.QUEUED).update(
            state=row["state"] if row["state"] in Order.State.values else Order.State.REFUSED,
            sent_at=row["time"] if row["state"] == "sent" else None,
            msg_sn=fields.get("msg_sn"),
            detail=str(fields.get("problem", ""))[:200],
        )
    elif kind in _ANSWERS:
        _answer(row, _ANSWERS[kind], fields)
    elif kind in _SHOWN and not Message.objects.filter(pk=row["message"]).exists():
        message = Message.objects.create(
            id=row["message"], link=row["link"], kind=kind, time=row["time"],
            plate=row["plate"] or "", fields=fields,
        )  # fmt: skip
        if kind == VEHICLE_TEXT:
            _pass_on(message, row, fields)


def _answer(row: dict[str, Any], asked: str, fields: dict[str, Any]) -> None:
    """An answer names the question by its id (2011) or by the serial it was sent with (2019)."""
    open_ones = Order.objects.filter(link=row["link"], kind=asked, answered_at=None)
    found = None
    if fields.get("info_id") is not None:
        found = open_ones.filter(info_id=fields["info_id"]).first()
    if found is None and fields.get("source_msg_sn") is not None:
        found = open_ones.filter(msg_sn=fields["source_msg_sn"]).order_by("-sent_at").first()
    if found is None:
        return
    state = row["state"] if row["state"] in ("answered", "late", "missed") else "taken"
    who = " ".join(str(fields[key]) for key in ("responder", "responder_tel") if fields.get(key))
    found.answer_state = state
    if state != "missed":
        text = str(fields.get("content") or "")
        found.answer = f"{who}：{text}"[:500] if who else text[:500]
        found.answered_at = row["received"]
    found.save()


def _pass_on(message: Message, row: dict[str, Any], fields: dict[str, Any]) -> None:
    """0x9503: to the terminal, or at once back with a failure."""
    now = feed_now()
    known = bool(row["vehicle"]) and not row["vehicle"].startswith("plate:")
    # One that was read again from quarantine, or came while the desk was down, is no use now.
    late = now - row["received"] > TEXT_EXPIRES
    words = str(fields.get("content") or "").strip()[:500]
    text = VehicleText.objects.create(
        message=message,
        command=content_id("link-text", message.pk),
        vehicle=row["vehicle"] if known else "",
        text=words,
        ordered_at=now,
        expires_at=now + TEXT_EXPIRES,
        state="expired" if late else "queued" if known and words else "refused",
        detail="收到时已过时" if late else "" if known else "登记表中没有这个号牌",
    )
    audit.record(
        None, "platform.text", "vehicle", text.vehicle or message.plate,
        {"link": message.link, "text": words, "passed_on": text.state == "queued"},
    )  # fmt: skip
    if text.state != "queued":
        _reply(text, 1)


def _result(row: dict[str, Any]) -> None:
    text = VehicleText.objects.filter(command=row["command"], answer=None).first()
    if text is None:
        return
    text.state, text.detail = row["state"], (row["detail"] or "")[:200]
    text.save()
    if row["state"] in FINAL:
        _reply(text, FINAL[row["state"]])


def _reply(text: VehicleText, result: int) -> None:
    """0x1503. What 2011 and 2019 want of it is both there; the link takes what it speaks."""
    message = text.message
    now = feed_now()
    text.answer = Order.objects.create(
        id=content_id("link-text-answer", message.pk),
        link=message.link,
        kind=VEHICLE_ANSWER,
        plate=message.plate,
        plate_colour=message.fields.get("plate_color"),
        fields={
            "msg_id": message.fields.get("msg_id", 0),
            "source_data_type": VEHICLE_TEXT,
            "source_msg_sn": message.fields.get("msg_sn", 0),
            "result": result,
        },
        ordered_at=now,
        expires_at=now + EXPIRES,
    )
    text.save()
