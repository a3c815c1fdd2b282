"""``sizao bench pipeline``: from platforms' sockets to durable detections, and how soon.

The real ``sizao gateway``, ``sizao pipeline`` and ``sizao archive run`` on an installation of
their own. Four JT/T 809 links bring what terminals of the simulated city reported, with all their
faults, as ever so many vehicles on its roads: decoded, kept, matched to roads, judged by all rules
and archived. A trip lasts four hours; then its vehicle begins it anew, after an hour of silence: a
feed of true trips has no such jumps, this one has one in some 660 positions.

Half of the time at the pace of the whole nation's heavy vehicles (``realtime_factor`` 1.0), for
the latency from receipt to the end of the turn that handled a position, commit of detections
included (percentiles of all positions, to a twentieth). The first seconds, in which four links sign
in and the whole fleet is new, count by themselves (``starting_p99_s``): in a short run there would
be nothing else in a hundredth of the positions. Half as fast as the pipeline takes them, for
``positions_per_s``, until the last one is handled. ``lost`` counts positions that were sent
and not handled; it must be 0.

Baseline: reading the same log and doing nothing. All processes share the machine's cores, the
load generator's part of them is shown.

``paced_anon_mb_by_third``, ``anon_mb_by_third``: memory of each process that is no file's, medians
of the first, the second and the last third of either half. Within a half nothing should grow once
every vehicle has been seen for two trips (some 46 million positions); between them it does, because
a turn that is behind takes several times as many positions. ``rss_mb`` has mapped libraries
besides.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sizao.app.benches import _platforms, _stream
from sizao.app.benches._frames import frames_of
from sizao.app.benches.processes import anonymous, by_thirds, cpu_s, part, rss, server
from sizao.core.errors import ConfigError
from sizao.core.schemas import REGISTER
from sizao.core.tied import tied
from sizao.log.datadir import DataDir, read_status
from sizao.runtime.counters import percentile_of
from sizao.runtime.embedded.log import SqliteLog
from sizao.sim import city
from sizao.sim.fleet import fleet
from sizao.sim.intake import Intake
from sizao.sim.score import START_S
from sizao.sim.world import World

NATION_PER_S = 7_000_000 / 30
"""Seven million heavy vehicles that report each 30 s."""
MORNING_S = 10 * 3600
PATIENCE_S = 180.0
STARTING_S = 5.0
"""Of sending, at most a quarter of it, until the percentiles count."""
READ_ROWS = 5_000_000
_STREAM = [sys.executable, "-m", "sizao.app.benches._stream"]
_DIGITS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Plant:
    """The processes at work."""

    data: DataDir
    frames: Path
    port: int
    pids: dict[str, int]

    def anon_mb(self) -> dict[str, int]:
        """Memory of each that is no file's."""
        return {name: anonymous(pid) >> 20 for name, pid in self.pids.items()}

    def counters(self) -> tuple[float, dict[str, Any]]:
        """The pipeline's last heartbeat: wall second, and what it counts."""
        status = read_status(self.data, "pipeline")
        return (status["at_s"], status["counters"]) if status else (0.0, {"positions": 0})

    def used_s(self) -> dict[str, float]:
        return {name: sum(cpu_s(pid)) for name, pid in self.pids.items()}

    def held_mb(self) -> dict[str, int]:
        return {name: rss(pid) >> 20 for name, pid in self.pids.items()}


