"""A call in the reader's words: kinds, facts, reasons, who was told, reports upward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from sizao.core.severity import classes_1991, grades_2007
from sizao.respond.calls.reporting import CONTENT, LEVELS
from sizao.respond.calls.table import kind_names
from sizao.web.calls.intake import table_now
from sizao.web.calls.models import Call, CallToll, Notice
from sizao.web.calls.where import Where
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.pages.words import pick
from sizao.web.units.models import User

_STATES = {
    "open": ("处理中", "open"),
    "joined": ("已并入", "joined"),
    "closed": ("已办结", "closed"),
}
_GRADES_EN = {
    "extraordinarily_serious": "extraordinarily serious",
    "major": "major",
    "considerable": "considerable",
    "ordinary": "ordinary",
}
_CLASSES_EN = {
    "minor": "minor (1991)",
    "ordinary": "ordinary (1991)",
    "major": "major (1991)",
    "extraordinary": "extraordinary (1991)",
}


def state_word(code: str) -> str:
    zh, en = _STATES[code]
    return pick(zh, en.capitalize())


def states() -> list[tuple[str, str]]:
    return [(code, state_word(code)) for code in _STATES]


def kind_word(code: str) -> str:
    """A call's kind, of any table."""
    zh, en = kind_names().get(f"call_{code}", (f"接警：{code}", f"Call: {code}"))
    return pick(zh.partition("：")[2], en.partition(": ")[2].capitalize())


def kinds() -> list[tuple[str, str]]:
    return [(code.removeprefix("call_"), kind_word(code.removeprefix("call_")))
            for code in kind_names()]  # fmt: skip


def grade_word(code: str) -> str:
    """Grade of Order 493."""
    return pick(grades_2007().get(code, ""), _GRADES_EN.get(code, ""))


def class_word(code: str) -> str:
    """Class of 1991, which uses the same words for other numbers."""
    return pick(classes_1991().get(code, ""), _CLASSES_EN.get(code, ""))


def row_of(call: Call) -> dict[str, Any]:
    """What a line of the list shows; the first clock that runs."""
    notices = [one for one in call.notices.all() if one.sent_at is None]
    first = min(notices, key=lambda one: one.due_at, default=None)
    clock = None
    if first is not None:
        clock = (first.due_at, first.start_at, _("事故上报"))
    elif call.callback_waits:
        clock = (call.callback_due, call.closed_at, _("回访"))
    return {
        "call": call,
        "word": kind_word(call.kind),
        "where": call.where,
        "state": state_word(call.state),
        "clock": clock,
    }


def calls_of(user: User, case: Case) -> QuerySet[Call]:
    """The calls of a case that a user may see: those that raised or joined it, and theirs."""
    return (
        Call.objects.for_user(user)
        .filter(Q(case=case) | Q(joined_to__case=case))
        .select_related("unit", "case", "joined_to")
        .prefetch_related("notices")
        .order_by("pk")
    )


def facts(call: Call) -> list[tuple[str, str]]:
    """What was said, question and answer; what nobody has said is left out."""
    table = table_now(call.received_at)
    people = [
        (call.injured, _("受伤")), (call.trapped, _("被困")), (call.dead, _("死亡")),
    ]  # fmt: skip
    found = [(word, pick(f"{count} 人", str(count))) for count, word in people if count is not None]
    if call.vehicles is not None:
        found.append((_("车辆数"), str(call.vehicles)))
    if call.involved:
        names = [table.involved[code] for code in call.involved if code in table.involved]
        found.append((_("涉及"), pick("、", ", ").join(pick(one.zh, one.en) for one in names)))
    if call.hazmat:
        found.append((_("危险品"), {"yes": _("有"), "no": _("没有")}[call.hazmat]))
    if call.goods:
        found.append((_("危险品名称或编号"), call.goods))
    if call.on_fire:
        found.append((_("起火"), _("已起火")))
    if call.lanes:
        found.append((_("占道"), lanes_word(call.lanes)))
    if call.address:
        found.append((_("来电人所述地点"), call.address))
    if call.within_m:
        found.append((_("定位误差"), pick(f"{call.within_m:.0f} 米内", f"{call.within_m:.0f} m")))
    return found


def lanes_word(code: str) -> str:
    return {"none": _("没有占道"), "part": _("部分车道"), "all": _("道路中断")}[code]


def reasons(call: Call) -> list[dict[str, str]]:
    """The rows that gave the grade, the gravest first."""
    return [
        {"row": one["row"], "text": pick(one["zh"], one["en"]), "level": one["level"]}
        for one in call.triage.get("reasons", [])
    ]


def plans(call: Call) -> list[str]:
    table = table_now(call.received_at)
    named = [table.plans[code] for code in call.triage.get("plans", []) if code in table.plans]
    return [pick(one.zh, one.en) for one in named]


def told(call: Call) -> list[dict[str, Any]]:
    """Everybody on the list, with the name."""
    table = table_now(call.received_at)
    return [
        {"row": one, "name": pick(known.zh, known.en)}
        for one in call.told.all()
        if (known := table.resources.get(one.resource)) is not None
    ]


@dataclass(frozen=True)
class Upward:
    """A report upward as a page shows it."""

    row: Notice
    sender: str
    receiver: str
    what: str
    said: list[tuple[str, str]]
    missing: list[str]
    late: bool


def notices(call: Call) -> list[Upward]:
    now = feed_now()
    found = []
    for one in call.notices.all():
        said = one.content.get("said", {})
        found.append(
            Upward(
                row=one,
                sender=pick(*LEVELS[one.sender]),
                receiver=pick(*LEVELS[one.receiver]),
                what=_("首报") if one.round == 1 else _("续报"),
                said=[(pick(*CONTENT[code]), text) for code, text in said.items() if text],
                missing=[pick(*CONTENT[code]) for code in one.content.get("missing", [])],
                late=(one.sent_at or now) > one.due_at,
            )
        )
    return found


def tolls(call: Call) -> list[tuple[CallToll, str, str]]:
    """Each count with its grade in force and the class of 1991, the newest first."""
    return [
        (one, grade_word(one.grade_2007), class_word(one.class_1991))
        for one in call.tolls.order_by("-pk")
    ]


def place_of_call(call: Call) -> Where:
    """The call's place as likeness takes it."""
    return Where(
        unit=call.unit, road=call.road, road_class=call.road_class, stake_m=call.stake_m,
        direction=call.direction, within_m=call.within_m, lat=call.lat, lon=call.lon,
    )  # fmt: skip
