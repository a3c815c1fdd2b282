"""Stragglers come out in order of event time, the same however the input was cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sizao.detect.hold import Hold

SECOND = 1_000_000
ROWS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 90)), max_size=60)


def rows_of(pairs):
    rows = [{"time": t * SECOND, "received": (t + delay) * SECOND} for t, delay in pairs]
    rows.sort(key=lambda row: row["received"])
    return [row | {"id": number} for number, row in enumerate(rows)]


def all_of(rows, hold_s, looks=(), cuts=()):
    """Everything released, the end included; ``looks`` are moments at which somebody asks."""
    hold, out = Hold(hold_s * SECOND), []
    for number, row in enumerate(rows):
        for look in looks:
            if number and rows[number - 1]["received"] <= look < row["received"]:
                out += hold.until(look)
        if number in cuts:
            hold = Hold(hold_s * SECOND, hold.state())
        out += hold.take(row)
    return out + hold.until(10**15)


@given(ROWS)
def test_delays_within_the_hold_give_the_order_of_event_time(pairs):
    out = all_of(rows_of(pairs), 90)
    assert [row["time"] for row in out] == sorted(row["time"] for row in out)
    assert len(out) == len(pairs)


@given(ROWS, st.lists(st.integers(0, 400 * SECOND), max_size=5), st.sets(st.integers(0, 60)))
def test_neither_looking_nor_restarting_changes_the_order(pairs, looks, cuts):
    rows = rows_of(pairs)
    assert all_of(rows, 30, sorted(looks), cuts) == all_of(rows, 30)


def test_control_without_a_hold_the_order_is_that_of_arrival():
    late = rows_of([(0, 80), (50, 0)])
    assert [row["time"] for row in all_of(late, 0)] == [50 * SECOND, 0]
    assert [row["time"] for row in all_of(late, 90)] == [0, 50 * SECOND]
