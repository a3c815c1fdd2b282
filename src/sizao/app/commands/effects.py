"""``sizao effects``: did a treatment work? Before and after with Empirical Bayes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa

from sizao.app.risk_inputs import Inputs, Progress, input_options, read_inputs
from sizao.app.road_files import RoadFiles
from sizao.core.errors import ConfigError
from sizao.risk import cmfs, effects, snapping, tables, treatments
from sizao.risk.crashes import years_of
from sizao.risk.evaluation import Comparison

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@input_options
@click.option(
    "--sites",
    "treated",
    type=_FILE,
    help="CSV of treated sites: u, v; a junction has u alone.",
)
@click.option(
    "--treatments",
    "recorded",
    type=_FILE,
    help="Instead: CSV of treatments, as the page exports it; all of --kind are judged.",
)
@click.option("--kind", default="", help="With --treatments: kind of treatment.")
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
    treated: Path | None,
    recorded: Path | None,
    kind: str,
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
    if (treated is None) == (recorded is None) or (recorded is not None) != bool(kind):
        raise ConfigError("give --sites, or --treatments with --kind")
    progress = Progress()
    before_years, after_years = years_of(years), years_of(after)
    inputs = read_inputs(roads, crashes, rejects, strict, progress)
    unknown: list[str] = []
    aside: dict[str, int] = {}
    if recorded is not None:
        edge, node, edges, nodes, aside = _recorded(
            inputs, recorded, kind, before_years, after_years
        )
    else:
        assert treated is not None
        edge, node, unknown = _treated(inputs, treated)
        edges, nodes = edge, node
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
    compared = Comparison(
        inputs.sites, inputs.features, inputs.crashes, inputs.snapped, before_years, after_years,
        edges, nodes,
    )  # fmt: skip
    found, observed_before = compared.judge(edge, node)
    progress.done("evaluation")
    summary: dict[str, Any] = {
        "years": years,
        "after": after,
        "sites": len(edge) + len(node),
        "left_aside": aside,
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


def _recorded(
    inputs: Inputs, path: Path, kind: str, before: range, after: range
) -> tuple[list[int], list[int], list[int], list[int], dict[str, int]]:
    """Edges and nodes to be judged, all that were worked on, and how many are left aside why.

    Every treatment of the kind that fits the periods is judged: a choice among them by hand would
    be one by outcome.
    """
    found, rejected = treatments.read_treatments(path)
    if rejected:
        reason = treatments.REASONS.get(rejected[0].reason, rejected[0].reason)
        raise ConfigError(f"{path}: row {rejected[0].row}: {reason}")
    sites = inputs.sites
    places = snapping.snap(
        snapping.build_index(sites),
        np.array([one.lat for one in found]),
        np.array([one.lon for one in found]),
    )
    judged: tuple[list[int], list[int]] = ([], [])
    worked: tuple[list[int], list[int]] = ([], [])
    aside: Counter[str] = Counter()
    for one, edge, node in zip(found, places.edge.tolist(), places.node.tolist(), strict=True):
        at, where = (1, node) if node >= 0 else (0, edge)
        if where < 0:
            aside["off_the_network"] += 1
            continue
        worked[at].append(where)
        reasons = [code for code, _ in treatments.refusals(one, (), before, after)]
        if one.kind != kind:
            reasons = ["another_kind"]
        elif not (before[-1] < one.first.year and one.last.year < after[0]):
            reasons = ["works_in_the_periods"]
        if reasons:
            aside[reasons[0]] += 1
        else:
            judged[at].append(where)
    edges, nodes = (sorted(set(one)) for one in judged)
    return edges, nodes, sorted(set(worked[0])), sorted(set(worked[1])), dict(aside)
