"""What the golden frames say beyond the harness: no keys too many, and the way back."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.feeds.jt808 import Framer, decode_body, decode_frame, encode_body, encode_decoded
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.problems import KINDS
from sizao.feeds.jt808.reassembly import Reassembler

from ..vectors import flat
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


NOT_THE_SAME = {
    "jt808-0100-0b7ee1b6": "the maker id has its NULs in front, the standard wants them behind",
    "jt808-0100-afef8e3c": "the plate ends in a NUL, which the standard's last field does not have",
    "jt808-8400-4b8417fb": "the number is padded to 20 bytes, where the standard ends the body",
    "jt808-8400-e18bc23a": "the number is padded to 20 bytes, where the standard ends the body",
}
"""Sound frames that encoding does not give back, each because its sender chose other padding."""


def _sound(vector: dict[str, Any]) -> bool:
    return "error" not in flat(decode_frame(raw_of(vector), profile(vector)))


LEAST = 0.9
"""Share of the frames, which has to hold beside the collected ones and without them."""

FRAMES = load("frame", "frame_header_only")
SOUND = [p for p in FRAMES if _sound(p.values[0])]


def test_nearly_all_frames_are_sound() -> None:
    assert len(SOUND) >= LEAST * len(FRAMES) > 20


@pytest.mark.parametrize("vector", SOUND)
def test_encoding_gives_the_same_bytes(vector: dict[str, Any]) -> None:
    """encode(decode(frame)) is the frame, header, escapes, checksum and all."""
    raw = raw_of(vector)
    fields = decode_frame(raw, profile(vector))
    again = encode_decoded(fields)
    if vector["id"] in NOT_THE_SAME:
        assert again != b"\x7e" + raw + b"\x7e"
        # What was said survives, only not how it was padded.
        said = decode_frame(again[1:-1], profile(vector))
        lengths = {"properties", "body_length", "checksum"}
        assert {k: v for k, v in said.items() if k not in lengths} == {
            k: v for k, v in fields.items() if k not in lengths
        }
    else:
        assert again == b"\x7e" + raw + b"\x7e"


@pytest.mark.parametrize("vector", load("frame"))
def test_an_enciphered_frame_comes_back_too(vector: dict[str, Any]) -> None:
    raw = raw_of(vector)
    fields = decode_frame(raw, profile(vector))
    if fields.get("encryption") and fields["checksum_ok"]:
        assert fields["error"]["kind"] == "encrypted_body"
        assert encode_decoded(fields) == b"\x7e" + raw + b"\x7e"


@pytest.mark.parametrize("vector", load("reassembly"))
def test_joined_bodies_come_back(vector: dict[str, Any]) -> None:
    parts = Reassembler()
    whole = b""
    for number, text in enumerate(vector["frames"]):
        frame = open_frame(bytes.fromhex(text)[1:-1])
        done = parts.add(frame.header, frame.body, b"", number)
        whole = done[0] if done else whole
    if whole and frame.header.message_id in MESSAGES:
        fields = decode_body(frame.header.message_id, whole, frame.header.version)
        if "error" not in fields:
            assert encode_body(frame.header.message_id, fields, frame.header.version) == whole


@pytest.mark.parametrize("vector", load("stream", "stream_chunks"))
def test_stream_byte_by_byte(vector: dict[str, Any]) -> None:
    framer = Framer()
    data = bytes.fromhex(vector["hex"])
    raws = [raw for byte in data for raw in framer.feed(bytes((byte,)))]
    assert raws == Framer().feed(data)
