"""Framing, cipher and layouts on whatever bytes and values come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.feeds.jt809 import cipher, layouts
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.decode import decode_body, decode_frame, open_frame
from sizao.feeds.jt809.dialect import EDITIONS, Dialect
from sizao.feeds.jt809.encode import encode_body, encode_frame
from sizao.feeds.jt809.fields import Hex, Text, iso, number_of
from sizao.feeds.jt809.framing import Framer, crc16, escape, seal, unescape
from sizao.feeds.jt809.lines import decode_line
from sizao.feeds.jt809.messages import FAMILIES, MESSAGES, SUBMESSAGES, family_of
from sizao.feeds.jt809.position import wrap_2019

u32 = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_escaping_comes_back(data: bytes) -> None:
    escaped = escape(data)
    assert not {0x5B, 0x5D} & set(escaped)
    assert unescape(escaped) == data


def slow_crc(data: bytes) -> int:
    """The definition, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_crc_is_the_defined_one(data: bytes) -> None:
    assert crc16(data) == slow_crc(data)


def slow_cipher(body: bytes, start: int, m1: int, ia1: int, ic1: int) -> bytes:
    """The definition, byte by byte."""
    k, out = start or 1, []
    for byte in body:
        k = (ia1 * (k % (m1 or 1)) + ic1) % 2**32
        out.append(byte ^ (k >> 20 & 0xFF))
    return bytes(out)


@settings(deadline=None)
@given(st.binary(max_size=300), u32, u32, u32, u32, st.sampled_from(["key", "m1"]))
def test_cipher_is_the_defined_one(
    body: bytes, key: int, m1: int, ia1: int, ic1: int, start: str
) -> None:
    keys = Keys(m1, ia1, ic1, start)
    found = cipher.apply(body, key, keys)
    assert found == slow_cipher(body, m1 if start == "m1" else key, m1, ia1, ic1)
    assert cipher.apply(found, key, keys) == body


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_bytes_any_cuts(data: st.DataObject) -> None:
    """The same frames whatever the cuts, nothing raised, and good frames are found again."""
    good = encode_frame(0x1005, 20180920, data.draw(u32))
    noise = st.binary(max_size=40)
    stream = b"".join(
        data.draw(noise) + (good if data.draw(st.booleans()) else b"") for _ in range(6)
    )
    whole = Framer().feed(stream)
    framer, pieces, at = Framer(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 30))
        pieces += framer.feed(stream[at : at + size])
        at += size
    assert pieces == whole
    for raw in whole:
        decode_frame(raw)
        decode_frame(raw, Keys(1, 2, 3))
    # A good frame after any noise is found, unless the noise ends in an open escape or so:
    # its own opening delimiter starts it anew.
    assert good[1:-1] in Framer().feed(stream + good)


def test_memory_is_bounded() -> None:
    framer = Framer(max_raw=100)
    for _ in range(50):
        assert framer.feed(b"\x5b" + b"x" * 30) == []
        framer.feed(b"y" * 90)
        assert len(framer.pending) <= 101
    assert framer.skipped > 5_000
    assert framer.feed(seal(b"z" * 40))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(SUBMESSAGES)), st.binary(max_size=400), st.sampled_from(EDITIONS))
def test_no_body_raises(sub: int, data: bytes, edition: str) -> None:
    head = b"" if family_of(sub) in (0x1102, 0x1300, 0x9300) else bytes(22)
    body = head + sub.to_bytes(2, "big") + len(data).to_bytes(4, "big") + data
    found = decode_body(family_of(sub), body, edition)
    assert "error" in found or found["sub_type"] == f"0x{sub:04X}"
    decode_body(family_of(sub), data, edition)


