"""Vehicles that one driver drives in the same batch are judged as their rows came."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.detect.reopen_drivers import Drivers, Linked
from sizao.detect.reopen_rounds import Rounds
from tests.detect.test_reopen import delivered, hours, in_order, play
from tests.detect.test_reopen_coaches import DAY, merged
from tests.detect.tracks import Row, Track

SLOTS = np.array([0, 0, 0, 1, 1, 2, 2, 2], np.int32)


def test_a_round_ends_where_a_vehicle_has_to_stop():
    rounds = Rounds.of(SLOTS, np.array([0, 2, 6, 7]), [])
    assert rounds.number.tolist() == [0, 0, 1, 0, 0, 0, 1, 2]
    assert rounds.many == 3


def test_a_stop_before_all_rows_of_its_vehicle_needs_no_round_of_its_own():
    assert Rounds.of(SLOTS, np.array([0, 3, 5]), []).many == 1


def test_linked_vehicles_stop_together():
    """They came as 3, 0, 1, 4, 2: what stops one stops the other."""
    rounds = Rounds.of(SLOTS, np.array([1]), [np.array([3, 0, 1, 4, 2])])
    assert rounds.number.tolist() == [0, 1, 1, 0, 1, 0, 0, 0]


@given(st.lists(st.integers(0, 7), max_size=6), st.permutations(range(5)))
def test_rounds_rise_with_every_vehicles_rows(stops, came):
    """And within linked vehicles in the order of arrival, if each one's rows are in theirs."""
    own = [row for row in came if row < 3]
    came = [sorted(own)[own.index(row)] if row < 3 else row for row in came]
    others = [row for row in came if row >= 3]
    came = [sorted(others)[others.index(row)] if row >= 3 else row for row in came]
    numbers = Rounds.of(SLOTS, np.array(stops, np.int64), [np.array(came)]).number
    assert (np.diff(numbers[came]) == [row in stops for row in came[1:]]).all()
    assert (np.diff(numbers[5:]) == [row in stops for row in (6, 7)]).all()


def shared(second_min: int) -> list[Row]:
    """Two coaches with the same card; of one half an hour comes late, in the middle of it all."""
    one = Track("13900000001", every_s=60, driver="A").drive(300).stand(60)
    other = Track("13900000002", every_s=60, driver="A", now_s=hours(second_min) + 7)
    other.drive(200).stand(30)
    return merged(delivered(one, (hours(130), hours(160)), hours(40)), other.rows)


def differ(second_min: int) -> bool:
    rows = shared(second_min)
    cuts = range(3, len(rows), 3)
    whole, apart = (play(rows, some, rule=DAY, max_driving_min=250.0) for some in ([], cuts))
    return in_order(whole) != in_order(apart)


@pytest.mark.parametrize("second_min", [100, 170])
def test_one_batch_of_them_ends_as_many_do(second_min):
    assert not differ(second_min)


def test_control_judged_vehicle_by_vehicle_it_would_not(monkeypatch):
    monkeypatch.setattr(Drivers, "linked", lambda *_: Linked([], []))
    assert differ(100) or differ(170)


def left_for_another_coach() -> list[Row]:
    """A is over his hours in the first coach when B takes it, which then falls silent for half an
    hour; A goes on in the second one."""
    one = Track("13900000001", every_s=60).drive(211, driver="A").drive(100, driver="B")
    one.stand(30, driver="B")
    other = Track("13900000002", every_s=60, now_s=hours(281) + 7).drive(60, driver="A")
    return merged(delivered(one, (hours(240), hours(270)), hours(30)), other.rows)


def test_what_was_told_before_a_window_is_not_withdrawn_by_it():
    found = play(left_for_another_coach(), rule=DAY, max_driving_min=200.0, end=False)
    assert [(row["vehicle"][-1], row["driver"], row["severity"]) for row in found] == [
        ("1", "A", "over_limit"),
        ("1", "A", "over_limit"),
        ("2", "A", "over_limit"),
    ]


def test_control_taken_for_the_windows_own_it_would_be(monkeypatch):
    monkeypatch.setattr(Drivers, "knows", lambda *_: True)
    found = play(left_for_another_coach(), rule=DAY, max_driving_min=200.0, end=False)
    assert "withdrawn" in {row["severity"] for row in found}
