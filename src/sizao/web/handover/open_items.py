"""What is open at a unit at a moment: the same for the handover note and the morning briefing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from sizao.respond.calls.reporting import LEVELS
from sizao.respond.calls.table import kind_names
from sizao.warn.causes import CAUSES
from sizao.warn.words import RULES
from sizao.web.calls.models import Call, Notice
from sizao.web.cases.access import concerning
from sizao.web.cases.models import Case
from sizao.web.cases.queries import running_clocks
from sizao.web.hazards.models import Hazard
from sizao.web.measures.models import ControlMeasure
from sizao.web.reports.catalogue import case_kinds
from sizao.web.response.models import OPEN as TASK_OPEN
from sizao.web.response.models import PlanTask
from sizao.web.sources.models import SourceEvent
from sizao.web.units.models import Unit, under

SOON = timedelta(days=3)
"""A hazard whose deadline comes within this time is named."""

KINDS: dict[str, tuple[str, str]] = {
    "case": ("未结案件", "open cases"),
    "task": ("未了的预案任务", "open tasks of plans"),
    "notice": ("待报送的事故上报", "reports upward that are due"),
    "call": ("处理中的接警", "open calls"),
    "callback": ("待回访", "callers to ring back"),
    "measure": ("生效的管制措施", "measures in force"),
    "hazard": ("到期和临期隐患", "hazards due"),
    "source": ("静默的数据源", "silent sources"),
}
"""Code to names, in the order of the note."""


@dataclass(frozen=True)
class Item:
    """One thing that somebody has to see to. Times are seconds since the epoch."""

    key: str
    kind: str
    zh: str
    en: str
    url: str
    due_s: float | None = None
    start_s: float | None = None
    level: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def collect(unit: Unit, now: datetime) -> list[Item]:
    """Everything open at the unit and below it, by kind, the first to run out first."""
    found = [
        *_cases(unit), *_tasks(unit), *_notices(unit), *_calls(unit), *_measures(unit),
        *_hazards(unit, now), *_sources(unit),
    ]  # fmt: skip
    order = list(KINDS)
    return sorted(
        found, key=lambda one: (order.index(one.kind), one.due_s or float("inf"), one.key)
    )  # fmt: skip


def kind_zh(kind: str) -> tuple[str, str]:
    """A case's kind in both languages."""
    named = RULES.get(kind) or CAUSES.get(kind) or (case_kinds() | kind_names()).get(kind)
    return (named[0], named[1]) if named else (kind, kind)


def _cases(unit: Unit) -> Iterator[Item]:
    rows = Case.objects.open().filter(concerning(unit)).select_related("unit")
    for case in rows:
        zh, en = kind_zh(case.kind)
        first = min(running_clocks(case), key=lambda one: one.at_s, default=None)
        state = case.get_state_display()
        yield Item(
            f"case:{case.number}", "case",
            f"{case.number} {zh} {case.place}（{state}，{case.unit.name_zh}指挥）",
            f"{case.number} {en}, {case.place}; {case.state}, commanded by {case.unit.name_en}",
            reverse("case", args=[case.pk]),
            first.at_s if first else None, first.start_s if first else None, case.level_code,
        )  # fmt: skip


def _tasks(unit: Unit) -> Iterator[Item]:
    """Tasks of plans that run on the unit's cases, or that the unit has to do."""
    rows = PlanTask.objects.filter(state__in=TASK_OPEN).filter(
        concerning(unit, "case__") | under(unit.path, "unit")
    )
    for one in rows.select_related("case", "unit"):
        yield Item(
            f"task:{one.case.number}:{one.key}", "task",
            f"{one.case.number} {one.zh}（{one.unit.name_zh}）",
            f"{one.case.number} {one.en}; {one.unit.name_en}",
            reverse("case", args=[one.case_id]), one.deadline_s, one.start_s,
        )  # fmt: skip


