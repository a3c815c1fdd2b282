"""``sizao effects``: did a treatment work? Before and after with Empirical Bayes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa

from sizao.app.risk_inputs import Inputs, Progress, input_options, read_inputs
from sizao.app.road_files import RoadFiles
from sizao.core.errors import ConfigError
from sizao.risk import cmfs, counting, effects, spf, tables
from sizao.risk.crashes import years_of
from sizao.risk.posterior import empirical_bayes

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@input_options
@click.option(
    "--sites",
    "treated",
    required=True,
    type=_FILE,
    help="CSV of treated sites: u, v; a junction has u alone.",
)
@click.option("--after", required=True, help="Years after the treatment, e.g. 2019.")
@click.option("--selected-by", help="Years by whose crashes the sites were picked, if they were.")
@click.option("--crash-cost", type=float, help="Cost of a crash, for the economic appraisal.")
@click.option("--measure-cost", type=float, help="Cost of the whole treatment.")
@click.option("--life", type=click.IntRange(1, 50), default=10, show_default=True, help="Years.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def command(
    roads: RoadFiles,
    crashes: Path,
    years: str,
    rejects: Path | None,
    strict: bool,
    treated: Path,
    after: str,
    selected_by: str | None,
    crash_cost: float | None,
    measure_cost: float | None,
    life: int,
    as_json: bool,
) -> None:
    """Judge a treatment of sites: --years before it against --after.

    What the sites would have had without treatment comes from similar sites,
    weighed with the sites' own years before, and moves with the untreated network.
    Refused where the answer would mislead: over a reporting break, after years among those the
    sites were picked by, no crash records. The year of the works belongs to neither period.
    """
    progress = Progress()
    before_years, after_years = years_of(years), years_of(after)
    inputs = read_inputs(roads, crashes, rejects, strict, progress)
    edge, node, unknown = _treated(inputs, treated)
    picked = years_of(selected_by) if selected_by else None
    reasons = effects.refuse(
        inputs.breaks, before_years, after_years, picked, len(edge) + len(node)
    )
    if unknown:
        reasons.append(f"{len(unknown)} sites of {treated} are not in the network: {unknown[:3]}")
    for name, period in (("before", before_years), ("after", after_years)):
        if not inputs.crashes.in_years(period).any():
            reasons.append(f"no crash at all in the years {name}")
    if reasons:
        raise ConfigError("no claim can be made: " + "; ".join(reasons))
    found, observed_before = _evaluate(inputs, before_years, after_years, edge, node)
    progress.done("evaluation")
    summary: dict[str, Any] = {
        "years": years,
        "after": after,
        "sites": len(edge) + len(node),
        "observed_before": observed_before,
        "observed_after": found.observed_after,
        "expected_after": round(found.expected_after, 3),
        "ratio": round(found.ratio, 4),
        "effectiveness": round(found.effectiveness, 4),
        "standard_error": round(found.standard_error, 4),
        "standard_error_by": "Hauer 1997, eq. 6.6",
        "standard_error_with_model": round(found.model_error, 4),
        "significant_95": found.significant,
        **_money(found, len(after_years), crash_cost, measure_cost, life),
        **inputs.summary,
    }
    if as_json:
        click.echo(json.dumps(summary, ensure_ascii=False))
        return
    click.echo(
        f"{found.observed_after:g} crashes after, {found.expected_after:.1f} expected without"
        f" treatment: {found.effectiveness:+.1%} fewer, standard error"
        f" {found.model_error:.1%}; "
        + ("significant at 95 %" if found.significant else "no effect can be told from chance")
    )


def _money(
    found: effects.Effect,
    years: int,
    crash_cost: float | None,
    measure_cost: float | None,
    life: int,
) -> dict[str, Any]:
    """Benefit over cost with the effect's own interval; nothing without both costs."""
    if crash_cost is None or measure_cost is None:
        return {}
    width = 1.96 * found.model_error
    bounds = {"ratio": found.ratio, "low": found.ratio + width, "high": found.ratio - width}
    answers = {
        name: cmfs.appraise(
            found.expected_after / years,
            cmfs.Combined(value, found.model_error, found.ratio - width, found.ratio + width),
            crash_cost,
            measure_cost,
            life,
        )
        for name, value in bounds.items()
    }
    return {
        "economics": {
            "life_years": life,
            "discount_rate": 0.05,
            "benefit": round(answers["ratio"].benefit, 2),
            "benefit_over_cost": round(answers["ratio"].ratio, 3),
            "interval_95": [round(answers[name].ratio, 3) for name in ("low", "high")],
        }
    }


