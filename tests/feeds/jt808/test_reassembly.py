"""Parts of long messages: any order, repeats, gaps, bounds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.encode import encode_frame, encode_message
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.reassembly import Reassembler, ReassemblyLimits

PHONE = "13912345678"
Part = tuple[Header, bytes, bytes]


def parts_of(body: bytes, serial: int, size: int = 10, phone: str = PHONE) -> list[Part]:
    parts = []
    for frame in encode_message(0x0801, phone, serial, body, max_body=size):
        raw = frame[1:-1]
        opened = open_frame(raw)
        parts.append((opened.header, opened.body, raw))
    return parts


def part(index: int, total: int, serial: int, body: bytes) -> Part:
    raw = encode_frame(0x0801, PHONE, serial, body, subpackage=(total, index))[1:-1]
    opened = open_frame(raw)
    return opened.header, opened.body, raw


@given(
    st.binary(min_size=11, max_size=300),
    st.integers(0, 0xFFFF),
    st.integers(0, 1000),
    st.integers(1, 3),
)
def test_any_order_and_repeats_give_the_body_once(
    body: bytes, serial: int, seed: int, copies: int
) -> None:
    parts = parts_of(body, serial) * copies
    random.Random(seed).shuffle(parts)
    reassembler = Reassembler()
    done = [reassembler.add(*one, now_us=n) for n, one in enumerate(parts)]
    whole = [d[0] for d in done if d is not None]
    assert whole == [body]
    assert len(reassembler) == 0
    assert reassembler.size == 0


def test_two_messages_side_by_side_do_not_mix() -> None:
    first, second = parts_of(b"a" * 30, 100), parts_of(b"b" * 30, 103)
    reassembler = Reassembler()
    found = [
        done[0]
        for one in (first[0], second[0], second[1], first[1], first[2], second[2])
        if (done := reassembler.add(*one, now_us=0))
    ]
    assert found == [b"a" * 30, b"b" * 30]


def test_serials_with_gaps_are_one_message() -> None:
    reassembler = Reassembler()
    assert reassembler.add(*part(1, 3, 1000, b"one"), now_us=0) is None
    assert reassembler.add(*part(3, 3, 1040, b"three"), now_us=0) is None
    done = reassembler.add(*part(2, 3, 1017, b"two"), now_us=0)
    assert done == (b"onetwothree", [1000, 1017, 1040])
    assert reassembler.add(*part(2, 3, 1017, b"two"), now_us=1) is None
    assert len(reassembler) == 0, "a repeated part must not open a new message"


@pytest.mark.parametrize("serial", [999, 900, 1200])
def test_a_part_whose_serial_does_not_rise_with_its_index_is_another_message(serial: int) -> None:
    reassembler = Reassembler()
    reassembler.add(*part(1, 2, 1000, b"one"), now_us=0)
    assert reassembler.add(*part(2, 2, serial, b"two"), now_us=0) is None
    assert len(reassembler) == 2


def test_a_part_further_on_than_its_serial_is_another_message() -> None:
    reassembler = Reassembler()
    reassembler.add(*part(1, 4, 1000, b"one"), now_us=0)
    reassembler.add(*part(4, 4, 1001, b"four"), now_us=0)
    assert len(reassembler) == 2


def test_missing_parts_are_asked_for_after_a_quiet_time_and_not_for_ever() -> None:
    limits = ReassemblyLimits(ask_after_us=100, max_asks=2, give_up_us=1000)
    reassembler = Reassembler(limits)
    one, _, three = parts_of(b"x" * 30, 0xFFFE)
    reassembler.add(*one, now_us=0)
    reassembler.add(*three, now_us=50)
    assert reassembler.due(120) == []
    (partial,) = reassembler.due(150)
    assert (partial.first_serial, partial.missing) == (0xFFFE, [2])
    assert reassembler.due(200) == []
    assert len(reassembler.due(250)) == 1
    assert reassembler.due(900) == []
    assert reassembler.take_given_up() == []
    assert reassembler.due(1000) == []
    assert [p.raws for p in reassembler.take_given_up()] == [[one[2], three[2]]]
    assert not reassembler.busy


def test_memory_is_bounded_and_nothing_disappears() -> None:
    limits = ReassemblyLimits(max_bytes=20_000, max_messages=4)
    reassembler = Reassembler(limits)
    sent = []
    for n in range(200):
        one = part(1, 0xFFFF, n * 300, bytes(n % 256))
        sent.append(one[2])
        reassembler.add(*one, now_us=n)
        assert reassembler.size <= limits.max_bytes
        assert len(reassembler) <= limits.max_messages
    reassembler.close()
    kept = [raw for partial in reassembler.take_given_up() for raw in partial.raws]
    assert kept == sent


def test_empty_parts_cost_memory_too() -> None:
    reassembler = Reassembler(ReassemblyLimits(max_bytes=20_000))
    for index in range(1, 1000):
        reassembler.add(*part(index, 0xFFFF, index, b""), now_us=0)
        assert reassembler.size <= 20_000


def test_a_serial_that_comes_round_again_is_a_new_message() -> None:
    reassembler = Reassembler(ReassemblyLimits(remember_us=1000))
    parts = parts_of(b"y" * 20, 5)
    for moment in (0, 2000):
        assert [reassembler.add(*one, now_us=moment) for one in parts][-1] is not None
