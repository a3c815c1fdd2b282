"""A warning as a CAP document. Made from the stored row alone, so it never changes.

The document holds no plate, terminal, name or enterprise: a partner has to know where, how bad and
until when, not who. The words and radii are the dated table ``feeds/cap/outgoing``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from sizao.core.clock import SHANGHAI
from sizao.feeds.cap import Alert, Area, Circle, Info, Pair, Reference
from sizao.feeds.cap.tables import in_force
from sizao.warn.words import RULES, SEVERITIES
from sizao.web.config import config
from sizao.web.units.territory import territory
from sizao.web.warnings.models import Warning

ENDED = ("resolved", "dismissed", "verified")
"""States of a case in which its warnings are lifted."""

LANGUAGES = (("zh-CN", "zh"), ("en-US", "en"))

RESTRICTION = (
    "公安交管部门及应急联动单位内部使用，不得向社会转发。"
    " For traffic police and partners in emergency coordination; not for onward publication."
)
NOTE_DEMO = (
    "演示系统：道路为示意，车辆与事件均为虚构，请勿据此行动。"
    " Demonstration: the city, its vehicles and events are made up. Do not act on it."
)
NOTE_DRILL = "演练：不是真实事件，请勿据此行动。 Drill: this is no real event. Do not act on it."


def identifier(warning: Warning) -> str:
    """Identifier of a warning's document: unique with the sender."""
    return f"sizao.{warning.pk}"


def alert_of(warning: Warning) -> Alert:
    """The document of a warning: Alert, or Update if it refers to an earlier one."""
    earlier = _chain(warning)
    table = in_force("outgoing", warning.issued.astimezone(SHANGHAI).date())
    level = table["levels"][warning.level_code]
    expires = warning.issued + timedelta(minutes=level["valid_min"])
    if warning.until is not None and warning.until > warning.issued:
        expires = warning.until
    return _document(
        warning,
        identifier(warning),
        warning.issued,
        "Update" if earlier else "Alert",
        earlier,
        [_info(warning, table, *language, expires) for language in LANGUAGES],
    )


def cancel_of(warning: Warning) -> Alert | None:
    """The document that lifts a warning, or None while its case goes on.

    It carries the moment in its identifier: a case that was reopened and resolved again lifts its
    warnings twice.
    """
    case = warning.case
    if case.state not in ENDED or case.resolved_at is None:
        return None
    at = case.resolved_at
    table = in_force("outgoing", at.astimezone(SHANGHAI).date())
    ending = table["endings"]["dismissed" if case.machine.get("false_alarm") else "resolved"]
    infos = []
    for language, code in LANGUAGES:
        info = _info(warning, table, language, code, at)
        infos.append(
            Info(
                **{
                    **vars(info),
                    "response_types": ("AllClear",),
                    "urgency": "Past",
                    "effective": at,
                    "onset": None,
                    "description": ending[code],
                    "instruction": "",
                }
            )
        )
    return _document(
        warning,
        f"{identifier(warning)}.cancel.{int(at.timestamp())}",
        at,
        "Cancel",
        [*_chain(warning), warning],
        infos,
    )


def _document(
    warning: Warning, name: str, at: datetime, msg_type: str, about: list[Warning],
    infos: list[Info],
) -> Alert:  # fmt: skip
    sender = config.cap_sender.read()
    return Alert(
        identifier=name,
        sender=sender,
        sent=_local(at),
        status="Exercise" if settings.DEMO or warning.drill else "Actual",
        msg_type=msg_type,
        source=f"sizao {warning.kind} {warning.rule_version}".rstrip(),
        scope="Restricted",
        restriction=RESTRICTION,
        note=NOTE_DEMO if settings.DEMO else NOTE_DRILL if warning.drill else "",
        references=tuple(
            Reference(sender, identifier(one), _local(one.issued)) for one in about
        ),
        incidents=warning.case.number,
        infos=tuple(infos),
    )  # fmt: skip


