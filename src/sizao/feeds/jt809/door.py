"""Who is at the door: the first frame of a connection, before it may touch a pair of links.

A connection proves itself with its first frame, the main link by a login, the sub link by the
verify code. Until then it is nobody's: a stranger who knows an access code must not be able to
push a link aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809 import links
from sizao.feeds.jt809.decode import open_frame, plain_body
from sizao.feeds.jt809.encode import encode_body, encode_frame
from sizao.feeds.jt809.framing import Framer
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.messages import MESSAGES
from sizao.feeds.jt809.pair import Pair
from sizao.feeds.jt809.upper import Upper, judge

FIRST_BYTES = 1024
"""A first frame is shorter than this."""


@dataclass(frozen=True)
class Knock:
    """What a first frame proves."""

    pair: Pair | None
    """Whose links the connection may join; None: it is to be closed."""
    reply: bytes = b""
    reason: str = ""
    """Why not, in words for the log."""


def first_frame(data: bytes) -> bytes | None:
    """The first complete frame, without delimiters; None while it has not come."""
    frames = Framer(FIRST_BYTES).feed(data)
    return frames[0] if frames else None


def knock(raw: bytes, pairs: Mapping[int, Pair], address: str) -> Knock:
    """Judge a first frame. ``pairs`` by access code; ``address`` is the peer's. Never raises."""
    try:
        header = open_frame(raw).header
        pair = pairs.get(header.access_code)
        if pair is None:
            if header.business != 0x1001:
                return Knock(None, b"", f"access code {header.access_code} is of no link")
            fields = {"result": links.WRONG_ACCESS_CODE, "verify_code": 0}
            reply = encode_frame(
                0x1002,
                header.access_code,
                1,
                encode_body(0x1002, fields, header.edition),
                sent=header.sent,
            )
            return Knock(None, reply, f"access code {header.access_code} is of no link")
        params = pair.params
        frame = open_frame(raw, params.edition)
        body = plain_body(frame, params.keys)
        wanted = 0x1001 if isinstance(pair, Upper) else 0x9001
        if frame.header.business != wanted:
            return Knock(None, b"", f"{params.name}: begins with 0x{frame.header.business:04X}")
        fields = MESSAGES[wanted].read(body, params.edition, params.dialect)
    except Malformed as problem:
        return Knock(None, b"", f"{problem.kind}: {problem.detail}")
    if isinstance(pair, Lower):
        if pair.code == 0 or fields["verify_code"] != pair.code:
            reply = pair.writer.frame(0x9002, {"code": 1}, 0)[1]
            return Knock(None, reply, f"{params.name}: wrong verify code")
        return Knock(pair)
    result = judge(params, frame.header, fields, address)
    if result != links.OK:
        answer = {"result": result, "verify_code": 0}
        sent = (frame.header.sent or 0) * 1_000_000
        reply = pair.writer.frame(0x1002, answer, sent)[1]
        return Knock(None, reply, f"{params.name}: {links.LOGIN_RESULTS[result][1]}")
    return Knock(pair)
