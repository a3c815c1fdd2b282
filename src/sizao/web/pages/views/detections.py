"""Detections: the list with filters and export, and why each one fired."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.core.levels import WarningLevel
from sizao.core.places import stake
from sizao.warn.explain import CAUTION_EN, CAUTION_ZH, explain, what_happened
from sizao.warn.facts import Facts
from sizao.warn.table import grade
from sizao.warn.unless import Edge, unless
from sizao.warn.words import RULES, SEVERITIES
from sizao.web import audit
from sizao.web.basis.record import CORRECTED, WITHDRAWN
from sizao.web.basis.shown import of_detection, without_warning
from sizao.web.cases.models import Case
from sizao.web.detections import queries
from sizao.web.detections.passages import names_of, passages_of
from sizao.web.evidence.answer import evidence_answer, format_of
from sizao.web.fences.services import outline_of
from sizao.web.fleet.access import Sight
from sizao.web.fleet.grants import Grant, Ground
from sizao.web.fleet.presence import may_ask
from sizao.web.pages import words
from sizao.web.pages.export import csv_answer
from sizao.web.pages.passagewords import passed
from sizao.web.pages.player import player
from sizao.web.units.models import Unit
from sizao.web.warnings.models import Warning
from sizao.web.writing import write

PAGE = 50
AROUND = timedelta(minutes=5)
"""Of the track before and after an episode that its page shows."""
LONGEST = timedelta(hours=24)
LONG_S = 600.0
_ANY_PLATE = "川D00000"
_CHANGES = {CORRECTED: ("已更正", "Corrected"), WITHDRAWN: ("已撤回", "Withdrawn")}
"""What later data may have done to a detection."""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The list, or with ``?format=csv`` the same rows as a file."""
    user, sight = request.user, Sight(request.user)
    chosen = {
        key: value
        for key in ("kind", "level", "unit", "road", "day", "changed")
        if (value := request.GET.get(key, "").strip())
    }
    day = _day(chosen.get("day", ""))
    units = Unit.objects.for_user(user)
    level = chosen.get("level")
    found = list(
        queries.select(
            user,
            sight,
            since=day,
            before=day + timedelta(days=1) if day else None,
            kinds=frozenset({chosen["kind"]} if chosen.get("kind") in RULES else ()),
            levels=(WarningLevel.parse(level),) if level in words.LEVEL_CODES else (),
            road=chosen.get("road", ""),
            unit=units.filter(code=chosen.get("unit", "")).first(),
            changed=chosen["changed"] if chosen.get("changed") in _CHANGES else "",
        )
    )
    levels = queries.levels_of(user)
    if request.GET.get("format") == "csv":
        return _export(request, found, sight, levels)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    keep = request.GET.copy()
    keep.pop("page", None)
    return render(
        request,
        "detections.html",
        {
            "rows": [_line(row, sight, levels) for row in page],
            "page_obj": page,
            "chosen": chosen,
            "may_ask": may_ask(user),
            "query": keep.urlencode(),
            "kinds": [(rule, words.kind_word(rule)) for rule in RULES],
            "levels": [(code, words.level_word(code)) for code in words.LEVEL_CODES],
            "changes": [(code, words.pick(*said)) for code, said in _CHANGES.items()],
            "units": [(one.code, words.pick(one.name_zh, one.name_en), one.level) for one in units],
        },
    )


@require_safe
def detection(request: HttpRequest, detection_id: str) -> HttpResponse:
    """What happened, what the rule says, the evidence on map and chart, and what would have kept
    it silent. 404 for one the user may not see. Looking is written down."""
    user, sight = request.user, Sight(request.user)
    row = queries.find(user, sight, detection_id)
    if row is None:
        raise Http404
    with write():
        audit.record(user, "detection.read", "detection", detection_id, {"vehicle": row["vehicle"]})
    was = queries.as_it_was(row)
    facts = Facts.from_row(was)
    why = explain(facts, grade(facts), place=facts.place)
    warning = (
        Warning.objects.for_user(user)
        .filter(detection=detection_id)
        .select_related("case")
        .order_by("-issued")
        .first()
    )
    case = warning.case if warning else None
    shown = case is not None and Case.objects.for_user(user).filter(pk=case.pk).exists()
    start = max(row["start"], row["end"] - LONGEST) - AROUND
    end = row["end"] + AROUND
    entry = sight.entry(row["vehicle"])
    plate = sight.plate(row["vehicle"], entry.plate)
    ground = Ground(f"detection {detection_id[:12]}", case.number if case and shown else "")
    grant = Grant(row["vehicle"], start, end, ground)
    language = words.pick("zh", "en")
    evidence = (_("首个观测"), _("最重观测"), _("末个观测"))
    delay = row["received"] - row["fired"] if row["received"] else None
    seen = passages_of(row)
    whole = _may_compare(sight, row["vehicle"])
    return render(
        request,
        "detection.html",
        {
            "row": row,
            "line": _line(row, sight, {}),
            "what": words.pick(*what_happened(facts, place=facts.place)),
            "change": queries.change_of(row),
            "changes": of_detection(user, detection_id) or _unwarned(row),
            "measured": words.counted(
                row["rule"], was["severity"], row["measured"], row["measured_unit"]
            ),
            "limit": words.limited(
                row["rule"], was["severity"], row["limit"], row["measured_unit"]
            ),
            "severity": words.pick(*SEVERITIES.get(was["severity"], (was["severity"],) * 2)),
            "rules": [
                {
                    "name": getattr(rule, f"name_{language}"),
                    "text": getattr(rule, f"text_{language}"),
                    "citation": words.citation(rule.citation),
                    "certainty": rule.certainty,
                    "note": rule.note,
                }
                for rule in why.rules
            ],
            "quality": list(getattr(why, f"quality_{language}")),
            "edges": [_edge(edge) for edge in unless(facts)],
            "evidence": list(zip(evidence, row["evidence"] or (), strict=False)),
            "passages": passed(seen, whole=whole),
            "missing": len(names_of(row)) - len(seen),
            "may_compare": whole,
            "caution": words.pick(CAUTION_ZH, CAUTION_EN),
            "case": case if shown else None,
            "plate": plate,
            "colour": entry.plate_colour,
            # A rule that waits may fire later than its last record came.
            "delay": "" if delay is None or delay < timedelta() else _delay(delay.total_seconds()),
            "player": player(
                user,
                [(grant, plate or row["vehicle"])],
                start,
                end,
                [row],
                at=row["start"],
                fence=outline_of(facts.fence) if facts.fence is not None else None,
            ),
        },
    )