ROUND = [m for m, message in {**MESSAGES, **SUBMESSAGES}.items() if message.decode is None]


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("message", ROUND, ids=[f"{m:04X}" for m in ROUND])
def test_every_layout_is_its_own_inverse(message: int, edition: str) -> None:
    """Values out of bytes that fill every field come back as the same bytes."""
    entry = MESSAGES.get(message) or SUBMESSAGES[message]
    for layout in layouts.ranked(entry.layouts, edition, Dialect()):
        body = b""
        for number, (_, kind) in enumerate(layout.fields):
            if isinstance(kind, Text) or kind.form.startswith(("platform", "u32 length")):
                text = "川DI0001"[: max((kind.width or 8) // 2, 1)]
                if kind.form == "u32 length, bytes":
                    text = "c0ffee"
                body += kind.write(text, Dialect())
            elif isinstance(kind, Hex):
                body += bytes(range(kind.width or 3))
            elif kind.form == "u64 time":
                body += (1_697_353_530 + number).to_bytes(8, "big")
            else:
                body += (number + 1).to_bytes(kind.width or 0, "big")
        fields = layout.decode(body)
        assert "trailing" not in fields
        assert layout.encode(fields) == body
        if edition in layout.editions:
            assert entry.read(body, edition, Dialect()) == fields


def test_dialects_are_written_and_read() -> None:
    order = {
        "alarm_source": 1,
        "alarm_type": 2,
        "alarm_time": "2026-01-05T08:00:00+08:00",
        "supervision_deadline": "2026-01-05T10:00:00+08:00",
        "level": 0,
        "supervisor": "王警官",
        "supervisor_tel": "08120000000",
        "supervisor_email": "a@b.example",
    }
    for dialect, number in (
        (Dialect(), "0000046c"),
        (Dialect(supervision_id="text34"), "510400" + "0" * 22 + "001234"),
    ):
        body = encode_body(0x9401, order | {"supervision_id": number}, "2019", dialect)
        assert decode_body(0x9400, body, "2019", dialect)["supervision_id"] == number
        for reply, length in (("short", 1), ("long", 7)):
            wanted = Dialect(supervision_id=dialect.supervision_id, supervision_reply=reply)
            answer = {
                "supervision_id": number,
                "result": 1,
                "source_data_type": "0x9401",
                "source_msg_sn": 7,
            }
            body = encode_body(0x1401, answer, "2019", wanted)
            assert len(body) == 6 + (4 if dialect.supervision_id == "u32" else 34) + length
            # Even a link that was not told finds the id by the length.
            found = decode_body(0x1400, body, "2019")
            assert found["supervision_id"] == number
            assert found["result"] == 1


def test_alarm_times_follow_the_dialect() -> None:
    alarm: dict[str, Any] = {
        "source_platform_id": "51040000001",
        "alarm_type": 1,
        "alarm_time": "2026-01-05T08:00:00+08:00",
        "start_time": "2026-01-05T08:00:01+08:00",
        "end_time": "2026-01-05T08:00:02+08:00",
        "plate": "川DI0001",
        "plate_color": 2,
        "destination_platform_id": "51000000001",
        "route_id": 0,
        "content": "超速",
    }
    sizes = {}
    for times in (2, 3):
        for unit in ("s", "ms"):
            for ids in ("text", "integer"):
                dialect = Dialect(alarm_times=times, time_unit=unit, platform_id=ids)
                body = encode_body(0x1402, alarm, "2019", dialect)
                found = decode_body(0x1400, body, "2019", dialect)
                assert found["time_fields"] == times
                assert found["source_platform_id"] == "51040000001"
                assert found["start_time"][:19] == alarm["start_time"][:19]
                assert ("." in found["start_time"]) is (unit == "ms")
                sizes[times] = len(body)
    assert sizes[3] - sizes[2] == 8


def test_shifted_times() -> None:
    assert iso(1_697_353_530) == "2023-10-15T15:05:30+08:00"
    assert iso(1_697_353_530 + 8 * 3600, 8) == "2023-10-15T15:05:30+08:00"
    assert number_of("2023-10-15T15:05:30+08:00", 8) == 1_697_353_530 + 8 * 3600
    assert iso(2**63) is None


@pytest.mark.parametrize("prefix", ["yes", "no"])
@pytest.mark.parametrize("edition", EDITIONS)
def test_either_prefix_is_read(prefix: str, edition: str) -> None:
    fields = {"info_id": 1, "result": 2, "plate": "川DI0001", "plate_color": 2}
    body = encode_body(0x1403, fields, edition, Dialect(vehicle_prefix=prefix))
    found = decode_body(0x1400, body, edition)
    assert found["result"] == 2
    assert found.get("plate") == ("川DI0001" if prefix == "yes" else None)


def test_zero_padding_of_a_location_is_no_item() -> None:
    location = bytes.fromhex("00000000000000030227334006f97779003402ab005a231015101530")
    for tail in (b"", b"\x01\x04\0\0\0\0"):
        for zeros in (0, 1, 2, 7, 20):
            data = wrap_2019(location + tail + bytes(zeros))
            body = b"\0" * 22 + bytes.fromhex("1202") + len(data).to_bytes(4, "big") + data
            found = decode_body(0x1200, body, "2019")
            assert "error" not in found
            assert len(found["gnss"]["extras"]) == bool(tail)
            assert found.get("padding", 0) == zeros
            assert encode_body(0x1202, found, "2019") == body


def test_a_wrong_data_length_does_not_lose_the_data() -> None:
    data = encode_body(0x1403, {"info_id": 7, "result": 1}, "2019")
    found = decode_body(0x1400, data[:2] + b"\0\0\0\x63" + data[6:], "2019")
    assert found["error"]["kind"] == "bad_sub_length"
    assert (found["declared"], found["actual"], found["info_id"]) == (0x63, 5, 7)


def test_unknown_messages_keep_their_bytes() -> None:
    frame = encode_frame(0x1005, 1, 1)
    (raw,) = Framer().feed(frame)
    assert open_frame(raw).body == b""
    assert decode_body(0x1700, b"abc", "2011") == {"body_hex": b"abc".hex()}
    body = bytes(22) + bytes.fromhex("12ff00000002beef")
    assert decode_body(0x1200, body, "2011")["data_hex"] == "beef"
    assert 0x1200 in FAMILIES


def test_lines() -> None:
    frame = encode_frame(0x1005, 20180920, 1).hex()
    assert decode_line(frame)["business_type"] == "0x1005"
    assert decode_line(frame[2:-2])["msg_sn"] == 1
    assert decode_line("0x" + frame)["crc_ok"] is True
    assert decode_line("zz")["error"]["kind"] == "bad_hex"
    assert decode_line("5b5d")["error"]["kind"] == "empty_frame"
    assert len(decode_line(frame * 3)["frames"]) == 3
    broken = decode_line(frame + frame[:-6] + "00005d" + frame[:20])
    assert len(broken["frames"]) == 1
    assert [e["error"]["kind"] for e in broken["errors"]] == ["bad_crc", "incomplete"]
