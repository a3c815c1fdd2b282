"""The fleet by edge and hour: the same sums as for a day at once, and nobody recognisable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.risk import fleet
from sizao.risk.fleet_hours import ALL_DAY, Gathering, fleet_of
from sizao.risk.network_sites import sites_of
from sizao.risk.traffic import daily, with_traffic
from tests.risk import grids

PLACED = sites_of(grids.network())
SITES = PLACED.sites
DAY_S = 1_795_449_600.0
"""A midnight in Shanghai."""


def trips(number: int, hour: int, edge: int = 3, reports: int = 6, first: int = 0):
    """Vehicles that drive along an edge in an hour, 10 s between reports."""
    lat = (SITES.lat[SITES.a] + SITES.lat[SITES.b])[edge] / 2
    lon = (SITES.lon[SITES.a] + SITES.lon[SITES.b])[edge] / 2
    which = np.repeat(np.arange(number), reports)
    time = DAY_S + hour * 3600 + np.tile(np.arange(reports) * 10.0, number)
    names = [f"v{first + one}" for one in range(number)]
    n = len(which)
    return names, which, time, np.full(n, lat), np.full(n, lon), np.full(n, 36.0)


def gathered(*parts) -> Gathering:
    found = Gathering(SITES)
    for part in parts:
        found.add(*part)
    return found


def rows(found: Gathering, least: int = 5) -> dict[int, dict]:
    table, _ = found.release(least)
    return {row["hour"]: row for row in table.to_pylist()}


def test_sums_are_those_of_the_day_at_once() -> None:
    names, which, time, lat, lon, speed = trips(8, 7)
    speed[3] = 2.0  # from 36 to 2 km/h in 10 s is no harsh braking; and it stands there
    found = gathered((names, which, time, lat, lon, speed))
    whole = fleet.from_positions(SITES, np.array(names)[which], time, lat, lon, speed)
    table, summary = found.release()
    again = fleet_of(table, SITES, whole.days)
    np.testing.assert_allclose(again.km, whole.km, atol=1e-3)
    np.testing.assert_allclose(again.reports, whole.reports)
    assert summary["vehicles"] == 8
    assert summary["edges_with_flow"] == 1
    assert 0 < summary["length_share"] < 0.1


def test_a_report_that_comes_twice_counts_once() -> None:
    names, which, time, lat, lon, speed = (np.concatenate((x, x)) if isinstance(x, np.ndarray)
                                           else x for x in trips(6, 7))  # fmt: skip
    assert rows(gathered((names, which, time, lat, lon, speed)))[7]["reports"] == 36


def test_few_vehicles_are_withheld() -> None:
    assert rows(gathered(trips(4, 7))) == {}
    assert set(rows(gathered(trips(4, 7)), least=1)) == {7, ALL_DAY}, "the control"
    found = rows(gathered(trips(9, 7), trips(9, 8, first=3)))
    assert set(found) == {7, 8, ALL_DAY}
    assert found[ALL_DAY]["vehicles"] == 12


def test_what_is_withheld_cannot_be_had_by_taking_away() -> None:
    """One vehicle at 3 o'clock: the edge's total less its other hours would be its trip."""
    found = rows(gathered(trips(9, 7), trips(7, 8), trips(1, 3)))
    assert set(found) == {7, ALL_DAY}, "the smaller of the others is withheld with it"
    assert found[ALL_DAY]["km"] > found[7]["km"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 23), st.integers(0, 20)), max_size=6))
def test_nobody_is_recognisable(plan) -> None:
    """Of every released figure, and of every difference of an edge, LEAST vehicles or none."""
    found = gathered(*(trips(number, hour, first=first) for number, hour, first in plan))
    by_hour: dict[int, set[int]] = {}
    for number, hour, first in plan:
        by_hour.setdefault(hour, set()).update(range(first, first + number))
    released = rows(found)
    for hour, row in released.items():
        assert row["vehicles"] >= 5
        if hour != ALL_DAY:
            assert row["vehicles"] == len(by_hour[hour])
    hidden = set().union(*(by_hour[hour] for hour in by_hour if hour not in released))
    shown = [hour for hour in by_hour if hour in released]
    if ALL_DAY in released and shown:
        assert not hidden or len(hidden) >= 5


def test_fatigue_is_known_for_the_day_only() -> None:
    found = gathered(trips(6, 7))
    lat, lon = trips(1, 7)[3][:1], trips(1, 7)[4][:1]
    found.add_fatigue(np.repeat(lat, 2), np.repeat(lon, 2))
    assert rows(found)[ALL_DAY]["fatigue"] == 2
    assert rows(found)[7]["fatigue"] is None


def test_whole_days_at_a_checkpoint_make_its_traffic() -> None:
    day = dict.fromkeys(range(24), 100)
    days = {24 * d + hour: n for d in range(4) for hour, n in day.items()}
    assert daily(days) == 2400
    assert daily({**days, **{24 * 9 + hour: 1 for hour in range(5)}}) == 2400, "a broken day"
    assert daily(dict.fromkeys(range(48), 100)) is None


def test_the_fleet_is_set_against_counts_and_left_aside_without() -> None:
    found = gathered(*(trips(30, hour, edge) for hour in (7, 9) for edge in range(6)))
    table, _ = found.release()
    drives = fleet_of(table, SITES, 5.0)
    place = (float(trips(1, 7)[3][0]), float(trips(1, 7)[4][0]))
    placed, extra, told = with_traffic(PLACED, {"kk": (*place, 500.0)}, drives)
    assert told["counted"] == 1
    assert told["from_fleet"] >= 5, "its edges, and their streets by less"
    assert told["fleet_share"] == pytest.approx(drives.passages(SITES)[3] / 500, abs=1e-4)
    assert (placed.sites.aadt > 0).sum() == 1 + told["from_fleet"]
    placed, extra, told = with_traffic(PLACED, {}, drives)
    assert np.isnan(placed.sites.aadt).all(), "its share is not known"
    young = fleet_of(table, SITES, 1.0)
    assert with_traffic(PLACED, {"kk": (*place, 500.0)}, young)[2]["from_fleet"] == 0
    assert not extra
