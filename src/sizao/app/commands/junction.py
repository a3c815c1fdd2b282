"""``sizao junction``: judge a junction's signal plan, find a better one, try both in SUMO."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from sizao.core.errors import ConfigError
from sizao.plan.signals import saturation
from sizao.plan.signals.counts import counts_of
from sizao.plan.signals.gain import gain
from sizao.plan.signals.junction import junction_of
from sizao.plan.signals.model import Model
from sizao.plan.signals.optimise import optimise, retime
from sizao.plan.signals.program import Program, faults, program_of
from sizao.plan.signals.reporting import gain_data, outcome_data, plan_data

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_SEEDS = 50


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--method",
    type=click.Choice(list(saturation.METHODS)),
    default="cjj",
    show_default=True,
    help="Where saturation flows come from.",
)
@click.option("--cycle-max", type=click.IntRange(40, 300), help="Longest cycle in seconds.")
@click.option("--same-phases", is_flag=True, help="Keep the given phases, change times only.")
@click.option("--simulate", is_flag=True, help="Run both plans in SUMO (sizao[sumo]).")
@click.option(
    "--seeds",
    type=click.IntRange(2, MOST_SEEDS),
    default=10,
    show_default=True,
    help="Runs of each plan.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the simulator's files here.",
)
@click.option("--observed", type=_FILE, help="Parquet of positions, as `sizao detect` takes it.")
@click.option("--at", nargs=2, type=float, help="Latitude and longitude, with --observed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path,
    method: str,
    cycle_max: int | None,
    same_phases: bool,
    simulate: bool,
    seeds: int,
    folder: Path | None,
    observed: Path | None,
    at: tuple[float, float] | None,
    as_json: bool,
) -> None:
    """Judge the signal plan of a junction and find a better one.

    FILE (YAML or JSON) has the junction's arms and lanes, turning counts, and the plan as it is;
    docs/reference/junctions.md lists what may be said. The better plan has the least mean control
    delay (HCM 2000) of every sensible phasing, cycle and split that leaves people time to walk.
    With --simulate both plans meet the same vehicles in SUMO, seed by seed. With --observed
    recorded tracks say which way that fleet turned and how often it braked hard.
    """
    raw = _read(file)
    junction = junction_of(raw.get("junction") or {})
    counts = counts_of(raw.get("counts") or {}, junction)
    before = program_of(raw.get("plan") or {}, junction)
    model = Model(junction, counts, method)
    found = (retime if same_phases else optimise)(model, before, cycle_max)
    gained = gain(model, before, found.program)
    told: dict[str, Any] = {
        "junction": junction.name,
        "method": saturation.METHODS[method],
        "before": plan_data(model, before),
        "after": {**plan_data(model, found.program), "webster_cycle_s": found.webster_s},
        "gain": gain_data(gained),
        "faults": faults(junction, before, counts),
    }
    if observed:
        if not at:
            raise ConfigError("--observed needs --at LAT LON, the middle of the junction")
        told["observed"] = _observe(model, observed, at)
    if simulate:
        told["simulation"] = _simulate(model, before, found.program, seeds, folder)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _words(told))


def _read(file: Path) -> Mapping[str, Any]:
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from None
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{file}: expected `junction`, `counts` and `plan`")
    return raw


def _observe(model: Model, file: Path, at: tuple[float, float]) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sizao.plan.signals.observed import observe

    try:
        table = pq.read_table(file, columns=["vehicle", "time", "lat", "lon", "speed_kmh"])
    except (pa.ArrowException, OSError) as error:
        raise ConfigError(f"{file}: {error}") from None
    time_s = table["time"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() / 1e6
    lat, lon, speed = (
        table[name].cast(pa.float64()).to_numpy().astype(float)
        for name in ("lat", "lon", "speed_kmh")
    )
    vehicle = np.asarray(table["vehicle"].to_pylist())
    return observe(model.junction, at, vehicle, time_s, lat, lon, speed).data()


def _simulate(
    model: Model, before: Program, after: Program, seeds: int, folder: Path | None
) -> dict[str, Any]:
    from sizao.plan.microsim.compare import compare

    with tempfile.TemporaryDirectory() as scratch:
        outcome = compare(
            folder or Path(scratch),
            model.junction,
            model.counts,
            before,
            after,
            seeds=range(1, seeds + 1),
            done=lambda part, whole: click.echo(f"  run {part} of {whole}", err=True),
        )
    return outcome_data(outcome)


def _words(told: dict[str, Any]) -> str:
    lines = [f"junction   {told['junction'] or '-'} ({told['method']})"]
    for name in ("before", "after"):
        one = told[name]
        greens = " ".join(f"{phase['green_s']}" for phase in one["plan"]["phases"])
        over = "  MORE DEMAND THAN IT CARRIES" if one["oversaturated"] else ""
        lines.append(
            f"{name:<10} {one['delay_s']:.1f} s/veh, level {one['level']}, cycle "
            f"{one['cycle_s']} s, greens {greens}, highest saturation {one['degree']:.2f}{over}"
        )
    gained = told["gain"]
    lines.append(
        f"saves      {gained['saved_s']:.1f} s/veh ({gained['share']:.0%}), 95 % "
        f"{gained['lower_s']:.1f} to {gained['upper_s']:.1f} if the count were taken again"
    )
    lines += [
        f"fault      {one['kind']} of phase {one['phase']}: {one['is_s']} s, "
        f"should be {one['least_s']} s"
        for one in told["faults"]
    ]
    if "observed" in told:
        seen = told["observed"]
        braking = seen["hard_braking"]
        lines.append(
            f"observed   {seen['passes']} passes of {seen['vehicles']} vehicles; hard braking in "
            f"{braking['count']} of {braking['judged']} ({braking['share']:.1%}, 95 % "
            f"{braking['lower']:.1%} to {braking['upper']:.1%}); this fleet, not all traffic"
        )
        lines += [f"           {name} {share:.0%}" for name, share in seen["shares"].items()]
    if "simulation" in told:
        run = told["simulation"]
        lines.append(
            f"SUMO       {run['before_s']:.1f} -> {run['after_s']:.1f} s/veh over "
            f"{len(run['seeds'])} seeds; saves {run['saved_s']:.1f} s "
            f"({run['share']:.0%}), 95 % {run['lower_s']:.1f} to {run['upper_s']:.1f}"
        )
    return "\n".join(lines)
