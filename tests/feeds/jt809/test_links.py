"""Both sides of a pair of links talk to each other: logins, keepalives, fallback, duty checks."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.feeds.jt809 import pair
from sizao.feeds.jt809.decode import decode_frame
from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.door import first_frame, knock
from sizao.feeds.jt809.fields import iso_of_us
from sizao.feeds.jt809.framing import Framer
from sizao.feeds.jt809.links import LOGIN_RESULTS
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.outcome import MAIN, SUB, Outcome
from sizao.feeds.jt809.problems import KINDS
from sizao.feeds.jt809.reasons import REASONS
from sizao.feeds.jt809.upper import Upper
from sizao.feeds.jt809.vehicles import Directory

from .talk import KEYS, REGISTER, SECOND, START_US, Both, params, position, position_frame


def ids(said: list[Outcome]) -> set[tuple[str, int]]:
    rows = {(row[0], row[1]) for out in said for row in out.positions}
    for out in said:
        for batch in out.batches:
            times = batch.column("time").cast("int64").to_pylist()
            rows |= set(zip(batch.column("vehicle").to_pylist(), times, strict=True))
    return rows


@pytest.fixture(params=["2011", "2019"])
def both(request: pytest.FixtureRequest) -> Both:
    pair = Both(params(edition=request.param))
    pair.login()
    return pair


def test_login_brings_both_links_up(both: Both) -> None:
    assert both.upper.up(MAIN)
    assert both.lower.up(MAIN)
    assert both.upper.up(SUB)
    assert both.lower.up(SUB)
    assert [row["state"] for row in both.upper_rows("0x1001")] == ["received"]
    assert [row["state"] for row in both.lower_rows("0x9001")] == ["received"]
    assert "20180920" not in json.loads(both.upper_rows("0x1001")[0]["body"]).values()


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({"password": "wrong"}, 4),
        ({"user": 1}, 3),
        ({"access_code": 1}, None),
    ],
)
def test_refused_logins(change: dict[str, Any], result: int | None) -> None:
    both = Both(params(), params(**change))
    both.login()
    assert not both.upper.up(MAIN)
    assert not both.lower.up(MAIN)
    if result is None:
        # Another platform's code: not even an answer, and the bytes are kept.
        assert both.upper_said[-1].quarantine[0][3] == "access_code_mismatch"
        return
    assert both.lower.result == result
    assert LOGIN_RESULTS[result][1] in str(both.lower_said) + str(both.upper_said)
    assert both.upper_rows("0x1001")[0]["state"] == "refused"


def test_address_and_resources() -> None:
    for changes, busy, result in (({"addresses": ("10.0.0.1",)}, False, 1), ({}, True, 5)):
        link = params(**changes)
        upper = Upper(link, Directory(), new_code=lambda: 1, busy=lambda busy=busy: busy)
        both = Both(link)
        both.upper = upper
        both.login()
        assert both.lower.result == result


def test_a_wrong_verify_code_is_refused() -> None:
    both = Both()
    both.login()
    both.upper.code += 1
    both.drop(SUB)
    both.pass_s(25)
    assert not both.lower.up(SUB)
    assert "wrong verify code" in str(both.lower_said)


@pytest.mark.parametrize("encrypt", [True, False])
def test_enciphered_links(encrypt: bool) -> None:
    link = params(keys=KEYS, encrypt=encrypt, key=256178)
    both = Both(link)
    both.login()
    assert both.upper.up(SUB)
    out = both.lower.send_positions([position()], 1, both.now_us, later=False)
    both.take_lower(out)
    assert ids(both.upper_said) == {("10000000001", START_US)}
    (raw,) = Framer().feed(out.sends[-1][1])
    assert ("error" in decode_frame(raw)) is encrypt


def test_keepalives_hold_the_links_and_silence_ends_them(both: Both) -> None:
    both.pass_s(600)
    assert both.upper.up(MAIN)
    assert both.lower.up(SUB)
    both.cut = {MAIN, SUB}
    both.pass_s(179)
    assert both.upper.up(MAIN)
    both.pass_s(70)
    assert not both.upper.channels
    assert not both.lower.channels


def test_the_sub_link_is_dialled_again_and_its_loss_is_told(both: Both) -> None:
    both.dial = False
    both.drop(SUB)
    both.pass_s(30)
    assert both.upper.up(MAIN)
    assert not both.upper.up(SUB)
    both.pass_s(60)
    assert [row["state"] for row in both.lower_rows("0x9007")][-1] == "received"
    both.dial = True
    both.pass_s(25)
    assert both.upper.up(SUB)
    assert both.lower.up(SUB)


def test_the_loss_of_the_main_link_is_told_over_the_sub_link(both: Both) -> None:
    both.drop(MAIN)
    assert both.upper.up(SUB)
    assert len([r for r in both.upper_rows("0x1007") if '"code"' in r["body"]]) == 1


def order_9401() -> dict[str, Any]:
    return {
        "plate": "川DI0001",
        "plate_color": 2,
        "alarm_source": 1,
        "alarm_type": 2,
        "alarm_time": "2026-09-21T21:30:00+08:00",
        "supervision_id": "0000046c",
        "supervision_deadline": "2026-09-21T23:30:00+08:00",
        "level": 0,
        "supervisor": "王警官",
        "supervisor_tel": "08120000000",
        "supervisor_email": "a@b.example",
    }


@pytest.mark.parametrize("down", [None, SUB, MAIN])
def test_supervision_goes_down_and_its_answer_comes_up(both: Both, down: str | None) -> None:
    """Over the right link, and over the other one while that is down."""
    both.dial = False
    if down:
        both.drop(down)
    out = both.upper.order("order-1", 0x9401, order_9401(), both.now_us)
    assert out is not None
    assert out.sends[-1][0] == (SUB if down != SUB else MAIN)
    both.take_upper(out)
    (asked,) = both.lower_rows("0x9401")
    assert asked["refers_to"] == "0000046c"
    # The 2019 form has no room for a plate, unless the dialect says so.
    edition = both.upper.params.edition
    assert asked["vehicle"] == ("10000000001" if edition == "2011" else None)
    assert asked["direction"] == "in"
    body = json.loads(asked["body"])
    answer = {
        "plate": "川DI0001",
        "plate_color": 2,
        "supervision_id": body["supervision_id"],
        "source_data_type": "0x9401",
        "source_msg_sn": body["msg_sn"],
        "result": 1,
    }
    out = both.lower.order("order-2", 0x1401, answer, both.now_us)
    assert out is not None
    assert out.sends[-1][0] == (MAIN if down != MAIN else SUB)
    both.take_lower(out)
    (answered,) = both.upper_rows("0x1401")
    assert answered["refers_to"] == "0000046c"
    assert json.loads(answered["body"])["result"] == 1
    (sent,) = [row for row in both.upper_rows("0x9401") if row["direction"] == "out"]
    assert (sent["message"], sent["state"]) == ("order-1", "sent")


def test_a_provincial_dialect_of_supervision() -> None:
    dialect = Dialect(supervision_id="text34", supervision_reply="short", vehicle_prefix="yes")
    link = params(dialect=dialect)
    both = Both(link)
    both.login()
    number = "51" + "0" * 31 + "7"
    fields = order_9401() | {"supervision_id": number}
    both.take_upper(both.upper.order("o", 0x9401, fields, both.now_us))
    (asked,) = both.lower_rows("0x9401")
    assert (asked["refers_to"], asked["vehicle"]) == (number, "10000000001")


def test_orders_wait_while_no_link_is_up() -> None:
    both = Both()
    assert both.upper.order("o", 0x9401, order_9401(), both.now_us) is None
    both.login()
    out = both.upper.order("o", 0x9401, {"plate": "川DI0001"}, both.now_us)
    assert out is not None
    assert out.sends == []
    assert out.messages[0][10] == "refused"


def ask(both: Both, answer_s: int = 10) -> dict[str, Any]:
    both.take_upper(both.upper.ask("谁在值班？", both.now_us, answer_s=answer_s))
    asked = both.lower_rows("0x9301")[-1]
    fields: dict[str, Any] = json.loads(asked["body"])
    return fields


def answer(both: Both, info_id: int) -> None:
    fields = {"info_id": info_id, "content": "张三在岗", "responder": "张三"}
    both.take_lower(both.lower.order("answer", 0x1301, fields, both.now_us))


def test_duty_check_answered_in_time_late_and_missed(both: Both) -> None:
    link = both.upper.params
    seconds = 10 if link.edition == "2019" else link.duty_answer_s
    first = ask(both)
    assert first["content"] == "谁在值班？"
    both.pass_s(3)
    answer(both, first["info_id"])
    (row,) = both.upper_rows("0x1301")
    assert row["state"] == "answered"
    assert json.loads(row["body"])["answered_after_s"] == 3
    assert row["refers_to"] == str(first["info_id"])
    second = ask(both)
    both.pass_s(seconds + 2)
    states = [row["state"] for row in both.upper_rows("0x1301")]
    assert states == ["answered", "missed"]
    assert [row["state"] for row in both.lower_rows("0x1301")][-1] == "missed"
    answer(both, second["info_id"])
    assert [row["state"] for row in both.upper_rows("0x1301")] == ["answered", "missed", "late"]
    assert both.upper.counts.duty_missed == 1
    assert both.upper.counts.duty_late == 1


def test_duty_checks_by_the_clock() -> None:
    both = Both(params(duty_every_s=60.0, duty_answer_s=20))
    both.login()
    both.pass_s(185)
    assert len(both.lower_rows("0x9301")) == 3
    assert {row["state"] for row in both.upper_rows("0x1301")} == {"missed"}


def test_platform_texts_and_static_data_are_answered_at_once(both: Both) -> None:
    text = {"object_type": 1, "object_id": "x", "info_id": 7, "content": "明日检查"}
    both.take_upper(both.upper.order("t", 0x9302, text, both.now_us))
    assert len(both.upper_rows("0x1302")) == 1
    for plate in ("川DI0001", "川DI9999"):
        fields = {"plate": plate, "plate_color": 2}
        both.take_upper(both.upper.order(plate, 0x9601, fields, both.now_us))
    (row,) = both.upper_rows("0x1601")
    assert "OWERS_NAME:=某某运输公司" in json.loads(row["body"])["car_info"]
    both.take_upper(both.upper.order("e", 0x9205, {**fields, "reason": 0}, both.now_us))
    assert len(both.upper_rows("0x1205")) == 1


def test_positions_arrive_and_are_confirmed(both: Both) -> None:
    sent = [position("10000000001", 1), position("10000000002", 2), position("unknown", 3)]
    both.take_lower(both.lower.send_positions(sent, 42, both.now_us, later=False))
    assert ids(both.upper_said) == {
        ("10000000001", START_US + SECOND),
        ("10000000002", START_US + 2 * SECOND),
    }
    assert [mark for out in both.lower_said for mark in out.confirmed] == []
    both.pass_s(11)
    assert [mark for out in both.lower_said for mark in out.confirmed] == [42]
    rows = [row for out in both.upper_said for row in out.positions]
    sent_row, got = sent[0], rows[0]
    for number, key in enumerate(["vehicle", "time"]):
        assert got[number] == sent_row[key]
    assert got[3:10] == (26.5, 101.7, 60, 90, 1200, 59, 1234.0)
    assert got[13] is False


def test_nothing_is_confirmed_that_was_lost(both: Both) -> None:
    both.cut = {MAIN}
    both.take_lower(both.lower.send_positions([position()], 42, both.now_us, later=False))
    both.pass_s(30)
    both.cut = set()
    both.drop(MAIN)
    both.login()
    both.pass_s(70)
    assert [mark for out in both.lower_said for mark in out.confirmed] == []


def test_back_fill_comes_as_catch_up_in_groups_of_five(both: Both) -> None:
    rows = [position("10000000001", n) for n in range(12)]
    out = both.lower.send_positions(rows, 1, both.now_us, later=True)
    both.take_lower(out)
    assert len(out.sends) == 4  # one registration, 5 + 5 + 2
    found = [row for said in both.upper_said for row in said.positions]
    assert len(found) == 12
    assert {row[13] for row in found} == {True}


def test_a_sim_from_the_link_names_a_vehicle_the_register_does_not_know() -> None:
    both = Both()
    both.upper.directory = Directory()
    both.login()
    both.take_lower(both.lower.send_positions([position()], 1, both.now_us, later=False))
    assert ids(both.upper_said) == {("10000000001", START_US)}
    frame = position_frame(both.upper.params, [position()], plate=("川DI8888", 1))
    both.take_upper(both.upper.receive(MAIN, frame, both.now_us))
    assert ("plate:1:川DI8888", START_US) in ids(both.upper_said)


def test_counts_are_told(both: Both) -> None:
    rows = [position("10000000001", n) for n in range(120)]
    both.take_lower(both.lower.send_positions(rows, 1, both.now_us, later=False))
    both.pass_s(61)
    totals = [json.loads(r["body"])["dynamic_info_total"] for r in both.lower_rows("0x9101")]
    assert sum(totals) == 120
    assert totals[0] == 100


def test_asking_for_positions(both: Both) -> None:
    period = {
        "plate": "川DI0001",
        "plate_color": 2,
        "start_time": "2026-09-21T21:00:00+08:00",
        "end_time": "2026-09-21T22:00:00+08:00",
    }
    both.take_lower(both.lower.order("a", 0x1209, period, both.now_us))
    (asked,) = [one for out in both.upper_said for one in out.asked]
    assert (asked.what, asked.vehicle) == ("history", "10000000001")
    wrong = period | {"end_time": "2026-09-21T20:00:00+08:00"}
    both.take_lower(both.lower.order("b", 0x1209, wrong, both.now_us))
    (told,) = both.lower_rows("0x9209")
    assert json.loads(told["body"])["result"] == 3


def test_logout_ends_both_links(both: Both) -> None:
    both.take_lower(both.lower.logout(both.now_us))
    assert not both.upper.channels
    assert not both.lower.channels
    both.pass_s(60)
    assert not both.upper.channels


def test_a_close_notice_ends_both_links(both: Both) -> None:
    both.take_upper(both.upper.end(0, both.now_us))
    assert not both.lower.channels
    both.login()
    both.take_lower(both.lower.end(0, both.now_us))
    assert not both.upper.channels
    both.pass_s(60)
    assert not both.upper.up(SUB)


def test_strangers_close_nothing(both: Both) -> None:
    """Before the login nothing but a login has an effect."""
    intruder = Upper(both.upper.params, Directory(REGISTER), START_US, new_code=lambda: 5)
    intruder.connected(MAIN, START_US)
    for message, fields in ((0x1008, {"code": 0}), (0x1005, {}), (0x1007, {"code": 0})):
        frame = both.lower.writer.frame(message, fields, START_US)[1]
        out = intruder.receive(MAIN, frame, START_US)
        assert out.sends == []
        assert out.closed == {}
        assert out.messages == []
    frame = position_frame(both.upper.params, [position()])
    out = intruder.receive(MAIN, frame, START_US)
    assert out.positions == []
    assert out.quarantine[0][3] == "not_logged_in"
    assert intruder.tick(START_US + 31 * SECOND).closed == {MAIN: "no login in 30 s"}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_bytes_make_a_side_raise(data: st.DataObject) -> None:
    both = Both(params(edition=data.draw(st.sampled_from(["2011", "2019"]))))
    both.login()
    good = [
        position_frame(both.upper.params, [position()]),
        both.lower.writer.frame(0x1005, {}, START_US)[1],
        both.lower.writer.frame(0x1403, {"info_id": 1, "result": 1, "plate": "a"}, START_US)[1]
        if both.upper.params.edition == "2011"
        else both.lower.writer.frame(0x1302, {"info_id": 1}, START_US)[1],
    ]
    for side in (both.upper, both.lower):
        stream = bytearray(b"".join(data.draw(st.sampled_from(good)) for _ in range(4)))
        for _ in range(data.draw(st.integers(0, 6))):
            at = data.draw(st.integers(0, len(stream) - 1))
            stream[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        size = data.draw(st.integers(1, 200))
        for at in range(0, len(stream), size):
            side.receive(
                data.draw(st.sampled_from([MAIN, SUB])), bytes(stream[at : at + size]), START_US
            )
        out = side.receive(MAIN, b"\x5d" + good[0], START_US)
        if side.up(MAIN):
            assert len(out.positions) == 1
        side.tick(START_US + SECOND)
        side.closed(MAIN, START_US)


def test_reasons_have_words(both: Both) -> None:
    """Every reason a pair gives is in the list that the reference page shows."""
    used = set(re.findall(r'refuse\(\s*"(\w+)"', PAIR)) | set(KINDS) - {"bad_hex", "empty_frame"}
    assert used <= set(REASONS)
    rows = {"no_plate", "bad_time", "future_time", "too_old", "bad_coordinates"}
    assert set(REASONS) - used <= rows | {"access_code_mismatch", "internal_error", "unsupported"}


PAIR = Path(pair.__file__).read_text(encoding="utf-8")


def test_positions_go_down_to_who_asked_and_are_asked_for_after_a_gap(both: Both) -> None:
    period = {"plate": "川DI0001", "plate_color": 2, "start_time": iso_of_us(START_US)}
    period["end_time"] = iso_of_us(START_US + 3600 * SECOND)
    both.take_lower(both.lower.order("w", 0x1207, period, both.now_us))
    (asked,) = [one for out in both.upper_said for one in out.asked]
    both.take_upper(both.upper.watch(asked, both.now_us))
    assert json.loads(both.lower_rows("0x9207")[0]["body"])["result"] == 0
    rows = [position("10000000001", 1), position("10000000002", 1)]
    both.take_upper(both.upper.exchange(rows, both.now_us))
    assert ids(both.lower_said) == {("10000000001", START_US + SECOND)}
    begin = {"plate": "川DI0001", "plate_color": 2, "reason": 1}
    both.take_upper(both.upper.order("x", 0x9205, begin, both.now_us))
    both.drop(MAIN)
    both.pass_s(60)
    both.login()
    asked = [one for out in both.upper_said for one in out.asked][-1]
    assert (asked.what, asked.start_us, asked.end_us) == ("history", START_US, both.now_us)
    missed = [position("10000000001", n) for n in range(2, 9)]
    both.take_upper(both.upper.history(asked, missed, both.now_us))
    assert len(ids(both.lower_said)) == 8
    late = [row[13] for out in both.lower_said for row in out.positions]
    assert late == [False] + [True] * 7
    both.take_lower(both.lower.order("u", 0x1208, begin, both.now_us))
    asked = [one for out in both.upper_said for one in out.asked][-1]
    both.take_upper(both.upper.watch(asked, both.now_us))
    both.take_upper(both.upper.exchange([position("10000000001", 20)], both.now_us))
    assert len(ids(both.lower_said)) == 8


def test_the_door(both: Both) -> None:
    pairs = {both.upper.params.access_code: both.upper}
    link = both.upper.params

    def login(**changes: Any) -> bytes:
        lower = Lower(replace(link, **changes), Directory())
        (sent,) = lower.connected(MAIN, START_US).sends
        return sent[1]

    def at_the_door(frame: bytes, known: Any = pairs) -> tuple[bool, Any]:
        raw = first_frame(frame)
        assert raw is not None
        found = knock(raw, known, "127.0.0.1")
        fields = decode_frame(found.reply[1:-1]) if found.reply else {}
        return found.pair is not None, fields.get("result", fields.get("code"))

    assert at_the_door(login()) == (True, None)
    assert at_the_door(login(password="x")) == (False, 4)
    assert at_the_door(login(user=5)) == (False, 3)
    assert at_the_door(login(access_code=7)) == (False, 2)
    assert at_the_door(both.lower.writer.frame(0x1005, {}, START_US)[1]) == (False, None)
    sub = {link.access_code: both.lower}
    good = both.upper.writer.frame(0x9001, {"verify_code": both.lower.code}, START_US)[1]
    wrong = both.upper.writer.frame(0x9001, {"verify_code": 99}, START_US)[1]
    assert at_the_door(good, sub) == (True, None)
    assert at_the_door(wrong, sub) == (False, 1)
    assert first_frame(good[:-1]) is None
    assert knock(b"\0" * 40, pairs, "").pair is None
