"""Measures as GeoJSON: for our own map, and as a WZDx feed for others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from sizao.respond.measure_kinds import KINDS
from sizao.respond.wzdx import Published, feed
from sizao.web.measures import limits, words
from sizao.web.measures.models import ControlMeasure
from sizao.web.units.models import Unit


def map_features(measures: QuerySet[ControlMeasure], now: datetime) -> dict[str, Any]:
    """For the map: a feature a measure, bright if somebody has to do something."""
    shown = [(one, one.standing.shown(now.timestamp())) for one in measures]
    return _collection(
        _feature(one, words.needs_a_person(state), kind=one.kind, place=one.place, state=state)
        for one, state in shown
    )


def limit_features(start: datetime, end: datetime) -> dict[str, Any]:
    """The temporary limits that stood within a span, for a map of that time."""
    return _collection(_feature(one, False) for one in limits.measures_of(start, end))


def _feature(one: ControlMeasure, bright: bool, **more: str) -> dict[str, Any]:
    told = {"id": one.pk, "word": words.kind_word(one.kind), "effect": words.effect(one)}
    return {
        "type": "Feature",
        "id": one.pk,
        "geometry": one.geometry,
        "properties": {**told, **more, "bright": bright},
    }


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Without those that have no place."""
    return {"type": "FeatureCollection", "features": [one for one in features if one["geometry"]]}


def wzdx(now: datetime) -> dict[str, Any]:
    """The feed of what stands, or stands soon and is approved."""
    root = Unit.objects.filter(parent=None).first()
    measures = (
        ControlMeasure.objects.open().exclude(approval="waiting", begun_at=None).order_by("pk")
    )
    return feed(
        (_published(one, now) for one in measures),
        publisher=root.name_zh if root is not None else "Sizao",
    )


def _published(one: ControlMeasure, now: datetime) -> Published:
    geometry = one.plan.get("geometry") or one.geometry
    lines = geometry.get("coordinates", ()) if geometry.get("type") == "MultiLineString" else ()
    overdue = one.until_at < now and one.deadline is not None
    lanes = tuple(int(lane) for lane in one.lanes.split(",") if lane.strip())
    return Published(
        number=one.number,
        kind=one.kind,
        road=one.road,
        name=one.place,
        description=f"{KINDS[one.kind].zh} {one.reason}".strip(),
        lines=lines,
        start=one.begun_at or one.from_at,
        # What nobody lifted goes on: an end in the past would make readers drop it.
        end=one.deadline if overdue else one.until_at,
        begun=one.begun_at is not None,
        created=one.ordered_at,
        changed=one.changed_at,
        lanes=lanes,
        limit_kmh=one.limit_kmh,
        stake_from_m=one.stake_from_m,
        stake_to_m=one.stake_to_m,
    )
