"""Rows of windows, compiled, are what the same in plain NumPy gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect.emit import FINDING, findings
from sizao.detect.window_rows import (
    ROW,
    closed_up,
    columns_of,
    in_order,
    joined,
    keep,
    later,
    unknown,
)


def rows_at(moments: list[int], fixes: list[bool], mark: int) -> Any:
    """Rows of these times; ``row`` tells one from every other."""
    rows = np.zeros(len(moments), ROW)
    rows["time_us"] = moments
    rows["row"] = mark + np.arange(len(moments))
    fixed = np.resize(np.array(fixes), len(rows))
    rows["lat"] = np.where(fixed, 28.0 + np.arange(len(rows)) / 100, np.nan)
    rows["lon"] = np.where(fixed, 104.0, np.nan)
    rows["prev_us"], rows["prev_fix_us"] = 7, 6
    rows["prev_lat"], rows["prev_lon"] = 1.0, 2.0
    return rows


def plainly_in_order(own: Any, late: Any) -> Any:
    rows = joined(own, late)
    rows = rows[np.argsort(rows["time_us"], kind="stable")]
    rows = rows[np.concatenate(([True], rows["time_us"][1:] != rows["time_us"][:-1]))]
    for name in ("prev_us", "prev_fix_us", "prev_lat", "prev_lon"):
        rows[name][0] = own[name][0]
    for at in range(1, len(rows)):
        before = rows[at - 1]
        fixed = not np.isnan(before["lat"])
        rows["prev_us"][at] = before["time_us"]
        for name, source in (("prev_fix_us", "time_us"), ("prev_lat", "lat"), ("prev_lon", "lon")):
            rows[name][at] = before[source if fixed else name]
    return rows


def same(one: Any, other: Any) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in ROW.names or ())


moments = st.lists(st.integers(1, 40), max_size=12)


@settings(max_examples=200, deadline=None)
@given(moments.filter(bool), moments, st.lists(st.booleans(), min_size=1, max_size=4))
def test_late_rows_are_put_where_a_sort_puts_them(own, late, fixes):
    kept = rows_at(sorted(set(own)), fixes, 0)
    came = rows_at(late, fixes[::-1], 1000)
    assert same(in_order(kept, came), plainly_in_order(kept, came))


PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), max_size=20)
"""Slot and moment."""


@settings(max_examples=100, deadline=None)
@given(PAIRS, st.permutations([0, 1, 2]), st.integers(0, 3), st.lists(st.integers(0, 40)))
def test_rows_of_some_vehicles_are_those_a_mask_picks(pairs, known, many, after):
    """Slot 3 has no window; of the others ``many`` are wanted."""
    rows = rows_at([us for _, us in pairs], [True], 0)
    slots = np.array([slot for slot, _ in pairs], np.int32)
    place = np.array([1, 2, 3, 0], np.int16)
    wanted, after_us = known[:many], np.resize(np.array([*after, 7]), many)
    number = np.full(4, -1, np.int32)
    number[place[wanted]] = np.arange(many)
    some, ends = later(rows, slots, place, number, after_us)
    assert ends[0] == 0
    assert ends[-1] == len(some)
    for k, slot in enumerate(wanted):
        own = rows[(slots == slot) & (rows["time_us"] > after_us[k])]
        assert same(some[ends[k] : ends[k + 1]], own)


@settings(max_examples=100, deadline=None)
@given(PAIRS, st.lists(st.integers(0, 40), min_size=2, max_size=2))
def test_rows_of_closed_windows_make_room_for_the_others(pairs, after):
    """Slots 0 and 2 have windows."""
    rows = rows_at([us for _, us in pairs], [True], 0)
    slots = np.array([slot for slot, _ in pairs], np.int32)
    place, after_us = np.array([2, 0, 1, 0], np.int16), np.array(after)
    stays = (place[slots] > 0) & (rows["time_us"] > after_us[place[slots] - 1])
    wanted, owners = rows[stays], slots[stays]
    count = closed_up(rows, slots, place, after_us)
    assert same(rows[:count], wanted)
    assert slots[:count].tolist() == owners.tolist()


@settings(max_examples=100, deadline=None)
@given(moments, moments)
def test_late_rows_are_new_where_their_moment_is(own, late):
    kept, came = rows_at(sorted(set(own)), [True], 0), rows_at(late, [True], 1000)
    new = [at for at, us in enumerate(late) if us not in own and us not in late[:at]]
    assert same(unknown(kept, came), came[new])


def test_columns_of_several_vehicles_stand_one_after_the_other():
    one, other = rows_at([1, 2], [True], 0), rows_at([1], [True], 7)
    columns = columns_of(one, other)
    assert columns.slot.tolist() == [0, 0, 1]
    assert columns.row.tolist() == [0, 1, 2]
    assert columns.time_us.tolist() == [1, 2, 1]


def test_what_is_kept_of_a_batch_gives_its_columns_again():
    rows = rows_at([5, 6, 9], [True, False], 0)
    rows["driver"], rows["kind"], rows["service"] = [3, 4, 5], [1, 2, 3], [0, 1, 2]
    rows["speed_kmh"], rows["received_us"] = [50.5, 60.5, 70.5], [7, 8, 11]
    kept, slots = np.zeros(2, ROW), np.full(2, 9, np.int32)
    keep(columns_of(rows), np.array([0, 2]), kept, slots)
    rows["row"] = 0
    assert same(kept, rows[[0, 2]])
    assert slots.tolist() == [0, 0]


def test_columns_of_rows_are_typed_as_a_batch_is():
    """Another type would be another compiled kernel."""
    columns = columns_of(rows_at([1, 2], [True], 0))
    assert {len(column) for column in columns[:-2]} == {2}
    assert all(column.flags.c_contiguous for column in columns)
    assert (columns.speed_kmh.dtype, columns.limit_kmh.dtype) == (np.float32, np.float32)


def test_no_findings_are_typed_as_some_are():
    none, one = (findings(np.zeros(n, FINDING), lambda row: "over_limit") for n in (0, 1))
    for name, column in vars(one).items():
        kept = getattr(none, name)
        assert len(kept) == 0
        assert type(kept) is type(column)
        assert getattr(kept, "dtype", None) == getattr(column, "dtype", None)