@require_safe
def picture(request: HttpRequest, detection_id: str, name: str) -> HttpResponse:
    """A picture of one of its passages, for who may see the detection and the whole plate;
    ``?small=1`` for a small copy."""
    sight = Sight(request.user)
    row = queries.find(request.user, sight, detection_id)
    if row is None or not _may_compare(sight, row["vehicle"]):
        raise Http404
    if not any(name in (one["images"] or ()) for one in passages_of(row)):
        raise Http404
    small = request.GET.get("small") == "1"
    if not small:
        # A picture may show a face; the small copy hangs on the page, whose reading is noted.
        with write():
            about = {"where": "detection", "of": detection_id}
            audit.record(request.user, "evidence.read", "evidence", name, about)
    return evidence_answer(name, format_of(name), small=small)


def _may_compare(sight: Sight, vehicle: str) -> bool:
    """Whether the user reads whole plates of it."""
    return sight.plate(vehicle, _ANY_PLATE) == _ANY_PLATE


def _unwarned(row: queries.Row) -> list[dict[str, Any]]:
    """The last change of a detection that no warning rests on: none if it is as it was."""
    before = queries.before_change(row) if queries.change_of(row) else None
    return [without_warning(before, row)] if before is not None else []


def _delay(seconds: float) -> str:
    """How long after it was measured a detection came, as people say it."""
    return words.quantity(seconds, "s") if seconds < 60 else words.quantity(seconds / 60, "min")


def _edge(edge: Edge) -> dict[str, Any]:
    numbers = {"needed": edge.needed, "was": edge.was, "margin": edge.margin}
    unit = edge.unit
    # Four hours are no 15,720 seconds, and the three are compared with each other.
    if unit == "s" and max(value or 0.0 for value in numbers.values()) >= LONG_S:
        unit = "min"
        numbers = {name: value and value / 60 for name, value in numbers.items()}
    told = {name: _amount(value, unit) for name, value in numbers.items()}
    return {"words": words.pick(edge.zh, edge.en), **told}


def _amount(value: float | None, unit: str) -> str:
    return "" if value is None else words.quantity(value, unit)


def _line(row: queries.Row, sight: Sight, levels: dict[str, int]) -> dict[str, Any]:
    """What a list shows of a detection."""
    entry = sight.entry(row["vehicle"])
    level = levels.get(row["id"])
    severity = queries.as_it_was(row)["severity"]
    return {
        "id": row["id"],
        "vehicle": row["vehicle"],
        "what": words.kind_word(row["rule"]),
        "measured": _measured(row),
        "severity": words.pick(*SEVERITIES.get(severity, (severity,) * 2)),
        "place": stake(row["road"], row["stake_m"]),
        "plate": sight.plate(row["vehicle"], entry.plate),
        "colour": entry.plate_colour,
        "kind": words.vehicle_word(row["vehicle_kind"] or "other"),
        "fired": row["fired"],
        "start": row["start"],
        "end": row["end"],
        "final": row["final"],
        "change": words.pick(*_CHANGES[change]) if (change := queries.change_of(row)) else "",
        "level": WarningLevel(level).code if level is not None else "",
    }


def _measured(row: queries.Row) -> str:
    if row["measured_unit"] == "km/h":
        return f"{row['measured']:,.0f}/{row['limit']:,.0f} km/h"
    if row["measured_unit"] == "min":
        return words.quantity(row["measured"], "min")
    return ""


def _day(text: str) -> datetime | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return timezone.make_aware(datetime.combine(day, datetime.min.time())) if day else None


def _export(
    request: HttpRequest, found: list[queries.Row], sight: Sight, levels: dict[str, int]
) -> HttpResponse:
    """The rows as CSV. Plates follow the same rule as on the page."""
    header = [
        _("检测编号"), _("规则"), _("规则版本"), _("程度"), _("测得值"), _("限值"), _("单位"),
        _("地点"), _("车辆类型"), _("号牌"), _("触发时间"), _("开始"), _("结束"), _("等级"),
        _("数据质量"), _("后续变化"),
    ]  # fmt: skip

    def stamp(at: datetime) -> str:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"

    def cells() -> Any:
        for row in found:
            line = _line(row, sight, levels)
            yield [
                row["id"], line["what"], row["rule_version"], line["severity"],
                round(row["measured"], 1), round(row["limit"], 1), row["measured_unit"],
                line["place"], line["kind"], line["plate"], stamp(row["fired"]),
                stamp(row["start"]), stamp(row["end"]),
                words.level_word(line["level"]) if line["level"] else "", row["quality"] or "",
                line["change"],
            ]  # fmt: skip

    return csv_answer(request, "detections", header, cells())
