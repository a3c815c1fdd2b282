"""Backtest: rank by some years, count what the next year did, beside simpler rankings.

Training crashes may be thinned (``keep``) to see how a method fares with the few crashes of a
small place; the test year is never thinned. Expectations are then multiplied back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from sizao.risk import counting, discount
from sizao.risk import drift as drifting
from sizao.risk.capture import SHARES, capture
from sizao.risk.consistency import consistency
from sizao.risk.counting import Counts
from sizao.risk.crashes import Crashes
from sizao.risk.estimators import ESTIMATORS, Estimate
from sizao.risk.features import GROUPS, Features
from sizao.risk.posterior import Posterior
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped

Floats = npt.NDArray[np.float64]

METHODS = ("pooled", "eb", "count")
TOP = 100


@dataclass(frozen=True, eq=False)
class Ranking:
    """What one method says of one training set, a year.

    posterior : of edges by the convention, None for plain counts; score : (e,)
    segments, junctions : expected a year of separate sites
    of_segments, of_junctions : their posteriors, None for plain counts
    """

    score: Floats
    segments: Floats
    junctions: Floats
    posterior: Posterior | None = None
    of_segments: Posterior | None = None
    of_junctions: Posterior | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """A network, its crashes, and which of them to learn from."""

    sites: Sites
    features: Features
    crashes: Crashes
    snapped: Snapped

    def counts(self, rows: npt.NDArray[np.bool_]) -> Counts:
        """Plain counts of some crashes on separate sites."""
        return counting.count(self.sites, self.snapped.of(rows))


def thin(case: Case, years: range, keep: float, seed: int) -> npt.NDArray[np.bool_]:
    """Crashes of the years, each kept with a probability; ``keep`` 1 keeps all."""
    inside = case.crashes.in_years(years)
    if keep >= 1:
        return inside
    return inside & (np.random.default_rng(seed).random(len(inside)) < keep)


def rank(case: Case, years: range, rows: npt.NDArray[np.bool_], keep: float) -> dict[str, Ranking]:
    """Every method's view of the training crashes."""
    weighed = discount.weigh(case.crashes.of(rows), years)
    snapped = case.snapped.of(rows)
    counts = counting.count(case.sites, snapped, weighed.weight)
    found = {}
    for name in METHODS:
        if name == "count":
            plain = counting.count(case.sites, snapped)
            scale = 1 / keep / len(years)
            found[name] = Ranking(
                counting.on_edges(case.sites, plain) * scale,
                plain.edges * scale,
                plain.nodes * scale,
            )
            continue
        estimate: Estimate = ESTIMATORS[name](case.sites, case.features, counts, weighed.exposure)
        posteriors = (estimate.on_edges(case.sites)[0], estimate.edges, estimate.nodes)
        edges, segments, junctions = (
            Posterior(one.mean / keep, one.variance / keep**2) for one in posteriors
        )
        found[name] = Ranking(edges.mean, segments.mean, junctions.mean, edges, segments, junctions)
    return found


def by_share(values: Floats) -> dict[str, float]:
    """Values at SHARES under their share as text: ``0.01`` to ``0.2``."""
    return {f"{share:g}": round(float(v), 5) for share, v in zip(SHARES, values, strict=True)}


@dataclass(frozen=True, eq=False)
class Run:
    """One seed of one test year."""

    seed: int
    train: range
    test: int
    crashes: int
    capture: Mapping[str, Floats]
    segments: Mapping[str, Floats]
    hindsight: Floats
    rankings: Mapping[str, Ranking]


def runs(case: Case, years: range, tests: range, keep: float, seeds: int) -> Iterator[Run]:
    """Each test year after its own training years (rolling), each seed; one seed if all is kept."""
    for test in tests:
        back = test - tests.start
        train = range(years.start + back, years.stop + back)
        after = case.counts(case.crashes.year == test)
        on_edges = counting.on_edges(case.sites, after)
        length = case.sites.length_km
        for seed in range(seeds if keep < 1 else 1):
            rows = thin(case, train, keep, seed)
            rankings = rank(case, train, rows, keep)
            yield Run(
                seed,
                train,
                test,
                int(rows.sum()),
                {name: capture(one.score, length, on_edges) for name, one in rankings.items()},
                {
                    name: capture(one.segments, length, after.edges)
                    for name, one in rankings.items()
                },
                capture(on_edges, length, on_edges),
                rankings,
            )


@dataclass(frozen=True, eq=False)
class Classes:
    """What moves together from year to year. drift : see :func:`drift.yearly_drift`

    edges : (e,), nodes : (n,), numbers of kinds of segments and of junctions, all different
    """

    edges: npt.NDArray[np.int64]
    nodes: npt.NDArray[np.int64]
    drift: float | None


def classes(case: Case, years: range) -> Classes:
    """Groups of roads, segments and junctions apart, and their drift over the training years."""
    edges, nodes = case.features.group, len(GROUPS) + case.features.strongest
    by_year = []
    for year in years:
        counts = case.counts(case.crashes.year == year)
        by_year.append(
            np.bincount(
                np.concatenate((edges, nodes)),
                np.concatenate((counts.edges, counts.nodes)),
                2 * len(GROUPS),
            )
        )
    return Classes(edges, nodes, drifting.yearly_drift(np.array(by_year)))


