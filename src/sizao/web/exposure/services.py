"""A sum from the occasion to its file. One a night; on a young archive each hour.

``exposure/NUMBER/`` in the data folder has ``job.json``, ``fleet.parquet`` (rows of
``risk.fleet_hours.SCHEMA``) and ``result.json``. The newest two are kept.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from sizao.core.errors import SaidError, SizaoError
from sizao.log.datadir import DataDir
from sizao.log.interface import LogReader
from sizao.risk.fleet_hours import ALL_DAY
from sizao.risk.schedule import in_force, night_of
from sizao.web import audit
from sizao.web.child import run_child
from sizao.web.clock import feed_now
from sizao.web.exposure.models import FleetSum
from sizao.web.ports import installed, ports
from sizao.web.refusals import kept
from sizao.web.writing import write

log = logging.getLogger("sizao.exposure")

YOUNG_DAYS = 2
"""Days of record under which a sum is renewed each hour: a new installation sees it grow."""
KEPT = 2
RULE = "fatigue"

Runner = Callable[[Path], object]


def data() -> DataDir:
    """The installation's folder, also in a command that is not wired."""
    return ports().data if installed() else settings.DATA


def root() -> Path:
    return data().root / "exposure"


def folder(found: FleetSum) -> Path:
    return root() / str(found.pk)


def newest() -> FleetSum | None:
    """The newest sum that was finished."""
    return FleetSum.objects.filter(state=FleetSum.State.DONE).first()


def due(now: datetime) -> str | None:
    """The occasion that has no sum yet, or whose sum failed and may be tried again."""
    if not (data().archive / "manifest.json").exists() or not data().network.exists():
        return None
    plan = in_force(timezone.localtime(now).date())
    slot = f"night:{night_of(plan.fleet_at, timezone.localtime(now)):%Y-%m-%d}"
    last = newest()
    if FleetSum.objects.filter(slot=slot, state=FleetSum.State.DONE).exists():
        if last is None or last.summary.get("days", 0) >= YOUNG_DAYS:
            return None
        slot = f"hour:{timezone.localtime(now):%Y-%m-%dT%H}"
    tried = FleetSum.objects.filter(slot=slot).first()
    if tried is None:
        return slot
    if tried.state == FleetSum.State.DONE or tried.tries >= plan.tries:
        return None
    return slot if now - (tried.tried_at or tried.made) >= plan.retry else None


def open_sum(slot: str, days: int | None = None) -> FleetSum:
    """The row of an occasion; a repeat goes on with the same one."""
    now = feed_now()
    plan = in_force(timezone.localtime(now).date())
    try:
        with write():
            return FleetSum.objects.create(
                slot=slot, state=FleetSum.State.WORKING, made=now, days=days or plan.fleet_days
            )
    except IntegrityError:
        return FleetSum.objects.get(slot=slot)


def run(number: int, runner: Runner | None = None, detections: LogReader | None = None) -> FleetSum:
    """Make a sum that was opened. Raises nothing that belongs to it: its row says what was.

    detections : where episodes of fatigue are read, by default the wired log
    """
    found = FleetSum.objects.get(pk=number)
    _note(found, state=FleetSum.State.WORKING, tries=found.tries + 1, tried_at=feed_now(), error="")
    place = folder(found)
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, mode=0o700)
        _gather(found, place, detections or ports().detections)
        (runner or _in_child)(place)
        summary = json.loads((place / "result.json").read_text("utf-8"))
    except (SizaoError, OSError) as error:
        return give_up(found, kept(error))
    with write():
        found.state, found.summary = FleetSum.State.DONE, summary
        found.save()
        audit.record(None, "fleet_sum", "fleet_sum", found.pk, summary)
    _prune()
    return found


def give_up(found: FleetSum, why: str) -> FleetSum:
    """Note a failure."""
    log.error("fleet sum %s failed: %s", found.slot, why)
    shutil.rmtree(folder(found), ignore_errors=True)
    _note(found, state=FleetSum.State.FAILED, error=why[:500])
    return found


def _note(found: FleetSum, **values: Any) -> None:
    for name, value in values.items():
        setattr(found, name, value)
    with write():
        found.save(update_fields=list(values))


def _gather(found: FleetSum, place: Path, detections: LogReader) -> None:
    if not data().network.exists():
        raise SaidError("还没有路网，请先导入", "there is no road network yet: import one first")
    last = timezone.localtime(found.made)
    first = last - timedelta(days=found.days)
    job = {
        "network": str(data().network),
        "archive": str(data().archive),
        "first_day": first.date().isoformat(),
        "last_day": last.date().isoformat(),
        "first_s": int(first.timestamp()),
        "fatigue": _fatigue(detections, first),
    }
    (place / "job.json").write_text(json.dumps(job), "utf-8")


def _fatigue(log: LogReader, since: datetime) -> list[list[float]]:
    """Places of episodes of fatigue since, the newest word of each."""
    places: dict[str, list[float]] = {}
    after = 0
    while True:
        segments = log.read("detections", after, 50_000)
        if not segments:
            return list(places.values())
        for segment in segments:
            after = segment.seq
            batch = segment.batch
            chosen = pc.and_(pc.equal(batch["rule"], RULE), pc.greater_equal(batch["end"], since))
            for row in batch.filter(chosen).select(["id", "lat", "lon"]).to_pylist():
                if row["lat"] is not None and row["lon"] is not None:
                    places[row["id"]] = [row["lat"], row["lon"]]


def _in_child(place: Path) -> None:
    run_child("sizao.web.exposure.compute", place)


def _prune() -> None:
    done = FleetSum.objects.filter(state=FleetSum.State.DONE).values_list("pk", flat=True)
    kept = {str(number) for number in done[:KEPT]}
    for place in root().glob("[0-9]*"):
        if (
            place.name not in kept
            and not FleetSum.objects.filter(
                pk=int(place.name), state=FleetSum.State.WORKING
            ).exists()
        ):
            shutil.rmtree(place, ignore_errors=True)


def on_edge(edge: int, edges: int) -> dict[str, Any] | None:
    """What the newest sum says of an edge: ``all`` (None where it is withheld), ``hours``.

    edges : how many the asker's network has; a sum of another network says nothing
    """
    found = newest()
    path = folder(found) / "fleet.parquet" if found is not None else None
    if found is None or path is None or not path.exists() or found.summary["edges"] != edges:
        return None
    rows = pq.read_table(path, filters=[("edge", "=", edge)]).to_pylist()
    return {
        "sum": found,
        "all": next((row for row in rows if row["hour"] == ALL_DAY), None),
        "hours": {row["hour"]: row for row in rows if row["hour"] != ALL_DAY},
    }
