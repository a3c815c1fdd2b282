"""The compiled loop gives what the Python path gives, on golden, random and damaged frames."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.schemas import POSITION, check
from sizao.feeds.jt808 import Framer, encode_frame
from sizao.feeds.jt808.batch import encode_batch, split_batch
from sizao.feeds.jt808.bulk import decode_bulk
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.location import decode_location
from sizao.feeds.jt808.positions import DEFAULT_LIMITS, Limits, position_batch, position_row
from sizao.feeds.jt808.problems import Malformed

from .vectors import COLLECTED, load, raw_of

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
            st.tuples(st.sampled_from([0x64, 0x65, 0x66, 0x67]), st.sampled_from([41, 47, 50])).map(
                lambda pair: bytes(pair) + bytes(range(pair[1]))
            ),
            st.binary(max_size=3),
        ),
        max_size=4,
    ),
)
batches = st.builds(
    lambda some, off: (len(some) + off).to_bytes(2, "big") + encode_batch(some)[2:],
    st.lists(bodies, max_size=5),
    st.sampled_from([0, 0, 0, 0, 1]),
)
frames = st.builds(
    lambda message, phone, serial, version: encode_frame(
        message[0], phone, serial, message[1], version
    ),
    st.one_of(
        st.tuples(st.sampled_from([0x0200, 0x0200, 0x0200, 0x0704, 0x0002]), bodies),
        st.tuples(st.just(0x0704), batches),
    ),
    st.text("0123456789abcdef", min_size=1, max_size=12),
    st.integers(0, 0xFFFF),
    st.sampled_from([2013, 2019]),
)


def agree(data: bytes, limits: Limits = DEFAULT_LIMITS) -> int:
    """Assert that both paths agree on every frame of ``data``; returns the positions compared."""
    bulk = decode_bulk(data, NOW, limits)
    raws = Framer().feed(data)
    assert bulk.frames == len(raws)
    rest = dict(bulk.rest)
    expected: list[Any] = []
    heads: list[tuple[int, int, bool]] = []
    alarms: list[tuple[int, dict[str, Any]]] = []
    for number, raw in enumerate(raws):
        found = by_python(raw, limits)
        if number in rest:
            assert rest[number] == raw
            assert found is None, "the loop must take every plain report"
            continue
        assert found is not None, "the loop took what the Python path does not take whole"
        header, rows, items = found
        alarms += [(len(expected) + index, fields) for index, fields in items]
        expected += rows
        heads += [(number, header.serial, header.version == "2019")] * len(rows)
    batch = bulk.positions
    check(batch, POSITION)
    batch.validate(full=True)
    assert batch.to_pylist() == position_batch(expected).to_pylist()
    columns = (bulk.frame.tolist(), bulk.serial.tolist(), bulk.long.tolist())
    assert list(zip(*columns, strict=True)) == heads
    assert list(bulk.alarm_fields()) == alarms
    return bulk.n


Found = tuple[Header, list[Any], list[tuple[int, dict[str, Any]]]]


def by_python(raw: bytes, limits: Limits) -> Found | None:
    """Header, rows and active-safety items of a report that is right in every part."""
    try:
        frame = open_frame(raw)
    except Malformed:
        return None
    header = frame.header
    if header.encryption or header.subpackaged or header.message_id not in (0x0200, 0x0704):
        return None
    bodies = [frame.body]
    if header.message_id == 0x0704:
        if len(frame.body) < 3:
            return None
        declared, _, bodies, rest = split_batch(frame.body)
        if declared != len(bodies) or rest:
            return None
    rows, alarms = [], []
    for index, body in enumerate(bodies):
        row, reason = position_row(
            body, header.phone, NOW, catch_up=header.message_id == 0x0704, limits=limits
        )
        if row is None or reason is not None:
            return None
        as_decoded(row, decode_location(body))
        rows.append(row)
        for item in decode_location(body)["extras"]:
            fields = {key: item[key] for key in ("adas", "dsm", "tpms", "bsd") if key in item}
            if fields:
                alarms.append((index, fields))
    return header, rows, alarms


def as_decoded(row: Any, fields: dict[str, Any]) -> None:
    """A row has the message decoder's values, or null where they are no use."""
    values = dict(zip(POSITION.names, row, strict=True))
    for key in ("lat", "lon", "speed_kmh", "heading_deg", "altitude_m", "alarm", "status"):
        assert values[key] in (fields[key], None)
    assert values["time"] == int(datetime.fromisoformat(fields["time"]).timestamp()) * 1_000_000
    for key, item in (("mileage_km", "0x01"), ("recorder_speed_kmh", "0x03")):
        said = [e[key] for e in fields["extras"] if e["id"] == item and key in e]
        assert values[key] in (said[-1] if said else None, None)


