"""One of the two links of a pair: its stream, its frames, when it was last heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt809.encode import encode_body, encode_frame
from sizao.feeds.jt809.framing import Framer
from sizao.feeds.jt809.params import LinkParams


class Serials:
    """The serial numbers of a sender, shared by both links."""

    def __init__(self, first: int = 1) -> None:
        self._next = first

    def take(self) -> int:
        serial = self._next
        self._next = (serial + 1) & 0xFFFFFFFF
        return serial


class Writer:
    """Makes frames for a peer."""

    def __init__(self, params: LinkParams, serials: Serials) -> None:
        self.params = params
        self.serials = serials

    def frame(self, message: int, fields: Mapping[str, Any], now_us: int) -> tuple[int, bytes]:
        """Serial and frame of a message. Raises KeyError for a field that is missing."""
        params = self.params
        body = encode_body(message, fields, params.edition, params.dialect)
        return self.sealed(message, body, now_us)

    def sealed(self, message: int, body: bytes, now_us: int) -> tuple[int, bytes]:
        """The same of a body that is made already."""
        params = self.params
        serial = self.serials.take()
        frame = encode_frame(
            message,
            params.access_code,
            serial,
            body,
            sent=now_us // 1_000_000 if params.edition == "2019" else None,
            version=params.version,
            key=params.key if params.encrypt else 0,
            keys=params.keys if params.encrypt else None,
        )
        return serial, frame


class Channel:
    """State of one link while it is connected."""

    def __init__(self, now_us: int) -> None:
        self.framer = Framer()
        self.up = False
        """Logged in (main link) or verified (sub link)."""
        self.since_us = now_us
        self.heard_us = now_us
        self.kept_us = now_us
        """When a keepalive was last sent."""