def bounds(mean: float, variance: float) -> tuple[float, float]:
    """90 % bounds of a count: a gamma with the mean and the variance."""
    shape = mean**2 / max(variance, 1e-12)
    low, high = stats.gamma.ppf((0.05, 0.95), shape, scale=variance / max(mean, 1e-12))
    return round(float(low), 1), round(float(high), 1)


def calibration(
    posterior: Posterior,
    observed: Floats,
    level: float,
    drift_variance: Callable[[npt.NDArray[np.int64]], float] = lambda rows: 0.0,
) -> list[dict[str, float]]:
    """Deciles of expected crashes: expected sum with its 90 % interval against the observed.

    level : test year's crashes over those expected, so that deciles show the shape and not the
    trend; the interval holds the posterior's and the counts' own spread, and what classes of
    roads that move together add (``drift_variance`` of a sum over rows, before the level).
    """
    order = np.argsort(posterior.mean, kind="stable")
    rows = []
    for number, part in enumerate(np.array_split(order, 10), 1):
        mean = float(posterior.mean[part].sum()) * level
        spread = (float(posterior.variance[part].sum()) + drift_variance(part)) * level**2 + mean
        low, high = bounds(mean, spread)
        rows.append(
            {
                "decile": number,
                "expected": round(mean, 1),
                "lower": low,
                "upper": high,
                "observed": round(float(observed[part].sum()), 1),
            }
        )
    return rows


def coverage(posterior: Posterior, observed: Floats, level: float) -> float:
    """Share of edges whose count lies in the 90 % predictive interval (negative binomial)."""
    mean = np.maximum(posterior.mean * level, 1e-9)
    variance = mean + posterior.variance * level**2
    size = mean**2 / np.maximum(variance - mean, 1e-12)
    low, high = (stats.nbinom.ppf(q, size, size / (size + mean)) for q in (0.05, 0.95))
    return float(((np.floor(observed) >= low) & (np.ceil(observed) <= high)).mean())


def top_sites(
    before: Floats,
    expected: Posterior,
    after: Floats,
    level: float,
    of: npt.NDArray[np.int64],
    drift: float | None,
) -> dict[str, float]:
    """The TOP sites by past counts: before, expected and after, a year.

    ``error`` compares the expectation at the test year's level with what happened, and
    ``error_at_own_level`` at that of segments or junctions alone. ``lower`` and ``upper`` are
    90 % bounds of what was to happen, with the drift of classes (``of`` : (n,), their numbers).
    """
    top = np.argsort(-before, kind="stable")[:TOP]
    was, mean, then = (float(one[top].sum()) for one in (before, expected.mean, after))
    own = float(after.sum() / expected.mean.sum())
    spread = float(expected.variance[top].sum())
    spread += drifting.variance_of_sum(expected.mean[top], of[top], drift)
    lower, upper = bounds(mean * level, spread * level**2 + mean * level)
    return {
        "before": round(was, 1),
        "expected": round(mean, 1),
        "after": round(then, 1),
        "lower": lower,
        "upper": upper,
        "error_unadjusted": round(mean / then - 1, 4),
        "error": round(mean * level / then - 1, 4),
        "error_at_own_level": round(mean * own / then - 1, 4),
        "error_of_counts": round(was * level / then - 1, 4),
    }


def describe(case: Case, run: Run) -> dict[str, Any]:
    """Calibration and consistency of one run."""
    after = case.counts(case.crashes.year == run.test)
    on_edges = counting.on_edges(case.sites, after)
    pooled = run.rankings["pooled"]
    assert pooled.posterior
    assert pooled.of_segments
    assert pooled.of_junctions
    level = float(on_edges.sum() / pooled.score.sum())
    count = run.rankings["count"]
    again = rank(case, range(run.test, run.test + 1), case.crashes.year == run.test, 1.0)
    top = max(1, round(0.05 * len(case.sites)))
    length = case.sites.length_km
    kinds = classes(case, run.train)
    return {
        "level": round(level, 4),
        "drift": None if kinds.drift is None else round(kinds.drift, 4),
        "calibration": calibration(
            pooled.posterior, on_edges, level, _drift_on_edges(case.sites, pooled, kinds)
        ),
        "coverage_90": round(coverage(pooled.posterior, on_edges, level), 4),
        "top_100": {
            "segments": top_sites(
                count.segments, pooled.of_segments, after.edges, level, kinds.edges, kinds.drift
            ),
            "junctions": top_sites(
                count.junctions, pooled.of_junctions, after.nodes, level, kinds.nodes, kinds.drift
            ),
        },
        "consistency": {
            name: consistency(
                [run.rankings[name].score / length, again[name].score / length],
                [on_edges, on_edges],
                top,
            ).__dict__
            for name in METHODS
        },
    }


def _drift_on_edges(
    sites: Sites, ranking: Ranking, kinds: Classes
) -> Callable[[npt.NDArray[np.int64]], float]:
    """What drift adds to the variance of a sum over edges and their shares of junctions."""
    share = ranking.junctions / np.maximum(sites.degree, 1)

    def variance(rows: npt.NDArray[np.int64]) -> float:
        ends = np.concatenate((sites.a[rows], sites.b[rows]))
        return drifting.variance_of_sum(
            np.concatenate((ranking.segments[rows], share[ends])),
            np.concatenate((kinds.edges[rows], kinds.nodes[ends])),
            kinds.drift,
        )

    return variance
