"""The short way gives the rows and the answers of the session, in the session's order."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.schemas import POSITION, check
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.batch import encode_batch
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.columns import rules_at
from sizao.feeds.jt808.encode import encode_body, encode_frame
from sizao.feeds.jt808.fields import bcd_time
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.positions import Limits, position_batch
from sizao.feeds.jt808.session import Session
from sizao.feeds.jt808.steady import SteadyTable

NOW = 1_767_225_600_000_000
AUTH = DerivedCodes(b"sixteen bytes at the least")
PARAMS = SessionParams(require_auth=False)
CHUNK = np.dtype([("fd", np.int32), ("size", np.int32), ("start", np.int64)])

Sweep = list[tuple[int, bytes]]


@dataclass
class Said:
    """What became of everything: in the log, and answered on each connection."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    quarantine: list[Any] = field(default_factory=list)
    cards: list[Any] = field(default_factory=list)
    answers: dict[int, bytes] = field(default_factory=dict)
    short: int = 0
    """Frames that went the short way."""

    def add(self, number: int, outcome: Any) -> None:
        self.rows += position_batch(outcome.positions).to_pylist()
        self.quarantine += outcome.quarantine
        self.cards += outcome.driver_cards
        self.answers[number] = self.answers.get(number, b"") + b"".join(outcome.replies)


def one_by_one(sweeps: list[Sweep], connections: int) -> Said:
    """Sessions alone."""
    cards = Cards()
    sessions = [Session(str(n), AUTH, PARAMS, NOW, cards) for n in range(connections)]
    said = Said()
    for turn, sweep in enumerate(sweeps):
        for number, data in sweep:
            said.add(number, sessions[number].receive(data, NOW + turn))
    return said


def at_once(sweeps: list[Sweep], connections: int) -> Said:
    """The table first, as the gateway does."""
    cards = Cards()
    sessions = [Session(str(n), AUTH, PARAMS, NOW, cards) for n in range(connections)]
    table = SteadyTable(connections)
    said = Said()

    def changed(phone: str) -> None:
        for number, session in enumerate(sessions):
            if session.phone == phone and table.lent(number):
                session.resume(table.take_back(number))

    cards.changed = changed
    for turn, sweep in enumerate(sweeps):
        chunks = np.zeros(len(sweep), CHUNK)
        at = 0
        for index, (number, data) in enumerate(sweep):
            chunks[index] = (number, len(data), at)
            at += len(data)
        arena = np.frombuffer(b"".join(data for _, data in sweep) + bytes(64), np.uint8)
        taken = table.take(arena, chunks, rules_at(NOW + turn, Limits()), "jt808")
        check(taken.positions, POSITION)
        taken.positions.validate(full=True)
        said.rows += taken.positions.to_pylist()
        said.short += taken.frames
        for fd, _, start, size, _, _ in taken.replies.tolist():
            piece = taken.answers[start : start + size].tobytes()
            said.answers[fd] = said.answers.get(fd, b"") + piece
        for index in taken.slow:
            number, data = sweep[index]
            session = sessions[number]
            if table.lent(number):
                session.resume(table.take_back(number))
            said.add(number, session.receive(data, NOW + turn))
            known = session.known()
            if known is not None:
                table.lend(number, known)
    return said


CONNECTIONS = 3
PHONES = ("13800000001", "013800000002", "9a3f5678901234567b8d")


def location(ago_s: int, alarm: int = 0, items: bytes = b"", place: bytes = b"") -> bytes:
    head = alarm.to_bytes(4, "big") + b"\x00\x00\x00\x03"
    at = bcd_time(NOW - ago_s * 1_000_000)
    return head + (place or bytes.fromhex("0195a7d0060fd5f40708025800b4")) + at + items


