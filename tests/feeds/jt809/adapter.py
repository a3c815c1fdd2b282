"""How captures of JT/T 809 are played; see ``tests/feeds/vectors.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.decode import decode_frame, open_frame
from sizao.feeds.jt809.framing import Framer
from sizao.feeds.jt809.header import header_fields
from sizao.feeds.jt809.lines import decode_line
from sizao.feeds.jt809.problems import Malformed

from ..vectors import Stream, Vector


def keys_of(vector: Vector) -> Keys | None:
    """The cipher's numbers, which an enciphered capture states."""
    keys = vector["expected"].get("keys")
    return Keys(keys["M1"], keys["IA1"], keys["IC1"]) if keys else None


class Jt809:
    """The message decoder and the framer; the protocol has no messages in parts."""

    def frame(self, data: bytes, vector: Vector) -> dict[str, Any]:
        if vector["kind"] == "frame_header_only":
            # Of these nobody knows the key or the layout: the body stays bytes.
            (raw,) = Framer().feed(data)
            frame = open_frame(raw)
            return header_fields(frame.header, True, frame.crc, True) | {
                "body_hex": frame.body.hex()
            }
        return decode_line(data.hex(), keys_of(vector))

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
                frames.append(decode_frame(raw, keys_of(vector)))
        refused = len(errors)
        if framer.pending:
            errors.append("incomplete")
        return Stream(frames, errors, refused)

    def reassembly(self, frames: Sequence[bytes], vector: Vector) -> dict[str, Any]:
        raise ValueError("JT/T 809 has no messages in parts")


ADAPTER = Jt809()
