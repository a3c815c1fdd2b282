"""Following weather and flow: hours of stations and checkpoints, notices, and whether it is news.

Positions in the logs are rows committed with what was read, so a restart counts nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow.compute as pc
from django.utils import timezone

from sizao.core.clock import SHANGHAI
from sizao.log import roadside
from sizao.log.interface import LogReader, Segment
from sizao.risk import flow_facts, traffic, weather_known
from sizao.risk.weather_known import Station
from sizao.web.desk.models import Cursor
from sizao.web.forecast.models import News, Notice, PassageHour, StationHour
from sizao.web.ports import Ports
from sizao.web.reports.place import place_of
from sizao.web.writing import write

ROWS = 20_000
"""Rows of a topic read at a time; a round takes no more, so that a backlog disturbs nobody."""

WEATHER_KEPT = timedelta(days=3 * 366)
"""Hours of stations: the years of an assessment, from which their effect is learned."""

FLOW_KEPT = timedelta(days=60)


def follow(ports: Ports, now: datetime) -> int:
    """Take over what came since the last time. Returns rows."""
    intake = ports.evidence.get("intake")
    if intake is None:
        return 0
    rows = _each(intake, "weather_readings", _readings, now)
    rows += _each(intake, "weather_notices", _notices, now)
    rows += _each(intake, "passages", _passages, now)
    return rows


def _each(log: LogReader, topic: str, take: Any, now: datetime) -> int:
    key = f"forecast:{topic}"
    at = Cursor.objects.filter(pk=key).values_list("seq", flat=True).first() or 0
    rows = 0
    for segment in log.read(topic, at, ROWS):
        with write():
            take(segment, now)
            Cursor.objects.update_or_create(pk=key, defaults={"seq": segment.seq})
        rows += len(segment.batch)
    return rows


def told(topic: str, now: datetime) -> None:
    """Note that something changed which a forecast should take in."""
    News.objects.update_or_create(pk=topic, defaults={"at": now})


def _readings(segment: Segment, now: datetime) -> None:
    changed = False
    for row in segment.batch.to_pylist():
        code = weather_known.class_of(row)
        if code < 0 or row["lat"] is None or row["lon"] is None:
            continue
        hour = weather_known.hour_of(row["time"])
        station = row["station"][:64]
        kept, new = StationHour.objects.get_or_create(
            station=station, hour=hour,
            defaults={"kind": code, "lat": row["lat"], "lon": row["lon"]},
        )  # fmt: skip
        if not new and code > kept.kind:
            kept.kind = code
            kept.save(update_fields=["kind"])
            changed = True
        elif new:
            before = StationHour.objects.filter(station=station, hour=hour - 1).first()
            changed |= before is None or before.kind != code
    if changed:
        told("weather", now)


def _notices(segment: Segment, now: datetime) -> None:
    for row in segment.batch.to_pylist():
        gone = [one for one in (row["refers_to"] or "").split(",") if one]
        if row["action"] == "cancel":
            gone.append(row["notice"])
        dropped, _ = Notice.objects.filter(pk__in=[one[:160] for one in gone]).delete()
        until = row["until"] or row["time"] + timedelta(hours=weather_known.NOTICE_H)
        holds = row["action"] != "cancel" and row["status"] == "actual" and until > now
        if holds:
            Notice.objects.update_or_create(
                pk=row["notice"][:160], defaults={"until": until, "row": _plain(row)}
            )
        if holds or dropped:
            told("weather", now)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("kind", "level", "status", "action", "area", "polygon", "time", "until")
    return {
        name: row[name].isoformat() if isinstance(row[name], datetime) else row[name]
        for name in names
    }


def _passages(segment: Segment, now: datetime) -> None:
    local = pc.cast(segment.batch["time"], "int64").to_numpy() + _offset_us(now)
    pairs = Counter(
        zip(
            segment.batch["checkpoint"].to_pylist(),
            (local // 3_600_000_000).tolist(),
            strict=True,
        )
    )
    last = weather_known.hour_of(now)
    for (checkpoint, hour), number in pairs.items():
        if hour > last:
            continue  # a clock that is ahead says nothing about now
        kept, _ = PassageHour.objects.get_or_create(
            checkpoint=checkpoint[:64], hour=hour, defaults={"number": 0}
        )
        kept.number += number
        kept.save(update_fields=["number"])


def _offset_us(now: datetime) -> int:
    offset = now.astimezone(SHANGHAI).utcoffset()
    assert offset is not None
    return int(offset / timedelta(microseconds=1))


def watch_flow(now: datetime) -> bool:
    """Whether the last whole hour had unusual flow anywhere; it is news once an hour."""
    hour = weather_known.hour_of(now) - 1
    seen = News.objects.filter(pk="flow").first()
    if seen is not None and weather_known.hour_of(seen.at) > hour:
        return False
    unusual = [
        name
        for name, counts in flows(hour).items()
        if (value := flow_facts.ratio(counts, hour)) is not None
        and not 1 / flow_facts.UNUSUAL < value < flow_facts.UNUSUAL
    ]
    if not unusual:
        return False
    with write():
        told("flow", now)
    return True


def flows(hour: int) -> dict[str, dict[int, int]]:
    """Passages of each checkpoint by hour, up to and with ``hour``."""
    found: dict[str, dict[int, int]] = {}
    rows = PassageHour.objects.filter(
        hour__gt=hour - 24 * (flow_facts.DAYS + 1), hour__lte=hour
    ).values_list("checkpoint", "hour", "number")
    for checkpoint, at, number in rows.iterator(chunk_size=5000):
        found.setdefault(checkpoint, {})[at] = number
    return found


def per_day(ports: Ports, now: datetime) -> dict[str, tuple[float, float, float]]:
    """Place and vehicles a day of the checkpoints that have enough whole days.

    Raises ConfigError while ``roadside.yaml`` is wrong.
    """
    places = checkpoints(ports)
    hours = flows(weather_known.hour_of(now))
    known = {name: traffic.daily(counts) for name, counts in hours.items() if name in places}
    return {name: (*places[name], value) for name, value in known.items() if value is not None}


def checkpoints(ports: Ports) -> dict[str, tuple[float, float]]:
    """Where checkpoints stand. Raises ConfigError while ``roadside.yaml`` is wrong."""
    return {
        name: (float(place["lat"]), float(place["lon"]))
        for name, place in roadside.places(ports.data.roadside).items()
    }


def stations() -> list[Station]:
    """Stations that reported in the last month or ever, with their division."""
    newest: dict[str, tuple[int, float, float]] = {}
    for name, hour, lat, lon in StationHour.objects.values_list("station", "hour", "lat", "lon"):
        if name not in newest or hour > newest[name][0]:
            newest[name] = (hour, lat, lon)
    return [
        Station(name, lat, lon, place_of(lat, lon).area)
        for name, (_, lat, lon) in sorted(newest.items())
    ]


def measured() -> dict[tuple[str, int], int]:
    """Class of the weather by station and hour."""
    rows = StationHour.objects.values_list("station", "hour", "kind")
    return {(station, hour): kind for station, hour, kind in rows.iterator(chunk_size=5000)}


def notices(now: datetime) -> list[dict[str, Any]]:
    """Notices in force or ahead."""
    return [_timed(one.row) for one in Notice.objects.filter(until__gt=now).order_by("pk")]


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        **{name: datetime.fromisoformat(row[name]) for name in ("time", "until") if row[name]},
    }


def news(topics: Iterable[str] = ("weather", "flow")) -> datetime | None:
    """When weather or flow last changed."""
    found = News.objects.filter(pk__in=topics).order_by("-at").first()
    return found.at if found else None


def prune(now: datetime) -> None:
    """Forget hours that nothing reads any more."""
    present = weather_known.hour_of(timezone.localtime(now))
    with write():
        StationHour.objects.filter(hour__lt=present - WEATHER_KEPT // timedelta(hours=1)).delete()
        PassageHour.objects.filter(hour__lt=present - FLOW_KEPT // timedelta(hours=1)).delete()
        Notice.objects.filter(until__lt=now).delete()
