"""A backtest as people read it: capture beside simpler rankings, calibration, consistency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sizao.risk import effects
from sizao.risk.backtesting import METHODS, Case, Run, by_share, describe, runs
from sizao.risk.breaks import Break, find_breaks
from sizao.risk.capture import SHARES
from sizao.risk.crashes import Crashes
from sizao.risk.features import Features
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped

Backtest = dict[str, Any]

LEAST_TEST, LEAST_TRAIN = 20, 50
"""Crashes below which a year judges nothing, and below which there is nothing to judge."""


def report(case: Case, done: Sequence[Run]) -> Backtest:
    """Means over runs, with every method and hindsight beside the first one.

    ``capture_interval`` is Wilson's 90 % for as many crashes as the test years had: with a hundred
    of them a capture is known to within some eight points, and who shows it must say so.
    """
    methods = {}
    for name in METHODS:
        caught = np.array([run.capture[name] for run in done])
        methods[name] = {
            "capture": by_share(caught.mean(axis=0)),
            "capture_sd": by_share(caught.std(axis=0)),
            "pai": by_share(caught.mean(axis=0) / SHARES),
            "segments_capture": by_share(np.mean([run.segments[name] for run in done], axis=0)),
        }
    hindsight = np.mean([run.hindsight for run in done], axis=0)
    first = methods[METHODS[0]]
    judging = np.isin(case.crashes.year, [run.test for run in done])
    after = int((judging & (case.snapped.edge >= 0)).sum())
    return {
        "method": METHODS[0],
        "train_crashes": done[-1].crashes,
        "test_crashes": after,
        "capture": first["capture"],
        "capture_interval": {
            share: [round(bound, 4) for bound in wilson(value, after)]
            for share, value in first["capture"].items()
        },
        "pai": first["pai"],
        "pei": by_share(np.array(list(first["capture"].values())) / hindsight),
        "segments_capture": first["segments_capture"],
        "capture_sd": first["capture_sd"],
        "baselines": {name: methods[name] for name in METHODS[1:]},
        "hindsight": {"capture": by_share(hindsight)},
        **describe(case, done[-1]),
    }


def backtest(
    sites: Sites, features: Features, crashes: Crashes, snapped: Snapped, years: range
) -> Backtest | None:
    """Hold back the last of the years and judge by it what the others say; None if too few."""
    if len(years) < 2:
        return None
    train, test = range(years.start, years.stop - 1), years[-1]
    on_network = snapped.edge >= 0
    after = int((on_network & (crashes.year == test)).sum())
    if after < LEAST_TEST or (on_network & crashes.in_years(train)).sum() < LEAST_TRAIN:
        return None
    case = Case(sites, features, crashes, snapped)
    done = list(runs(case, train, range(test, test + 1), 1.0, 1))
    return {
        "train": f"{train.start}-{train.stop - 1}" if len(train) > 1 else f"{train.start}",
        "test": test,
        **report(case, done),
        **claims(find_breaks(crashes), train, range(test, test + 1), len(sites)),
    }


def claims(found: Sequence[Break], train: range, tests: range, sites: int) -> Backtest:
    """Reporting breaks, and whether a before/after over these years may be made."""
    refused = effects.refuse(found, train, tests, None, sites)
    return {
        "breaks": [one.row() for one in found],
        "treatment_claims": "refused" if refused else "possible",
        "refused_because": refused,
    }


def wilson(share: float, n: int, z: float = 1.645) -> tuple[float, float]:
    """Wilson's score interval of a share of n, 90 % with the given z."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
