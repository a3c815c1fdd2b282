"""Where an installation keeps what. One folder, one writer process a file.

clock.json        feed clock (absent: the wall clock)
network.npz       road network
register.parquet  vehicle register (schema REGISTER)
fences.geojson    electronic fences that rules go by (``roads/fences.py``)
feeds.sqlite      log written by the gateway: positions, driver_cards, device_alarms, evidence,
                  platform_messages, quarantine, command_results
*.sqlite.volumes/ large segments of the log of that name, and the pipeline's checkpoint; belongs
                  to it like its -wal
intake.sqlite     log written by the intake process: passages, weighings,
                  roadside_checks, weather, evidence,
                  quarantine
drop/FEED/        files that senders leave: FEED is weighings, roadside-checks,
                  weather-readings or cap
evidence/         photos, clips, documents by their SHA-256 (``log/evidence.py``)
evidence/deleted/ what went, when and why (``log/deletions.py``)
evidence/.thumbs/ small copies of pictures, made again when missing
trials/N.parquet  episodes of trials of rules, kept for 30 days (``web/rules/trials.py``)
rules.yaml        parameters of rules that differ, made by the web process from accepted changes
temporary-limits.geojson  limits put up by control measures (``roads/temporary_limits.py``)
routes/DAY.yaml   who is told of a warning, from that day on (``respond/routing.py``); optional
channels.yaml     channels that leave the house and their secrets, mode 0600 (``web/channels``)
roadside.yaml     where checkpoints and weigh stations stand (``log/roadside.py``)
hot-list.yaml     plates looked for (the same), made by the web process from approved entries
sources.yaml      registry of sources, written by people (``core/sources_file.py``)
cap-lists.yaml    lists of weather warnings to fetch, written by people (``runtime/intake``)
cap-lists.json    what was fetched of them
source-access.json  salted hashes of keys, sources switched off (``core/source_access.py``)
links.yaml        JT/T 809 platforms above and below (``runtime/platforms/config.py``)
links/LINK.json   how far the upper platform of a link has confirmed our positions
gat1400.yaml      GA/T 1400 platforms above and below (``runtime/intake/gat1400/config.py``)
gat1400-subscriptions.json  what platforms subscribed to, and how far each of them is
secrets.yaml      secrets shared with platforms and devices, mode 0600
spool/            media and evidence files that are not whole yet; empty to look at, its files
                  have no names
archive/          positions for half a year, Parquet by day (``log/archive``)
detect.sqlite     log written by the pipeline: detections, and which checkpoint counts
in-force/         copies of the files that the pipeline judges by (``runtime/in_force.py``)
commands.sqlite   log written by the web process: commands, platform_orders, reports
desk.sqlite       Django database, written by the web process
forecasts/*.parquet  worst spans of the risk forecasts, by the web process and
                  `sizao forecast --data`; read by the desk
ahead/NUMBER/     results of a forecast of the next days (``web/forecast/files.py``)
exposure/NUMBER/  the fleet's flow by road and hour (``web/exposure/services.py``)
assessments/RUN/  results of an assessment of places (``web/risk/files.py``)
calendar.yaml     market days, school terms and further holidays (``risk/day_calendar.py``)
weather-outlook.csv  the weather service's hourly outlook, put here by whoever fetches it
                  (``risk/weather_hours.py``); optional
fonts/            an office's own fonts for the monthly report (optional)
live.arrow        live board, replaced by the pipeline each second (schema LIVE)
truth.jsonl       what the simulated city really did (demonstrations only)
sim.json          when the simulated city began, so that a restart goes on with the same one
sim-keys.json     keys of the simulated roadside devices, mode 0600 (demonstrations only)
status/PART.json  a heartbeat each second of gateway, intake, pipeline, archive, web, sim
logs/PART.log     what each part printed
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sizao.core.errors import ConfigError


@dataclass(frozen=True)
class DataDir:
    """Paths of one installation."""

    root: Path

    @property
    def clock(self) -> Path:
        return self.root / "clock.json"

    @property
    def network(self) -> Path:
        return self.root / "network.npz"

    @property
    def register(self) -> Path:
        return self.root / "register.parquet"

    @property
    def temporary_limits(self) -> Path:
        return self.root / "temporary-limits.geojson"

    @property
    def fences(self) -> Path:
        return self.root / "fences.geojson"

    @property
    def feeds_log(self) -> Path:
        return self.root / "feeds.sqlite"

    @property
    def intake_log(self) -> Path:
        return self.root / "intake.sqlite"

    @property
    def rules(self) -> Path:
        return self.root / "rules.yaml"

    @property
    def trials(self) -> Path:
        return self.root / "trials"

    @property
    def routes(self) -> Path:
        return self.root / "routes"

    @property
    def channels(self) -> Path:
        return self.root / "channels.yaml"

    @property
    def roadside(self) -> Path:
        return self.root / "roadside.yaml"

    @property
    def hot_list(self) -> Path:
        return self.root / "hot-list.yaml"

    @property
    def sources(self) -> Path:
        return self.root / "sources.yaml"

    @property
    def source_access(self) -> Path:
        return self.root / "source-access.json"

    @property
    def forecasts(self) -> Path:
        return self.root / "forecasts"

    @property
    def calendar(self) -> Path:
        return self.root / "calendar.yaml"

    @property
    def outlook(self) -> Path:
        return self.root / "weather-outlook.csv"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.yaml"

    @property
    def drop(self) -> Path:
        return self.root / "drop"

    @property
    def evidence(self) -> Path:
        return self.root / "evidence"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def links(self) -> Path:
        return self.root / "links.yaml"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def detect_log(self) -> Path:
        return self.root / "detect.sqlite"

    @property
    def in_force(self) -> Path:
        return self.root / "in-force"

    @property
    def commands_log(self) -> Path:
        return self.root / "commands.sqlite"

    @property
    def database(self) -> Path:
        return self.root / "desk.sqlite"

    @property
    def live(self) -> Path:
        return self.root / "live.arrow"

    @property
    def truth(self) -> Path:
        return self.root / "truth.jsonl"

    @property
    def sim(self) -> Path:
        return self.root / "sim.json"

    def status(self, part: str) -> Path:
        return self.root / "status" / f"{part}.json"

    def log_file(self, part: str) -> Path:
        return self.root / "logs" / f"{part}.log"

    def create(self) -> DataDir:
        """Make the folders. Raises ConfigError where that cannot be done."""
        try:
            for folder in (self.root, self.root / "status", self.root / "logs"):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"data folder {self.root}: {error.strerror}") from error
        return self


def publish(path: Path, data: bytes) -> None:
    """Write a whole file so that a reader sees the old one or the new one, never half: for what is
    written anew each second, and may be gone after a power cut (``core.durable`` outlives one)."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


COMPILING = "pipeline-compiling"
"""Heartbeat while the pipeline's loops are compiled: ``done`` and ``of``. It goes when they are."""


def write_status(data: DataDir, part: str, *, at_s: float, counters: dict[str, Any]) -> None:
    """Publish a part's heartbeat: wall seconds since the epoch, pid, its counters."""
    record = {"part": part, "at_s": at_s, "pid": os.getpid(), "counters": counters}
    publish(data.status(part), json.dumps(record).encode())


def read_status(data: DataDir, part: str) -> dict[str, Any] | None:
    """The last heartbeat of a part, or None if it never ran."""
    try:
        record: dict[str, Any] = json.loads(data.status(part).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return record
