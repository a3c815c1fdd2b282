"""Chinese map coordinates: published examples, round trips, and what must stay untouched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.coordinates import (
    DATUMS,
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    in_china,
    to_wgs84,
    wgs84_to_gcj02,
)
from sizao.core.errors import ConfigError

CHINA = (st.floats(4.0, 53.0), st.floats(74.0, 135.0))
METRE_DEG = 1 / 111_000


def metres(lat, lon, other_lat, other_lon) -> float:
    east = (lon - other_lon) * np.cos(np.radians(lat))
    return float(np.hypot(lat - other_lat, east) / METRE_DEG)


@pytest.mark.parametrize(
    ("shift", "given_", "expected"),
    [
        # Printed by the tests of wandergis/coordtransform and of its Rust port.
        (wgs84_to_gcj02, (39.915, 116.404), (39.91640428150164, 116.41024449916938)),
        (gcj02_to_bd09, (39.915, 116.404), (39.92133699351021, 116.41036949371029)),
    ],
)
def test_published_examples_to_the_last_digit(shift, given_, expected):
    lat, lon = shift(*given_)
    assert float(lat) == pytest.approx(expected[0], abs=1e-9)
    assert float(lon) == pytest.approx(expected[1], abs=1e-9)


@pytest.mark.parametrize(
    ("shift", "given_", "expected", "digits"),
    [
        # The documentation of evil_transform (Elixir), whose ellipsoid is rounded otherwise.
        (wgs84_to_gcj02, (31.280844, 120.596931), (31.278648624428175, 120.60109998322247), 1e-7),
        # Closed forms: right to about a metre; ours is the exact inverse.
        (bd09_to_gcj02, (39.915, 116.404), (39.90865673957631, 116.39762729119315), 2e-6),
        (gcj02_to_wgs84, (39.915, 116.404), (39.91359571849836, 116.39775550083061), 1e-5),
        # geoChina (R): Beijing railway station, then Tiananmen Square as OpenStreetMap has it.
        (gcj02_to_wgs84, (39.90245, 116.42703), (39.90105, 116.42079), 1e-5),
        (gcj02_to_wgs84, (39.908746, 116.397131), (39.90734, 116.3909), 2e-5),
    ],
)
def test_published_inverses_within_their_rounding(shift, given_, expected, digits):
    lat, lon = shift(*given_)
    assert float(lat) == pytest.approx(expected[0], abs=digits)
    assert float(lon) == pytest.approx(expected[1], abs=digits)


@given(*CHINA)
def test_round_trips_are_below_a_tenth_of_a_metre(lat, lon):
    for there, back in ((wgs84_to_gcj02, gcj02_to_wgs84), (gcj02_to_bd09, bd09_to_gcj02)):
        found_lat, found_lon = back(*there(lat, lon))
        assert abs(found_lat - lat) < 1e-7
        assert abs(found_lon - lon) < 1e-7
        assert metres(lat, lon, found_lat, found_lon) < 0.1


@given(*CHINA)
def test_the_shift_is_hundreds_of_metres(lat, lon):
    assert 20 < metres(lat, lon, *wgs84_to_gcj02(lat, lon)) < 1500


@given(
    st.floats(-90, 90, allow_nan=False),
    st.floats(-180, 180, allow_nan=False),
)
def test_outside_china_nothing_moves(lat, lon):
    if in_china(lat, lon):
        return
    for shift in (wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02):
        assert shift(lat, lon) == (lat, lon)


def test_arrays_keep_their_shape_and_missing_stays_missing():
    lat = np.array([[26.58, np.nan], [40.9, 26.58]])
    lon = np.array([[101.72, np.nan], [-73.8, 101.72]])
    before = lat.copy()
    found_lat, found_lon = to_wgs84(lat, lon, "bd09")
    assert found_lat.shape == found_lon.shape == (2, 2)
    assert np.isnan(found_lat[0, 1])
    assert found_lat[1, 0] == 40.9  # New York is not shifted
    assert found_lat[0, 0] == found_lat[1, 1] != 26.58
    assert np.array_equal(lat, before, equal_nan=True), "the caller's array was changed"
    empty = to_wgs84([], [], "gcj02")
    assert empty[0].shape == (0,)


def test_datums_are_told_apart():
    here = (26.58, 101.72)
    found = {datum: tuple(map(float, to_wgs84(*here, datum))) for datum in DATUMS}
    assert found["wgs84"] == here
    assert len(set(found.values())) == 3
    with pytest.raises(ConfigError, match="no coordinate system 'beijing54'"):
        to_wgs84(*here, "beijing54")
