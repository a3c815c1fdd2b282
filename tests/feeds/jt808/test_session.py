"""The session: registration, authentication, reports, answers, quarantine, bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sizao.core.schemas import COMMAND_RESULT, DRIVER_CARD, POSITION, QUARANTINE, check
from sizao.feeds.jt808 import Framer, decode_frame, encode_body, encode_frame, encode_message
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.batch import encode_batch
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.outcome import Outcome, batches, rows_of
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.reasons import REASONS
from sizao.feeds.jt808.session import Session

from .vectors import load, raw_of

NOW = 1_767_225_600_000_000
PHONE = "13912345678"
CODES = DerivedCodes(b"a secret of 16 b" * 2)
OPEN = SessionParams(require_auth=False)
REGISTRATION = {
    "province_id": 51,
    "city_id": 400,
    "maker_id": "SIM",
    "terminal_model": "S1",
    "terminal_id": "T1",
    "plate_color": 2,
    "plate": "川D12345",
}


class Terminal:
    """The other end: numbers its frames, decodes what comes back."""

    def __init__(
        self, params: SessionParams | None = None, version: int = 2013, phone: str = PHONE
    ) -> None:
        self.session = Session("192.0.2.1:5000", CODES, params, NOW)
        self.version = version
        self.phone = phone
        self.serial = 0

    def frame(self, message_id: int, body: bytes = b"") -> bytes:
        self.serial += 1
        return encode_frame(message_id, self.phone, self.serial, body, self.version)

    def say(self, message_id: int, body: bytes = b"", now_us: int = NOW) -> Outcome:
        return self.session.receive(self.frame(message_id, body), now_us)

    def tell(self, message_id: int, fields: dict[str, Any]) -> Outcome:
        return self.say(message_id, encode_body(message_id, fields, self.version))

    def sign_in(self) -> Outcome:
        answer = replies(self.tell(0x0100, REGISTRATION))[0]
        return self.tell(0x0102, {"auth_code": answer["auth_code"]})


def replies(outcome: Outcome) -> list[dict[str, Any]]:
    found = [decode_frame(raw) for frame in outcome.replies for raw in Framer().feed(frame)]
    assert all("error" not in fields for fields in found)
    return found


def results(outcome: Outcome) -> list[tuple[int, int]]:
    return [(reply["reply_serial"], reply["result"]) for reply in replies(outcome)]


def location(at_us: int = NOW, **changes: Any) -> bytes:
    return encode_location(time_us=at_us, lat=26.58, lon=101.72, **changes)


def reasons(outcome: Outcome) -> list[str]:
    found = [row[3] for row in outcome.quarantine]
    assert set(found) <= REASONS.keys()
    return found


@pytest.mark.parametrize("version", [2013, 2019])
def test_register_authenticate_report(version: int) -> None:
    terminal = Terminal(version=version)
    registered = terminal.tell(0x0100, REGISTRATION)
    (answer,) = replies(registered)
    assert answer["message_id"] == "0x8100"
    assert (answer["reply_serial"], answer["result"]) == (1, 0)
    assert answer["auth_code"] == CODES.code(PHONE)
    assert registered.phone is None, "registering proves nothing yet"
    signed_in = terminal.tell(0x0102, {"auth_code": answer["auth_code"]})
    assert signed_in.phone == PHONE
    assert results(signed_in) == [(2, 0)]
    reported = terminal.say(0x0200, location())
    assert results(reported) == [(3, 0)]
    assert replies(reported)[0]["version"] == str(version)
    (row,) = reported.positions
    assert row[:3] == (PHONE, NOW, NOW)
    serials = [r["serial"] for o in (registered, signed_in, reported) for r in replies(o)]
    assert serials == [0, 1, 2]


def test_before_authentication_everything_is_refused_and_counted() -> None:
    terminal = Terminal(SessionParams(max_refused=3))
    for n in range(1, 4):
        outcome = terminal.say(0x0200, location())
        assert results(outcome) == [(n, 1)]
        assert outcome.positions == outcome.quarantine == []
    assert outcome.closed == "unauthenticated"
    assert terminal.session.counts["refused"] == 3


def test_control_without_the_policy_the_same_frame_is_taken() -> None:
    outcome = Terminal(OPEN).say(0x0200, location())
    assert results(outcome) == [(1, 0)]
    assert len(outcome.positions) == 1


def test_a_wrong_code_is_refused_and_closes_in_the_end() -> None:
    terminal = Terminal()
    for n in range(1, 4):
        outcome = terminal.tell(0x0102, {"auth_code": "0" * 32})
        assert results(outcome) == [(n, 1)]
        assert outcome.closed == ("authentication" if n == 3 else None)
    assert not terminal.session.authenticated


def test_another_terminals_code_is_worthless() -> None:
    terminal = Terminal()
    outcome = terminal.tell(0x0102, {"auth_code": CODES.code("13900000000")})
    assert results(outcome) == [(1, 1)]
    assert not terminal.session.authenticated


def test_codes_need_a_secret_and_may_refuse() -> None:
    with pytest.raises(ValueError):
        DerivedCodes(b"short")
    refusing = DerivedCodes(b"x" * 16, admit=lambda phone, registration: 2)
    session = Session("peer", refusing, now_us=NOW)
    body = encode_body(0x0100, REGISTRATION)
    (answer,) = replies(session.receive(encode_frame(0x0100, PHONE, 1, body), NOW))
    assert (answer["result"], answer["auth_code"]) == (2, None)


def test_another_phone_on_the_connection_is_not_believed() -> None:
    terminal = Terminal()
    terminal.sign_in()
    outcome = terminal.session.receive(encode_frame(0x0200, "13900000000", 9, location()), NOW)
    assert outcome.positions == []
    assert reasons(outcome) == ["phone_mismatch"]
    assert results(outcome) == [(9, 1)]
    assert len(terminal.say(0x0200, location()).positions) == 1


def test_replayed_terminals_share_a_connection() -> None:
    session = Session("peer", CODES, OPEN, NOW)
    frames = [
        encode_frame(0x0200, phone, n, location(), version)
        for n, (phone, version) in enumerate([("13900000001", 2013), ("13900000002", 2019)] * 3)
    ]
    outcome = session.receive(b"".join(frames), NOW)
    assert [row[0] for row in outcome.positions] == ["13900000001", "13900000002"] * 3
    assert [reply["phone"] for reply in replies(outcome)] == ["13900000001", "13900000002"] * 3
    assert [reply["version"] for reply in replies(outcome)] == ["2013", "2019"] * 3


def test_an_emergency_is_confirmed() -> None:
    terminal = Terminal(OPEN)
    first = terminal.say(0x0200, location(alarm=1))
    again = terminal.say(0x0200, location(alarm=1))
    assert results(first) == [(1, 4)]
    assert results(again) == [(2, 4)]


@pytest.mark.parametrize("version", [2013, 2019])
@pytest.mark.parametrize("alarm", [0, 1])
def test_the_short_cut_answers_like_the_long_way(version: int, alarm: int) -> None:
    quick, slow = Terminal(OPEN, version), Terminal(OPEN, version)
    slow.session._quick_location = lambda *_: False  # type: ignore[method-assign]  # the control
    for n in range(300):
        body = location(NOW + n * 1_000_000, alarm=alarm, speed_kmh=n / 10)
        one, other = quick.say(0x0200, body), slow.say(0x0200, body)
        assert one == other


def test_the_short_cut_refuses_what_the_long_way_refuses() -> None:
    terminal = Terminal(OPEN)
    terminal.say(0x0200, location())
    for damaged in (20, 30, -2):
        frame = bytearray(terminal.frame(0x0200, location()))
        frame[damaged] ^= 1
        outcome = terminal.session.receive(bytes(frame), NOW)
        assert (reasons(outcome), outcome.positions, outcome.replies) == (["bad_checksum"], [], [])
    shorter = encode_frame(0x0200, PHONE, 9, location() + b"\x30\x01\x09")
    plain = Framer().feed(shorter)[0]
    assert 0x7D not in plain
    wrong = plain[:-2] + bytes((plain[-1] ^ plain[-2],))
    assert reasons(terminal.session.receive(b"\x7e" + wrong + b"\x7e", NOW)) == ["bad_length"]


def test_a_2019_header_without_its_bit_takes_both_ways() -> None:
    def frame(serial: int) -> bytes:
        good = encode_frame(0x0200, PHONE, serial, location(), 2019)
        plain = bytearray(Framer().feed(good)[0])
        assert 0x7D not in plain
        plain[2] &= 0xBF
        plain[-1] ^= 0x40
        return b"\x7e" + bytes(plain) + b"\x7e"

    session = Session("peer", CODES, OPEN, NOW)
    for serial in (0x101, 0x102, 0x103):
        outcome = session.receive(frame(serial), NOW)
        assert [row[0] for row in outcome.positions] == [PHONE]
        assert results(outcome) == [(serial, 0)]
        assert replies(outcome)[0]["version"] == "2019"


def test_a_heartbeat_and_a_logout() -> None:
    terminal = Terminal()
    terminal.sign_in()
    assert results(terminal.say(0x0002)) == [(3, 0)]
    outcome = terminal.say(0x0003)
    assert results(outcome) == [(4, 0)]
    assert outcome.closed == "logout"
    assert terminal.say(0x0200, location()).replies == [], "nobody listens any more"


def test_a_batch_has_one_answer_and_bad_items_are_kept() -> None:
    terminal = Terminal(OPEN)
    good, bad = location(NOW - 60_000_000), location()[:22] + bytes(6)
    outcome = terminal.say(0x0704, encode_batch([good, bad, good[:20], good]))
    assert results(outcome) == [(1, 0)]
    assert [row[13] for row in outcome.positions] == [True, True]
    assert reasons(outcome) == ["bad_time", "bad_length"]
    assert [row[5] for row in outcome.quarantine] == [bad, good[:20]]


def test_a_batch_that_declares_more_than_it_holds() -> None:
    terminal = Terminal(OPEN)
    body = b"\x00\x03" + encode_batch([location()])[2:]
    frame = terminal.frame(0x0704, body)
    outcome = terminal.session.receive(frame, NOW)
    assert len(outcome.positions) == 1
    assert reasons(outcome) == ["count_mismatch"]
    assert outcome.quarantine[0][5] == frame[1:-1]


def card(status: int, at: str, driver: str = "510400198001010011") -> dict[str, Any]:
    fields: dict[str, Any] = {"status": status, "time": at}
    if status == 1:
        fields |= {"ic_read_result": 0, "driver_name": "张三", "license_no": driver}
    return fields


def test_the_driver_is_who_was_in_the_reader_then() -> None:
    terminal = Terminal(OPEN)
    inserted = terminal.tell(0x0702, card(1, "2026-01-01T07:00:00+08:00", "A"))
    assert inserted.driver_cards == [(PHONE, NOW - 3_600_000_000, NOW, True, "A", "张三", "jt808")]
    terminal.tell(0x0702, card(2, "2026-01-01T07:30:00+08:00"))
    terminal.tell(0x0702, card(1, "2026-01-01T07:40:00+08:00", "B"))
    stored = [location(NOW - minutes * 60_000_000) for minutes in (70, 50, 25, 10)]
    outcome = terminal.say(0x0704, encode_batch(stored))
    assert [row[14] for row in outcome.positions] == [None, "A", None, "B"]
    assert terminal.say(0x0200, location()).positions[0][14] == "B"


def test_the_driver_outlives_the_connection_when_cards_are_shared() -> None:
    cards = Cards()
    first = Session("peer", CODES, OPEN, NOW, cards)
    body = encode_body(0x0702, card(1, "2026-01-01T07:00:00+08:00", "A"))
    first.receive(encode_frame(0x0702, PHONE, 1, body), NOW)
    second = Session("peer", CODES, OPEN, NOW, cards)
    outcome = second.receive(encode_frame(0x0200, PHONE, 2, location()), NOW)
    assert outcome.positions[0][14] == "A"


def test_cards_are_bounded() -> None:
    cards = Cards(max_terminals=3)
    for n in range(10):
        cards.record(str(n), 0, "A")
    assert [cards.driver(str(n), 1) for n in range(10)] == [None] * 7 + ["A"] * 3
    for n in range(100):
        cards.record("9", n, str(n))
    assert cards.driver("9", 1000) == "99"


@pytest.mark.parametrize(
    ("at", "reason"),
    [("2026-01-01T09:00:00+08:00", "future_time"), (None, "bad_time")],
)
def test_a_card_at_an_impossible_time(at: str | None, reason: str) -> None:
    terminal = Terminal(OPEN)
    body = encode_body(0x0702, card(2, at or "2026-01-01T07:00:00+08:00"))
    outcome = terminal.say(0x0702, body if at else body[:1] + bytes(6))
    assert outcome.driver_cards == []
    assert reasons(outcome) == [reason]
    assert results(outcome) == [(1, 0)]


def test_the_2011_driver_report_has_no_time() -> None:
    name = "王建国".encode("gbk")
    body = bytes((len(name),)) + name + b"5".ljust(20, b"\0") + b"L7".ljust(40, b"\0") + b"\x00"
    outcome = Terminal(OPEN).say(0x0702, body)
    assert outcome.driver_cards == [(PHONE, NOW, NOW, True, "L7", "王建国", "jt808")]


def test_what_is_unknown_or_broken_is_kept_and_the_connection_lives_on() -> None:
    terminal = Terminal(OPEN)
    unknown = terminal.frame(0x0F01, b"abc")
    outcome = terminal.session.receive(unknown, NOW)
    assert (reasons(outcome), results(outcome)) == (["unsupported"], [(1, 3)])
    assert outcome.quarantine == [
        (NOW, "jt808", PHONE, "unsupported", "message 0x0F01", unknown[1:-1])
    ]
    short = terminal.say(0x0200, b"abc")
    assert (reasons(short), results(short)) == (["bad_length"], [(2, 2)])
    cut = terminal.say(0x0200, location() + b"\x01\x04\x00")
    assert (reasons(cut), results(cut), len(cut.positions)) == (["truncated_extra"], [(3, 0)], 1)
    damaged = bytearray(terminal.frame(0x0002))
    damaged[-2] ^= 1
    outcome = terminal.session.receive(bytes(damaged), NOW)
    assert (reasons(outcome), outcome.replies) == (["bad_checksum"], [])
    outcome = terminal.session.receive(b"\x7e\x7d\x03\x7e", NOW)
    assert reasons(outcome) == ["bad_escape"]
    assert results(terminal.say(0x0002)) == [(5, 0)]


def test_an_encrypted_body_is_not_parsed() -> None:
    (vector,) = [p.values[0] for p in load("frame") if "encrypted" in str(p.values[0]["expected"])]
    session = Session("peer", CODES, OPEN, NOW)
    outcome = session.receive(bytes.fromhex(vector["hex"]), NOW)
    assert (outcome.positions, reasons(outcome)) == ([], ["encrypted_body"])
    assert results(outcome)[0][1] == 3


def test_parts_are_joined_answered_and_taken_once() -> None:
    terminal = Terminal(OPEN)
    body = encode_batch([location(NOW - n * 1_000_000) for n in range(12)])
    parts = encode_message(0x0704, PHONE, 500, body, max_body=150)
    outcomes = [terminal.session.receive(part, NOW) for part in [*parts[1:], parts[0]]]
    assert all(not outcome.replies for outcome in outcomes[:-1])
    assert len(outcomes[-1].positions) == 12
    assert sorted(results(outcomes[-1])) == [(500 + n, 0) for n in range(len(parts))]
    again = terminal.session.receive(parts[0], NOW)
    assert (again.positions, results(again)) == ([], [(500, 0)])


def test_missing_parts_are_asked_for_and_given_up() -> None:
    terminal = Terminal(OPEN, 2019)
    parts = encode_message(0x0704, PHONE, 500, bytes(600), 2019, max_body=150)
    assert len(parts) == 4
    for part in (parts[0], parts[2]):
        terminal.session.receive(part, NOW)
    asked = terminal.session.tick(NOW + 5_000_000)
    (request,) = replies(asked)
    assert request["message_id"] == "0x8003"
    assert (request["original_serial"], request["indexes"]) == (500, [2, 4])
    given_up = terminal.session.tick(NOW + 60_000_000)
    assert reasons(given_up) == ["incomplete"]
    assert given_up.quarantine[0][5] == parts[0] + parts[2]


@pytest.mark.parametrize("index", [0, 3])
def test_a_part_that_cannot_be(index: int) -> None:
    session = Session("peer", CODES, OPEN, NOW)
    outcome = session.receive(encode_frame(0x0704, PHONE, 1, b"x", subpackage=(2, index)), NOW)
    assert (reasons(outcome), results(outcome)) == (["bad_subpackage"], [(1, 2)])


def test_refusing_a_part_costs_one_answer() -> None:
    session = Session("peer", CODES, None, NOW)
    frame = encode_frame(0x0704, PHONE, 1, b"x", subpackage=(0xFFFF, 1))
    assert len(session.receive(frame, NOW).replies) == 1


@pytest.mark.parametrize("version", [2013, 2019])
def test_a_text_and_its_answer(version: int) -> None:
    terminal = Terminal(OPEN, version)
    with pytest.raises(ValueError):
        terminal.session.text("早", "c0", NOW)
    terminal.say(0x0002)
    frame = terminal.session.text("前方拥堵，请减速慢行", "c1", NOW)
    (raw,) = Framer().feed(frame)
    sent = decode_frame(raw)
    assert (sent["message_id"], sent["text"]) == ("0x8300", "前方拥堵，请减速慢行")
    assert (sent["flag"], sent["version"]) == (12, str(version))
    reply = {"reply_serial": sent["serial"], "reply_message_id": "0x8300", "result": 0}
    outcome = terminal.tell(0x0001, reply)
    assert outcome.command_results == [("c1", NOW, PHONE, "acknowledged", "result 0: ok")]
    assert outcome.replies == []
    assert terminal.tell(0x0001, reply).command_results == [], "told once"


def test_a_refused_and_an_unanswered_text() -> None:
    terminal = Terminal(OPEN)
    terminal.say(0x0002)
    serials = []
    for name in ("c1", "c2"):
        (raw,) = Framer().feed(terminal.session.text("停车", name, NOW))
        serials.append(decode_frame(raw)["serial"])
    refusal = {"reply_serial": serials[0], "reply_message_id": "0x8300", "result": 3}
    (refused,) = terminal.tell(0x0001, refusal).command_results
    assert refused[3:] == ("refused", "result 3: unsupported")
    assert terminal.session.tick(NOW + 59_000_000).command_results == []
    (expired,) = terminal.session.tick(NOW + 61_000_000).command_results
    assert (expired[0], expired[3]) == ("c2", "expired")
    assert terminal.session.tick(NOW + 62_000_000).command_results == []
    late = {"reply_serial": serials[1], "reply_message_id": "0x8300", "result": 0}
    assert terminal.tell(0x0001, late).command_results[0][3] == "acknowledged"


def test_an_answer_to_something_else_is_not_the_texts() -> None:
    terminal = Terminal(OPEN)
    terminal.say(0x0002)
    (raw,) = Framer().feed(terminal.session.text("停车", "c1", NOW))
    serial = decode_frame(raw)["serial"]
    for fields in ((serial, "0x8103"), (serial + 1, "0x8300")):
        reply = {"reply_serial": fields[0], "reply_message_id": fields[1], "result": 0}
        assert terminal.tell(0x0001, reply).command_results == []


def test_a_long_text_goes_in_parts_and_is_answered_once() -> None:
    terminal = Terminal(OPEN)
    terminal.say(0x0002)
    raws = Framer().feed(terminal.session.text("慢" * 600, "c1", NOW))
    assert len(raws) == 2
    last = decode_frame(raws[1])
    assert last["subpackage"] == {"total": 2, "index": 2}
    for serial, expected in ((last["serial"], 1), (last["serial"] - 1, 0)):
        reply = {"reply_serial": serial, "reply_message_id": "0x8300", "result": 0}
        assert len(terminal.tell(0x0001, reply).command_results) == expected


def test_waiting_texts_are_bounded() -> None:
    terminal = Terminal(SessionParams(require_auth=False, max_pending_commands=4))
    terminal.say(0x0002)
    raws = [Framer().feed(terminal.session.text("x", f"c{n}", NOW))[0] for n in range(10)]
    answered = []
    for raw in raws:
        serial = decode_frame(raw)["serial"]
        reply = {"reply_serial": serial, "reply_message_id": "0x8300", "result": 0}
        answered += [row[0] for row in terminal.tell(0x0001, reply).command_results]
    assert answered == ["c6", "c7", "c8", "c9"]


def test_silence_closes_and_the_end_keeps_what_was_half_received() -> None:
    terminal = Terminal(OPEN)
    terminal.say(0x0002)
    assert terminal.session.tick(NOW + 600_000_000).closed is None
    assert terminal.session.tick(NOW + 601_000_000).closed == "idle"
    terminal.session.receive(terminal.frame(0x0002)[:-4], NOW)
    part = encode_message(0x0704, PHONE, 500, bytes(600), max_body=150)[0]
    other = Session("peer", CODES, OPEN, NOW)
    other.receive(part + b"\x7e\x00", NOW)
    assert reasons(terminal.session.close(NOW)) == ["incomplete"]
    assert [row[5] for row in other.close(NOW).quarantine] == [part, b"\x00"]


def test_what_stands_outside_frames_is_kept_once() -> None:
    session = Session("192.0.2.1:80", CODES, None, NOW)
    outcome = session.receive(b"GET / HTTP/1.1\r\n", NOW)
    assert [row[2:5] for row in outcome.quarantine] == [
        ("192.0.2.1:80", "no_frame", "not between delimiters")
    ]
    assert session.receive(b"Host: x\r\n", NOW).quarantine == []


def test_outcomes_become_batches_of_the_schemas() -> None:
    terminal = Terminal(OPEN)
    outcomes = [
        terminal.say(0x0200, location()),
        terminal.say(0x0F01),
        terminal.tell(0x0702, card(1, "2026-01-01T07:00:00+08:00")),
    ]
    (raw,) = Framer().feed(terminal.session.text("x", "c1", NOW))
    reply = {"reply_serial": decode_frame(raw)["serial"], "reply_message_id": "0x8300"}
    outcomes.append(terminal.tell(0x0001, {**reply, "result": 0}))
    found = batches(outcomes)
    schemas = {
        "positions": POSITION,
        "driver_cards": DRIVER_CARD,
        "quarantine": QUARANTINE,
        "command_results": COMMAND_RESULT,
    }
    assert found.keys() == schemas.keys()
    for topic, batch in found.items():
        assert check(batch, schemas[topic]).num_rows == 1
    assert batches([Outcome()]) == {}


def test_every_golden_frame_is_a_row_a_known_message_or_in_quarantine() -> None:
    session = Session("peer", CODES, OPEN, NOW)
    late = 1_798_761_600_000_000
    quiet = {"0x0001", "0x0002", "0x0003", "0x0100", "0x0102"}
    for param in load("frame", "frame_header_only"):
        raw = raw_of(param.values[0])
        fields = decode_frame(raw)
        outcome = session.receive(b"\x7e" + raw + b"\x7e", late)
        kept = sum(len(rows) for _, rows in rows_of(outcome))
        if "error" in fields:
            kinds = {fields["error"]["kind"]}
            assert kinds & set(reasons(outcome)), param.id
        elif fields["message_id"] in quiet:
            assert kept == 0
        else:
            assert kept >= 1, param.id
        if fields.get("message_id") == "0x0200" and "error" not in fields:
            assert len(outcome.positions) == 1 or set(reasons(outcome)) <= {
                "bad_time",
                "bad_coordinates",
            }


pieces = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda message, body, version, parts: encode_frame(message, PHONE, 1, body, version, parts),
        st.sampled_from([0x0001, 0x0002, 0x0100, 0x0102, 0x0200, 0x0201, 0x0702, 0x0704, 0x0801]),
        st.binary(max_size=80),
        st.sampled_from([2013, 2019]),
        st.one_of(st.none(), st.tuples(st.integers(0, 5), st.integers(0, 5))),
    ),
)


@settings(max_examples=150)
@given(st.lists(pieces, max_size=10), st.booleans(), st.integers(1, 100))
@example(
    # Refused for the third time, and goes on talking.
    [
        *[b"~" + bytes.fromhex("01020000000101123234395678")] * 3,
        b"~" + bytes.fromhex("000000000101011230343956787e"),
    ],
    True,
    1,
)
def test_no_input_makes_it_raise_and_any_cut_gives_the_same_rows(
    some: list[bytes], require_auth: bool, size: int
) -> None:
    data = b"".join(some)
    params = SessionParams(require_auth=require_auth)
    whole = Session("peer", CODES, params, NOW)
    outcome = whole.receive(data, NOW)
    cut = Session("peer", CODES, params, NOW)
    outcomes = [cut.receive(data[at : at + size], NOW) for at in range(0, len(data), size)]
    for rows in ("positions", "driver_cards", "command_results", "replies"):
        assert [r for o in outcomes for r in getattr(o, rows)] == getattr(outcome, rows)
    reasons(outcome)
    batches([outcome, whole.tick(NOW + 10**7), whole.close(NOW + 10**8)])