def _chain(warning: Warning) -> list[Warning]:
    """The warnings before this one, the first first."""
    found: list[Warning] = []
    before = warning.refers_to
    while before is not None and before not in found:
        found.insert(0, before)
        before = before.refers_to
    return found


def _info(warning: Warning, table: Any, language: str, code: str, expires: datetime) -> Info:
    kind = table["kinds"].get(warning.kind, table["kinds"]["other"])
    level = table["levels"][warning.level_code]
    root = territory().root
    event = kind["event"][code]
    word = {"zh": warning.level_zh, "en": warning.level_code.capitalize()}[code]
    return Info(
        language=language,
        categories=tuple(kind["categories"]),
        event=event,
        response_types=tuple(kind["response_types"]),
        urgency=level["urgency"],
        severity=level["severity"],
        certainty=_certainty(warning, table),
        event_codes=(Pair("sizao:rule", warning.kind),),
        effective=_local(warning.issued),
        onset=_local(warning.onset),
        expires=_local(expires),
        sender_name=root.name_en if code == "en" else root.name_zh,
        headline=(
            f"{word}预警：{warning.place} {event}"
            if code == "zh"
            else f"{word} warning: {event}, {warning.place}"
        ),
        description=_description(warning, code),
        instruction=kind["instruction"][code],
        parameters=tuple(_parameters(warning)),
        areas=(_area(warning, kind["radius_km"]),),
    )


def _parameters(warning: Warning) -> Iterator[Pair]:
    yield Pair("sizao:level", warning.level_code)
    yield Pair("sizao:origin", warning.origin)
    yield Pair("sizao:rule", f"{warning.kind} {warning.rule_version}".rstrip())
    if warning.measured is not None:
        yield Pair("sizao:measured", f"{warning.measured:g} {warning.measured_unit}")
    if warning.limit is not None:
        yield Pair("sizao:limit", f"{warning.limit:g} {warning.measured_unit}")
    if warning.row_id:
        yield Pair("sizao:table", f"{warning.table_date} {warning.row_id}")


def _certainty(warning: Warning, table: Any) -> str:
    marks = set(warning.quality.split(","))
    for word, reasons in table["certainties"].items():
        if word != "default" and marks & set(reasons):
            return str(word)
    return str(table["certainties"]["default"])


def _description(warning: Warning, code: str) -> str:
    if warning.detection == "":
        said = warning.explanation.get(f"what_{code}") or warning.place
        return f"{said}{'本预警供核实路况。' if code == 'zh' else ' To be checked on the road.'}"
    rule = RULES.get(warning.kind, (warning.kind, warning.kind))
    band = SEVERITIES.get(warning.severity, ("", ""))
    values = f"{warning.measured:g}/{warning.limit:g} {warning.measured_unit}"
    if code == "zh":
        extra = f"，{band[0]}" if band[0] else ""
        return f"{warning.place}：{rule[0]}，实测与限值 {values}{extra}。本预警是待核实的线索。"
    extra = f", {band[1]}" if band[1] else ""
    return (
        f"{warning.place}: {rule[1]}, measured and limit {values}{extra}. "
        "A warning is a lead to be verified."
    )


def _area(warning: Warning, radius_km: float) -> Area:
    """The place in words, as its stake, with a circle round it and its county."""
    codes = (Pair("GB/T 2260", warning.area),) if warning.area else ()
    outline = _ring(warning.outline)
    if outline:
        return Area(warning.place or warning.unit.name_zh, polygons=(outline,), geocodes=codes)
    circles = ()
    if warning.lat is not None and warning.lon is not None:
        circles = (Circle(round(warning.lat, 4), round(warning.lon, 4), radius_km),)
    return Area(warning.place or warning.unit.name_zh, circles=circles, geocodes=codes)


def _ring(outline: Any) -> tuple[tuple[float, float], ...]:
    """The outer ring of a GeoJSON polygon as CAP has it: latitude first, closed."""
    if not outline or outline.get("type") != "Polygon":
        return ()
    return tuple((round(lat, 4), round(lon, 4)) for lon, lat in outline["coordinates"][0])


def _local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI).replace(microsecond=0)
