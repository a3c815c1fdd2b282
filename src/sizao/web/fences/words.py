"""What a fence says, in words, and what it looks like on a map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import shapely
import shapely.affinity
import shapely.geometry
from django.utils import timezone
from django.utils.translation import gettext as _

from sizao.roads.fences import KINDS, Fence
from sizao.web.pages.words import pick, vehicle_word

KINDS_EN = {
    "forbidden": "closed area",
    "limit": "area with a limit",
    "route": "set route",
    "downgrade": "long downgrade",
    "service": "where standing is in order",
    "blind": "where terminals fall silent",
}

_METRES = 111_195.0


def kind_word(kind: str) -> str:
    return pick(KINDS[kind], KINDS_EN[kind].capitalize())


def kinds() -> list[tuple[str, str]]:
    """Codes and words for a list of choices."""
    return [(kind, kind_word(kind)) for kind in KINDS]


def days() -> list[tuple[int, str]]:
    """Weekdays as the form shows them; Monday is 1."""
    names = [_("一"), _("二"), _("三"), _("四"), _("五"), _("六"), _("日")]
    return list(enumerate(names, 1))


def whom(fence: Fence) -> str:
    """Whom it concerns."""
    if fence.vehicles:
        return _("%(n)d 辆指定车辆") % {"n": len(fence.vehicles)}
    if not fence.vehicle_kinds:
        return _("全部车辆")
    return pick("、", ", ").join(vehicle_word(kind) for kind in fence.vehicle_kinds)


def when(feature: Mapping[str, Any]) -> list[str]:
    """When it holds, a line for each time and span; none is always."""
    given = feature["properties"]
    names = dict(days())
    lines = []
    for window in given.get("times") or ():
        chosen = sorted(window.get("days") or range(1, 8))
        if chosen == list(range(1, 8)):
            on = _("每天")
        elif chosen == list(range(1, 6)):
            on = _("周一至周五")
        else:
            on = pick("周", "") + pick("、", ", ").join(names[day] for day in chosen)
        over = _("次日") if window["to"] <= window["from"] else ""
        lines.append(f"{on} {window['from']}–{over}{window['to']}")
    for first, last in given.get("dates") or ():
        lines.append(_("限 %(first)s 至 %(last)s") % {"first": first, "last": last})
    for first, last in given.get("except_dates") or ():
        lines.append(_("不含 %(first)s 至 %(last)s") % {"first": first, "last": last})
    return lines


def valid(feature: Mapping[str, Any]) -> str:
    """From when until when it holds at all, as people write it; empty if for ever."""
    given = feature["properties"]
    first, last = (_moment(given.get(name)) for name in ("valid_from", "valid_until"))
    if first and last:
        return _("%(first)s 至 %(last)s") % {"first": first, "last": last}
    if first:
        return _("%(first)s 起") % {"first": first}
    return _("至 %(last)s") % {"last": last} if last else ""


def _moment(text: Any) -> str:
    if not text:
        return ""
    moment = datetime.fromisoformat(str(text))
    local = moment if timezone.is_naive(moment) else timezone.localtime(moment)
    return f"{local:%Y-%m-%d %H:%M}"


def what(fence: Fence) -> str:
    """What it orders, in a few words with the unit."""
    parts = []
    if not math.isnan(fence.limit_kmh):
        parts.append(_("限速 %(v)g km/h") % {"v": fence.limit_kmh})
    if not math.isnan(fence.grade_pct):
        parts.append(_("平均坡度 %(v)g%%") % {"v": fence.grade_pct})
    if fence.shape == "circle":
        parts.append(_("半径 %(v)g 米") % {"v": fence.reach_m})
    if fence.shape == "corridor":
        parts.append(_("两侧各 %(v)g 米") % {"v": fence.reach_m})
    return pick("，", ", ").join(parts)


def outline(feature: Mapping[str, Any], fence: Fence) -> dict[str, Any]:
    """Polygon geometry (GeoJSON, degrees) of all it covers: circles and corridors given width."""
    shape = shapely.geometry.shape(feature["geometry"])
    if fence.shape == "polygon":
        return dict(feature["geometry"])
    # On a plane in metres around its middle, as the corridor itself is defined.
    lat = shape.centroid.y
    wide = _METRES * math.cos(math.radians(lat))
    plane = shapely.affinity.scale(shape, wide, _METRES, origin=(0, 0))
    grown = shapely.affinity.scale(
        plane.buffer(fence.reach_m, 12), 1 / wide, 1 / _METRES, origin=(0, 0)
    )
    return dict(shapely.geometry.mapping(grown))
