"""Partial years and changes of reporting are noticed, and nothing else is called one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sizao.risk.breaks import find_breaks
from sizao.risk.crashes import Crashes

from .worlds import borough, crashes_at


def months(levels: list[list[float]], first: int = 2017, seed: int = 1) -> Crashes:
    """Poisson crashes for each year's twelve monthly means."""
    chance = np.random.default_rng(seed)
    year, month = [], []
    for i, means in enumerate(levels):
        for j, mean in enumerate(means):
            number = chance.poisson(mean)
            year += [first + i] * number
            month += [j + 1] * number
    zero = np.zeros(len(year))
    return replace(crashes_at(zero, zero, np.array(year)), month=np.array(month, np.int64))


def test_steady_years_with_seasons_are_no_break() -> None:
    season = [100 + 30 * np.sin(month / 2) for month in range(12)]
    for seed in range(20):
        assert find_breaks(months([season, season, season], seed=seed)) == []


def test_a_small_change_is_no_break_and_a_large_one_is() -> None:
    assert find_breaks(months([[300.0] * 12, [270.0] * 12])) == []
    (found,) = find_breaks(months([[300.0] * 12, [180.0] * 12]))
    assert (found.kind, found.year) == ("level_shift", 2018)
    assert found.change == pytest.approx(-0.4, abs=0.05)


def test_missing_months_make_a_partial_year_and_not_a_shift() -> None:
    (found,) = find_breaks(months([[300.0] * 12, [300.0] * 8 + [2.0] * 4]))
    assert (found.kind, found.year, found.since) == ("partial_year", 2018, "2018-09")


def test_few_crashes_prove_nothing() -> None:
    assert find_breaks(months([[2.0] * 12, [1.2] * 12])) == []


def test_staten_island_2019_and_the_years_around_it() -> None:
    """risk.md, 4: the fall of 2019 is a change of reporting; 2016 and 2022 are partly covered."""
    _, _, crashes, _ = borough("nyc-staten-island")
    found = {(one.year, one.kind): one for one in find_breaks(crashes)}
    assert found[2019, "level_shift"].change == pytest.approx(-0.42, abs=0.01)
    assert found[2019, "level_shift"].since in ("2019-03", "2019-04")
    assert {(2016, "partial_year"), (2022, "partial_year")} <= set(found)
    assert (2018, "level_shift") not in found


def test_the_bronx_has_no_break_before_the_pandemic() -> None:
    _, _, crashes, _ = borough("nyc-bronx")
    assert {one.year for one in find_breaks(crashes)} == {2016, 2020, 2022}
