"""Reports with an alarm of a camera are reports like any other, and rows of device_alarms."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.feeds.jt808 import decode_frame
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.session import Session
from sizao.sim import cameras
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.terminal import Terminals
from sizao.sim.traffic import Traffic

from .conftest import MORNING_S


def said(city: City, cars: Fleet) -> list[tuple[int, bytes]]:
    traffic = Traffic(city, cars, 7, MORNING_S, 2 * 3600)
    frames = Terminals(city.network, cars, 7).feed(traffic.advance(300))
    return [(send_us, raw) for _, send_us, raw in frames]


def with_alarm(frames: list[tuple[int, bytes]]) -> list[bytes]:
    whole = [(raw, decode_frame(raw[raw.index(0x7E) + 1 : -1])) for _, raw in frames]
    return [raw for raw, fields in whole if "'alarm_ident'" in str(fields)]


def without_alarm(frames: list[tuple[int, bytes]]) -> list[str]:
    """Every location said, in a form that does not depend on its alarm or serial."""
    found = []
    for _, raw in frames:
        fields = decode_frame(raw[raw.index(0x7E) + 1 : -1])
        if fields.get("message_id") == "0x0200" and "error" not in fields:
            extras = [one for one in fields["extras"] if one["id"] not in ("0x64", "0x65")]
            keys = ("phone", "lat", "lon", "time", "speed_kmh", "heading_deg", "status", "alarm")
            found.append(str([fields[key] for key in keys] + extras))
    return sorted(found)


def test_the_report_is_the_same_with_and_without_its_alarm(
    city: City, cars: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "RATE", 0.0)
    none = said(city, cars)
    monkeypatch.setattr(cameras, "RATE", 0.2)
    many = said(city, cars)
    assert with_alarm(none) == []
    alarmed = with_alarm(many)
    assert len(alarmed) > 20
    assert without_alarm(none) == without_alarm(many)
    assert [at for at, _ in many] == sorted(at for at, _ in many)
    session = Session("p", DerivedCodes(b"x" * 16), SessionParams(require_auth=False))
    rows = [
        row
        for raw in alarmed
        for row in session.receive(raw, (MORNING_S + 400) * 1_000_000).device_alarms
    ]
    assert len(rows) == len(alarmed)
    assert {row[3] for row in rows} <= set(cameras.KINDS)
    assert len({row[3] for row in rows}) > 3
    assert all(row[6] is not None for row in rows)


def test_only_some_vehicles_have_cameras_and_alarms_are_rare(city: City, cars: Fleet) -> None:
    terminals = Terminals(city.network, cars, 7)
    assert 0.3 < np.mean(terminals._camera) < 0.7
    assert len(with_alarm(said(city, cars))) < 5
