"""Hours of a place's own crashes: learned where they repeat, left alone where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.risk.own_hours import OTHER_DAY, OwnHours, around
from sizao.risk.week_shapes import HOURS

PLACES, EACH = 400, 12
EVEN = np.full(HOURS, 1.0 / HOURS)


def town(share: float, year: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Crashes at places of which each has a weekday hour of its own for a share of them.

    The hours are the same every year.
    """
    place = np.repeat(np.arange(PLACES), EACH)
    busy = np.random.default_rng(0).integers(0, 24, PLACES)
    rng = np.random.default_rng(year)
    own = rng.random(len(place)) < share
    there = 24 * rng.integers(0, 5, len(place)) + busy[place]
    return place, np.where(own, there, rng.integers(0, HOURS, len(place)))


def weeks(rows: np.ndarray) -> np.ndarray:
    return np.tile(EVEN, (len(rows), 1))


def learned(place: np.ndarray, hour: np.ndarray) -> tuple[float, np.ndarray]:
    own = OwnHours.of(place, hour, np.ones(len(place)))
    prior = own.prior(weeks)
    return prior, own.moved(0, weeks(np.arange(PLACES)), prior)


def test_hours_that_repeat_are_likelier_in_the_next_year() -> None:
    prior, week = learned(*town(0.3))
    assert prior < 20
    assert week.sum(axis=1) == pytest.approx(1.0)
    place, hour = town(0.3, year=2)
    assert np.log(week[place, hour] * HOURS).mean() > 0.1


def test_without_hours_of_their_own_nothing_is_learned() -> None:
    """The control: chance alone is no pattern, though every place has its busiest hour."""
    for seed in range(4):
        place, hour = town(0.0, seed)
        prior, week = learned(place, hour)
        assert prior > 100
        assert week == pytest.approx(np.tile(EVEN, (PLACES, 1)), rel=0.15)


def test_a_single_crash_a_place_says_nothing_of_hours() -> None:
    place, hour = town(1.0)
    prior, week = learned(place[::EACH], hour[::EACH])
    assert prior == np.inf
    assert (week == EVEN).all()


def test_pieces_are_as_the_whole_and_places_without_crashes_keep_their_week() -> None:
    place, hour = town(0.3)
    kept = place % 3 > 0
    own = OwnHours.of(place[kept], hour[kept], np.ones(kept.sum()))
    whole = own.moved(0, weeks(np.arange(PLACES)), 5.0)
    parts = [own.moved(at, weeks(np.arange(at, min(at + 130, PLACES))), 5.0)
             for at in range(0, PLACES, 130)]  # fmt: skip
    assert (np.vstack(parts) == whole).all()
    assert (whole[::3] == EVEN).all()
    assert not (whole[1::3] == EVEN).all(axis=1).any()


def test_the_kernel_knows_the_clock_and_the_kind_of_day() -> None:
    one = np.zeros((1, HOURS))
    one[0, 23] = 1.0  # Monday, the last hour
    near = around(one)[0].reshape(7, 24)
    assert near[0, 23] == 1.0
    assert near[0, 0] == near[0, 22] < 1.0  # hours before and after midnight are near
    assert near[4] == pytest.approx(OTHER_DAY * near[0])
    assert near[5:].max() == 0.0
    assert around(one, 2)[0].reshape(7, 24)[3] == pytest.approx((OTHER_DAY * near[0]) ** 2)
