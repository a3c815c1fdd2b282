"""Following what tells of places: stations, weather services, platforms, forecasts.

Each source's position is a row committed with the effects, and facts carry content ids, so that a
restart neither forgets nor repeats.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core.levels import WarningLevel
from sizao.core.schemas import ASSESSMENT
from sizao.log.interface import LogReader
from sizao.warn.correlate import Item, chained
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot
from sizao.warn.sources import forecasts, notices, platforms, readings
from sizao.warn.table import find
from sizao.web.basis import record as basis
from sizao.web.clock import feed_now
from sizao.web.desk.models import Cursor
from sizao.web.places import forecast_files
from sizao.web.places.grading import deliver_fact
from sizao.web.places.models import Fact, Rain
from sizao.web.ports import Ports
from sizao.web.reports.place import Place, place_of
from sizao.web.tables.books import edition
from sizao.web.writing import write

log = logging.getLogger("sizao.places")

ROWS = 500
STATION_M = 400.0
"""A weather station stands beside the road it speaks of: on the verge, a bridge, a service area."""
RAIN_KEPT = timedelta(hours=13)
KEPT = timedelta(days=35)

Known = tuple[Facts, str]
"""A fact and how its place is called."""
Told = tuple[Facts, str, str, datetime]
"""The same with source and receive time."""


def follow(ports: Ports) -> int:
    """Take over what came since the last time. Returns rows."""
    rows = follow_forecasts(ports)
    intake = ports.evidence.get("intake")
    if intake is not None:
        rows += _each(intake, "weather_notices", _notice)
        rows += _each(intake, "weather_readings", _reading)
    rows += _each(ports.results, "platform_messages", _platform)
    return rows


def _each(
    log: LogReader, topic: str, take: Callable[[dict[str, Any], datetime], Iterable[Known]]
) -> int:
    key = f"places:{topic}"
    at = Cursor.objects.filter(pk=key).values_list("seq", flat=True).first() or 0
    rows = 0
    for segment in log.read(topic, at, ROWS):
        with write():
            told = []
            for row in segment.batch.to_pylist():
                rows += 1
                source = row.get("source") or row.get("link") or ""
                told += [(*known, source, row["received"]) for known in take(row, row["received"])]
            for facts, place, source, received in in_order(told):
                deliver_fact(facts, feed_now(), source=source, place=place, received=received)
            Cursor.objects.update_or_create(pk=key, defaults={"seq": segment.seq})
    return rows


def in_order(told: list[Told]) -> list[Told]:
    """What came together, so that each joins what it is near: see ``correlate.chained``."""
    if len(told) < 2:
        return told
    by_id: dict[str, Told] = {}
    items = []
    for number, one in enumerate(told):
        facts = one[0]
        table = edition("places", facts.local.date()).table()
        decision = find(facts, table)
        by_id[f"{number}"] = one
        items.append(
            Item(
                f"{number}", facts.rule, decision.level if decision else WarningLevel.BLUE,
                facts.start_s, facts.end_s,
                Spot(facts.lat, facts.lon, facts.road, facts.stake_m, facts.area),
                decision.merge_s if decision else 0.0, decision.gather_m if decision else 0.0,
            )
        )  # fmt: skip
    return [by_id[item.id] for item in chained(items)]


def _reading(row: dict[str, Any], received: datetime) -> Iterator[Known]:
    rain = row["rain_mm_h"]
    earlier: list[readings.Rain] = []
    if rain is not None and rain > 0:
        since = row["time"] - timedelta(hours=max(readings.HOURS))
        kept = Rain.objects.filter(station=row["station"], at__gt=since, at__lt=row["time"])
        earlier = [(at.timestamp(), mm_h) for at, mm_h in kept.values_list("at", "mm_h")]
    if rain is not None:
        Rain.objects.get_or_create(
            station=row["station"], at=row["time"], defaults={"mm_h": float(rain)}
        )
    beside = _beside(row["lat"], row["lon"])
    spot = Spot(row["lat"], row["lon"], beside.road, beside.stake_m, beside.area)
    graded = set()
    for facts in readings.facts_of(row, earlier, spot, beside.road_class):
        if find(facts, edition("places", facts.local.date()).table()) is not None:
            graded.add(facts.rule)
        yield facts, beside.words
    for kind in readings.told_of(row) - graded:
        basis.recovered(row, kind)


@lru_cache(maxsize=4096)
def _beside(lat: float | None, lon: float | None) -> Place:
    return place_of(lat, lon, STATION_M)


def _notice(row: dict[str, Any], received: datetime) -> Iterator[Known]:
    replaced = notices.replaced(row)
    if notices.is_cancellation(row):
        said = row["headline"] or row["text"] or ""
        basis.cancelled(replaced, notice=row["notice"], said=said[:200], known=received)
    facts = notices.facts_of(row, feed_now())
    if facts is not None:
        if replaced:
            decision = find(facts, edition("places", facts.local.date()).table())
            basis.lowered(replaced, facts, decision.level.value if decision else 0, received)
        yield facts, (row["area_name"] or "")[:96]


def _platform(row: dict[str, Any], received: datetime) -> Iterator[Known]:
    facts = platforms.facts_of(row)
    if facts is not None:
        yield facts, ""


def follow_forecasts(ports: Ports) -> int:
    """Read forecasts that ``sizao forecast --data`` left since; one file is one transaction."""
    rows = 0
    for path in sorted(ports.data.forecasts.glob("*.parquet")):
        key = forecast_files.key_of(path)
        if not Cursor.objects.filter(pk=key).exists():
            rows += _forecast(path, key)
    return rows


def _forecast(path: Path, key: str) -> int:
    now = feed_now()
    try:
        found = pq.read_table(path).cast(ASSESSMENT).to_pylist()
    except (OSError, ValueError, pa.ArrowInvalid) as error:
        # It stays where it is for a person to look at, and is not tried each half second.
        log.error("forecast %s cannot be read: %s", path, error)
        found = []
    with write():
        for row in found:
            facts = forecasts.facts_of(row, now)
            if facts is not None:
                beside = _beside(row["lat"], row["lon"])
                located = facts.located(beside.road, beside.road_class, beside.stake_m, beside.area)
                deliver_fact(
                    located, now, source=row["source"] or "", place=beside.words or facts.road
                )
        Cursor.objects.create(pk=key, seq=len(found))
    return len(found)


def prune(now: datetime) -> int:
    """Forget facts that no replay reads any more, and forecasts that nothing rests on. Returns how
    many facts."""
    forecast_files.prune(now)
    with write():
        Rain.objects.filter(at__lt=now - RAIN_KEPT).delete()
        old = Fact.objects.filter(received__lt=now - KEPT, at__lt=now - KEPT)
        return int(old.delete()[0])