def test_both_paths_agree_on_every_golden_frame() -> None:
    raws = [raw_of(param.values[0]) for param in load("frame", "frame_header_only")]
    data = b"\x7e" + b"\x7e".join(raws) + b"\x7e"
    limits = Limits(future_s=1e12)  # some are from the year 2080
    plain = [found for raw in raws if (found := by_python(raw, limits))]
    assert agree(data, limits) == sum(len(rows) for _, rows, _ in plain) >= 10
    assert agree(data) > 0
    if COLLECTED.exists():
        assert sum(len(alarms) for _, _, alarms in plain) >= 15
        assert sum(header.message_id == 0x0704 for header, _, _ in plain) >= 8
        assert {header.version for header, _, _ in plain} == {"2013", "2019"}


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
        for data in (
            encode_frame(0x0200, "139", 1, base + items),
            encode_frame(0x0704, "139", 1, encode_batch([base, base + items])),
        ):
            assert agree(data) == 0
            assert len(decode_bulk(data, NOW).rest) == 1


def test_every_length_of_phone() -> None:
    base = bytes(22) + bytes.fromhex("251231235959")
    data = b"".join(
        encode_frame(0x0200, "9a3f5678901234567b8d"[:digits] or "0", 1, base, version)
        for digits in range(21)
        for version in (2013, 2019)
        if digits <= 12 or version == 2019
    )
    assert agree(data) == 13 + 21


def test_a_buffer_of_nothing_but_other_messages() -> None:
    data = encode_frame(0x0002, "139", 1, b"") * 5000
    assert agree(data) == 0
    assert len(decode_bulk(data, NOW).rest) == 5000


def test_a_buffer_may_be_cut_anywhere() -> None:
    chance = random.Random(4)
    data = b"".join(
        encode_frame(0x0200, "139", n, bytes(22) + bytes.fromhex("251231235959")) for n in range(40)
    )
    whole = decode_bulk(data, NOW)
    assert whole.n == 40
    for _ in range(50):
        cut = chance.randrange(len(data))
        first = decode_bulk(data[:cut], NOW)
        second = decode_bulk(first.pending + data[cut:], NOW)
        assert [*first.serial.tolist(), *second.serial.tolist()] == list(range(40))


def test_limits_are_the_same_in_both_paths() -> None:
    body = bytes(22) + bytes.fromhex("200101000000")
    data = encode_frame(0x0200, "139", 1, body)
    for limits, kept in ((Limits(), 1), (Limits(age_s=86_400), 0)):
        assert agree(data, limits) == kept
    fast = encode_frame(0x0200, "139", 1, body[:18] + b"\x0f\xa1" + body[20:])
    (row,) = decode_bulk(fast, NOW).positions.to_pylist()
    assert row["speed_kmh"] is None
    agree(fast, Limits(speed_kmh=1000))


def test_nothing_in_nothing_out() -> None:
    for data in (b"", b"\x7e", b"garbage"):
        bulk = decode_bulk(data, NOW)
        assert bulk.frames == 0
        assert bulk.positions.equals(pa.RecordBatch.from_pylist([], schema=POSITION))
