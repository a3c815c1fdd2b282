"""Enterprises by how they keep their statutory duties, shrunk by how much is known of each.

The rate of a fleet of two trucks with one episode is five times that of everybody, and says
nothing. Each duty has a model of how enterprises differ: episodes a vehicle-month are gamma-
Poisson, shares (late of due) beta-binomial. An enterprise's rate is that model weighed with its
own record, with an interval; one whose record weighs little, or that has few vehicles, has no rank
at all. Only enterprises are looked at: no driver and no plate is read.

Source: risk of companies as (y + a) / (n + a / m), Clayton and Kaldor (1987), Biometrics 43.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import optimize, special, stats

from sizao.core.errors import ConfigError
from sizao.risk import negbin, tables
from sizao.risk.duties import TOO_LITTLE, TOO_SMALL, UNRANKED, WORSE, duties
from sizao.risk.enterprise_ranking import Ranking, rankings
from sizao.risk.posterior import COVER

Floats = npt.NDArray[np.float64]

MIN_ENTERPRISES, MIN_EVENTS = 8, 20
"""Below this how much enterprises differ is not estimated but taken from DEFAULT_K; proposed."""

DEFAULT_K = 0.5

COLUMNS = {"enterprise": pa.string(), "duty": pa.string(), "events": pa.float64(),
           "exposure": pa.float64()}  # fmt: skip
REASONS = {
    "unknown_duty": "duty is not in duties.yaml",
    "impossible_number": "events below 0, exposure not above 0, or more late than due",
    "repeated": "an earlier row has the same enterprise and duty",
}


@dataclass(frozen=True, eq=False)
class Records:
    """A row an enterprise and duty. ``kind`` is what enterprises are compared within; ``vehicles``
    how many the enterprise has, NaN where nobody says."""

    enterprise: npt.NDArray[np.str_]
    kind: npt.NDArray[np.str_]
    duty: npt.NDArray[np.str_]
    events: Floats
    exposure: Floats
    vehicles: Floats


def read_records(path: Path) -> tuple[Records, list[tables.Rejected]]:
    """A .csv or .csv.gz file: enterprise, duty, events, exposure; kind and vehicles if it has them.

    Raises ConfigError if it cannot be read or nothing of it can be used.
    """
    table = tables.read(path, COLUMNS, {"kind": pa.string(), "vehicles": pa.float64()})
    share = np.array([name in duties() and duties()[name].share for name in table.texts("duty")])
    events, exposure = table.floats("events"), table.floats("exposure")
    key = np.char.add(np.char.add(table.texts("enterprise"), "\x1f"), table.texts("duty"))
    repeated = np.ones(len(key), np.bool_)
    repeated[np.unique(key, return_index=True)[1]] = False
    table = table.reject(
        {
            "unknown_duty": ~np.isin(table.texts("duty"), list(duties())),
            "impossible_number": ~((events >= 0) & (exposure > 0))
            | (share & (events > exposure))
            | ~np.isfinite(exposure),
            "repeated": repeated,
        }
    )
    if not len(table):
        raise ConfigError(f"{path}: no usable row of an enterprise")
    return (
        Records(
            table.texts("enterprise"),
            table.texts("kind"),
            table.texts("duty"),
            table.floats("events"),
            table.floats("exposure"),
            table.floats("vehicles"),
        ),
        table.rejected,
    )


@dataclass(frozen=True, eq=False)
class Rates:
    """Posterior rates of one duty, arrays of shape (n,).

    similar : mean rate of similar enterprises; mean, lower, upper : of the enterprise's own rate
    weight : of its own record, 0 to 1; worse : probability of a rate above so many times similar
    """

    similar: Floats
    mean: Floats
    variance: Floats
    lower: Floats
    upper: Floats
    weight: Floats
    worse: Floats


def rates(
    events: Floats,
    exposure: Floats,
    kind: npt.NDArray[np.str_],
    share: bool,
    worse: float = rankings()[-1].worse,
) -> Rates:
    """Shrunk rates of one duty of n enterprises. ``worse`` is Ranking.worse."""
    similar, k = (_beta if share else _gamma)(events, exposure, kind)
    tail = (1 - COVER) / 2
    if share:
        # k of a beta is 1 / (a + b + 1); a + b counts like so much exposure.
        size = 1 / k - 1
        a, b = size * similar + events, size * (1 - similar) + exposure - events
        found = stats.beta(a, b)
        weight = exposure / (size + exposure)
    else:
        found = stats.gamma(1 / k + events, scale=1 / (1 / (k * similar) + exposure))
        weight = 1 - 1 / (1 + k * similar * exposure)
    return Rates(
        similar, found.mean(), found.var(), found.ppf(tail), found.isf(tail), weight,
        found.sf(worse * similar),
    )  # fmt: skip


def _gamma(events: Floats, exposure: Floats, kind: npt.NDArray[np.str_]) -> tuple[Floats, float]:
    """Mean rate of each enterprise's kind, and how much enterprises differ within one."""
    if len(events) < MIN_ENTERPRISES or events.sum() < MIN_EVENTS:
        return np.full(len(events), max(events.sum(), 0.5) / exposure.sum()), DEFAULT_K
    fit = negbin.fit(_kinds(kind), events, exposure, ridge=1.0)
    return fit.predict(_kinds(kind)), fit.k