def run(quick: bool = False, seconds: float | None = None) -> dict[str, Any]:
    """``quick`` takes fewer vehicles and a slower nation; ``seconds`` is how long is sent."""
    vehicles, doubles, minutes = (200, 3, 4) if quick else (600, 40, 240)
    seconds = seconds or (6.0 if quick else 120.0)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data = DataDir(Path(folder) / "data").create()
        frames = Path(folder) / "frames.npz"
        _prepare(data, frames, vehicles, doubles, minutes)
        port = _platforms.write_links(data, "2011", _stream.LINKS)
        sizao = [sys.executable, "-m", "sizao"]
        at = ["--data", str(data.root)]
        _, gateway = stack.enter_context(server([*sizao, "gateway", *at, "--port", "0"]))
        pipeline = stack.enter_context(part([*sizao, "pipeline", *at]))
        archive = stack.enter_context(part([*sizao, "archive", "run", *at]))
        _platforms.wait_for(port)
        # The first start after an upgrade compiles.
        while read_status(data, "pipeline") is None:
            if pipeline.poll() is not None:
                raise ConfigError("the pipeline did not start")
            time.sleep(0.05)
        pids = {"gateway": gateway, "pipeline": pipeline.pid, "archive": archive.pid}
        plant = Plant(data, frames, port, pids)
        pace = NATION_PER_S / (10 if quick else 1)
        paced = _phase(plant, seconds / 2, pace, 0)
        gateway_ms = (read_status(data, "gateway") or {}).get("counters", {})
        full = _phase(plant, seconds / 2, 0.0, paced["next_lap"])
        counters = plant.counters()[1]
        archived = (read_status(data, "archive") or {}).get("counters", {})
        read_per_s = _read_only(data)
    rate = full["positions_per_s"]
    return {
        "name": "pipeline",
        "unit": "positions/s",
        "value": rate,
        "runs": 1,
        "baseline": {"name": "reading the log and doing nothing", "value": round(read_per_s)},
        "ratio": round(rate / read_per_s, 3),
        "positions_per_s": rate,
        "realtime_factor": round(rate / NATION_PER_S, 2),
        "p50_s": paced["p50_s"],
        "p99_s": paced["p99_s"],
        "starting_p99_s": paced["starting_p99_s"],
        "detection_p50_s": paced["detection_p50_s"],
        "detection_p99_s": paced["detection_p99_s"],
        "worst_window_p99_s": paced["worst_window_p99_s"],
        "paced_slowest_s": paced["slowest_s"]
        | {"gateway_commit": gateway_ms.get("commit_max_ms", 0.0) / 1e3},
        "paced_factor": round(pace / NATION_PER_S, 2),
        "paced_behind_s": paced["behind_s"],
        "vehicles": vehicles * doubles,
        "positions": paced["sent"] + full["sent"],
        "lost": paced["lost"] + full["lost"],
        "problems": paced["problems"] + full["problems"],
        "detections": counters["detections"],
        "archived": archived.get("taken"),
        "stage_s": counters["stage_s"],
        "cpu_us_per_position": full["cpu_us"],
        "paced_cores": paced["cores"],
        "rss_mb": full["last_mb"]["pipeline"],
        "rss_mb_at_first": paced["first_mb"],
        "rss_mb_at_last": full["last_mb"],
        "paced_anon_mb_by_third": paced["anon_mb_by_third"],
        "anon_mb_by_third": full["anon_mb_by_third"],
        "anon_mb_most": {
            name: max(most, paced["anon_mb_most"][name])
            for name, most in full["anon_mb_most"].items()
        },
        "seconds": seconds,
    }


