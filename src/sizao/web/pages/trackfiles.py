"""A granted track as a file: CSV for a spreadsheet, GPX for a map program.

Coordinates are WGS-84, as terminals report them (JT/T 808 table 23) and as GPX 1.1 asks for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from sizao.web import audit
from sizao.web.fleet.grants import Grant
from sizao.web.fleet.tracks import Track, columns
from sizao.web.pages.export import csv_answer
from sizao.web.pages.player import GAP_S
from sizao.web.writing import write

_GPX = "http://www.topografix.com/GPX/1/1"


def csv_of(request: HttpRequest, grant: Grant, track: Track, label: str) -> HttpResponse:
    """One row a position, local time, in time order."""
    found = columns(track)
    header = [
        _("号牌"), _("终端"), _("时间"), _("纬度"), _("经度"), _("速度 km/h"), _("限速 km/h"),
        _("方向 °"),
    ]  # fmt: skip
    names = ("t", "lat", "lon", "speed", "limit", "heading")
    rows = zip(*(found[name] for name in names), strict=True)
    return csv_answer(
        request,
        "track",
        header,
        (
            [
                label,
                grant.vehicle,
                f"{timezone.localtime(datetime.fromtimestamp(t, UTC)):%Y-%m-%d %H:%M:%S}",
                *("" if value is None else value for value in rest),
            ]
            for t, *rest in rows
        ),
        # Whole, as the GPX file is: half a track looks like a vehicle that stopped sending.
        most=len(found["t"]),
    )


def gpx_of(request: HttpRequest, grant: Grant, track: Track, label: str) -> HttpResponse:
    """GPX 1.1, times in UTC. A silence longer than ``GAP_S`` begins a new segment: no program may
    draw a line where nobody was heard."""
    found = columns(track)
    root = ElementTree.Element("gpx", {"version": "1.1", "creator": "Sizao", "xmlns": _GPX})
    said = ElementTree.SubElement(root, "metadata")
    ElementTree.SubElement(said, "desc").text = _("案件 {case}，{account} 导出").format(
        case=grant.ground.case, account=request.user.get_username()
    )
    line = ElementTree.SubElement(root, "trk")
    ElementTree.SubElement(line, "name").text = label
    _segments(line, found)
    with write():
        audit.record(request.user, "export", "track", "gpx", {"rows": len(found["t"])})
    text = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    answer = HttpResponse(text, content_type="application/gpx+xml")
    stamp = f"{timezone.localtime(grant.start):%Y%m%d-%H%M%S}"
    answer["Content-Disposition"] = f'attachment; filename="sizao-track-{stamp}.gpx"'
    return answer


def _segments(line: ElementTree.Element, found: dict[str, list[Any]]) -> None:
    last, segment = None, None
    for t, lat, lon in zip(found["t"], found["lat"], found["lon"], strict=True):
        if lat is None or lon is None:
            continue
        if segment is None or t - last > GAP_S:
            segment = ElementTree.SubElement(line, "trkseg")
        point = ElementTree.SubElement(segment, "trkpt", {"lat": f"{lat}", "lon": f"{lon}"})
        at = datetime.fromtimestamp(t, UTC)
        ElementTree.SubElement(point, "time").text = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        last = t