def _beta(
    events: Floats, exposure: Floats, kind: npt.NDArray[np.str_]
) -> tuple[Floats, Floats | float]:
    """Mean share of each enterprise's kind, and the correlation within an enterprise."""
    _, which = np.unique(kind, return_inverse=True)
    total = (events.sum() + 0.5) / (exposure.sum() + 1)
    # A kind with little exposure is mostly like all others: twenty units of the total.
    late, due = np.bincount(which, events), np.bincount(which, exposure)
    similar = np.clip(((late + 20 * total) / (due + 20))[which], 1e-6, 1 - 1e-6)
    if len(events) < MIN_ENTERPRISES or events.sum() < MIN_EVENTS:
        # As spread as DEFAULT_K makes rates: a shape of 1 / DEFAULT_K, and never surer than that.
        return similar, 1 / (np.maximum(1 / (DEFAULT_K * similar), 9.0) + 1)

    def cost(log_odds: float) -> float:
        k = special.expit(log_odds)
        size = 1 / k - 1
        a, b = size * similar, size * (1 - similar)
        return -float(
            (special.betaln(a + events, b + exposure - events) - special.betaln(a, b)).sum()
        )

    best = optimize.minimize_scalar(cost, bounds=(-9, 3), method="bounded")
    return similar, float(special.expit(best.x))


def _kinds(kind: npt.NDArray[np.str_]) -> Floats:
    names, which = np.unique(kind, return_inverse=True)
    return np.column_stack((np.ones(len(kind)), np.eye(len(names))[which][:, 1:]))


def assess(records: Records, ranking: Ranking | None = None) -> pa.Table:
    """A row an enterprise and duty, and one of duty ``overall``; by enterprise, then duty.

    ranking : when there is a rank, by default the newest row of ``enterprise_ranking.yaml``

    Overall is the mean of the duties' rates over those of similar enterprises, by the weights of
    ``duties.yaml``. ``rank`` 1 is the worst of a duty; null where the own record weighs too
    little or the enterprise has too few vehicles to be ranked.
    """
    ranking = ranking or rankings()[-1]
    rows: list[dict[str, Any]] = []
    for duty in duties().values():
        of = records.duty == duty.id
        # Where nobody had an event, nobody can be told from anybody.
        if not records.events[of].any():
            continue
        events, exposure = records.events[of], records.exposure[of]
        found = rates(events, exposure, records.kind[of], duty.share, ranking.worse)
        for i, name in enumerate(records.enterprise[of].tolist()):
            rows.append(
                {
                    "enterprise": name,
                    "kind": str(records.kind[of][i]),
                    "duty": duty.id,
                    "vehicles": float(records.vehicles[of][i]),
                    "events": float(events[i]),
                    "exposure": float(exposure[i]),
                    "unit": duty.unit,
                    "raw_rate": float(events[i] / exposure[i]),
                    **_parts(found, i),
                }
            )
    rows += _overall(rows, ranking)
    for row in rows:
        row["note"] = _note(row, ranking)
    order = {name: number for number, name in enumerate([*duties(), "overall"])}
    for name in order:
        ranked = [row for row in rows if row["duty"] == name and row["note"] not in UNRANKED]
        ranked.sort(key=lambda row: -row["ratio"])
        for row in ranked:
            row["rank"] = 1 + sum(other["ratio"] > row["ratio"] for other in ranked)
    rows.sort(key=lambda row: (row["enterprise"], order[row["duty"]]))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


_NUMBERS = (
    *("raw_rate", "similar", "expected", "lower", "upper"),
    *("ratio", "probability_worse", "weight"),
)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("enterprise", "kind", "duty")),
        *((name, pa.float64()) for name in ("vehicles", "events", "exposure")),
        ("unit", pa.string()),
        *((name, pa.float64()) for name in _NUMBERS),
        ("rank", pa.int64()),
        ("note", pa.string()),
    ]
)
"""``expected`` with ``lower`` and ``upper`` (90 %) is the shrunk rate, ``ratio`` it over that of
``similar`` enterprises; ``weight`` that of the own record."""


def _parts(found: Rates, i: int) -> dict[str, float]:
    return {
        "similar": float(found.similar[i]),
        "expected": float(found.mean[i]),
        "lower": float(found.lower[i]),
        "upper": float(found.upper[i]),
        "ratio": float(found.mean[i] / found.similar[i]),
        "probability_worse": float(found.worse[i]),
        "weight": float(found.weight[i]),
        "_variance": float(found.variance[i] / found.similar[i] ** 2),
    }


def _overall(rows: list[dict[str, Any]], ranking: Ranking) -> list[dict[str, Any]]:
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(row["enterprise"], []).append(row)
    found = []
    for name, own in by_name.items():
        weight = np.array([duties()[row["duty"]].weight for row in own])
        weight /= weight.sum()
        ratio = float(weight @ [row["ratio"] for row in own])
        variance = float(weight**2 @ [row.pop("_variance") for row in own])
        shape, scale = ratio**2 / variance, variance / ratio
        tail = (1 - COVER) / 2
        found.append(
            {
                "enterprise": name,
                "kind": own[0]["kind"],
                "duty": "overall",
                "vehicles": own[0]["vehicles"],
                "similar": 1.0,
                "expected": ratio,
                "lower": float(stats.gamma.ppf(tail, shape, scale=scale)),
                "upper": float(stats.gamma.isf(tail, shape, scale=scale)),
                "ratio": ratio,
                "probability_worse": float(stats.gamma.sf(ranking.worse, shape, scale=scale)),
                "weight": float(weight @ [row["weight"] for row in own]),
            }
        )
    return found


def _note(row: Mapping[str, Any], ranking: Ranking) -> str:
    if row["vehicles"] < ranking.min_vehicles:
        return TOO_SMALL
    if row["weight"] < ranking.min_weight:
        return TOO_LITTLE
    return WORSE if row["probability_worse"] > 0.9 else ""
