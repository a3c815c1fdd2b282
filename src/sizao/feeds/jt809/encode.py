"""From fields to frames.

>>> encode_frame(0x1005, 20180920, 1).hex()
'5b0000001a0000000110050133efb80100000000000000e3cb5d'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt809 import cipher
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.dialect import PLAIN, Dialect
from sizao.feeds.jt809.framing import seal
from sizao.feeds.jt809.header import VERSION_2011, VERSION_2019, Header, build_header
from sizao.feeds.jt809.messages import MESSAGES, SUBMESSAGES, family_of
from sizao.feeds.jt809.subs import join


def encode_body(
    message: int, fields: Mapping[str, Any], edition: str, dialect: Dialect = PLAIN
) -> bytes:
    """The body of a message, or of the message that carries this sub-message.

    ``fields`` are keys as decoding gives them, ``plate`` and ``plate_color`` among them where the
    sub-message concerns a vehicle. Raises KeyError for a missing field or an unknown message.
    """
    if message in MESSAGES:
        return MESSAGES[message].write(fields, edition, dialect)
    data = SUBMESSAGES[message].write(fields, edition, dialect)
    return join(message, data, edition, dialect, fields.get("plate"), fields.get("plate_color"))


def business_of(message: int) -> int:
    """The id in the header of a message or sub-message."""
    return message if message in MESSAGES else family_of(message)


def encode_frame(
    message: int,
    access_code: int,
    serial: int,
    body: bytes = b"",
    *,
    sent: int | None = None,
    version: bytes | None = None,
    key: int = 0,
    keys: Keys | None = None,
) -> bytes:
    """A frame ready to send.

    ``message`` may be a sub-message: the header then names its family. ``sent`` in UTC seconds
    makes it a frame of 2019. With ``keys`` the body is enciphered under ``key``.
    """
    if version is None:
        version = VERSION_2011 if sent is None else VERSION_2019
    if keys is not None:
        body = cipher.apply(body, key, keys)
    header = Header(0, serial, business_of(message), access_code, version, 0, key, sent)
    length = 1 + header.size + len(body) + 2 + 1
    final = Header(
        length,
        serial,
        header.business,
        access_code,
        version,
        0 if keys is None else 1,
        key,
        sent,
    )
    return seal(build_header(final) + body)
