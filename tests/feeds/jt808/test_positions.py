"""What becomes a position, what goes into quarantine, and what is null."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.core.schemas import POSITION, check
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.positions import Limits, position_batch, position_row

NOW = 1_767_225_600_000_000
NAMES = POSITION.names


def row_of(body: bytes, **options: Any) -> tuple[dict[str, Any] | None, str | None]:
    row, reason = position_row(body, "13912345678", NOW, **options)
    return (dict(zip(NAMES, row, strict=True)) if row else None), reason


def body_of(**changes: Any) -> bytes:
    fields: dict[str, Any] = {"time_us": NOW - 5_000_000, "lat": 26.58, "lon": 101.72}
    return encode_location(**{**fields, **changes})


def test_a_full_report() -> None:
    items = [
        {"id": "0x01", "mileage_km": 123.4},
        {"id": "0xE1", "raw": "0102"},
        {"id": "0x03", "recorder_speed_kmh": 61.5},
    ]
    body = body_of(speed_kmh=62.3, heading_deg=91, altitude_m=1180, alarm=6, items=items)
    row, reason = row_of(body, driver_at=lambda phone, at: f"{phone} at {at}")
    assert reason is None
    assert row == {
        "vehicle": "13912345678",
        "time": NOW - 5_000_000,
        "received": NOW,
        "lat": 26.58,
        "lon": 101.72,
        "speed_kmh": 62.3,
        "heading_deg": 91,
        "altitude_m": 1180,
        "recorder_speed_kmh": 61.5,
        "mileage_km": 123.4,
        "alarm": 6,
        "status": 3,
        "positioned": True,
        "catch_up": False,
        "driver": f"13912345678 at {NOW - 5_000_000}",
        "source": "jt808",
    }


def test_what_is_not_reported_is_null() -> None:
    row, _ = row_of(body_of())
    assert row is not None
    assert [k for k, v in row.items() if v is None] == [
        "recorder_speed_kmh",
        "mileage_km",
        "driver",
    ]


def test_an_item_of_odd_length_is_not_a_mileage() -> None:
    row, reason = row_of(body_of(items=[{"id": "0x01", "raw": "0001"}]))
    assert reason is None
    assert row is not None
    assert row["mileage_km"] is None


@pytest.mark.parametrize("cut", [b"\x03\x02\x01", b"\x01", b"\x64\xff"])
def test_a_cut_off_item_does_not_lose_the_row(cut: bytes) -> None:
    row, reason = row_of(body_of(items=[{"id": "0x01", "mileage_km": 9.9}]) + cut)
    assert reason == "truncated_extra"
    assert row is not None
    assert row["mileage_km"] == 9.9
    assert row["recorder_speed_kmh"] is None


def test_south_and_west_are_negative() -> None:
    row, _ = row_of(body_of(lat=-34.6, lon=-58.4))
    assert row is not None
    assert (row["lat"], row["lon"]) == (-34.6, -58.4)


@pytest.mark.parametrize("length", [0, 1, 27])
def test_a_short_body(length: int) -> None:
    assert row_of(body_of()[:length]) == (None, "bad_length")


@pytest.mark.parametrize(
    "stamp", ["000000000000", "260230080000", "261301080000", "260101240000", "2601010860aa"]
)
def test_a_time_that_does_not_exist(stamp: str) -> None:
    body = body_of()
    assert row_of(body[:22] + bytes.fromhex(stamp)) == (None, "bad_time")


def test_a_time_ahead_of_the_receipt() -> None:
    assert row_of(body_of(time_us=NOW + 600_000_000))[1] is None
    assert row_of(body_of(time_us=NOW + 601_000_000)) == (None, "future_time")
    assert row_of(body_of(time_us=NOW + 601_000_000), limits=Limits(future_s=700))[1] is None


def test_age_is_kept_unless_a_limit_is_set() -> None:
    old = body_of(time_us=NOW - 3000 * 86_400_000_000)
    assert row_of(old)[1] is None
    assert row_of(old, limits=Limits(age_s=7 * 86_400)) == (None, "too_old")


@pytest.mark.parametrize(("lat", "lon"), [(90.000001, 10), (10, 180.000001)])
def test_a_fix_that_is_no_place_on_earth(lat: float, lon: float) -> None:
    assert row_of(body_of(lat=lat, lon=lon)) == (None, "bad_coordinates")
    row, reason = row_of(body_of(lat=lat, lon=lon, status=1))
    assert reason is None
    assert row is not None
    assert (row["lat"], row["lon"], row["positioned"]) == (None, None, False)


def test_without_a_fix_the_last_place_is_kept_but_not_believed() -> None:
    row, reason = row_of(body_of(status=1))
    assert reason is None
    assert row is not None
    assert (row["lat"], row["positioned"]) == (26.58, False)


def test_a_fix_at_zero_is_no_fix() -> None:
    row, reason = row_of(body_of(lat=0, lon=0))
    assert reason is None
    assert row is not None
    assert (row["lat"], row["lon"], row["positioned"], row["status"]) == (None, None, False, 3)


def test_enciphered_coordinates_are_null() -> None:
    row, _ = row_of(body_of(status=3 | 32))
    assert row is not None
    assert (row["lat"], row["lon"], row["positioned"]) == (None, None, True)


def test_values_that_mean_unknown_are_null() -> None:
    body = body_of(
        speed_kmh=6553.5,
        heading_deg=0xFFFF,
        altitude_m=0xFFFF,
        items=[{"id": "0x03", "recorder_speed_kmh": 6553.5}],
    )
    row, reason = row_of(body)
    assert reason is None
    assert row is not None
    for name in ("speed_kmh", "heading_deg", "altitude_m", "recorder_speed_kmh"):
        assert row[name] is None


def test_rows_become_a_batch_of_the_schema() -> None:
    bodies = [body_of(), body_of(status=1, lat=0, lon=0)]
    rows = [position_row(body, "1", NOW)[0] for body in bodies]
    batch = check(position_batch([row for row in rows if row]), POSITION)
    assert batch.num_rows == 2
    assert batch.column("lat").null_count == 1
    assert batch.column("time").cast("int64").to_pylist() == [NOW - 5_000_000] * 2
    assert position_batch([]).num_rows == 0
