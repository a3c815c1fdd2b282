"""A quarantined piece of JT/T 808 read again, without its connection.

Quarantine keeps a frame without its delimiters, still escaped; of a catch-up batch one location's
body; of bytes outside frames and of unfinished messages what there was
(``docs/reference/quarantine.md``).
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.decode import decode_frame, open_frame
from sizao.feeds.jt808.lines import decode_line
from sizao.feeds.jt808.location import decode_location
from sizao.feeds.jt808.media import split_media
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.positions import Row, position_row
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.reassembly import MEDIA
from sizao.feeds.jt808.session import Session
from sizao.feeds.jt808.uploads import Upload, head_of

_ITEM = "item "
"""How the detail of a batch's location begins."""


_TOPICS = ("positions", "driver_cards", "device_alarms", "terminal_messages")
"""What a message may give beside media, which :func:`media_of` reads."""

NO_PLACE = "media, and nowhere to keep them"
"""How a session without a spool says that a medium was whole, in its quarantine record."""


class _Nobody:
    """Registers and authenticates nobody: reading again must not open a door."""

    def register(self, phone: str, registration: dict[str, Any]) -> tuple[int, str]:
        return 4, ""

    def check(self, phone: str, code: str) -> bool:
        return False


def media_of(
    raw: bytes, peer: str, reason: str, detail: str, source: str, received_us: int
) -> Upload | None:
    """The medium (0x0801) in a record, if all of it is there; None if it is something else.

    Whole are a frame that is no part of a message, and the joined body of a message in parts that
    was refused because there was nowhere to keep it. Of a medium for which the spool had no room
    only the beginning was kept.
    """
    body, phone = raw, peer
    try:
        frame = open_frame(raw.strip(b"\x7e"))
    except Malformed:
        if reason != "unsupported" or detail != NO_PLACE:
            return None
    else:
        if frame.header.message_id != MEDIA or frame.header.subpackaged:
            return None
        body, phone = frame.body, frame.header.phone
    try:
        fields, _ = split_media(head_of(body))
    except Malformed:
        return None
    return Upload(body, fields, phone, received_us, source, [], [])


def redecode_jt808(
    raw: bytes, peer: str, detail: str, source: str, received_us: int
) -> tuple[list[tuple[str, list[Row]]], str, str]:
    """(topic, rows) pairs of what it says, and the reason and detail of what is still wrong."""
    if detail.startswith(_ITEM):
        row, reason = position_row(raw, peer, received_us, catch_up=True, source=source)
        return ([("positions", [row])] if row else []), reason or "", detail
    data = raw if raw.startswith(b"\x7e") else b"\x7e" + raw + b"\x7e"
    session = Session(
        peer, _Nobody(), SessionParams(require_auth=False, source=source), received_us
    )
    found: dict[str, list[Row]] = {}
    for outcome in (session.receive(data, received_us), session.close(received_us)):
        if outcome.quarantine:
            _, _, _, reason, what, _ = outcome.quarantine[0]
            return [], str(reason), str(what or "")
        for topic in _TOPICS:
            found.setdefault(topic, []).extend(getattr(outcome, topic))
    return [(topic, rows) for topic, rows in found.items() if rows], "", ""


def explain_jt808(raw: bytes, detail: str) -> dict[str, Any]:
    """The fields that can be read, and where reading stopped, as ``sizao decode jt808`` does."""
    if detail.startswith(_ITEM):
        return decode_location(raw)
    if 0x7E in raw:
        return decode_line(raw.hex())
    return decode_frame(raw)
