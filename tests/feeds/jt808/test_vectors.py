"""Every golden frame decodes to exactly its expected keys and values."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from sizao.feeds.jt808 import Framer, decode_body, decode_frame, encode_body
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.problems import KINDS, Malformed
from sizao.feeds.jt808.reassembly import Reassembler

from .vectors import COLLECTED, flat, load, raw_of


def test_collected_vectors_are_there() -> None:
    if not COLLECTED.exists():
        pytest.skip("the collected vectors are not beside this checkout; constructed ones only")
    assert len(load("frame", "frame_header_only", "stream", "stream_chunks", "reassembly")) >= 366


def test_every_proven_message_has_a_golden_frame() -> None:
    if not COLLECTED.exists():
        pytest.skip("the collected vectors are not beside this checkout")
    golden = {int(p.values[0]["message_id"], 16) for p in load("frame")}
    assert {k for k, m in MESSAGES.items() if m.proven} == golden


@pytest.mark.parametrize("vector", load("frame", "frame_header_only"))
def test_frame(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    profile = "2011" if vector["version"] == "2011" else "2013"
    fields = flat(decode_frame(raw_of(vector), profile))
    assert {key: fields.get(key, "missing") for key in expected} == expected
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


def _good(raws: list[bytes]) -> list[dict[str, Any]]:
    frames = []
    for raw in raws:
        try:
            open_frame(raw)
        except Malformed:
            continue
        frames.append(decode_frame(raw))
    return frames


@pytest.mark.parametrize("vector", load("stream", "stream_chunks"))
def test_stream(vector: dict[str, Any]) -> None:
    chunks = vector.get("chunks", [vector["hex"]])
    framer = Framer()
    raws = [raw for chunk in chunks for raw in framer.feed(bytes.fromhex(chunk))]
    expected = vector["expected"]
    frames = _good(raws)
    assert [{k: f[k] for k in e} for f, e in zip(frames, expected["frames"], strict=True)] == (
        expected["frames"]
    )
    if expected.get("error") == "incomplete":
        assert framer.pending
    if "has_error" in expected:
        assert (len(frames) != len(raws)) is expected["has_error"]


@pytest.mark.parametrize("vector", load("stream", "stream_chunks"))
def test_stream_byte_by_byte(vector: dict[str, Any]) -> None:
    framer = Framer()
    data = bytes.fromhex(vector["hex"])
    raws = [raw for byte in data for raw in framer.feed(bytes((byte,)))]
    assert raws == Framer().feed(data)


@pytest.mark.parametrize("vector", load("reassembly"))
def test_reassembly(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    parts = Reassembler()
    whole = []
    for number, text in enumerate(vector["frames"]):
        raw = bytes.fromhex(text)[1:-1]
        frame = open_frame(raw)
        assert frame.header.phone == expected["phone"]
        assert frame.header.total == expected["total"]
        done = parts.add(frame.header, frame.body, raw, number)
        if done is not None:
            whole.append(done[0])
    if not expected["complete"]:
        (partial,) = parts.due(10**9 // 50)
        assert partial.missing == expected["missing"]
        nack = expected.get("nack_8003")
        if nack:
            assert partial.first_serial == nack["original_serial"]
            assert partial.missing == nack["indexes"]
        assert whole == []
        return
    assert len(whole) == 1
    assert hashlib.sha256(whole[0]).hexdigest() == expected["body_sha256"]
    assert len(parts) == 0
    fields = decode_body(int(vector["message_id"], 16), whole[0], expected["version"])
    for key in expected.keys() & {"reply_serial", "count", "params", "type", "items"}:
        assert fields[key] == expected[key]
