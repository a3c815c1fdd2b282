"""A document as weather notices: rows of schema WEATHER_NOTICE, one an event.

A document says the same in several languages; the Chinese text is taken if there is one. Where
it names several events, each has a row: ``notice`` and ``kind`` together are the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.feeds.cap.decode import Read
from sizao.feeds.cap.geometry import outline
from sizao.feeds.cap.problems import Problem
from sizao.feeds.cap.records import Alert, Info
from sizao.feeds.cap.tables import Colours, colours
from sizao.feeds.cap.values import BEIJING

_ACTIONS = {"Alert": "alert", "Update": "update", "Cancel": "cancel"}
_STATUSES = {"Actual": "actual", "Exercise": "exercise", "Test": "test"}

FUTURE = timedelta(hours=24)
"""A document cannot have been sent later than this after it came: somebody's clock is wrong."""


def rows(read: Read, received: datetime, source: str) -> list[dict[str, Any]] | Problem:
    """Rows for a document received at ``received`` (aware) from ``source``.

    Answers (Ack, Error), drafts and system messages are a Problem ``not_for_use``.
    """
    alert = read.alert
    action, status = _ACTIONS.get(alert.msg_type), _STATUSES.get(alert.status)
    if action is None:
        return Problem("not_for_use", f"msgType {alert.msg_type or 'missing'}")
    if status is None:
        return Problem("not_for_use", f"status {alert.status or 'missing'}")
    if alert.sent > received + FUTURE:
        return Problem("bad_time", f"sent {alert.sent.isoformat()}, received before that")
    if not alert.infos and action != "cancel":
        return Problem("missing_field", "info")
    table = colours(alert.sent.astimezone(BEIJING).date())
    base = {
        "notice": alert.identifier,
        "received": received,
        "sent": alert.sent,
        "action": action,
        "refers_to": ",".join(one.identifier for one in alert.references) or None,
        "status": status,
        "source": source,
    }
    found: dict[str, list[Info]] = {}
    for info in _of_one_language(alert.infos):
        found.setdefault(_kind(info, table), []).append(info)
    if not found:
        return [{**base, **_bare(alert), "quality": _quality(read, (), received)}]
    return [
        {**base, **_event(kind, infos, alert, table, read, received)}
        for kind, infos in found.items()
    ]


def _bare(alert: Alert) -> dict[str, Any]:
    """A cancellation that only names what it cancels."""
    return {
        "time": alert.sent, "until": None, "kind": None, "level": None, "headline": None,
        "text": alert.note or None, "area": None, "area_name": None, "polygon": None,
        "issuer": alert.sender,
    }  # fmt: skip


def _event(
    kind: str, infos: Sequence[Info], alert: Alert, table: Colours, read: Read, received: datetime
) -> dict[str, Any]:
    graded = [_level(info, table) for info in infos]
    levels = [level for level, _ in graded if level is not None]
    how = {mark for _, mark in graded if mark}
    first = infos[0]
    begins = [info.onset or info.effective or alert.sent for info in infos]
    ends = [info.expires for info in infos if info.expires is not None]
    areas = [area for info in infos for area in info.areas]
    until = max(ends) if len(ends) == len(infos) else None
    if until is not None and until < received:
        how.add("expired")
    return {
        "time": min(begins),
        "until": until,
        "kind": kind,
        "level": max(levels).code if levels else None,
        "headline": first.headline or _event_name(first, table) or None,
        "text": first.description or None,
        "area": ",".join(_codes(infos)) or None,
        "area_name": "、".join(dict.fromkeys(a.description for a in areas if a.description))
        or None,
        "polygon": outline(areas),
        # GB/T 35965.1 puts the name of the forecaster on duty here: a person, not an issuer.
        "issuer": alert.sender
        if "namespace" in read.departures
        else first.sender_name or alert.sender,
        "quality": _quality(read, how, received),
    }


def _of_one_language(infos: Sequence[Info]) -> list[Info]:
    for wanted in ("zh", "en", ""):
        chosen = [info for info in infos if info.language.lower().startswith(wanted)]
        if chosen:
            first = chosen[0].language
            return [info for info in chosen if info.language == first]
    return []


def _kind(info: Info, table: Colours) -> str:
    """fog, road_ice, rain, wind, snow or other: by code, else by the longest word that fits."""
    for pair in info.event_codes:
        if pair.value.upper() in table.codes:
            return table.codes[pair.value.upper()]
    for text in (info.event, info.headline):
        lower = text.lower()
        for word, kind in table.kinds:
            if word in lower:
                return kind
    return "other"


def _event_name(info: Info, table: Colours) -> str:
    codes = (table.names.get(pair.value.upper(), "") for pair in info.event_codes)
    return info.event or next(filter(None, codes), "")


def _level(info: Info, table: Colours) -> tuple[WarningLevel | None, str]:
    """The colour, and how it was found if not from a word for it."""
    for pair in (*info.parameters, *info.event_codes):
        if pair.name.strip().lower() in table.parameters and (found := _colour(pair.value, table)):
            return found, ""
    if found := _colour(info.severity, table):
        return found, ""
    for level in sorted(WarningLevel, reverse=True):
        if f"{level.zh}预警" in info.headline:
            return level, "level_from_headline"
    code = table.severities.get(info.severity)
    return (WarningLevel.parse(code), "level_from_severity") if code else (None, "no_level")


def _colour(text: str, table: Colours) -> WarningLevel | None:
    """``Red``, ``红色``, ``3; orange; Severe`` (as MeteoAlarm writes it): a word alone."""
    for word in (text, *text.replace(",", ";").replace("/", ";").split(";")):
        code = table.words.get(word.strip().lower())
        if code:
            return WarningLevel.parse(code)
    return None


def _codes(infos: Iterable[Info]) -> list[str]:
    """Administrative division codes: six digits for a county, longer for what is below it."""
    found: dict[str, None] = {}
    for info in infos:
        for area in info.areas:
            for pair in area.geocodes:
                for part in pair.value.split(","):
                    code = part.strip()
                    if code.isascii() and code.isdigit() and len(code) in (6, 9, 12):
                        found[code[:6] if not code[6:].strip("0") else code] = None
    return list(found)


def _quality(read: Read, marks: Iterable[str], received: datetime) -> str | None:
    found = {*marks}
    if read.signed:
        found.add("signature_unchecked")
    if set(read.departures) & {"bad_polygon", "bad_circle"}:
        found.add("area_incomplete")
    if "lon_lat" in read.departures:
        found.add("lon_lat")
    if "no_zone" in read.departures:
        found.add("no_zone")
    if read.alert.sent > received:
        found.add("clock_ahead")
    return ",".join(sorted(found)) or None
