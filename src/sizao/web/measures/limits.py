"""``temporary-limits.geojson``: what detection reads of the measures that limit speed.

The database is the one truth. A change marks the file stale in its own transaction; the file is
replaced after the commit, at once by who changed something and else by the desk's next round
(as ``register.parquet`` is). A kill between the two leaves an old file and a mark.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F, Q, QuerySet

from sizao.core import durable
from sizao.roads.sections import Piece
from sizao.roads.temporary_limits import NAME, TemporaryLimit, encode
from sizao.web.clock import feed_now
from sizao.web.measures.models import ControlMeasure, Publication
from sizao.web.ports import installed, ports
from sizao.web.writing import write

KEPT = timedelta(days=2)
"""How long a lifted limit stays in the file, for records that come late."""

_ONE = 1


def path() -> Path:
    """The file of this installation."""
    return (ports().data if installed() else settings.DATA).root / NAME


def changed(measure: ControlMeasure) -> None:
    """Call inside the transaction of a change: marks the file stale if it limits speed."""
    if measure.limit_kmh is None:
        return
    Publication.objects.get_or_create(pk=_ONE)
    Publication.objects.filter(pk=_ONE).update(wanted=F("wanted") + 1)


def publish_if_stale() -> bool:
    """Replace the file if something changed since. Call outside a transaction."""
    row = Publication.objects.filter(pk=_ONE).first()
    if row is None or row.done >= row.wanted:
        return False
    durable.replace(path(), encode(standing()))
    with write():
        Publication.objects.filter(pk=_ONE, done__lt=row.wanted).update(done=row.wanted)
    return True


def standing() -> list[TemporaryLimit]:
    """Limits that stand, or were lifted within KEPT, oldest first."""
    recent = Q(ended_at=None) | Q(ended_at__gte=feed_now() - KEPT)
    return [_limit(one) for one in _begun().filter(recent)]


def stood(start: datetime, end: datetime) -> list[TemporaryLimit]:
    """Limits that stood at some moment of a span, however long ago, oldest first."""
    return [_limit(one) for one in measures_of(start, end)]


def measures_of(start: datetime, end: datetime) -> QuerySet[ControlMeasure]:
    """The measures themselves."""
    return _begun().filter(Q(ended_at=None) | Q(ended_at__gt=start), begun_at__lt=end)


def _begun() -> QuerySet[ControlMeasure]:
    return ControlMeasure.objects.filter(
        begun_at__isnull=False, limit_kmh__isnull=False
    ).order_by("begun_at", "pk")  # fmt: skip


def _limit(one: ControlMeasure) -> TemporaryLimit:
    return TemporaryLimit(
        id=one.number,
        limit_kmh=one.limit_kmh,
        from_us=int(one.begun_at.timestamp() * 1e6),
        until_us=None if one.ended_at is None else int(one.ended_at.timestamp() * 1e6),
        road=one.road,
        direction=one.direction,
        stake_from_m=one.stake_from_m,
        stake_to_m=one.stake_to_m,
        network=one.network,
        pieces=tuple(Piece(*piece) for piece in one.segments),
        lines=tuple([tuple(at) for at in line] for line in one.geometry.get("coordinates", ()))
        if one.geometry.get("type") == "MultiLineString"
        else (),
    )
