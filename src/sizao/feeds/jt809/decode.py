"""From a raw frame to JSON keys: the slow, complete path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809 import cipher
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.dialect import PLAIN, Dialect
from sizao.feeds.jt809.framing import crc16, unescape
from sizao.feeds.jt809.header import SHORT, Header, header_fields, parse_header
from sizao.feeds.jt809.messages import FAMILIES, MESSAGES, SUBMESSAGES, UNPROVEN
from sizao.feeds.jt809.problems import problem_fields
from sizao.feeds.jt809.subs import Sub, split


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose CRC and length are right; the body is as sent, perhaps enciphered."""

    header: Header
    body: bytes
    crc: int


def open_frame(raw: bytes, edition: str | None = None) -> Frame:
    """Unescape and check a raw frame (no delimiters); ``edition`` where the link knows it.

    Raises Malformed: ``bad_escape``, ``bad_length``, ``bad_crc``, the last two with the header's
    fields in ``seen`` where there is a header.
    """
    plain = unescape(raw)
    if len(plain) < SHORT + 2:
        raise Malformed("bad_length", f"{len(plain)} bytes are no frame")
    content, sent = plain[:-2], int.from_bytes(plain[-2:], "big")
    right = crc16(content)
    header = parse_header(content, edition)
    length_ok = header.length == len(plain) + 2
    if right != sent:
        raise Malformed(
            "bad_crc",
            f"sent 0x{sent:04X}, the bytes give 0x{right:04X}",
            **header_fields(header, length_ok, sent, False),
        )
    if not length_ok:
        raise Malformed(
            "bad_length",
            f"frame of {header.length} bytes declared, {len(plain) + 2} are there",
            declared=header.length,
            actual=len(plain) + 2,
            **header_fields(header, False, sent, True),
        )
    return Frame(header, content[header.size :], sent)


def plain_body(frame: Frame, keys: Keys | None) -> bytes:
    """The body deciphered. Raises Malformed ``encrypted_body`` without keys."""
    if not frame.header.encrypted:
        return frame.body
    if keys is None:
        raise Malformed("encrypted_body", f"key {frame.header.key}, and M1, IA1, IC1 not given")
    return cipher.apply(frame.body, frame.header.key, keys)


def decode_body(
    business: int, body: bytes, edition: str, dialect: Dialect = PLAIN
) -> dict[str, Any]:
    """A deciphered body as JSON keys. Never raises: what is wrong stands under ``error``."""
    message = MESSAGES.get(business)
    try:
        if message is not None:
            return message.read(body, edition, dialect)
        if business in FAMILIES:
            return decode_sub(split(business, body, edition, dialect), edition, dialect)
    except Malformed as problem:
        return {**problem_fields(problem), "body_hex": body.hex()}
    return {"body_hex": body.hex()}


def decode_sub(sub: Sub, edition: str, dialect: Dialect = PLAIN) -> dict[str, Any]:
    """A sub-message as JSON keys. Never raises."""
    fields: dict[str, Any] = {}
    if sub.plate is not None:
        fields = {"plate": sub.plate, "plate_color": sub.colour}
    fields |= {"sub_type": word(sub.sub), "data_length": sub.declared}
    message = SUBMESSAGES.get(sub.sub)
    if message is None:
        fields["data_hex"] = sub.data.hex()
    else:
        try:
            fields |= message.read(sub.data, edition, dialect)
        except Malformed as problem:
            fields |= {**problem_fields(problem), "data_hex": sub.data.hex()}
    if sub.sub in UNPROVEN and sub.data:
        fields["data_hex"] = sub.data.hex()
    if sub.declared != len(sub.data):
        fields["error"] = {
            "kind": "bad_sub_length",
            "detail": f"data of {sub.declared} bytes declared, {len(sub.data)} are there",
        }
        fields |= {"declared": sub.declared, "actual": len(sub.data)}
    return fields


def decode_frame(
    raw: bytes,
    keys: Keys | None = None,
    edition: str | None = None,
    dialect: Dialect = PLAIN,
) -> dict[str, Any]:
    """One frame, still escaped, without delimiters, as the JSON keys of ``sizao decode``.

    Never raises. A frame that cannot be decoded has ``error``, an object of ``kind`` (see
    :data:`.problems.KINDS`) and ``detail``; what can still be read stands beside it.
    """
    if not raw:
        return problem_fields(Malformed("empty_frame", "nothing between the delimiters"))
    try:
        frame = open_frame(raw, edition)
    except Malformed as problem:
        return problem_fields(problem)
    header = frame.header
    fields = header_fields(header, True, frame.crc, True)
    try:
        body = plain_body(frame, keys)
    except Malformed as problem:
        return {**fields, **problem_fields(problem), "body_hex": frame.body.hex()}
    if header.encrypted and keys is not None:
        fields["keys"] = {"M1": keys.m1, "IA1": keys.ia1, "IC1": keys.ic1}
    return {**fields, **decode_body(header.business, body, header.edition, dialect)}
