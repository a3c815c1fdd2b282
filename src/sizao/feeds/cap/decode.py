"""Bytes to an :class:`Alert`, or to a :class:`Problem`. Never raises for any bytes.

Namespaces are not insisted on: 1.0, 1.1 and documents without one have the same elements, and so
has GB/T 35965.1 but for ``sendTime``, ``senderCode`` and ``eventType``. Everything in which a
document departs from CAP 1.2 is named in ``Read.departures``, so that a sender can be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sizao.feeds.cap import records, values, xml
from sizao.feeds.cap.problems import Problem
from sizao.feeds.cap.records import Alert, Area, Info, Pair, Resource

Shape = TypeVar("Shape")

XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"


class Read(NamedTuple):
    """A document as read."""

    alert: Alert
    departures: tuple[str, ...]
    """Sorted names of the ways in which it is not CAP 1.2; see docs/reference/cap.md."""
    signed: bool
    """It carries an XML signature. Sizao does not check it: there is no key to check it with."""


def read(data: bytes, max_bytes: int = xml.MAX_BYTES) -> Read | Problem:
    """Decode one document."""
    parsed = xml.parse(data, max_bytes)
    if isinstance(parsed, Problem):
        return parsed
    root, seen = parsed
    if xml.local(root) != "alert":
        return Problem("not_cap", f"the root element is {xml.local(root)[:64]!r}")
    return read_element(root, seen)


def read_element(root: Any, departures: Iterable[str] = ()) -> Read | Problem:
    """Decode an ``alert`` element."""
    seen = set(departures)
    if xml.namespace(root) != records.NAMESPACE:
        seen.add("namespace")
    fields = _children(root)
    given_sent = _text(fields, "sent") or _text(fields, "sendTime")
    identifier = _text(fields, "identifier")
    sender = _text(fields, "sender") or _text(fields, "senderCode")
    for name, value in (("identifier", identifier), ("sender", sender), ("sent", given_sent)):
        if not value:
            return Problem("missing_field", name)
    sent = values.read_time(given_sent, seen)
    if sent is None:
        return Problem("bad_time", f"sent {given_sent[:40]!r}")
    if "sent" not in fields:
        seen.add("element_names")
    alert = Alert(
        identifier=identifier,
        sender=sender,
        sent=sent,
        status=_one_of(fields, "status", records.STATUSES, seen),
        msg_type=_one_of(fields, "msgType", records.MSG_TYPES, seen),
        scope=_one_of(fields, "scope", records.SCOPES, seen),
        source=_text(fields, "source"),
        restriction=_text(fields, "restriction"),
        addresses=_text(fields, "addresses"),
        codes=tuple(text for one in fields.get("code", ()) if (text := xml.text(one))),
        note=_text(fields, "note"),
        references=values.read_references(_text(fields, "references"), seen),
        incidents=_text(fields, "incidents"),
        infos=tuple(_info(one, seen) for one in fields.get("info", ())),
    )
    signed = any(xml.namespace(one) == XMLDSIG for one in root)
    return Read(alert, tuple(sorted(seen)), signed)


def _info(element: Any, seen: set[str]) -> Info:
    fields = _children(element)
    codes = _pairs(fields, "eventCode", seen)
    event = _text(fields, "event")
    if types := [text for one in fields.get("eventType", ()) if (text := xml.text(one))]:
        seen.add("element_names")
        codes = (*codes, *(Pair("eventType", text) for text in types))
    if not event:
        seen.add("no_event")
    return Info(
        categories=tuple(_each_of(fields, "category", records.CATEGORIES, seen)),
        event=event,
        urgency=_one_of(fields, "urgency", records.URGENCIES, seen),
        severity=_one_of(fields, "severity", records.SEVERITIES, seen),
        certainty=_one_of(fields, "certainty", records.CERTAINTIES, seen),
        language=_text(fields, "language"),
        response_types=tuple(_each_of(fields, "responseType", records.RESPONSE_TYPES, seen)),
        audience=_text(fields, "audience"),
        event_codes=codes,
        effective=_time(fields, "effective", seen),
        onset=_time(fields, "onset", seen),
        expires=_time(fields, "expires", seen),
        sender_name=_text(fields, "senderName"),
        headline=_text(fields, "headline"),
        description=_text(fields, "description"),
        instruction=_text(fields, "instruction"),
        web=_text(fields, "web"),
        contact=_text(fields, "contact"),
        parameters=_pairs(fields, "parameter", seen),
        resources=tuple(_resource(one, seen) for one in fields.get("resource", ())),
        areas=tuple(_area(one, seen) for one in fields.get("area", ())),
    )


def _resource(element: Any, seen: set[str]) -> Resource:
    fields = _children(element)
    given = _text(fields, "size")
    size = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
    if given and size is None:
        seen.add("bad_size")
    return Resource(
        description=_text(fields, "resourceDesc"),
        mime_type=_text(fields, "mimeType"),
        size=size,
        uri=_text(fields, "uri"),
        deref_uri=_text(fields, "derefUri"),
        digest=_text(fields, "digest"),
    )


def _area(element: Any, seen: set[str]) -> Area:
    fields = _children(element)
    return Area(
        description=_text(fields, "areaDesc"),
        polygons=_shapes(fields, "polygon", values.read_polygon, seen),
        circles=_shapes(fields, "circle", values.read_circle, seen),
        geocodes=_pairs(fields, "geocode", seen),
        altitude_ft=_number(fields, "altitude", seen),
        ceiling_ft=_number(fields, "ceiling", seen),
    )


def _shapes(
    fields: dict[str, list[Any]],
    name: str,
    reader: Callable[[str, set[str]], Shape | None],
    seen: set[str],
) -> tuple[Shape, ...]:
    found = []
    for one in fields.get(name, ()):
        if given := xml.text(one):
            shape = reader(given, seen)
            if shape is None:
                seen.add(f"bad_{name}")
            else:
                found.append(shape)
    return tuple(found)


def _children(element: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for child in element:
        found.setdefault(xml.local(child), []).append(child)
    return found


def _text(fields: dict[str, list[Any]], name: str) -> str:
    """The first that says something."""
    return next((text for one in fields.get(name, ()) if (text := xml.text(one))), "")


def _time(fields: dict[str, list[Any]], name: str, seen: set[str]) -> datetime | None:
    given = _text(fields, name)
    if not given:
        return None
    found = values.read_time(given, seen)
    if found is None:
        seen.add("bad_time")
    return found


def _number(fields: dict[str, list[Any]], name: str, seen: set[str]) -> float | None:
    given = _text(fields, name)
    found = values.read_number(given) if given else None
    if given and found is None:
        seen.add(f"bad_{name}")
    return found


def _one_of(
    fields: dict[str, list[Any]], name: str, allowed: tuple[str, ...], seen: set[str]
) -> str:
    return next(iter(_each_of(fields, name, allowed, seen)), "")


def _each_of(
    fields: dict[str, list[Any]], name: str, allowed: tuple[str, ...], seen: set[str]
) -> list[str]:
    """The words given; another case counts as the word itself, another word is kept as sent."""
    known = {word.lower(): word for word in allowed}
    found = []
    for one in fields.get(name, ()):
        if given := xml.text(one):
            word = known.get(given.lower(), given)
            if word != given or word not in allowed:
                seen.add(f"{name}_word")
            found.append(word)
    return found


def _pairs(fields: dict[str, list[Any]], name: str, seen: set[str]) -> tuple[Pair, ...]:
    """valueName and value; GB/T 35965.1 writes the value alone, or several with commas."""
    found = []
    for one in fields.get(name, ()):
        inner = _children(one)
        if inner:
            found.append(Pair(_text(inner, "valueName"), _text(inner, "value")))
        elif given := xml.text(one):
            seen.add(f"bare_{name}")
            found += [Pair("", part) for part in given.replace("，", ",").split(",") if part]
    return tuple(found)
