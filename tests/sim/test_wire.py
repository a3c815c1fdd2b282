"""The bulk encoder against the project's own encoder and decoder, byte for byte."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.feeds.jt808 import Framer, decode_frame, encode_frame
from sizao.feeds.jt808.batch import encode_batch
from sizao.feeds.jt808.location import encode_location
from sizao.sim import _wire

PHONES = np.array([list(bytes.fromhex(f"1000000000{n}".zfill(20))) for n in (1, 2)], np.uint8)
LONG = np.array([False, True])
NAMES = ("10000000001", "10000000002")

reports = st.fixed_dictionaries(
    {
        "time_s": st.integers(946_684_800, 4_102_415_999),
        "lat": st.integers(0, 90_000_000),
        "lon": st.integers(0, 180_000_000),
        "altitude": st.integers(0, 9000),
        "speed": st.integers(0, 2200),
        "heading": st.integers(0, 359),
        "recorder": st.one_of(st.just(_wire.NO_RECORDER), st.integers(0, 2200)),
        "mileage": st.integers(0, 2**32 - 1),
        "alarm": st.integers(0, 2**32 - 1),
        "status": st.sampled_from([0, 1, 2, 3]),
    }
)


def rows(fields: list[dict[str, int]], vehicle: int, batch: int = 0) -> np.ndarray:
    out = np.zeros(len(fields), _wire.REPORT)
    for row, values in zip(out, fields, strict=True):
        for name, value in values.items():
            row[name] = value
    out["vehicle"] = vehicle
    out["batch"] = batch
    return out


def body(report: dict[str, int]) -> bytes:
    items = [{"id": "0x01", "mileage_km": report["mileage"] / 10}]
    if report["recorder"] != _wire.NO_RECORDER:
        items.append({"id": "0x03", "recorder_speed_kmh": report["recorder"] / 10})
    items.append({"id": "0x30", "rssi": 25})
    items.append({"id": "0x31", "gnss_satellites": 11 if report["status"] & 2 else 0})
    return encode_location(
        time_us=report["time_s"] * 1_000_000,
        lat=report["lat"] / 1e6,
        lon=report["lon"] / 1e6,
        speed_kmh=report["speed"] / 10,
        heading_deg=report["heading"],
        altitude_m=report["altitude"],
        alarm=report["alarm"],
        status=report["status"],
        items=items,
    )


@settings(max_examples=150, deadline=None)
@given(report=reports, vehicle=st.integers(0, 1), serial=st.integers(0, 65535))
def test_a_report_is_what_the_other_encoder_makes(
    report: dict[str, int], vehicle: int, serial: int
) -> None:
    serials = np.array([serial, serial], np.uint16)
    data, first, _ = _wire.encode(rows([report], vehicle), PHONES, LONG, serials)
    version = 2019 if LONG[vehicle] else 2013
    assert data.tobytes() == encode_frame(0x0200, NAMES[vehicle], serial, body(report), version)
    assert first.tolist() == [0, len(data)]
    assert serials[vehicle] == (serial + 1) % 65536
    assert serials[1 - vehicle] == serial


@settings(max_examples=40, deadline=None)
@given(stored=st.lists(reports, min_size=1, max_size=_wire.MAX_BATCH), vehicle=st.integers(0, 1))
def test_a_batch_is_what_the_other_encoder_makes(
    stored: list[dict[str, int]], vehicle: int
) -> None:
    data, _, row = _wire.encode(
        rows(stored, vehicle, batch=5), PHONES, LONG, np.array([9, 9], np.uint16)
    )
    version = 2019 if LONG[vehicle] else 2013
    expected = encode_batch([body(report) for report in stored])
    assert data.tobytes() == encode_frame(0x0704, NAMES[vehicle], 9, expected, version)
    assert row.tolist() == [0]


def report(**changes: int) -> dict[str, int]:
    base = dict.fromkeys(
        ("lat", "lon", "altitude", "speed", "heading", "recorder", "mileage", "alarm", "status"), 1
    )
    return base | {"time_s": 1_793_289_600} | changes


def test_long_batches_are_split() -> None:
    many = rows([report(time_s=1_793_289_600 + n) for n in range(45)], 0, batch=3)
    data, first, _ = _wire.encode(many, PHONES, LONG, np.zeros(2, np.uint16))
    frames = [decode_frame(raw) for raw in Framer().feed(data.tobytes())]
    assert [frame["count"] for frame in frames] == [20, 20, 5]
    assert len(first) == 4


def test_damage_is_damage_and_only_where_asked() -> None:
    three = rows([report(), report(), report()], 0)
    three["damage"] = [0, _wire.BAD_CHECKSUM, _wire.GARBAGE]
    data, first, _ = _wire.encode(three, PHONES, LONG, np.zeros(2, np.uint16))
    frames = [decode_frame(raw) for raw in Framer().feed(data.tobytes())]
    kinds = [frame.get("error", {}).get("kind") for frame in frames]
    assert kinds == [None, "bad_checksum", "bad_length", None]
    assert len(first) == 4
