"""What each message of a terminal leads to: one function a message, and their list.

A handler gets the conversation and the :class:`~.arrival.Arrival`; it adds rows and replies to the
arrival's outcome. To make use of a message, write its function and add the line.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from sizao.feeds.jt808.arrival import Arrival
from sizao.feeds.jt808.batch import split_batch
from sizao.feeds.jt808.cards import card_event
from sizao.feeds.jt808.conversation import Conversation
from sizao.feeds.jt808.fields import bcd_time, word
from sizao.feeds.jt808.location import EMERGENCY
from sizao.feeds.jt808.media import split_media
from sizao.feeds.jt808.outcome import Outcome
from sizao.feeds.jt808.positions import position_row
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.replies import ALARM_CONFIRMED, BAD_MESSAGE, FAILED, OK, UNSUPPORTED
from sizao.feeds.jt808.safety import SHORTEST, SHORTEST_VIDEO, Alarm, alarms, over_capacity
from sizao.feeds.jt808.uploads import Upload, head_of
from sizao.log.spool import SpoolFile

Handler: TypeAlias = Callable[[Conversation, Arrival], None]

ALARM_WORD = 10
"""Column of the alarm word in a POSITION row."""
EIGHT_HOURS_US = 8 * 3_600_000_000


def on_heartbeat(session: Conversation, got: Arrival) -> None:
    session.answer(got, OK)


def on_answer(session: Conversation, got: Arrival) -> None:
    """0x0001: it may settle a text."""
    fields = session.decoded(got)
    known = session.down.answered(fields) if fields is not None else None
    if known is not None:
        pending, state, detail = known
        row = (pending.command, got.now_us, pending.vehicle, state, detail)
        got.out.command_results.append(row)


def on_logout(session: Conversation, got: Arrival) -> None:
    session.answer(got, OK)
    session.sign_out()
    got.out.closed = "logout"


def on_registration(session: Conversation, got: Arrival) -> None:
    fields = session.decoded(got)
    if fields is None:
        return
    header = got.header
    result, code = session.auth.register(header.phone, fields)
    answer = {"reply_serial": header.serial, "result": result, "auth_code": code}
    session.reply(got, 0x8100, answer)


def on_authentication(session: Conversation, got: Arrival) -> None:
    fields = session.decoded(got)
    if fields is None:
        return
    if session.auth.check(got.header.phone, fields["auth_code"]):
        session.sign_in(got.header)
        session.answer(got, OK)
    elif not session.params.require_auth:
        # A replayed terminal has the code of the platform it was recorded at.
        session.answer(got, OK)
    else:
        session.failures += 1
        session.counts["authentication_failed"] += 1
        session.answer(got, FAILED)
        if session.failures >= session.params.max_auth_failures:
            got.out.closed = "authentication"


def on_location(session: Conversation, got: Arrival) -> None:
    result, found = _location(session, got, got.body)
    session.answer(got, result)
    _ask_for_evidence(session, got, found)


def on_location_answer(session: Conversation, got: Arrival) -> None:
    """0x0201, and 0x0500 which says too that an order was carried out."""
    if got.header.message_id != 0x0201:
        _keep(session, got)
    result, found = _location(session, got, got.body[2:])
    session.answer(got, result)
    _ask_for_evidence(session, got, found)


def on_batch(session: Conversation, got: Arrival) -> None:
    try:
        declared, _, bodies, rest = split_batch(got.body)
    except Malformed as problem:
        session.bad(got, problem.kind, problem.detail, BAD_MESSAGE)
        return
    found: list[Alarm] = []
    for number, body in enumerate(bodies, 1):
        item = f"item {number} of {len(bodies)} in 0x0704"
        found += _location(session, got, body, item)[1]
    if declared != len(bodies) or rest:
        detail = f"{declared} locations declared, {len(bodies)} whole, {len(rest)} bytes left"
        session.refuse("count_mismatch", detail, got.raw, got.now_us, got.out, got.header.phone)
    # One answer for all of them; what was bad is safe in quarantine.
    session.answer(got, OK)
    _ask_for_evidence(session, got, found)


def on_driver(session: Conversation, got: Arrival) -> None:
    fields = session.decoded(got)
    if fields is None:
        return
    phone, now_us = got.header.phone, got.now_us
    event = card_event(fields, now_us, session.params.limits.future_s)
    if isinstance(event, str):
        session.bad(got, event, f"driver card of {fields.get('time')}", OK)
        return
    session.cards.record(phone, event.time_us, event.driver)
    row = (phone, event.time_us, now_us, *event[1:], session.params.source)
    got.out.driver_cards.append(row)
    session.answer(got, OK)


def on_time_query(session: Conversation, got: Arrival) -> None:
    clock = bcd_time(got.now_us - EIGHT_HOURS_US).hex()  # it writes UTC+8, UTC is wanted
    session.reply(got, 0x8004, {"time_utc_bcd": clock})


def on_resend(session: Conversation, got: Arrival) -> None:
    """0x0005: the terminal lost parts of what we said."""
    fields = session.decoded(got)
    if fields is None:
        return
    frames = session.down.again(fields["original_serial"], fields["indexes"])
    if frames:
        got.out.replies += frames
    else:
        session.answer(got, FAILED)


def on_other(session: Conversation, got: Arrival) -> None:
    if _keep(session, got):
        session.answer(got, OK)


def on_media(session: Conversation, got: Arrival) -> None:
    """0x0801 in one frame, or joined in memory."""
    if session.takes_media:
        hand_over(session, got, got.body)
    else:
        session.bad(got, "unsupported", "media, and nowhere to keep them", UNSUPPORTED)


HANDLERS: dict[int, Handler] = {
    0x0001: on_answer,
    0x0002: on_heartbeat,
    0x0003: on_logout,
    0x0004: on_time_query,
    0x0005: on_resend,
    0x0100: on_registration,
    0x0102: on_authentication,
    0x0104: on_other,
    0x0107: on_other,
    0x0108: on_other,
    0x0200: on_location,
    0x0201: on_location_answer,
    0x0301: on_other,
    0x0302: on_other,
    0x0303: on_other,
    0x0500: on_location_answer,
    0x0608: on_other,
    0x0700: on_other,
    0x0701: on_other,
    0x0702: on_driver,
    0x0704: on_batch,
    0x0705: on_other,
    0x0800: on_other,
    0x0801: on_media,
    0x0802: on_other,
    0x0805: on_other,
    0x0900: on_other,
    0x0901: on_other,
    0x0A00: on_other,
}
"""Message id to its handler; any other message is quarantined as ``unsupported``."""


def hand_over(session: Conversation, got: Arrival, body: bytes | SpoolFile) -> None:
    """A whole medium; the answers wait until it is kept."""
    try:
        fields, _ = split_media(head_of(body))
    except Malformed as problem:
        if isinstance(body, SpoolFile):
            body.close()
        session.bad(got, problem.kind, problem.detail, BAD_MESSAGE)
        return
    kept, refused = replace(got, out=Outcome()), replace(got, out=Outcome())
    session.reply(kept, 0x8800, {**fields, "retransmit_ids": []})
    session.answer(kept, OK)
    session.answer(refused, FAILED)
    phone, source = got.header.phone, session.params.source
    replies, refusal = kept.out.replies, refused.out.replies
    got.out.uploads.append(Upload(body, fields, phone, got.now_us, source, replies, refusal))


def _location(
    session: Conversation, got: Arrival, body: bytes, item: str = ""
) -> tuple[int, list[Alarm]]:
    """Rows and quarantine record of one location; the result to answer with, and its alarms."""
    params, phone = session.params, got.header.phone
    row, reason = position_row(
        body,
        phone,
        got.now_us,
        catch_up=bool(item),
        driver_at=session.cards.driver,
        limits=params.limits,
        source=params.source,
    )
    if row is not None:
        got.out.positions.append(row)
        if len(body) >= SHORTEST_VIDEO:
            got.out.device_alarms += over_capacity(row, body)
    found: list[Alarm] = []
    if len(body) >= SHORTEST:
        latest_us = got.now_us + int(params.limits.future_s * 1e6)
        found = list(alarms(body, phone, got.now_us, params.source, latest_us))
        for alarm in found:
            got.out.device_alarms += alarm.rows
    if reason is not None:
        detail = item or word(got.header.message_id)
        session.refuse(reason, detail, body if item else got.raw, got.now_us, got.out, phone)
    if reason == "bad_length":
        return BAD_MESSAGE, found
    emergency = row is not None and row[ALARM_WORD] & EMERGENCY
    return (ALARM_CONFIRMED if emergency else OK), found


def _keep(session: Conversation, got: Arrival) -> bool:
    """A row of ``terminal_messages``; False if the body was bad, which is answered then."""
    fields = session.decoded(got)
    if fields is None:
        return False
    refers = fields.get("reply_serial")
    got.out.terminal_messages.append(
        (
            got.header.phone,
            got.now_us,
            got.now_us,
            word(got.header.message_id),
            None if refers is None else str(refers),
            json.dumps(fields, ensure_ascii=False),
            session.params.source,
        )
    )
    return True


def _ask_for_evidence(session: Conversation, got: Arrival, found: list[Alarm]) -> None:
    """0x9208 for each alarm that has files and was not asked for yet."""
    policy = session.params.evidence
    if policy is None:
        return
    for alarm in found:
        if not alarm.attachments or not policy.wants(alarm.kinds):
            continue
        if session.asked_before(alarm.alarm_key, policy.remember):
            continue
        fields = {
            "server_ip": policy.server,
            "tcp_port": policy.tcp_port,
            "udp_port": 0,
            "alarm_ident": alarm.ident,
            "alarm_number": policy.number(got.header.phone, alarm.alarm_key),
            "reserved": bytes(16).hex(),
        }
        session.reply(got, 0x9208, fields)