def driver(ago_s: int, licence: str) -> bytes:
    fields = {
        "status": 1,
        "time": np.datetime_as_string(np.datetime64(NOW // 1_000_000 - ago_s, "s")) + "+00:00",
        "ic_read_result": 0,
        "driver_name": "张三",
        "license_no": licence,
    }
    return encode_body(0x0702, fields)


ITEMS = st.sampled_from(
    [
        b"",
        b"\x01\x04\x00\x00\x7d\x7e",
        b"\x03\x02\x02\x58\xe1\x01\x7e",
        b"\x03\x02\xff\xff",
        b"\x64\x2f" + bytes(range(47)),
        b"\x64\x03abc",
        b"\x01\x04\x00",
    ]
)
LOCATIONS = st.builds(
    location,
    st.sampled_from([0, 10, 500, 5000, -100, -5000]),
    st.sampled_from([0, 0, 0, 1, 2]),
    ITEMS,
    st.sampled_from([b"", b"", bytes(14), b"\xff" * 14]),
)
MESSAGES = st.one_of(
    st.tuples(st.just(0x0200), LOCATIONS),
    st.tuples(st.just(0x0200), LOCATIONS),
    st.tuples(st.just(0x0002), st.sampled_from([b"", b"x"])),
    st.tuples(st.just(0x0704), st.lists(LOCATIONS, max_size=3).map(encode_batch)),
    st.tuples(st.just(0x0704), st.just(b"\x00\x02\x01")),
    st.tuples(
        st.just(0x0702), st.builds(driver, st.sampled_from([0, 100, 1000]), st.sampled_from("AB"))
    ),
    st.tuples(st.sampled_from([0x0001, 0x0F0F]), st.just(b"\x00\x00\x83\x00\x00")),
)


@st.composite
def sweeps(draw: st.DrawFn) -> list[Sweep]:
    """Streams of frames, some damaged, cut into chunks anywhere but mostly between frames."""
    streams: list[list[bytes]] = []
    for number in range(CONNECTIONS):
        chunks = [b""]
        for serial, (message, body) in enumerate(draw(st.lists(MESSAGES, max_size=8))):
            phone = PHONES[number] if draw(st.integers(0, 9)) else f"1390000000{number}"
            version = 2019 if len(phone) > 12 or number == 1 else 2013
            frame = encode_frame(message, phone, serial, body, version)
            match draw(st.integers(0, 19)):
                case 0:
                    frame = frame[:9] + bytes((frame[9] ^ 4,)) + frame[10:]
                case 1:
                    frame = frame[:-1]
                case 2:
                    frame = b"ab" + frame
                case 3:
                    chunks[-1] += frame[:7]
                    chunks.append(b"")
                    frame = frame[7:]
            chunks[-1] += frame
            if draw(st.booleans()):
                chunks.append(b"")
        streams.append([chunk for chunk in chunks if chunk])
    found: list[Sweep] = []
    while any(streams):
        sweep = []
        for number in draw(st.permutations(range(CONNECTIONS))):
            for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
                if streams[number]:
                    sweep.append((number, streams[number].pop(0)))
        if not sweep:
            number = next(n for n in range(CONNECTIONS) if streams[n])
            sweep = [(number, streams[number].pop(0))]
        found.append(sweep)
    return found


def keyed(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows by vehicle: order counts within one only."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["vehicle"], []).append(row)
    return found


at_once([[(0, encode_frame(0x0200, PHONES[0], 1, location(0)))]], 1)  # compiled before any deadline


@settings(max_examples=150, deadline=None)
@given(sweeps())
def test_both_ways_agree(some: list[Sweep]) -> None:
    short, long = at_once(some, CONNECTIONS), one_by_one(some, CONNECTIONS)
    assert short.answers == long.answers
    assert keyed(short.rows) == keyed(long.rows)
    assert sorted(map(repr, short.quarantine)) == sorted(map(repr, long.quarantine))
    assert sorted(map(repr, short.cards)) == sorted(map(repr, long.cards))


def test_what_terminals_nearly_always_send_goes_the_short_way() -> None:
    chance = random.Random(3)
    some: list[Sweep] = []
    for turn in range(40):
        sweep = []
        for number in range(CONNECTIONS):
            version = 2013 if number == 0 else 2019
            body = location(40 - turn, chance.randrange(2), b"\x01\x04\x00\x7d\x7e\x01")
            message, body = [(0x0200, body), (0x0704, encode_batch([body] * 3)), (0x0002, b"")][
                chance.choice((0, 0, 0, 1, 2))
            ]
            sweep.append((number, encode_frame(message, PHONES[number], turn, body, version)))
        some.append(sweep)
    some.insert(0, [(0, encode_frame(0x0702, PHONES[0], 0, driver(1000, "510000198001010001")))])
    short, long = at_once(some, CONNECTIONS), one_by_one(some, CONNECTIONS)
    assert short.short == CONNECTIONS * 40 - 2, "all but what made them known"
    assert short.answers == long.answers
    assert keyed(short.rows) == keyed(long.rows)
    assert {row["driver"] for row in short.rows} == {None, "510000198001010001"}


def test_a_wide_phone_differs_in_any_digit() -> None:
    """Twenty digits are ten bytes: the last two count too."""
    body = location(0)
    good = encode_frame(0x0200, PHONES[2], 1, body, 2019)
    for place in range(20):
        phone = PHONES[2][:place] + "0" + PHONES[2][place + 1 :]
        if phone == PHONES[2]:
            continue
        other = encode_frame(0x0200, phone, 2, body, 2019)
        said = at_once([[(0, good)], [(0, good)], [(0, other)]], 1)
        assert said.short == 1
        assert [row["vehicle"] for row in said.rows][-1] == phone.lstrip("0")


@pytest.mark.parametrize("licence", ["x" * 40, "汉" * 14])
def test_a_driver_with_a_long_name(licence: str) -> None:
    frames = [encode_frame(0x0200, PHONES[0], n, location(0)) for n in range(3)]
    cards = Cards()
    cards.record(PHONES[0], NOW - 10_000_000, licence)
    session = Session("a", AUTH, PARAMS, NOW, cards)
    session.receive(frames[0], NOW)
    known = session.known()
    assert known is not None
    table = SteadyTable(1)
    table.lend(0, known)
    assert table.lent(0) == (len(licence.encode()) <= 40)
    if table.lent(0):
        chunks = np.array([(0, len(frames[1]), 0)], CHUNK)
        arena = np.frombuffer(frames[1] + bytes(64), np.uint8)
        taken = table.take(arena, chunks, rules_at(NOW, Limits()), "jt808")
        assert taken.positions.column("driver").to_pylist() == [licence]
