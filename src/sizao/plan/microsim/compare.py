"""Two plans over the same seeds: differences in pairs, with an interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy import stats

from sizao.core.errors import ConfigError
from sizao.plan.microsim import demand, network, outputs, program, signal
from sizao.plan.signals.counts import Counts
from sizao.plan.signals.junction import Junction
from sizao.plan.signals.program import Program

WARMUP_S = 300
MEASURED_S = 3600
CLEARING_S = 900
"""Time after the last departure for queues to clear; who is not through then counts as he is."""
FILM_S = (600, 900)
"""Seconds of the first run that are kept to be played."""
SEEDS = 10


@dataclass(frozen=True)
class Paired:
    """Mean of differences with its 95 % interval (Student's t). Positive: the first is greater."""

    mean: float
    lower: float
    upper: float
    count: int

    @property
    def sure(self) -> bool:
        """Whether the interval excludes no difference."""
        return self.lower > 0 or self.upper < 0


def paired(before: Sequence[float], after: Sequence[float]) -> Paired:
    """Differences of pairs. Raises ConfigError for fewer than two.

    >>> found = paired([10, 12, 14], [8, 9, 13])
    >>> found.mean, round(found.lower, 2), round(found.upper, 2)
    (2.0, -0.48, 4.48)
    """
    if len(before) != len(after) or len(before) < 2:
        raise ConfigError("a comparison needs two runs or more of each plan")
    gaps = [one - other for one, other in zip(before, after, strict=True)]
    count = len(gaps)
    mean = sum(gaps) / count
    spread = math.sqrt(sum((one - mean) ** 2 for one in gaps) / (count - 1))
    half = float(stats.t.ppf(0.975, count - 1)) * spread / math.sqrt(count)
    return Paired(mean, mean - half, mean + half, count)


@dataclass(frozen=True)
class Outcome:
    """Runs of both plans by seed, and what they say."""

    seeds: tuple[int, ...]
    before: tuple[outputs.Trips, ...]
    after: tuple[outputs.Trips, ...]
    saved: Paired
    films: tuple[bytes, bytes]

    @property
    def before_s(self) -> float:
        return sum(one.delay_s for one in self.before) / len(self.before)

    @property
    def after_s(self) -> float:
        return sum(one.delay_s for one in self.after) / len(self.after)

    @property
    def share(self) -> float:
        """Share of the delay that is saved."""
        return self.saved.mean / self.before_s if self.before_s else 0.0


def compare(
    folder: Path,
    junction: Junction,
    counts: Counts,
    before: Program,
    after: Program,
    *,
    seeds: Sequence[int],
    measured_s: int = MEASURED_S,
    done: Callable[[int, int], None] = lambda part, whole: None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Run both plans with every seed in ``folder``.

    done : told after each run how many of how many are over
    stop : True ends it, and raises program.Cancelled

    Raises ConfigError, in words, where the simulator is missing or fails.
    """
    if not program.available():
        raise ConfigError(program.MISSING)
    links = build(folder, junction, stop)
    for name, plan in (("before", before), ("after", after)):
        (folder / f"{name}.add.xml").write_text(
            signal.logic(junction, plan, links), encoding="utf-8"
        )
    results: dict[str, list[outputs.Trips]] = {"before": [], "after": []}
    films: dict[str, bytes] = {}
    whole = 2 * len(seeds)
    for number, seed in enumerate(seeds):
        (folder / "routes.xml").write_text(
            demand.routes(junction, counts, seed, WARMUP_S + measured_s), encoding="utf-8"
        )
        for name in ("before", "after"):
            first = number == 0
            _simulate(folder, name, seed, measured_s, film=first, stop=stop)
            results[name].append(outputs.trips(folder / "trips.xml", WARMUP_S))
            if first:
                films[name] = outputs.film(folder / "film.xml", *FILM_S)
                (folder / "film.xml").unlink()
            done(sum(map(len, results.values())), whole)
    saved = paired(
        [one.delay_s for one in results["before"]], [one.delay_s for one in results["after"]]
    )
    return Outcome(
        tuple(seeds), tuple(results["before"]), tuple(results["after"]), saved,
        (films["before"], films["after"]),
    )  # fmt: skip


def build(
    folder: Path, junction: Junction, stop: Callable[[], bool] = lambda: False
) -> dict[int, str]:
    """Write the plain files and have ``net.xml`` made of them; movement of each signal link."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("plain.nod.xml", network.nodes(junction)),
        ("plain.edg.xml", network.edges(junction)),
        ("plain.con.xml", network.connections(junction)),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    program.run(
        "netconvert",
        ["-n", "plain.nod.xml", "-e", "plain.edg.xml", "-x", "plain.con.xml", "-o", "net.xml",
         "--no-turnarounds", "true", "--offset.disable-normalization", "true",
         "--junctions.corner-detail", "5"],
        folder, stop,
    )  # fmt: skip
    return outputs.linked(folder / "net.xml", junction)


def _simulate(
    folder: Path, name: str, seed: int, measured_s: int, *, film: bool, stop: Callable[[], bool]
) -> None:
    end = WARMUP_S + measured_s + CLEARING_S
    arguments = [
        "-n", "net.xml", "-r", "routes.xml", "-a", f"{name}.add.xml",
        "--seed", str(seed), "--end", str(end), "--step-length", "0.5",
        "--time-to-teleport", "-1", "--collision.action", "warn",
        "--tripinfo-output", "trips.xml", "--tripinfo-output.write-unfinished", "true",
        "--tripinfo-output.write-undeparted", "true",
        "--no-step-log", "true", "--no-warnings", "true", "--duration-log.disable", "true",
    ]  # fmt: skip
    if film:
        arguments += [
            "--fcd-output", "film.xml", "--fcd-output.attributes", "id,x,y,angle,type",
            "--device.fcd.period", "1", "--device.fcd.begin", str(FILM_S[0]),
        ]  # fmt: skip
    program.run("sumo", arguments, folder, stop)
