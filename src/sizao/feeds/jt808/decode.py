"""From a raw frame to JSON keys: the slow, complete path.

>>> decode_frame(bytes.fromhex("000200001234567890120001" "89"))["phone"]
'123456789012'
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.framing import checksum, unescape
from sizao.feeds.jt808.header import SHORT, Header, header_fields, parse_header
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.problems import Malformed


class Frame:
    """A frame whose checksum and length are right."""

    __slots__ = ("body", "checksum", "header")

    def __init__(self, header: Header, body: bytes, check: int) -> None:
        self.header = header
        self.body = body
        self.checksum = check


def open_frame(raw: bytes) -> Frame:
    """Unescape and check a raw frame (no delimiters).

    Raises Malformed: ``bad_escape``, ``bad_length``, ``bad_checksum``, the last two with the
    header's fields in ``seen`` where there is a header.
    """
    plain = unescape(raw)
    if len(plain) <= SHORT:
        raise Malformed("bad_length", f"{len(plain)} bytes are no frame", actual=0)
    content, sent = plain[:-1], plain[-1]
    right = checksum(content)
    if right != sent:
        raise Malformed(
            "bad_checksum",
            f"sent 0x{sent:02X}, the bytes give 0x{right:02X}",
            **_seen(content, sent, False),
        )
    header = parse_header(content)
    body = content[header.size :]
    if len(body) != header.body_length:
        raise Malformed(
            "bad_length",
            f"body of {header.body_length} bytes declared, {len(body)} are there",
            declared=header.body_length,
            actual=len(body),
            **_seen(content, sent, True),
        )
    return Frame(header, body, sent)


def _seen(content: bytes, sent: int, good: bool) -> dict[str, Any]:
    """What can be read of a header that may be damaged."""
    try:
        fields = header_fields(parse_header(content))
    except Malformed:
        return {}
    return {**fields, "checksum": f"0x{sent:02X}", "checksum_ok": good}


def decode_body(message_id: int, body: bytes, version: str) -> dict[str, Any]:
    """A whole body (reassembled, if it came in parts) as JSON keys.

    ``version`` is the header's form, "2013" or "2019". Unknown messages give ``body_hex``.
    Never raises: what is wrong stands under ``error``.
    """
    message = MESSAGES.get(message_id)
    if message is None:
        return {"body_hex": body.hex()}
    try:
        fields = message.decode(body, version)
    except Malformed as problem:
        fields = problem_fields(problem)
    if not message.proven:
        fields["body_hex"] = body.hex()
    return fields


def problem_fields(problem: Malformed) -> dict[str, Any]:
    """``error`` and what could still be read."""
    return {"error": {"kind": problem.kind, "detail": problem.detail}, **problem.seen}


def decode_frame(raw: bytes, profile: str = "2013") -> dict[str, Any]:
    """One frame, still escaped, without delimiters, as the JSON keys of ``sizao decode``.

    Never raises. A frame that cannot be decoded has ``error``, an object of ``kind`` (see
    :data:`.problems.KINDS`) and ``detail``; what can still be read stands beside it. A part of a
    sub-packaged message and an unknown message give ``body_hex``. ``profile`` names the edition
    of a terminal with the short header, "2011" or "2013", where the bytes cannot tell.
    """
    if not raw:
        return problem_fields(Malformed("empty_frame", "nothing between the delimiters"))
    try:
        frame = open_frame(raw)
    except Malformed as problem:
        return problem_fields(problem)
    header = frame.header
    fields = header_fields(header)
    fields["checksum"] = f"0x{frame.checksum:02X}"
    fields["checksum_ok"] = True
    if header.version == "2013":
        fields["version"] = profile
    if header.encryption:
        fields["error"] = {
            "kind": "encrypted_body",
            "detail": f"encryption bits {header.encryption:03b} of {word(header.properties)}",
        }
        fields["body_hex"] = frame.body.hex()
    elif header.subpackaged:
        if not 1 <= header.index <= header.total:
            fields["error"] = {
                "kind": "bad_subpackage",
                "detail": f"part {header.index} of {header.total}",
            }
        fields["body_hex"] = frame.body.hex()
    else:
        fields.update(decode_body(header.message_id, frame.body, header.version))
    return fields
