"""Active-safety items become rows, in every dialect, and their files are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.schemas import DEVICE_ALARM
from sizao.feeds.jt808.alarms import FAMILIES, KINDS
from sizao.feeds.jt808.batch import encode_batch
from sizao.feeds.jt808.items import decode_item, encode_item
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.outcome import batches
from sizao.feeds.jt808.policy import EvidencePolicy, derived_numbers
from sizao.feeds.jt808.safety import alarms, has_alarm
from sizao.feeds.jt808.vendors import DIALECTS, dialect_of

from .test_session import NOW, OPEN, PHONE, Terminal, replies
from .vectors import load, raw_of

NUMBER = derived_numbers(b"0123456789abcdef")
ASKING = replace(OPEN, evidence=EvidencePolicy("192.0.2.7", 6818, NUMBER))


def ident(dialect: str = "jsatl12", files: int = 2, sequence: int = 1) -> dict[str, Any]:
    return {
        "terminal_id": "T000001",
        "time": "2026-01-01T08:00:00+08:00",
        "sequence": sequence,
        "attachment_count": files,
        "reserved": "0000" if dialect == "guangdong" else "00",
    }


def dsm(kind: int = 1, dialect: str = "jsatl12", **changes: Any) -> dict[str, Any]:
    fields = {
        "alarm_id": 5,
        "flag_state": 1,
        "alarm_type": kind,
        "level": 2,
        "fatigue_degree": 7,
        "reserved": "00000000",
        "speed_kmh": 63,
        "altitude_m": 1200,
        "lat": 26.58,
        "lon": 101.72,
        "time": "2026-01-01T08:00:01+08:00",
        "vehicle_state": 1,
        "alarm_ident": ident(dialect, changes.pop("files", 2), changes.pop("sequence", 1)),
    }
    return {"id": "0x65", "dsm": {**fields, **changes}}


def report(*items: dict[str, Any], **changes: Any) -> bytes:
    return encode_location(time_us=NOW, lat=26.58, lon=101.72, items=items, **changes)


@pytest.mark.parametrize("dialect", ["jsatl12", "guangdong"])
def test_an_alarm_is_a_row(dialect: str) -> None:
    outcome = Terminal(OPEN).say(0x0200, report(dsm(dialect=dialect)))
    assert len(outcome.positions) == 1
    (row,) = batches([outcome])["device_alarms"].to_pylist()
    key = bytes.fromhex(row.pop("alarm_key"))
    assert len(key) == (40 if dialect == "guangdong" else 16)
    assert key.startswith(b"T000001")
    assert row.pop("time").isoformat() == "2026-01-01T00:00:01+00:00"
    assert row.pop("received")
    assert row == {
        "vehicle": PHONE,
        "kind": "dsm.fatigue",
        "level": 2,
        "state": 1,
        "lat": 26.58,
        "lon": 101.72,
        "speed_kmh": 63.0,
        "degree": 7,
        "source": "jt808",
    }


def test_length_decides_never_the_id_alone() -> None:
    for number in FAMILIES:
        for length in range(130):
            value = bytes(length)
            named = dialect_of(number, value)
            entry = decode_item(number, value)
            assert ("raw" in entry) is (named is None)
            assert encode_item(entry) == bytes((number, length)) + value
    lengths = [(n, d.name) for n in (0x64, 0x65, 0x67) for d in DIALECTS if d.fits(n, bytes(47))]
    assert lengths == [(0x64, "jsatl12"), (0x65, "jsatl12")]


def test_no_two_dialects_share_a_length() -> None:
    for number in FAMILIES:
        for length in range(256):
            assert sum(one.fits(number, bytes(length)) for one in DIALECTS) <= 1


def test_another_makers_item_is_no_alarm() -> None:
    outcome = Terminal(OPEN).say(0x0200, report({"id": "0x65", "raw": "00" * 46}))
    assert outcome.device_alarms == []
    assert len(outcome.positions) == 1


def test_every_kind_has_a_name_and_others_keep_their_number() -> None:
    for number, name in KINDS["dsm"].items():
        (found,) = alarms(report(dsm(number)), PHONE, NOW, "jt808")
        assert found.kinds == [f"dsm.{name}"]
        assert (found.rows[0][9] is None) is (name != "fatigue"), "only fatigue has a degree"
    (found,) = alarms(report(dsm(0x2A)), PHONE, NOW, "jt808")
    assert found.kinds == ["dsm.type_2a"]


def test_a_tyre_item_is_a_row_for_each_bit() -> None:
    place = {k: v for k, v in dsm()["dsm"].items() if k not in ("fatigue_degree", "reserved")}
    wheel = {"position": 1, "pressure_kpa": 210, "temp_c": -3, "battery_pct": 90}
    wheels = [{**wheel, "alarm_type": 0b100}, {**wheel, "alarm_type": 0b1000}]
    (found,) = alarms(
        report({"id": "0x66", "tpms": {**place, "wheels": wheels}}), PHONE, NOW, "jt808"
    )
    assert found.kinds == ["tpms.pressure_low", "tpms.temperature_high"]
    assert [row[4] for row in found.rows] == [None, None], "tyres have no level"


def test_the_hemisphere_and_a_missing_time_come_from_the_report() -> None:
    body = bytearray(report(dsm(), status=3))
    south = encode_location(time_us=NOW, lat=-1.0, lon=-1.0)
    body[4:8] = south[4:8]
    at = body.index(b"\x26\x01\x01\x08\x00\x01")
    body[at : at + 6] = bytes(6)
    (found,) = alarms(bytes(body), PHONE, NOW, "jt808")
    assert found.rows[0][1] == NOW
    assert found.rows[0][6:8] == (-26.58, -101.72)


@given(st.binary(min_size=28, max_size=300))
def test_any_body_is_looked_through(body: bytes) -> None:
    found = list(alarms(body, PHONE, NOW, "jt808"))
    assert not found or has_alarm(body)
    for one in found:
        assert len(one.rows) >= 1
        assert all(len(row) == len(DEVICE_ALARM) for row in one.rows)


def test_stored_reports_have_alarms_too() -> None:
    outcome = Terminal(OPEN).say(0x0704, encode_batch([report(dsm()), report(dsm(2, sequence=2))]))
    assert [row[3] for row in outcome.device_alarms] == ["dsm.fatigue", "dsm.phone"]


def test_golden_items_become_rows() -> None:
    seen = 0
    for param in load("frame"):
        raw = raw_of(param.values[0])
        if raw[:2] == b"\x02\x00" and "'alarm_ident'" in str(param.values[0]["expected"]):
            outcome = Terminal(OPEN).session.receive(b"\x7e" + raw + b"\x7e", 4_000_000_000_000_000)
            assert outcome.device_alarms, param.id
            seen += 1
    assert seen >= 1


# Asking for files.


def asked(outcome: Any) -> list[dict[str, Any]]:
    return [one for one in replies(outcome) if one["message_id"] == "0x9208"]


@pytest.mark.parametrize("dialect", ["jsatl12", "guangdong"])
def test_files_are_asked_for_once_an_alarm(dialect: str) -> None:
    terminal = Terminal(ASKING)
    (request,) = asked(terminal.say(0x0200, report(dsm(dialect=dialect))))
    assert request["server_ip"] == "192.0.2.7"
    assert request["tcp_port"] == 6818
    assert request["alarm_ident"] == ident(dialect)
    (found,) = alarms(report(dsm(dialect=dialect)), PHONE, NOW, "jt808")
    assert request["alarm_number"] == NUMBER(PHONE, found.alarm_key)
    assert asked(terminal.say(0x0200, report(dsm(dialect=dialect)))) == []
    assert len(asked(terminal.say(0x0200, report(dsm(dialect=dialect, sequence=2))))) == 1


def test_files_are_not_asked_for_without_need() -> None:
    assert asked(Terminal(OPEN).say(0x0200, report(dsm()))) == [], "no policy"
    assert asked(Terminal(ASKING).say(0x0200, report(dsm(files=0)))) == [], "no files"
    policy = replace(ASKING.evidence, kinds=("adas.",))
    picky = Terminal(replace(OPEN, evidence=policy))
    assert asked(picky.say(0x0200, report(dsm()))) == [], "not of interest"


def test_what_was_asked_is_remembered_in_bounds() -> None:
    few = replace(ASKING, evidence=replace(ASKING.evidence, remember=2))
    terminal = Terminal(few)
    for sequence in range(1, 5):
        terminal.say(0x0200, report(dsm(sequence=sequence)))
    assert len(terminal.session._asked) == 2


def test_a_number_cannot_be_guessed() -> None:
    other = derived_numbers(b"another secret..")
    assert len(NUMBER(PHONE, b"k")) == 32
    assert NUMBER(PHONE, b"k") != other(PHONE, b"k")
    assert NUMBER(PHONE, b"k") != NUMBER("1" + PHONE, b"k")


@pytest.mark.parametrize(("bits", "expected"), [(1 << 4, 1), (0b11111, 1), (0b01111, 0), (0, 0)])
def test_the_video_terminal_says_that_the_coach_is_too_full(bits: int, expected: int) -> None:
    """By itself, and in the quick way of a known terminal as well as in the long one."""
    body = report({"id": "0x14", "video_alarm": bits})
    terminal = Terminal(OPEN)
    for _ in range(2):
        out = terminal.say(0x0200, body)
        assert len(out.positions) == 1
        assert len(out.device_alarms) == expected
        for row in out.device_alarms:
            named = dict(zip(DEVICE_ALARM.names, row, strict=True))
            assert (named["kind"], named["state"]) == ("video.over_capacity", 0)
            assert named["vehicle"] == PHONE