def _treated(inputs: Inputs, path: Path) -> tuple[list[int], list[int], list[str]]:
    """Numbers of treated edges and nodes, and what is not in the network."""
    table = tables.read(path, {"u": pa.int64()}, {"v": pa.int64()})
    if table.rejected:
        one = table.rejected[0]
        raise ConfigError(f"{path}: row {one.row}: {one.reason}")
    sites = inputs.sites
    edge_of = {
        pair: i for i, pair in enumerate(zip(sites.u.tolist(), sites.v.tolist(), strict=True))
    }
    node_of = {int(number): i for i, number in enumerate(sites.node_id)}
    edges: list[int] = []
    nodes: list[int] = []
    unknown: list[str] = []
    for u, v in zip(table.ints("u").tolist(), table.ints("v", -1).tolist(), strict=True):
        where = node_of.get(u) if v < 0 else edge_of.get((min(u, v), max(u, v)))
        if where is None:
            unknown.append(str(u) if v < 0 else f"{u}-{v}")
        else:
            (nodes if v < 0 else edges).append(where)
    return sorted(set(edges)), sorted(set(nodes)), unknown


def _evaluate(
    inputs: Inputs, before_years: range, after_years: range, edge: list[int], node: list[int]
) -> tuple[effects.Effect, float]:
    """SPF of all sites before; the untreated network carries the trend.

    The treated sites are part of the SPF's population, since nothing was done to them yet: a
    population without its worst sites would expect too little of them. For the same reason the
    trend compares the others' crashes after with what EB expects of them, not with their counts.
    """
    sites, features = inputs.sites, inputs.features
    counts = [
        counting.count(sites, inputs.snapped.of(inputs.crashes.in_years(period)))
        for period in (before_years, after_years)
    ]
    kinds = (
        (features.edges(), counts[0].edges, counts[1].edges, sites.length_km, edge),
        (features.nodes(), counts[0].nodes, counts[1].nodes, None, node),
    )
    parts: list[list[np.ndarray[Any, Any]]] = []
    shared = 0.0
    for (x, names), before, after, length, chosen in kinds:
        if not chosen:
            continue
        rows = np.ones(len(before), np.bool_) if length is not None else sites.degree > 0
        fitted = spf.predict(x, names, before, 1.0, length, rows=rows, ridge=1.0)
        if fitted.fit is None:
            raise ConfigError("no claim can be made: too few sites or crashes to compare with")
        untreated = rows.copy()
        untreated[chosen] = False
        expected = empirical_bayes(fitted.mu, fitted.k, before).mean
        trend = after[untreated].sum() / expected[untreated].sum()
        mu, k, y = fitted.mu[chosen], fitted.k[chosen], before[chosen]
        parts.append([mu, mu * trend, k, y, after[chosen]])
        kept = [names.index(name) for name in fitted.names]
        # How an EB estimate moves with its prediction, times how that moves with coefficients.
        slope = trend * mu * (1 + k * y) / (1 + k * mu) ** 2
        shared += effects.shared_variance(
            slope @ x[np.ix_(chosen, kept)],
            fitted.fit.covariance,
            float(expected[chosen].sum() * trend),
            (after - trend * expected)[untreated],
            float(after[untreated].sum()),
        )
    mu, mu_after, k, before, after = (np.concatenate(one) for one in zip(*parts, strict=True))
    found = effects.eb_before_after(mu, mu_after, k, before, after, shared)
    return found, float(before.sum())
