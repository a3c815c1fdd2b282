"""A quarantined frame of a platform link read again, without its connection.

Quarantine keeps a frame without its delimiters, still escaped and enciphered; of bytes outside
frames what there was. Positions and messages become the rows they would have been; nothing is
answered, no clock runs, and what belongs to a session (logins, keepalives) stays refused: it says
something about a connection that is long over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt809.lines import decode_line
from sizao.feeds.jt809.outcome import MAIN
from sizao.feeds.jt809.pair import Pair
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.vehicles import Directory

Row = tuple[Any, ...]

_NEVER_BULK = 1 << 62


@dataclass(frozen=True)
class LinkReader:
    """Reads one link's frames again, as the link is set today."""

    params: LinkParams
    directory: Directory

    def read(self, raw: bytes, received_us: int) -> tuple[list[tuple[str, list[Row]]], str, str]:
        """(topic, rows) pairs of what it says, and the reason and detail of what is still wrong."""
        pair = Pair(self.params, self.directory)
        pair.bulk_from = _NEVER_BULK
        pair.connected(MAIN, received_us)
        pair.channels[MAIN].up = True
        data = raw if raw.startswith(b"\x5b") else b"\x5b" + raw + b"\x5d"
        out = pair.receive(MAIN, data, received_us)
        left = pair.channels[MAIN].framer.pending
        if out.quarantine:
            _, _, _, reason, detail, _ = out.quarantine[0]
            return [], str(reason), str(detail or "")
        if left:
            return [], "incomplete", f"{len(left)} bytes and no closing delimiter"
        found = [("positions", out.positions), ("platform_messages", out.messages)]
        records = [(topic, rows) for topic, rows in found if rows]
        return (records, "", "") if records else ([], "no_frame", "nothing is said in it")


def explain_jt809(raw: bytes, reader: LinkReader | None) -> dict[str, Any]:
    """The fields that can be read, and where reading stopped, as ``sizao decode jt809`` does."""
    if reader is None:
        return decode_line(raw.hex())
    params = reader.params
    return decode_line(raw.hex(), params.keys, params.edition, params.dialect)
