"""What the golden frames say beyond the harness: no keys too many, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.feeds.jt808 import Framer, decode_body, decode_frame, encode_body
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.problems import KINDS

from .adapter import profile
from .vectors import COLLECTED, load, raw_of


def test_collected_vectors_are_there() -> None:
    if not COLLECTED.exists():
        pytest.skip("the collected vectors are not beside this checkout; constructed ones only")
    assert len(load("frame", "frame_header_only", "stream", "stream_chunks", "reassembly")) >= 366


def test_every_proven_message_has_a_golden_frame() -> None:
    if not COLLECTED.exists():
        pytest.skip("the collected vectors are not beside this checkout")
    golden = {int(p.values[0]["message_id"], 16) for p in load("frame")}
    assert {k for k, m in MESSAGES.items() if m.proven} == golden


@pytest.mark.parametrize("vector", load("frame"))
def test_a_frame_has_no_keys_but_the_expected(vector: dict[str, Any]) -> None:
    """The harness holds every expected key to its value; users rely on there being no others."""
    expected = vector["expected"]
    fields = decode_frame(raw_of(vector), profile(vector))
    if "error" in expected:
        assert expected["error"] in KINDS
    else:
        assert fields.keys() == expected.keys()


def _writable(vector: dict[str, Any]) -> bool:
    """Whether Sizao can write this message: it has an encoder and no active-safety items."""
    fields = decode_frame(raw_of(vector))
    message = MESSAGES.get(int(fields.get("message_id", "0x0"), 16))
    safety = any(key in str(fields) for key in ("'adas'", "'dsm'", "'tpms'", "'bsd'"))
    return "error" not in fields and message is not None and bool(message.encode) and not safety


WRITABLE = [param for param in load("frame") if _writable(param.values[0])]


def test_enough_frames_are_written_again() -> None:
    assert len(WRITABLE) >= (150 if COLLECTED.exists() else 15)


@pytest.mark.parametrize("vector", WRITABLE)
def test_encoding_gives_the_same_bytes(vector: dict[str, Any]) -> None:
    """encode(decode(frame)) is the frame, escapes, checksum and all."""
    raw = raw_of(vector)
    fields = decode_frame(raw)
    version = fields["version"]
    body = encode_body(int(fields["message_id"], 16), fields, version)
    raw_body = open_frame(raw).body
    if fields["message_id"] in ("0x0100", "0x0702", "0x0102", "0x8100"):
        # Makers pad text on either side; what was said must survive, not how it was padded.
        again = decode_body(int(fields["message_id"], 16), body, version)
        assert again.items() <= fields.items()
    else:
        assert body == raw_body
    frame = encode_frame(
        int(fields["message_id"], 16), fields["phone_raw"], fields["serial"], raw_body, version
    )
    if fields.get("protocol_version", 1) == 1:
        assert frame == b"\x7e" + raw + b"\x7e"


@pytest.mark.parametrize("vector", load("stream", "stream_chunks"))
def test_stream_byte_by_byte(vector: dict[str, Any]) -> None:
    framer = Framer()
    data = bytes.fromhex(vector["hex"])
    raws = [raw for byte in data for raw in framer.feed(bytes((byte,)))]
    assert raws == Framer().feed(data)
