"""A passage as a detection's page shows it: who was seen, by which camera, how sure it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from sizao.core.colours import body_colour
from sizao.core.errors import ConfigError
from sizao.core.places import stake
from sizao.log.roadside import places
from sizao.web.detections.passages import Row
from sizao.web.fleet.services import mask_plate
from sizao.web.pages.words import pick
from sizao.web.ports import ports

_COLOURS_EN = {
    "黑": "black",
    "白": "white",
    "灰": "grey",
    "红": "red",
    "蓝": "blue",
    "黄": "yellow",
    "橙": "orange",
    "棕": "brown",
    "绿": "green",
    "紫": "violet",
    "青": "cyan",
    "粉": "pink",
}


@dataclass(frozen=True)
class Passed:
    """One passage, in words."""

    name: str
    at: datetime
    where: str
    plate: str
    plate_colour: int | None
    seen: str
    """What the camera tells of vehicle and lane, joined."""
    images: list[str]


def passed(rows: list[Row], *, whole: bool) -> list[Passed]:
    """``whole``: with whole plates and pictures."""
    try:
        known = places(ports().data.roadside) if rows else {}
    except ConfigError:
        known = {}  # somebody is at it; the page of sources says so
    return [_passed(row, known.get(row["checkpoint"], {}), whole) for row in rows]


def _passed(row: Row, place: Row, whole: bool) -> Passed:
    plate = row["plate"] or ""
    where = stake(place.get("road"), place.get("stake_m"))
    return Passed(
        row["passage"],
        row["time"],
        " · ".join(filter(None, (where, row["checkpoint"]))),
        plate if whole else mask_plate(plate),
        row["plate_colour"],
        " · ".join(_seen(row)),
        list(row["images"] or ()) if whole else [],
    )


def _seen(row: Row) -> list[str]:
    said = []
    if row["plate_reliability"] is not None:
        said.append(_("号牌可信度 %(n)s%%") % {"n": f"{row['plate_reliability']:g}"})
    if colour := body_colour(row["vehicle_colour"]):
        said.append(pick(f"车身{colour}色", f"body {_COLOURS_EN[colour]}"))
    if row["vehicle_class"]:
        said.append(_("车型 %(code)s") % {"code": row["vehicle_class"]})
    if row["speed_kmh"] is not None:
        said.append(f"{row['speed_kmh']:.0f} km/h")
    if row["lane"] is not None:
        said.append(_("车道 %(n)s") % {"n": row["lane"]})
    return said
