"""The fence index against a plain look at every fence, and the calendar at its edges."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sizao.core.vehicles import KIND_CODES
from sizao.roads.fence_cells import CELLS
from sizao.roads.fence_grid import Fences, inside
from sizao.roads.fences import KIND_NUMBERS, KINDS, Fence, Window
from sizao.roads.geometry import metres_per_degree

ALONG = ((26.5, 101.6), (26.5, 101.8))
NOON = 1_793_332_800_000_000
"""2026-10-30 12:00 in Shanghai, a Friday."""


def plain_inside(fence: Fence, lat: float, lon: float) -> bool:
    """The definition, read out: no cells, no kernels."""
    if fence.shape == "polygon":
        crossed = 0
        for ring in fence.rings:
            for (y0, x0), (y1, x1) in zip(ring, [*ring[1:], ring[0]], strict=True):
                if (y0 > lat) != (y1 > lat) and lon < (x1 - x0) * (lat - y0) / (y1 - y0) + x0:
                    crossed += 1
        return crossed % 2 == 1
    for (y0, x0), (y1, x1) in zip(fence.line, fence.line[1:] or fence.line, strict=False):
        north, east = metres_per_degree((y0 + y1) / 2)
        px, py = (x0 - lon) * east, (y0 - lat) * north
        bx, by = (x1 - x0) * east, (y1 - y0) * north
        square = bx * bx + by * by
        t = min(1.0, max(0.0, -(px * bx + py * by) / square)) if square > 0 else 0.0
        if (px + t * bx) ** 2 + (py + t * by) ** 2 <= fence.reach_m**2:
            return True
    return False


def found(fences: Fences, lat, lon, kind="heavy_truck", us=NOON) -> list[list[int]]:
    lat, lon = np.atleast_1d(np.array(lat, float)), np.atleast_1d(np.array(lon, float))
    n = len(lat)
    first, which = inside(
        fences, lat, lon, np.full(n, KIND_CODES[kind], np.int8), np.full(n, us, np.int64)
    )
    return [[fences.fences[f].number for f in which[first[i] : first[i + 1]]] for i in range(n)]


def star(chance: np.random.Generator, y: float, x: float, radius: float, corners: int):
    angle = np.sort(chance.random(corners)) * 2 * math.pi
    reach = radius * chance.uniform(0.3, 1, corners)
    return tuple(
        zip((y + reach * np.sin(angle)).tolist(), (x + reach * np.cos(angle)).tolist(), strict=True)
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0004, 0.003, 0.02, 0.2]))
def test_the_index_finds_what_a_plain_look_finds(seed, size):
    """Many fences over each other, positions on corners and cell borders among them."""
    chance = np.random.default_rng(seed)
    made = []
    for number in range(1, 25):
        y, x = 26.5 + chance.normal() * size, 101.7 + chance.normal() * size
        if number % 3 == 0:
            line = tuple(
                (y + chance.normal() * size, x + chance.normal() * size)
                for _ in range(int(chance.integers(1, 5)))
            )
            made.append(
                Fence(number, "a", "forbidden", "corridor", line=line, reach_m=size * 3e4 + 5)
            )
        else:
            rings = (star(chance, y, x, size, 9), star(chance, y, x, size / 3, 5))
            made.append(Fence(number, "a", "forbidden", "polygon", rings=rings))
    lat = 26.5 + chance.normal(size=200) * 2 * size
    lon = 101.7 + chance.normal(size=200) * 2 * size
    lat[:40] = np.round(lat[:40] * CELLS) / CELLS
    lon[20:60] = np.round(lon[20:60] * CELLS) / CELLS
    corners = [point for fence in made for ring in fence.rings for point in ring]
    lat[60:100], lon[60:100] = np.array(corners[:40]).T
    expected = [
        [fence.number for fence in made if plain_inside(fence, y, x)]
        for y, x in zip(lat, lon, strict=True)
    ]
    assert found(Fences(made), lat, lon) == expected


def test_a_polygon_is_what_shapely_takes_it_for():
    chance = np.random.default_rng(4)
    outer, hole = star(chance, 26.5, 101.7, 0.1, 40), star(chance, 26.5, 101.7, 0.02, 7)
    fences = Fences([Fence(1, "a", "forbidden", "polygon", rings=(outer, hole))])
    shape = shapely.Polygon(outer, [hole])
    lat, lon = 26.5 + chance.normal(size=3000) * 0.07, 101.7 + chance.normal(size=3000) * 0.07
    expected = shapely.contains_xy(shape, lat, lon)
    assert [bool(one) for one in found(fences, lat, lon)] == expected.tolist()
    assert 0.05 < expected.mean() < 0.95


def test_any_number_of_fences_may_share_a_cell():
    """Of both sorts, more than a group of the index holds, edges and times to be asked of each."""
    square = ((26.4999, 101.6999), (26.4999, 101.7001), (26.5001, 101.7001), (26.5001, 101.6999))
    over = (moment(1, 0), moment(30, 12))
    many = []
    for number in range(1, 400):
        valid = over if number % 7 == 0 else Fence.valid_us
        if number % 2:
            one = Fence(number, "a", "forbidden", "polygon", rings=(square,), valid_us=valid)
        else:
            one = Fence(
                number,
                "a",
                "forbidden",
                "circle",
                line=((26.5, 101.7),),
                reach_m=100.0,
                valid_us=valid,
            )
        many.append(one)
    every = list(range(1, 400))
    assert found(Fences(many), 26.5, 101.7, us=moment(30, 11, 59)) == [every]
    still = [number for number in every if number % 7]
    assert found(Fences(many), 26.5, 101.7, us=moment(30, 12)) == [still]
    # 55 m north, 11 m are half of the square.
    assert found(Fences(many), 26.5005, 101.7, us=moment(30, 11)) == [
        [number for number in every if number % 2 == 0]
    ]


def test_every_kind_has_a_bit_of_its_own():
    fences = [
        Fence(number, "a", kind, "circle", line=((26.5, 101.7),), reach_m=9.0, limit_kmh=40.0)
        for number, kind in enumerate(KINDS, 1)
    ]
    grid = Fences(fences).grid
    assert grid.kinds.tolist() == [1 << KIND_NUMBERS[fence.kind] for fence in fences]


def test_half_a_width_is_metres():
    fences = Fences([Fence(1, "a", "route", "corridor", line=ALONG, reach_m=50)])
    north, _ = metres_per_degree(26.5)
    assert found(fences, [26.5 + 49.9 / north, 26.5 + 50.1 / north], [101.7, 101.7]) == [[1], []]


@pytest.mark.parametrize("lat", [math.nan, 90.0, -90.0, 0.0])
def test_nowhere_is_in_no_fence(lat):
    fences = Fences([Fence(1, "a", "forbidden", "circle", line=((26.5, 101.7),), reach_m=1e5)])
    assert found(fences, lat, 101.7) == [[]]
    assert found(fences, 26.5, [math.nan]) == [[]]
    assert found(Fences(), 26.5, 101.7) == [[]]


def test_vehicle_kinds():
    own = Fence(
        1, "a", "forbidden", "circle", line=((26.5, 101.7),), reach_m=50, vehicle_kinds=("hazmat",)
    )
    fences = Fences([own])
    assert found(fences, 26.5, 101.7, "hazmat") == [[1]]
    assert found(fences, 26.5, 101.7, "heavy_truck") == [[]]


def moment(day: int, hour: int, minute: int = 0, second: float = 0) -> int:
    """A moment of October 2026 in Shanghai; the 30th is a Friday."""
    local = datetime(2026, 10, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    return round((local.timestamp() + second) * 1e6)


FRIDAY, EVERY = 1 << 4, 127
DAY_30 = 20_756
"""30 October 2026 in days since 1970-01-01."""


@pytest.mark.parametrize(
    ("us", "holds"),
    [
        (moment(30, 7, 19, 59.999999), False),
        (moment(30, 7, 20), True),
        (moment(30, 8, 9, 59.999999), True),
        (moment(30, 8, 10), False),
        (moment(29, 7, 30), False),
        (moment(30, 21, 59, 59), False),
        (moment(30, 22), True),
        (moment(31, 4, 59, 59), True),  # Friday's night, on Saturday
        (moment(31, 5), False),
        (moment(30, 4), False),  # Thursday's night
    ],
)
def test_windows(us, holds):
    windows = (
        Window(FRIDAY, 7 * 3600 + 1200, 8 * 3600 + 600),
        Window(FRIDAY, 22 * 3600, 5 * 3600),
    )
    fence = Fence(1, "a", "forbidden", "circle", line=((26.5, 101.7),), reach_m=50, windows=windows)
    assert fence.in_force(us) is holds
    assert found(Fences([fence]), 26.5, 101.7, us=us) == ([[1]] if holds else [[]])


@settings(max_examples=200, deadline=None)
@given(
    us=st.integers(moment(27, 0), moment(31, 23, 59)),
    windows=st.lists(
        st.tuples(
            st.integers(0, EVERY),
            st.integers(0, 23).map(lambda hour: hour * 3600),
            st.integers(0, 24).map(lambda hour: hour * 3600),
        ),
        max_size=3,
    ),
    spans=st.lists(st.tuples(*[st.integers(DAY_30 - 4, DAY_30 + 2)] * 2).map(sorted), max_size=2),
    away=st.lists(st.tuples(*[st.integers(DAY_30 - 4, DAY_30 + 2)] * 2).map(sorted), max_size=2),
    valid=st.sampled_from([Fence.valid_us, (moment(28, 9), moment(30, 12))]),
)
@example(moment(30, 12), [], [], [], (moment(28, 9), moment(30, 12)))
@example(moment(28, 9), [], [], [], (moment(28, 9), moment(30, 12)))
def test_the_kernel_reads_the_calendar_as_the_fence_does(us, windows, spans, away, valid):
    fence = Fence(
        1,
        "a",
        "forbidden",
        "circle",
        line=((26.5, 101.7),),
        reach_m=50,
        windows=tuple(Window(*window) for window in windows),
        spans=tuple(map(tuple, spans)),
        except_spans=tuple(map(tuple, away)),
        valid_us=valid,
    )
    assert found(Fences([fence]), 26.5, 101.7, us=us) == ([[1]] if fence.in_force(us) else [[]])


def test_a_night_belongs_to_the_day_on_which_it_began():
    night = Fence(
        1,
        "a",
        "forbidden",
        "circle",
        line=((26.5, 101.7),),
        reach_m=50,
        windows=(Window(EVERY, 22 * 3600, 5 * 3600),),
        except_spans=((DAY_30, DAY_30),),
    )
    assert not night.in_force(moment(31, 4))
    assert night.in_force(moment(30, 4))
    assert not night.in_force(moment(30, 23))


def test_whole_cells_are_not_asked_again():
    """Most of a large fence needs no edge: that is what makes it cheap."""
    square = ((26.0, 101.0), (26.0, 102.0), (27.0, 102.0), (27.0, 101.0))
    grid = Fences([Fence(1, "a", "forbidden", "polygon", rings=(square,))]).grid
    assert (grid.group["edge"] == grid.group["edge_end"]).mean() > 0.95
