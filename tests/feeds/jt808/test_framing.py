"""Streams: any bytes, any cut, never an exception, and the next good frame is found."""

from __future__ import annotations

from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.feeds.jt808 import Framer, decode_frame, encode_frame
from sizao.feeds.jt808.framing import MAX_RAW, checksum, escape, unescape
from sizao.feeds.jt808.lines import decode_line
from sizao.feeds.jt808.problems import KINDS, Malformed

# Bytes in which delimiters and escapes are common, or nothing would ever be cut at one.
nasty = st.lists(st.sampled_from([0x7E, 0x7D, 0x01, 0x02, 0x00, 0x41]), max_size=60).map(bytes)
anything = st.one_of(st.binary(max_size=200), nasty)

HEARTBEAT = encode_frame(0x0002, "13912345678", 7, b"")
# Body and checksum with both escaped bytes.
ESCAPED = encode_frame(0x0102, "13900007e7d", 0x7D7E, b"}~auth~}")


@given(st.binary(max_size=300))
def test_checksum_is_the_xor_of_all_bytes(data: bytes) -> None:
    assert checksum(data) == reduce(xor, data, 0)


@given(anything)
def test_escaping_is_undone(data: bytes) -> None:
    escaped = escape(data)
    assert 0x7E not in escaped
    assert unescape(escaped) == data


@pytest.mark.parametrize("raw", [b"\x7d", b"a\x7d", b"\x7d\x03", b"\x7d\x7d\x01", b"\x7d\x00z"])
def test_a_lone_escape_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        unescape(raw)
    assert caught.value.kind == "bad_escape"


def test_control_the_checksum_needs_the_unescaped_bytes() -> None:
    raw = encode_frame(0x0102, "13912345678", 1, b"a~b")[1:-1]
    plain = unescape(raw)
    assert checksum(plain) == 0
    # Each escape turns one bit over, so an even number of them would go unnoticed.
    assert raw.count(0x7D) % 2 == 1
    assert checksum(raw) != 0, "without unescaping first, this frame would be refused"


@given(st.lists(anything, max_size=8), st.integers(1, 40))
def test_any_cut_gives_the_same_frames(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    whole = Framer()
    expected = whole.feed(data)
    framer = Framer()
    found = [raw for at in range(0, len(data), size) for raw in framer.feed(data[at : at + size])]
    assert found == expected
    assert framer.pending == whole.pending
    assert framer.skipped == whole.skipped


@given(st.lists(anything, max_size=8))
def test_no_bytes_make_it_raise_and_every_error_has_a_known_kind(pieces: list[bytes]) -> None:
    for raw in Framer().feed(b"".join(pieces)):
        fields = decode_frame(raw)
        if "error" in fields:
            assert fields["error"]["kind"] in KINDS
        else:
            assert fields["checksum_ok"] is True


@given(anything, st.sampled_from([HEARTBEAT, ESCAPED]))
def test_the_next_good_frame_is_found_after_anything(garbage: bytes, good: bytes) -> None:
    framer = Framer()
    raws = framer.feed(garbage) + framer.feed(good)
    # One good frame may close what the garbage opened; two in a row never fail.
    raws += framer.feed(good)
    assert raws[-1] == good[1:-1]


def test_control_without_shared_delimiters_frames_are_lost() -> None:
    glued = HEARTBEAT + ESCAPED[1:] + HEARTBEAT[1:]
    assert len(Framer().feed(glued)) == 3
    pairwise = glued.split(b"\x7e")[1::2]
    assert len(pairwise) != 3, "taking delimiters in pairs would lose the middle frame"


def test_filler_delimiters_are_no_frames() -> None:
    assert Framer().feed(b"\x7e\x7e\x7e" + HEARTBEAT + b"\x7e\x7e") == [HEARTBEAT[1:-1]]


def test_memory_is_bounded_and_the_loss_is_told() -> None:
    framer = Framer()
    for _ in range(100):
        framer.feed(b"\x41" * 1000)
        assert len(framer.pending) <= MAX_RAW
    assert framer.skipped == 100_000
    endless = Framer()
    told = []
    endless.feed(b"\x7e")
    for _ in range(100):
        endless.feed(b"\x41" * 1000)
        told += endless.dropped
        assert len(endless.pending) <= MAX_RAW
    assert len(told) == 1
    assert endless.skipped == 100_000
    assert endless.feed(HEARTBEAT + HEARTBEAT) == [HEARTBEAT[1:-1]] * 2


def test_bytes_before_the_first_delimiter_are_told_once() -> None:
    framer = Framer()
    assert framer.feed(b"GET / HTTP/1.1\r\n") == []
    assert framer.dropped == [b"GET / HTTP/1.1\r\n"]
    framer.feed(b"Host: x\r\n")
    assert framer.dropped == []
    assert framer.feed(b"\r\n" + HEARTBEAT) == [HEARTBEAT[1:-1]]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("zz", "bad_hex"),
        ("7e0", "bad_hex"),
        ("7e7e", "empty_frame"),
        ("7e00020000", "incomplete"),
        ("7e0002000001234567890000010f7e", "bad_checksum"),
        ("00", "bad_length"),
    ],
)
def test_lines_that_are_no_frame(line: str, kind: str) -> None:
    assert decode_line(line)["error"]["kind"] == kind


def test_a_line_may_lack_its_delimiters_and_have_blanks() -> None:
    expected = decode_frame(HEARTBEAT[1:-1])
    text = HEARTBEAT.hex(" ")
    assert decode_line(text) == expected
    assert decode_line(text[3:-3].upper()) == expected
    assert decode_line("0x" + HEARTBEAT.hex()) == expected


def test_a_line_of_several_frames() -> None:
    result = decode_line((b"\r\n" + HEARTBEAT + b"\xff\xff" + ESCAPED + b"\x00").hex())
    assert [frame["serial"] for frame in result["frames"]] == [7, 0x7D7E]
    assert [error["error"]["kind"] for error in result["errors"]] == ["bad_length", "incomplete"]
