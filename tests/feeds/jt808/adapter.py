"""How captures of JT/T 808 are played; see ``tests/feeds/vectors.py``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sizao.feeds.jt808 import Framer, decode_body, decode_frame
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.lines import decode_line
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.reassembly import Reassembler

from ..vectors import Stream, Vector

LATE_US = 10_000_000
"""Long enough that missing parts are asked for, too short to give the message up."""


def profile(vector: Vector) -> str:
    """The edition of a terminal whose header does not say it, where the capture does."""
    return "2011" if vector.get("version") == "2011" else "2013"


class Jt808:
    """The message decoder, the framer and the reassembler."""

    def frame(self, data: bytes, vector: Vector) -> dict[str, Any]:
        return decode_line(data.hex(), profile(vector))

    def stream(self, chunks: Sequence[bytes], vector: Vector) -> Stream:
        framer = Framer()
        frames: list[dict[str, Any]] = []
        errors: list[str] = []
        for raw in (raw for chunk in chunks for raw in framer.feed(chunk)):
            try:
                open_frame(raw)
            except Malformed as problem:
                errors.append(problem.kind)
            else:
                frames.append(decode_frame(raw, profile(vector)))
        refused = len(errors)
        if framer.pending:
            errors.append("incomplete")
        elif not frames and not refused:
            errors.append("empty_frame")
        return Stream(frames, errors, refused)

    def reassembly(self, frames: Sequence[bytes], vector: Vector) -> dict[str, Any]:
        parts = Reassembler()
        whole: list[bytes] = []
        for number, data in enumerate(frames):
            frame = open_frame(data.strip(b"\x7e"))
            header = frame.header
            done = parts.add(header, frame.body, data, number)
            if done is not None:
                whole.append(done[0])
        (body,) = whole or (b"",)
        found: dict[str, Any] = {"complete": bool(whole), "missing": []}
        if whole:
            found |= decode_body(header.message_id, body, header.version)
            found |= {"body_length": len(body), "body_sha256": hashlib.sha256(body).hexdigest()}
        else:
            (partial,) = parts.due(LATE_US)
            found["missing"] = partial.missing
            found["nack_8003"] = {
                "original_serial": partial.first_serial,
                "indexes": partial.missing,
            }
        return found | {
            "message_id": f"0x{header.message_id:04X}",
            "phone": header.phone,
            "total": header.total,
            "version": header.version,
        }


ADAPTER = Jt808()
