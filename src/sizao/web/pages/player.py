"""What the player is given: whose tracks, over which span, with which detections marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from sizao.web.detections.queries import Row, select
from sizao.web.fleet.access import Sight
from sizao.web.fleet.grants import Grant, track_url
from sizao.web.measures.exports import limit_features
from sizao.web.pages import words
from sizao.web.units.models import User

GAP_S = 180
"""A longer silence is a gap: the line breaks and the vehicle stands where it was last seen."""


def player(
    user: User,
    grants: Sequence[tuple[Grant, str]],
    start: datetime,
    end: datetime,
    marks: Iterable[Row] = (),
    *,
    at: datetime | None = None,
    ring: list[tuple[float, float]] | None = None,
    fence: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """JSON for ``data-playback``.

    grants : each with the label that the vehicle has on the map
    marks : detections to mark on the time line, rows of schema DETECTION
    at : where to begin, by default at ``start``
    ring : a polygon to draw, corners as (lon, lat)
    fence : polygon geometry (GeoJSON) of the fence that was judged by
    """
    return {
        "from": start.timestamp(),
        "to": end.timestamp(),
        "at": (at or start).timestamp(),
        "gap": GAP_S,
        "tracks": [
            {"id": grant.vehicle, "label": label, "url": track_url(user, grant)}
            for grant, label in grants
        ],
        "marks": [
            {
                "id": row["vehicle"],
                "from": row["start"].timestamp(),
                "to": row["end"].timestamp(),
                "label": words.kind_word(row["rule"]),
                "url": reverse("detection", args=[row["id"]]),
            }
            for row in marks
        ],
        "ring": ring or [],
        "fence": fence,
        "limits": limit_features(start, end),
    }


def marks_of(user: User, vehicle: str, start: datetime, end: datetime) -> list[Row]:
    """Detections of a vehicle that touch a span, of those the user sees."""
    found = select(user, Sight(user), vehicle=vehicle)
    return [row for row in found if row["start"] < end and row["end"] >= start]