def _phase(plant: Plant, seconds: float, rate: float, first: int) -> dict[str, Any]:
    """Send for some seconds at a rate, 0 for as fast as it goes; wait until all is handled."""
    began_s, before = time.time(), plant.counters()[1]
    used = plant.used_s()
    words = [plant.frames, plant.port, seconds, rate, first, plant.data.status("pipeline")]
    samples: list[dict[str, Any]] = []
    anon_mb: list[dict[str, int]] = []
    started: dict[str, Any] | None = None
    sending_at: float | None = None
    first_mb: dict[str, int] = {}
    command = [*_STREAM, *map(str, words), str(before["positions"])]
    with tied(command, stdout=subprocess.PIPE, text=True) as child:
        while child.poll() is None:
            time.sleep(0.5)
            at_s, counters = plant.counters()
            samples.append(counters)
            anon_mb.append(plant.anon_mb())
            if sending_at is None and counters["positions"] > before["positions"]:
                sending_at = at_s
            is_late = sending_at is not None and at_s - sending_at >= min(STARTING_S, seconds / 4)
            if started is None and is_late:
                started = counters
            # Once all buffers have been used.
            if not first_mb and len(samples) > seconds * 0.4:
                first_mb = plant.held_mb()
        said, _ = child.communicate()
    if child.returncode:
        raise ConfigError(f"the load generator failed with {child.returncode}")
    figures: dict[str, Any] = json.loads(said)
    behind_s = plant.counters()[1].get("behind_s")
    until = time.monotonic() + PATIENCE_S
    while plant.counters()[1]["positions"] - before["positions"] < figures["sent"]:
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    at_s, after = plant.counters()
    handled = after["positions"] - before["positions"]
    # When sending began: the generator loads and logs in first.
    took_s = at_s - began_s - figures["ready_s"]
    used = {name: now_s - used[name] for name, now_s in plant.used_s().items()}
    used["generator"] = figures["cpu_s"]
    if started is None or after["positions"] == started["positions"]:
        # Too short for a heartbeat in between.
        started = before
    p50_s, p99_s = _percentiles("ages_s", after, started)
    _, starting_p99_s = _percentiles("ages_s", started, before)
    detection_p50_s, detection_p99_s = _percentiles("detection_ages_s", after, started)
    # The heartbeat's percentile is of the last few seconds: the worst of them says whether the
    # seconds were alike.
    windows = [one.get("latency_p99_s") for one in samples[len(samples) // 3 :]]
    stages = [one.get("slowest_s", {}) for one in [*samples, after]]
    return {
        "sent": figures["sent"],
        "lost": figures["sent"] - handled,
        "problems": figures["problems"],
        "next_lap": figures["next_lap"],
        "positions_per_s": round(handled / took_s),
        "behind_s": behind_s,
        "p50_s": p50_s,
        "p99_s": p99_s,
        "starting_p99_s": starting_p99_s,
        "worst_window_p99_s": max((one for one in windows if one is not None), default=None),
        "slowest_s": {name: max(one.get(name, 0.0) for one in stages) for name in stages[-1]},
        "detection_p50_s": detection_p50_s,
        "detection_p99_s": detection_p99_s,
        "cpu_us": {name: round(s / max(handled, 1) * 1e6, 3) for name, s in used.items()},
        "cores": {name: round(s / took_s, 2) for name, s in used.items()},
        "first_mb": first_mb or plant.held_mb(),
        "last_mb": plant.held_mb(),
        "anon_mb_by_third": {
            name: by_thirds([one[name] for one in anon_mb]) for name in plant.pids
        },
        "anon_mb_most": {name: max(one[name] for one in anon_mb) for name in plant.pids},
    }


def _percentiles(
    name: str, after: dict[str, Any], before: dict[str, Any]
) -> tuple[float | None, float | None]:
    """p50 and p99 of all that came between two heartbeats."""
    ages, earlier = after.get(name, {}), before.get(name, {})
    return percentile_of(ages, earlier, 0.5), percentile_of(ages, earlier, 0.99)


def _prepare(data: DataDir, path: Path, vehicles: int, doubles: int, minutes: int) -> None:
    """Roads, register, and the frames of a lap: each simulated vehicle under several plates."""
    drawn = city.write(data)
    cars = fleet(drawn, vehicles, seed=1)
    own = pa.Table.from_batches([cars.register])
    number_of = {name: number for number, name in enumerate(own["vehicle"].to_pylist())}
    count = vehicles * doubles
    plates = [_plate(number) for number in range(count)]
    many = pa.concat_tables([own] * doubles)
    for name, values in (
        ("vehicle", [f"1000{number:07d}" for number in range(count)]),
        ("plate", plates),
    ):
        at = many.column_names.index(name)
        many = many.set_column(at, REGISTER.field(name), pa.array(values))
    pq.write_table(many, data.register)
    rows = _recorded(World.begin(drawn, cars, 1, START_S + MORNING_S), minutes)
    begin = (START_S + MORNING_S) * 1_000_000
    times = rows["time"].cast(pa.int64())
    within = pc.and_(pc.greater_equal(times, begin), pc.less(times, begin + minutes * 60_000_000))
    rows = rows.filter(within)
    who = np.array([number_of[name] for name in rows["vehicle"].to_pylist()])
    came_s = rows["received"].cast(pa.int64()).to_numpy() / 1e6 - (START_S + MORNING_S)
    names = np.array([plate.encode("gbk") for plate in plates], "S21").reshape(doubles, vehicles)
    colours = own["plate_colour"].to_numpy().astype(np.uint8)
    order = np.argsort(came_s, kind="stable")
    links: dict[str, Any] = {}
    for link in range(_stream.LINKS):
        mine = order[who[order] % _stream.LINKS == link]
        frames = frames_of(rows.take(pa.array(mine)), names[0][who[mine]], colours[who[mine]], link)
        _stream.Recorded(frames, came_s[mine], who[mine], names).save(links, f"link{link}")
    np.savez(path, allow_pickle=False, **links)


def _plate(number: int) -> str:
    """川DI and four more characters: nobody's."""
    tail = ""
    for _ in range(4):
        number, digit = divmod(number, len(_DIGITS))
        tail = _DIGITS[digit] + tail
    return f"川DI{tail}"


def _recorded(world: World, minutes: int) -> pa.Table:
    """What the gateway would have decoded in so many minutes, in the order of receipt."""
    intake = Intake()
    parts = [
        intake.take(frames)
        for _ in range(minutes)
        for frames in world.advance(60)[0]
        if len(frames)
    ]
    return pa.Table.from_batches(parts).combine_chunks()


def _read_only(data: DataDir) -> float:
    """Positions read from the log a second."""
    began = time.perf_counter()
    after = rows = 0
    with SqliteLog(data.feeds_log) as feeds:
        while rows < READ_ROWS and (segments := feeds.read("positions", after)):
            after = segments[-1].seq
            rows += sum(len(segment.batch) for segment in segments)
    return rows / (time.perf_counter() - began)
