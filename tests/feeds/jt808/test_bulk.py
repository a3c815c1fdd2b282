"""The compiled loop gives what the Python path gives, on golden, random and damaged frames."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.schemas import POSITION, check
from sizao.feeds.jt808 import Framer, decode_frame, encode_frame
from sizao.feeds.jt808 import kernel as loop
from sizao.feeds.jt808.bulk import decode_bulk, phones, position_columns
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.fields import time_us
from sizao.feeds.jt808.positions import Limits, position_batch, position_row

from .vectors import load, raw_of

NOW = 1_767_225_600_000_000

bodies = st.builds(
    lambda head, coordinates, tail, items: head + coordinates + tail + b"".join(items),
    st.binary(min_size=8, max_size=8),
    st.tuples(st.integers(0, 100_000_000), st.integers(0, 200_000_000)).map(
        lambda pair: pair[0].to_bytes(4, "big") + pair[1].to_bytes(4, "big")
    ),
    st.tuples(
        st.binary(min_size=6, max_size=6),
        st.one_of(
            st.binary(min_size=6, max_size=6),
            st.sampled_from([bytes.fromhex(t) for t in ("251231235959", "240229000000")]),
        ),
    ).map(b"".join),
    st.lists(
        st.one_of(
            st.binary(min_size=4, max_size=4).map(lambda v: b"\x01\x04" + v),
            st.binary(min_size=2, max_size=2).map(lambda v: b"\x03\x02" + v),
            st.binary(max_size=9).map(lambda v: bytes((0xE1, len(v))) + v),
            st.binary(max_size=3),
        ),
        max_size=4,
    ),
)
frames = st.builds(
    lambda body, phone, serial, version, message: encode_frame(
        message, phone, serial, body, version
    ),
    bodies,
    st.text("0123456789abcdef", min_size=1, max_size=12),
    st.integers(0, 0xFFFF),
    st.sampled_from([2013, 2019]),
    st.sampled_from([0x0200, 0x0200, 0x0200, 0x0704, 0x0002]),
)


def agree(data: bytes) -> int:
    """Assert that both paths agree on every frame of ``data``; returns the rows compared."""
    bulk = decode_bulk(data)
    raws = Framer().feed(data)
    by_number = dict(bulk.rest)
    assert bulk.frames == len(raws)
    names = phones(bulk.rows).to_pylist()
    for row, name in zip(bulk.rows, names, strict=True):
        fields = decode_frame(raws[row["frame"]])
        assert "error" not in fields
        same(row, name, fields, open_frame(raws[row["frame"]]).body)
    for number, raw in by_number.items():
        assert raws[number] == raw
        fields = decode_frame(raw)
        plain = fields.get("message_id") == "0x0200" and "extras" in fields
        assert not plain or "error" in fields, "the loop must take every plain report"
    kept_rows = [
        (number, position_row(open_frame(raws[number]).body, name, NOW)[0])
        for number, name in zip(bulk.rows["frame"].tolist(), names, strict=True)
    ]
    batch, keep = position_columns(bulk.rows, NOW)
    check(batch, POSITION)
    assert keep.tolist() == [row is not None for _, row in kept_rows]
    expected = position_batch([row for _, row in kept_rows if row is not None])
    assert batch.to_pylist() == expected.to_pylist()
    return len(bulk.rows)


def same(row: Any, name: str, fields: dict[str, Any], body: bytes) -> None:
    """One row of the loop against the decoded keys."""
    assert name == fields["phone"]
    assert str(row["version"]) == fields["version"]
    for key in ("alarm", "status", "serial", "heading_deg", "altitude_m"):
        assert row[key] == fields[key]
    for key in ("lat", "lon", "speed_kmh"):
        assert row[key] == fields[key]
    at = time_us(body[22:28])
    assert row["time_us"] == (loop.NO_TIME if at is None else at)
    for key, item in (("mileage_km", "0x01"), ("recorder_speed_kmh", "0x03")):
        values = [e[key] for e in fields["extras"] if e["id"] == item and key in e]
        assert row[key] == values[-1] if values else np.isnan(row[key])


def test_both_paths_agree_on_every_golden_frame() -> None:
    raws = [raw_of(param.values[0]) for param in load("frame", "frame_header_only")]
    data = b"\x7e" + b"\x7e".join(raws) + b"\x7e"
    plain = [
        raw
        for raw in raws
        if (fields := decode_frame(raw)).get("message_id") == "0x0200"
        and "extras" in fields
        and "error" not in fields
    ]
    assert agree(data) == len(plain) >= 10


@given(st.lists(frames, max_size=6), st.binary(max_size=5), st.binary(max_size=30))
def test_both_paths_agree_on_random_frames(some: list[bytes], before: bytes, after: bytes) -> None:
    agree(before.replace(b"\x7e", b"") + b"".join(some) + after)


@given(
    st.lists(frames, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6),
)
def test_both_paths_agree_on_damaged_frames(
    some: list[bytes], damage: list[tuple[int, int]]
) -> None:
    data = bytearray(b"".join(some))
    for at, value in damage:
        data[at % len(data)] = value
    agree(bytes(data))


@given(st.lists(st.sampled_from([0x7E, 0x7D, 1, 2, 0, 0x41]), max_size=80).map(bytes))
def test_both_paths_agree_on_anything(data: bytes) -> None:
    agree(data)


def test_a_cut_off_item_goes_to_the_python_path() -> None:
    base = bytes(22) + bytes.fromhex("251231235959")
    for items in (b"\x01", b"\x01\x04\x00\x00\x00", b"\x30\x01", b"\x30\x01\x09\xe1\x02\x00"):
        data = encode_frame(0x0200, "139", 1, base + items)
        assert agree(data) == 0
        assert decode_frame(data[1:-1])["error"]["kind"] == "truncated_extra"


def test_a_buffer_may_be_cut_anywhere() -> None:
    chance = random.Random(4)
    data = b"".join(
        encode_frame(0x0200, "139", n, bytes(22) + bytes.fromhex("251231235959")) for n in range(40)
    )
    whole = decode_bulk(data)
    assert len(whole.rows) == 40
    for _ in range(50):
        cut = chance.randrange(len(data))
        first = decode_bulk(data[:cut])
        second = decode_bulk(first.pending + data[cut:])
        serials = [*first.rows["serial"].tolist(), *second.rows["serial"].tolist()]
        assert serials == list(range(40))


def test_limits_are_the_same_in_both_paths() -> None:
    body = bytes(22) + bytes.fromhex("200101000000")
    rows = decode_bulk(encode_frame(0x0200, "139", 1, body)).rows
    for limits, kept in ((Limits(), 1), (Limits(age_s=86_400), 0)):
        batch, keep = position_columns(rows, NOW, limits)
        assert batch.num_rows == keep.sum() == kept
        assert (position_row(body, "139", NOW, limits=limits)[0] is not None) == bool(kept)


def test_nothing_in_nothing_out() -> None:
    for data in (b"", b"\x7e", b"garbage"):
        bulk = decode_bulk(data)
        assert bulk.frames == 0
        assert position_columns(bulk.rows, NOW)[0].equals(
            pa.RecordBatch.from_pylist([], schema=POSITION)
        )
