"""Measures without regression, severity weights, windows, countermeasures."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.errors import ConfigError
from sizao.risk import cmfs, measures, severity, windows


def test_moments_adjustment_pulls_to_the_mean_and_never_past_it() -> None:
    y = np.array([0.0, 1, 2, 9])
    found = measures.moments_adjusted(y)
    assert found.mean() == pytest.approx(y.mean())
    assert (np.abs(found - y.mean()) < np.abs(y - y.mean())).all()
    assert measures.moments_adjusted(np.array([1.0, 1, 2])).tolist() == [pytest.approx(4 / 3)] * 3


def test_excess_proportion_needs_evidence() -> None:
    """1 of 1 says little, 9 of 10 a lot, against a population where a fifth is usual."""
    total = np.array([1.0, 10, 10, *([20] * 30)])
    kind = np.array([1.0, 9, 2, *([4] * 15), *([3] * 8), *([6] * 7)])
    found = measures.excess_proportion(kind, total, 0.3)
    assert found[1] > found[0]
    assert found[1] > found[2]


def test_one_fatal_crash_outranks_everything_only_with_the_manuals_weights() -> None:
    fatal, injury, prop = np.array([1.0, 0]), np.array([0.0, 15]), np.array([0.0, 10])
    sets = severity.cost_sets()
    assert {"hsm_2010", "capped", "mild", "equal"} <= set(sets)
    first = {name: int(np.argmax(one.score(fatal, injury, prop))) for name, one in sets.items()}
    assert first["hsm_2010"] == 0
    assert first["capped"] == first["mild"] == first["equal"] == 1


def test_peak_search_by_empirical_bayes_finds_the_cluster() -> None:
    chance = np.random.default_rng(2)
    at = np.concatenate((chance.random(6) * 2.0, 1.30 + 0.1 * chance.random(12)))
    found = windows.peak_search(2.0, windows.eb_measure(at, 4.0, 0.3), limit=0.5)
    assert found is not None
    assert found.start <= 1.35 <= found.end
    wide = windows.sliding(2.0, windows.eb_measure(at, 4.0, 0.3))
    assert wide.start <= 1.35 <= wide.end
    # Too strict a limit for the whole segment: the answer is no answer.
    assert windows.peak_search(2.0, windows.eb_measure(at, 4.0, 0.3), limit=0.01) is None


def test_a_short_segment_is_one_window() -> None:
    assert windows.cuts(0.08, 0.1, 0.1) == [(0.0, 0.08)]


def test_factors_multiply_up_to_three_and_carry_their_error() -> None:
    book = cmfs.library()
    strips, cameras = book["centreline_rumble_strips"], book["passing_lane"]
    both = cmfs.combine([strips, cameras])
    assert both.cmf == pytest.approx(0.86 * 0.75)
    assert both.lower < both.cmf < both.upper
    assert both.standard_error > strips.standard_error * cameras.cmf
    with pytest.raises(ConfigError, match="take 1 to 3"):
        cmfs.combine([strips] * 4)
    with pytest.raises(ConfigError, match="different kinds"):
        cmfs.combine([strips, book["junction_lighting"]])


def test_every_factor_names_its_source_and_how_sure_it_is() -> None:
    for one in cmfs.library().values():
        assert one.source["title"] != "none"
        assert one.certainty in ("found", "recalled")


def test_appraisal_is_expected_times_reduction_times_cost() -> None:
    change = cmfs.combine([cmfs.library()["passing_lane"]])
    found = cmfs.appraise(4.0, change, 100_000, 500_000, years=10, discount_rate=0.0)
    assert found.crashes_avoided == pytest.approx(10.0)
    assert found.ratio == pytest.approx(2.0)
    with pytest.raises(ConfigError):
        cmfs.appraise(4.0, change, 100_000, 0, years=10)
