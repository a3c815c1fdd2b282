"""``sizao patrol``: a week of patrols and checks from a forecast, drawn so it cannot be learned."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sizao.app import plan_inputs, plan_outputs
from sizao.app.risk_inputs import Progress
from sizao.app.road_files import RoadFiles
from sizao.core.errors import ConfigError
from sizao.plan import coverage, timetable
from sizao.plan.adversary import Exploit, evaluate
from sizao.plan.draw import commitment, draw, visits_of
from sizao.plan.force import read_force
from sizao.plan.strategy import Strategy, build

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)
PROMISE = (
    "Covered means that somebody is near while a crash is expected there. It does not mean that "
    "the crash is prevented: no effect is promised."
)


@click.command()
@click.option("--nodes", type=_FILE, help="Junctions: node_id, lon, lat.")
@click.option("--edges", type=_FILE, help="Roads: u, v, length_m, highway, oneway.")
@click.option("--roads", "lines", type=_FILE, help="Instead: GeoJSON, GeoPackage, network.npz.")
@click.option("--layer", default="", help="Layer of a GeoPackage with several.")
@click.option(
    "--piece-m",
    "piece_m",
    type=click.FloatRange(50),
    default=1000.0,
    show_default=True,
    help="With --roads: length of the pieces, as the forecast had it.",
)
@click.option("--forecast", required=True, type=_FILE, help="Parquet of `sizao forecast`.")
@click.option("--units", required=True, type=_FILE, help="YAML: units, shifts, rules, operations.")
@click.option("--crashes", type=_FILE, help="Past crashes, for severity and causes by hour.")
@click.option(
    "--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]), help="First day."
)
@click.option("--days", default=7, show_default=True, help="How many days.")
@click.option("--seed", help="Secret the plan is drawn from; without it one is made.")
@click.option("--out", required=True, type=_OUT, help="CSV to write.")
@click.option("--geojson", type=_OUT, help="The same as points.")
@click.option("--audit", type=_OUT, help="Where the seed goes (default: OUT.audit.json).")
@click.option("--evaluate", "measure", is_flag=True, help="Measure what a watcher can avoid.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def command(
    nodes: Path | None,
    edges: Path | None,
    lines: Path | None,
    layer: str,
    piece_m: float,
    forecast: Path,
    units: Path,
    crashes: Path | None,
    first: dt.datetime,
    days: int,
    seed: str | None,
    out: Path,
    geojson: Path | None,
    audit: Path | None,
    measure: bool,
    as_json: bool,
) -> None:
    """Plan patrols, checkpoints and operations for some days.

    Posts cover as many expected severity-weighted crashes as the units, shifts and rest rules
    allow; the gap to the best possible is proven. Who goes where is then drawn from a secret
    seed, with a floor for every important place and a cap on repeats. The seed and digests of
    the inputs go to a file of their own: with it anybody may draw the plan again and compare.
    """
    progress = Progress()
    force = read_force(units)
    files = RoadFiles(nodes, edges, lines, layer, piece_m).check()
    sites, roads, left_out = plan_inputs.read_roads(files)
    if left_out:
        click.echo(f"           {left_out} rows of the roads rejected, see screen", err=True)
    week = plan_inputs.read_forecast(forecast, sites)
    progress.done("roads and forecast", f"{len(roads):,} edges, {week.sum():.2f} crashes a week")
    history = plan_inputs.history(crashes, sites, roads) if crashes else None
    by_kind = plan_inputs.by_kind(force, roads, week, history)
    if history is not None:
        week = week * history.severity
    began = time.perf_counter()
    strategy = build(force, roads, week, first.date(), days, by_kind=by_kind, done=progress.done)
    secret = seed if seed is not None else secrets.token_hex(16)
    drawn = draw(strategy, secret)
    entries = timetable.timetable(strategy, drawn, secret)
    planned_s = time.perf_counter() - began
    progress.done("drawn", f"{len(entries):,} stays")
    wrong = timetable.problems(strategy, entries)
    if wrong:  # a broken promise between our own parts, not the user's mistake
        raise ConfigError(f"the plan breaks its own rules, please report this: {wrong[0]}")
    measured = evaluate(strategy, secret) if measure else None
    if measured:
        progress.done("watched for a month", "")

    table = plan_outputs.rows(strategy, entries)
    plan_outputs.write_csv(out, table)
    if geojson:
        plan_outputs.write_geojson(geojson, table)
    audit = audit or out.with_name(out.name + ".audit.json")
    inputs = {"nodes": nodes, "edges": edges, "roads": lines, "crashes": crashes,
              "forecast": forecast, "units": units}  # fmt: skip
    facts: dict[str, Any] = {
        "from": first.date().isoformat(),
        "days": days,
        "inputs": {name: _digest(path) for name, path in inputs.items() if path is not None},
        "plan": _digest(out),
    }
    plan_outputs.write_audit(audit, secret, facts)
    summary = _summary(strategy, drawn, measured, planned_s, str(out), secret)
    click.echo(json.dumps(summary, ensure_ascii=False) if as_json else _words(summary))


def _summary(
    strategy: Strategy,
    drawn: Any,
    measured: dict[str, Exploit] | None,
    planned_s: float,
    out: str,
    secret: str,
) -> dict[str, Any]:
    share = coverage.shares(strategy.reach, visits_of(strategy, drawn))
    covered = float(coverage.covered(strategy.weight, share).sum())
    best = strategy.best
    found: dict[str, Any] = {
        "out": out,
        "units": len(strategy.force.units),
        "shifts": len(strategy.shifts),
        "candidate_posts": len(strategy.nodes),
        "rounds": sum(map(len, strategy.pools)),
        "expected_weight": round(strategy.total, 4),
        "covered": round(covered / strategy.total, 4),
        "covered_by_best": round(best.value / strategy.total, 4),
        "bound": round(best.bound / strategy.total, 4),
        "gap": round(best.gap, 4),
        "planned_seconds": round(planned_s, 2),
        "floor": {
            unit.id: {"posts": len(floor.posts), "rounds_a_week": floor.size}
            for unit, floor in zip(strategy.force.units, strategy.floors, strict=True)
        },
        "operations": [
            {
                "kind": held.kind,
                "unit": strategy.force.units[unit].id,
                "start": strategy.slots[slot].start.isoformat(timespec="minutes"),
                "place": strategy.roads.place(int(strategy.nodes[held.post])),
            }
            for (unit, slot), held in sorted(drawn.held.items(), key=lambda one: one[0][1])
        ],
        "seed_commitment": commitment(secret),
        "promise": PROMISE,
    }
    if measured:
        found["watched"] = {
            name: {
                **{key: value for key, value in asdict(one).items() if not isinstance(value, dict)},
                "timetable": one.timetable,
                "exploitability": one.exploitability,
                "avoided": one.avoided,
            }
            for name, one in measured.items()
        }
    return found


def _words(summary: dict[str, Any]) -> str:
    lines = [
        f"plan            {summary['out']}",
        f"covered         {summary['covered']:.1%} of the expected severity-weighted crashes",
        f"best possible   {summary['covered_by_best']:.1%} found, {summary['bound']:.1%} bound, "
        f"gap {summary['gap']:.2%} proven",
        f"planned in      {summary['planned_seconds']:.1f} s: {summary['units']} units, "
        f"{summary['shifts']} shifts, {summary['candidate_posts']} posts, "
        f"{summary['rounds']:,} rounds",
        f"seed            commitment {summary['seed_commitment']}",
    ]
    lines += [f"operation       {one['start']} {one['kind']} {one['unit']} {one['place']}"
              for one in summary["operations"]]  # fmt: skip
    if "watched" in summary:
        lines.append(
            "a month watched covered  timetable foreseen  avoided  (blind)  left if all move"
        )
        for name, one in summary["watched"].items():
            lines.append(
                f"  {name:<14}{one['coverage']:>7.1%}{one['timetable']:>20.1%}"
                f"{one['exploitability']:>9.1%}{one['blind']:>9.1%}{one['left']:>18.2%}"
            )
    return "\n".join([*lines, summary["promise"]])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
