"""Media that a terminal has sent whole (0x0801), on their way into the evidence store.

The session cannot store them: writing a file takes a moment that the other connections need. It
hands over an :class:`Upload`; whoever owns the connection keeps it, appends the row, then sends
the replies.

Source: JT/T 808-2013 clauses 8.52, 8.53.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808.fields import time_us
from sizao.feeds.jt808.media import FORMATS, KINDS
from sizao.feeds.jt808.positions import Row
from sizao.log.evidence import EvidenceStore
from sizao.log.spool import SpoolFile

HEAD = 8 + 28
"""Bytes of a 0x0801 body before the data."""


def head_of(body: bytes | SpoolFile) -> bytes:
    """The first :data:`HEAD` bytes of a body, or as many as it has."""
    if isinstance(body, bytes):
        return body[:HEAD]
    head = b""
    for chunk in body.chunks():
        head += chunk
        if len(head) >= HEAD:
            break
    return head[:HEAD]


@dataclass(eq=False)
class Upload:
    """One medium."""

    body: bytes | SpoolFile
    """The 0x0801 body; a file is closed by :meth:`keep` or :meth:`close`."""
    fields: dict[str, Any]
    """Its head, decoded."""
    phone: str
    received_us: int
    source: str
    replies: list[bytes]
    """Frames to send once it is kept."""
    refusal: list[bytes]
    """Frames to send if it cannot be kept."""

    def keep(self, store: EvidenceStore) -> Row:
        """Put the data into the store and return the row of topic ``evidence``.

        Takes as long as the disk does. Raises EvidenceError.
        """
        size = 0

        def data() -> Iterator[bytes]:
            nonlocal size
            for chunk in self._data():
                size += len(chunk)
                yield chunk

        try:
            name = store.put(data())
        finally:
            self.close()
        fields = self.fields
        # A medium without a time of its own is as old as its arrival.
        taken = time_us(bytes.fromhex(fields["location"]["time_bcd"]))
        kind = KINDS.get(fields["media_type"], "other")
        return (
            name,
            self.received_us if taken is None else taken,
            self.received_us,
            self.phone,
            None,
            kind,
            FORMATS.get(fields["media_format"], f"format {fields['media_format']}"),
            str(fields["media_id"]),
            size,
            fields["channel"],
            self.source,
        )

    def close(self) -> None:
        """Give back the room in the spool."""
        if isinstance(self.body, SpoolFile):
            self.body.close()

    def _data(self) -> Iterator[bytes]:
        skip = HEAD
        chunks = iter((self.body,)) if isinstance(self.body, bytes) else self.body.chunks()
        for chunk in chunks:
            yield chunk[skip:]
            skip = max(0, skip - len(chunk))
