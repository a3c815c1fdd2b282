"""Checkpoints, weigh stations, posts and weather stations of the simulated city against an intake.

Their keys and passwords are in ``sim-keys.json`` of the data folder (made by ``sizao demo``); a
device without one stays silent.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sizao.sim.checkpoints import Checkpoints
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.outbox import Camera, Outbox, Poster
from sizao.sim.roadside_checks import RoadsideChecks
from sizao.sim.traffic import Motion
from sizao.sim.weather import WeatherStations
from sizao.sim.weighing import WeighStations

log = logging.getLogger("sizao.sim")

LOOK_S = 0.5
ALIVE_S = 60.0
RETRY_S, LONGEST_RETRY_S = 1.0, 30.0


class Devices:
    """Feed it every :class:`Motion`; :meth:`run` sends until cancelled."""

    def __init__(
        self, city: City, fleet: Fleet, seed: int, host: str, port: int, keys: dict[str, str]
    ) -> None:
        self._checkpoints = Checkpoints(city, fleet, seed)
        self._stations = WeighStations(city, fleet, seed)
        self._checks = RoadsideChecks(city, fleet, seed)
        self._weather = WeatherStations(city, seed)
        self._boxes: dict[str, Outbox] = {}
        for source, key in keys.items():
            kind, _, name = source.partition(":")
            if kind == "gat1400":
                self._boxes[source] = Outbox(source, host, port, Camera(name, key))
            elif kind == "weigh":
                device = Poster("/intake/weighings", key)
                self._boxes[source] = Outbox(source, host, port, device)
            elif kind == "check":
                device = Poster("/intake/roadside-checks", key)
                self._boxes[source] = Outbox(source, host, port, device)
            elif kind == "weather":
                device = Poster("/intake/weather-readings", key)
                self._boxes[source] = Outbox(source, host, port, device)
        self._weather_boxes = [name for name in self._boxes if name.startswith("weather:")][:1]
        self.counts = dict.fromkeys(
            ("passages", "weighings", "roadside_checks", "weather_readings"), 0
        )

    def feed(self, motion: Motion) -> None:
        """Queue what the devices saw in a span."""
        for device, passage in self._checkpoints.feed(motion):
            self._add(f"gat1400:{device}", passage, "passages")
        for station, weighing in self._stations.feed(motion):
            self._add(f"weigh:{station}", weighing, "weighings")
        for post, check in self._checks.feed(motion):
            self._add(f"check:{post}", check, "roadside_checks")
        for reading in self._weather.feed(motion.start_s + motion.seconds):
            for name in self._weather_boxes:
                self._add(name, reading, "weather_readings")

    async def run(self) -> None:
        """Send until cancelled."""
        threads = ThreadPoolExecutor(4, thread_name_prefix="devices")
        boxes = self._boxes.values()
        tasks = [asyncio.create_task(_keep_sending(box, threads)) for box in boxes]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)
            for box in boxes:
                box.close()

    def figures(self) -> dict[str, object]:
        """Counters for the heartbeat."""
        boxes = self._boxes.values()
        return {
            **self.counts,
            "devices": len(boxes),
            "delivered": sum(box.sent for box in boxes),
            "waiting": sum(len(box) for box in boxes),
            "failures": sum(box.failures for box in boxes),
            "dropped": sum(box.dropped for box in boxes),
        }

    def _add(self, source: str, record: dict[str, Any], topic: str) -> None:
        box = self._boxes.get(source)
        if box is not None:
            box.add(record)
            self.counts[topic] += 1


async def _keep_sending(box: Outbox, threads: ThreadPoolExecutor) -> None:
    loop = asyncio.get_running_loop()
    pause_s, alive = RETRY_S, -ALIVE_S
    while True:
        idle = time.monotonic() - alive >= ALIVE_S
        if not len(box) and not idle:
            await asyncio.sleep(LOOK_S)
            continue
        done = await loop.run_in_executor(threads, box.work, idle)
        if done:
            alive, pause_s = time.monotonic(), RETRY_S
            continue
        if pause_s == RETRY_S:
            log.warning("%s cannot send; trying again", box.name)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_RETRY_S)


def load_keys(path: Path) -> dict[str, str]:
    """Keys of the devices by source; none without the file."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
