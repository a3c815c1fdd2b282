"""What messages beside positions and cards lead to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sizao.feeds.jt808 import Framer, encode_body, encode_frame
from sizao.feeds.jt808.framing import seal
from sizao.feeds.jt808.handlers import HANDLERS
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.outcome import batches

from .strategies import bodies
from .test_session import NOW, OPEN, PHONE, Terminal, location, reasons, replies, results

UP = sorted(number for number in MESSAGES if number < 0x1000)
KEPT = sorted(n for n, handler in HANDLERS.items() if handler.__name__ == "on_other")


def test_every_message_of_a_terminal_has_a_handler() -> None:
    assert set(UP) == HANDLERS.keys()


@pytest.mark.parametrize("message_id", KEPT, ids=lambda number: f"{number:04X}")
def test_it_is_kept_with_everything_it_said(message_id: int) -> None:
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies(message_id, "2013"))
    def check(fields: dict[str, Any]) -> None:
        body = encode_body(message_id, fields)
        if len(body) > 1023:
            return
        outcome = Terminal(OPEN).say(message_id, body)
        (row,) = batches([outcome])["terminal_messages"].to_pylist()
        assert row["kind"] == f"0x{message_id:04X}"
        said = json.loads(row["body"])
        said.pop("body_hex", None)
        if fields.get("items") != []:
            assert said == json.loads(json.dumps(fields))
        assert results(outcome) == [(1, 0)]

    check()


def test_a_bad_body_is_quarantined_and_answered() -> None:
    outcome = Terminal(OPEN).say(0x0302, b"\x00")
    assert reasons(outcome) == ["bad_length"]
    assert results(outcome) == [(1, 2)]
    assert outcome.terminal_messages == []


def test_a_control_answer_is_a_position_too() -> None:
    outcome = Terminal(OPEN).say(0x0500, b"\x00\x07" + location())
    assert len(outcome.positions) == 1
    assert outcome.terminal_messages[0][4] == "7"


def test_the_time_is_given_in_utc() -> None:
    (answer,) = replies(Terminal(OPEN, version=2019).say(0x0004))
    assert answer["message_id"] == "0x8004"
    assert answer["time_utc_bcd"] == "260101000000"


def test_lost_parts_of_a_long_text_are_sent_again() -> None:
    terminal = Terminal(OPEN)
    terminal.say(0x0002)
    frames = Framer().feed(terminal.session.text("慢" * 512, "c1", NOW))
    assert len(frames) == 2
    first = replies_of(frames[0])["serial"]
    fields = {"original_serial": first, "indexes": [2, 9]}
    outcome = terminal.tell(0x0005, fields)
    assert [Framer().feed(one) for one in outcome.replies] == [[frames[1]]]
    lost = terminal.tell(0x0005, {"original_serial": first + 9, "indexes": [1]})
    assert results(lost) == [(3, 1)]


def replies_of(raw: bytes) -> dict[str, Any]:
    from sizao.feeds.jt808 import decode_frame

    return decode_frame(raw)


@pytest.mark.parametrize("bits", range(1, 8))
def test_any_encryption_is_quarantined_with_its_reason(bits: int) -> None:
    (raw,) = Framer().feed(encode_frame(0x0200, PHONE, 1, location()))
    plain = bytearray(raw.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")[:-1])
    plain[2] |= bits << 2
    outcome = Terminal(OPEN).session.receive(seal(bytes(plain)), NOW)
    assert reasons(outcome) == ["encrypted_body"]
    assert outcome.positions == []
    assert results(outcome) == [(1, 3)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(UP), min_size=1, max_size=6), st.binary(max_size=200))
def test_any_body_of_any_message_is_a_row_or_in_quarantine(ids: list[int], body: bytes) -> None:
    terminal = Terminal(OPEN)
    for message_id in ids:
        outcome = terminal.say(message_id, body)
        batches([outcome])
        reasons(outcome)