def _notices(unit: Unit) -> Iterator[Item]:
    rows = (
        Notice.objects.filter(under(unit.path, "call__unit", "call__desk"))
        .filter(Q(sent_at=None) | Q(receipt_at=None))
        .select_related("call")
    )
    for one in rows:
        (from_zh, from_en), (to_zh, to_en) = LEVELS[one.sender], LEVELS[one.receiver]
        waits = one.sent_at is not None
        zh, en = ("待签收", "no receipt yet") if waits else ("待报送", "to be sent")
        due, start = (one.receipt_due, one.sent_at) if waits else (one.due_at, one.start_at)
        yield Item(
            f"notice:{one.call.number}:{one.round}:{one.step}", "notice",
            f"{one.call.number} {one.call.place} {from_zh}→{to_zh} {zh}",
            f"{one.call.number} {one.call.place}: {from_en} to {to_en}, {en}",
            reverse("call", args=[one.call.number]),
            due.timestamp() if due else None, start.timestamp() if start else None,
            one.call.level_code,
        )  # fmt: skip


def _calls(unit: Unit) -> Iterator[Item]:
    rows = Call.objects.filter(under(unit.path, "unit", "desk")).select_related("unit")
    names = kind_names()
    for call in rows.filter(state=Call.State.OPEN, case=None):
        zh, en = names.get(f"call_{call.kind}", (call.kind, call.kind))
        yield Item(
            f"call:{call.number}", "call", f"{call.number} {zh} {call.place}（未立案）",
            f"{call.number} {en}, {call.place}; no case", reverse("call", args=[call.number]),
            None, None, call.level_code,
        )  # fmt: skip
    for call in rows.filter(callback_due__isnull=False, callback_at=None):
        assert call.callback_due is not None
        yield Item(
            f"callback:{call.number}", "callback", f"{call.number} {call.place} 待回访",
            f"{call.number} {call.place}: to be called back", reverse("call", args=[call.number]),
            call.callback_due.timestamp(), call.closed_at.timestamp() if call.closed_at else None,
        )  # fmt: skip


def _measures(unit: Unit) -> Iterator[Item]:
    rows = ControlMeasure.objects.open().filter(under(unit.path, "unit")).select_related("unit")
    for one in rows:
        clock = one.clock
        yield Item(
            f"measure:{one.number}", "measure",
            f"{one.number} {one.get_kind_display()} {one.place}，须由人解除",
            f"{one.number} {one.kind}, {one.place}; somebody has to lift it",
            reverse("measure", args=[one.pk]),
            clock.at_s if clock else None, clock.start_s if clock else None,
        )  # fmt: skip


def _hazards(unit: Unit, now: datetime) -> Iterator[Item]:
    rows = Hazard.objects.open().filter(
        reach__contains=f"|{unit.path}", deadline__lt=now + SOON
    )  # fmt: skip
    for one in rows:
        assert one.deadline is not None
        late_zh, late_en = ("已超期", "overdue") if one.deadline < now else ("临期", "due soon")
        yield Item(
            f"hazard:{one.number}", "hazard",
            f"{one.number} {one.place}（{one.duty_name}，{late_zh}）",
            f"{one.number} {one.place}; {one.duty_name}, {late_en}",
            reverse("hazard", args=[one.number]), one.deadline.timestamp(),
            one.found_at.timestamp(),
        )  # fmt: skip


def _sources(unit: Unit) -> Iterator[Item]:
    if unit.parent_id is not None:
        return  # sources are the detachment's to watch
    for one in SourceEvent.objects.filter(ended=None):
        since = timezone.localtime(one.started)
        yield Item(
            f"source:{one.pk}", "source", f"{one.source} {one.topic} 中断",
            f"{one.source} {one.topic}: silent since {since:%Y-%m-%d %H:%M}",
            reverse("source", args=[one.source]), None, one.started.timestamp(),
        )  # fmt: skip
