"""The simulated city against a gateway: every vehicle a TCP connection, in feed time."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core import durable
from sizao.core.clock import Clock
from sizao.log.datadir import DataDir, write_status
from sizao.sim import truth
from sizao.sim.city import City
from sizao.sim.city import build as build_city
from sizao.sim.city import write as write_city
from sizao.sim.devices import Devices, load_keys
from sizao.sim.evidence import AlarmFiles
from sizao.sim.fleet import fleet as make_fleet
from sizao.sim.link import Link, Tally
from sizao.sim.reports import Reporters
from sizao.sim.traffic import DRIVING
from sizao.sim.world import World

log = logging.getLogger("sizao.sim")

BLIND_AT_START = 6
"""Vehicles that come out of a dead spot at the start, with hours of stored reports."""
STAGGER_S = 10.0
"""Wall seconds over which the vehicles dial in."""
LONGEST_RESUME_S = 24 * 3600
"""A world that has stood still longer is begun anew."""


@dataclass(frozen=True)
class Beginning:
    """Where and when a world began: enough to compute it again after a restart."""

    seed: int
    vehicles: int
    began_s: int


class Simulation:
    """The running city. ``folder`` holds its network and register, made if they are missing."""

    def __init__(
        self,
        folder: DataDir,
        clock: Clock,
        host: str,
        port: int,
        vehicles: int,
        seed: int,
        intake_port: int | None = None,
        web_port: int | None = None,
    ) -> None:
        """``port`` is the gateway's; with ``intake_port`` the roadside devices report too, with
        ``web_port`` people do."""
        self._folder = folder
        self._clock = clock
        self._address = host, port
        self._seed = seed
        city = write_city(folder) if not folder.network.exists() else build_city()
        self._fleet = make_fleet(city, vehicles, seed)
        if not folder.register.exists():
            table = pa.Table.from_batches([self._fleet.register])
            pq.write_table(table, folder.register)
        self.world = self._world(city)
        self.devices: Devices | None = None
        if intake_port is not None:
            keys = load_keys(folder.root / "sim-keys.json")
            self.devices = Devices(city, self._fleet, seed, host, intake_port, keys)
        self.reporters: Reporters | None = None
        if web_port is not None:
            keys = load_keys(folder.root / "sim-keys.json")
            self.reporters = Reporters(city, clock, seed, host, web_port, keys)
        self.tally = Tally()
        self.files = AlarmFiles(self._fleet, self.world.terminals)
        self._told: dict[str, int] = {"slow": 0, "rest": 0, "": 0}
        self._links = [
            Link(vehicle, self.world.terminals, self.tally, self._tell, self.files.wanted)
            for vehicle in range(vehicles)
        ]

    def _world(self, city: City) -> World:
        path = self._folder.sim
        now_s = int(self._clock.time_s())
        want = Beginning(self._seed, len(self._fleet), now_s)
        before = _beginning(path)
        if (
            before is not None
            and (before.seed, before.vehicles) == (want.seed, want.vehicles)
            and 0 <= now_s - before.began_s <= LONGEST_RESUME_S
        ):
            log.info("going on with the world that began %d s ago", now_s - before.began_s)
            return World.resume(city, self._fleet, self._seed, before.began_s, now_s)
        log.info("setting %d vehicles on their way", len(self._fleet))
        world = World.begin(city, self._fleet, self._seed, now_s, BLIND_AT_START)
        durable.replace(path, json.dumps(asdict(want)).encode())
        return world

    async def run(self) -> None:
        """Until cancelled."""
        gate = asyncio.Semaphore(100)
        host, port = self._address
        order = np.random.default_rng(self._seed).permutation(len(self._links))
        step_s = min(STAGGER_S, 0.02 * len(order)) / max(1, len(order))
        tasks = [
            asyncio.create_task(self._links[vehicle].run(host, port, place * step_s, gate))
            for place, vehicle in enumerate(order.tolist())
        ]
        tasks.append(asyncio.create_task(self._keep_alive()))
        tasks.append(asyncio.create_task(self._report()))
        tasks.append(asyncio.create_task(self.files.run()))
        if self.devices is not None:
            tasks.append(asyncio.create_task(self.devices.run()))
        if self.reporters is not None:
            tasks.append(asyncio.create_task(self.reporters.run()))
        try:
            await self._drive()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for link in self._links:
                link.hang_up()
            await asyncio.sleep(0.1)

    async def _drive(self) -> None:
        with self._folder.truth.open("a", encoding="utf-8") as truths:
            while True:
                behind = int(self._clock.time_s()) - self.world.now_s
                if behind <= 0:
                    await asyncio.sleep(min(0.2, 0.5 / self._clock.factor))
                    continue
                parts, offences = self.world.advance(min(behind, 60))
                for frames in parts:
                    for vehicle, _, raw in frames:
                        self._links[vehicle].send(raw)
                if self.devices is not None and self.world.motion is not None:
                    self.devices.feed(self.world.motion)
                if offences:
                    truths.write(truth.lines(offences))
                    truths.flush()
                await asyncio.sleep(0)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(5)
            for link in self._links:
                link.keep_alive()

    async def _report(self) -> None:
        while True:
            write_status(self._folder, "sim", at_s=time.time(), counters=self._counters())
            await asyncio.sleep(1)

    def _counters(self) -> dict[str, object]:
        tally = self.tally
        latency = sorted(tally.latency_ms)
        motion = self.world.motion
        return {
            "vehicles": len(self._links),
            "connected": tally.connected,
            "ready": sum(link.ready for link in self._links),
            "driving": int((motion.mode[:, -1] == DRIVING).sum()) if motion else 0,
            "sent": tally.sent,
            "acknowledged": tally.acknowledged,
            "reconnects": tally.reconnects,
            "dropped": tally.dropped,
            "refused": tally.refused,
            "texts": tally.texts,
            "told_to_slow": self._told["slow"],
            "told_to_rest": self._told["rest"],
            "ack_p50_ms": round(latency[len(latency) // 2], 1) if latency else None,
            "ack_p99_ms": round(latency[int(len(latency) * 0.99)], 1) if latency else None,
            "feed_time_s": self.world.now_s,
            "behind_s": round(self._clock.time_s() - self.world.now_s, 1),
            "connect_errors": tally.errors,
            "alarm_files": self.files.counts,
            **(self.reporters.counts if self.reporters is not None else {}),
        } | ({} if self.devices is None else {"roadside": self.devices.figures()})

    def _tell(self, vehicle: int, text: str) -> None:
        self._told[self.world.tell(vehicle, text)] += 1


def _beginning(path: Path) -> Beginning | None:
    try:
        return Beginning(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
