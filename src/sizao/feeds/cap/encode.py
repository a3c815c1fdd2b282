"""An :class:`Alert` to bytes: UTF-8, the elements in the order of the schema.

``read(encode(alert)).alert == alert`` for every alert whose texts have no white space around them
(a property test holds it). Characters that XML cannot carry become U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

from sizao.feeds.cap import values
from sizao.feeds.cap.records import NAMESPACE, Alert, Area, Info, Pair, Resource

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A bare carriage return would come back as a line feed.
_MORE = {"\r": "&#13;"}


def encode(alert: Alert) -> bytes:
    """The document."""
    parts = [f'<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="{NAMESPACE}">\n']
    parts += _texts(
        1,
        ("identifier", alert.identifier),
        ("sender", alert.sender),
        ("sent", values.write_time(alert.sent)),
        ("status", alert.status),
        ("msgType", alert.msg_type),
        ("source", alert.source),
        ("scope", alert.scope),
        ("restriction", alert.restriction),
        ("addresses", alert.addresses),
        *(("code", code) for code in alert.codes),
        ("note", alert.note),
        ("references", values.write_references(alert.references)),
        ("incidents", alert.incidents),
    )
    for info in alert.infos:
        parts += _info(info)
    parts.append("</alert>\n")
    return "".join(parts).encode()


def _info(info: Info) -> Iterable[str]:
    yield "  <info>\n"
    yield from _texts(
        2,
        ("language", info.language),
        *(("category", word) for word in info.categories),
        ("event!", info.event),
        *(("responseType", word) for word in info.response_types),
        ("urgency", info.urgency),
        ("severity", info.severity),
        ("certainty", info.certainty),
        ("audience", info.audience),
    )
    yield from _pairs(2, "eventCode", info.event_codes)
    for name, at in (
        ("effective", info.effective), ("onset", info.onset), ("expires", info.expires),
    ):  # fmt: skip
        if at is not None:
            yield from _texts(2, (name, values.write_time(at)))
    yield from _texts(
        2,
        ("senderName", info.sender_name),
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
        ("web", info.web),
        ("contact", info.contact),
    )
    yield from _pairs(2, "parameter", info.parameters)
    for resource in info.resources:
        yield from _resource(resource)
    for area in info.areas:
        yield from _area(area)
    yield "  </info>\n"


def _resource(resource: Resource) -> Iterable[str]:
    yield "    <resource>\n"
    yield from _texts(
        3,
        ("resourceDesc!", resource.description),
        ("mimeType!", resource.mime_type),
        ("size", "" if resource.size is None else str(resource.size)),
        ("uri", resource.uri),
        ("derefUri", resource.deref_uri),
        ("digest", resource.digest),
    )
    yield "    </resource>\n"


def _area(area: Area) -> Iterable[str]:
    yield "    <area>\n"
    yield from _texts(
        3,
        ("areaDesc!", area.description),
        *(("polygon", values.write_polygon(ring)) for ring in area.polygons),
        *(("circle", values.write_circle(circle)) for circle in area.circles),
    )
    yield from _pairs(3, "geocode", area.geocodes)
    for name, value in (("altitude", area.altitude_ft), ("ceiling", area.ceiling_ft)):
        if value is not None:
            yield from _texts(3, (name, values.write_number(value)))
    yield "    </area>\n"


def _pairs(depth: int, name: str, pairs: Iterable[Pair]) -> Iterable[str]:
    pad = "  " * depth
    for pair in pairs:
        yield (
            f"{pad}<{name}>\n{pad}  <valueName>{_safe(pair.name)}</valueName>\n"
            f"{pad}  <value>{_safe(pair.value)}</value>\n{pad}</{name}>\n"
        )


def _texts(depth: int, *named: tuple[str, str]) -> Iterable[str]:
    """Elements that say something; an empty one is left out unless marked with ``!``: required."""
    pad = "  " * depth
    for mark, text in named:
        name = mark.rstrip("!")
        if text or mark != name:
            yield f"{pad}<{name}>{_safe(text)}</{name}>\n"


def _safe(text: str) -> str:
    return escape(_ILLEGAL.sub("\ufffd", text), _MORE)
