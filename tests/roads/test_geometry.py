"""Lengths and bearings against the exact geodesic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.roads.geometry import bearing_deg, distance_m, step_lengths_m


def vincenty_m(lat0: float, lon0: float, lat1: float, lon1: float) -> float:
    """Geodesic on WGS-84. Source: Vincenty, Survey Review XXIII 176 (1975), inverse formula."""
    a, f = 6_378_137.0, 1 / 298.257223563
    b = a * (1 - f)
    u0, u1 = (math.atan((1 - f) * math.tan(math.radians(lat))) for lat in (lat0, lat1))
    difference = lam = math.radians(lon1 - lon0)
    for _ in range(200):
        sin_s = math.hypot(
            math.cos(u1) * math.sin(lam),
            math.cos(u0) * math.sin(u1) - math.sin(u0) * math.cos(u1) * math.cos(lam),
        )
        if sin_s == 0:
            return 0.0
        cos_s = math.sin(u0) * math.sin(u1) + math.cos(u0) * math.cos(u1) * math.cos(lam)
        sigma = math.atan2(sin_s, cos_s)
        sin_a = math.cos(u0) * math.cos(u1) * math.sin(lam) / sin_s
        cos2_a = 1 - sin_a**2
        cos_2m = cos_s - 2 * math.sin(u0) * math.sin(u1) / cos2_a if cos2_a else 0.0
        c = f / 16 * cos2_a * (4 + f * (4 - 3 * cos2_a))
        before = lam
        lam = difference + (1 - c) * f * sin_a * (
            sigma + c * sin_s * (cos_2m + c * cos_s * (2 * cos_2m**2 - 1))
        )
        if abs(lam - before) < 1e-13:
            break
    u2 = cos2_a * (a**2 - b**2) / b**2
    big_a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    big_b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    correction = (
        big_b
        * sin_s
        * (
            cos_2m
            + big_b
            / 4
            * (
                cos_s * (2 * cos_2m**2 - 1)
                - big_b / 6 * cos_2m * (4 * sin_s**2 - 3) * (4 * cos_2m**2 - 3)
            )
        )
    )
    return b * big_a * (sigma - correction)


def test_the_yardstick_itself():
    # Vincenty's paper is checked with one published line: Flinders Peak to Buninyon,
    # 54 972.271 m (Geoscience Australia; GRS 80 and WGS-84 differ by a tenth of a millimetre).
    flinders = (-(37 + 57 / 60 + 3.72030 / 3600), 144 + 25 / 60 + 29.52440 / 3600)
    buninyon = (-(37 + 39 / 60 + 10.15610 / 3600), 143 + 55 / 60 + 35.38390 / 3600)
    assert vincenty_m(*flinders, *buninyon) == pytest.approx(54_972.271, abs=0.002)


@given(
    st.floats(-55, 55),
    st.floats(-170, 170),
    st.floats(-0.35, 0.35),
    st.floats(-0.35, 0.35),
)
def test_length_within_a_ten_thousandth_up_to_fifty_kilometres(lat, lon, up, right):
    exact = vincenty_m(lat, lon, lat + up, lon + right)
    if 1.0 < exact < 50_000:
        assert distance_m(lat, lon, lat + up, lon + right) == pytest.approx(exact, rel=1e-4)


def test_steps_are_the_pairwise_distances():
    lat, lon = np.array([26.5, 26.51, 26.53]), np.array([101.7, 101.72, 101.71])
    each = [distance_m(lat[i], lon[i], lat[i + 1], lon[i + 1]) for i in (0, 1)]
    assert step_lengths_m(lat, lon) == pytest.approx(each)


@pytest.mark.parametrize(
    ("up", "right", "course"), [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, 270)]
)
def test_bearing_is_clockwise_from_north(up, right, course):
    found = bearing_deg(26.5, 101.7, 26.5 + up * 1e-3, 101.7 + right * 1e-3)
    assert found == pytest.approx(course, abs=0.01)
