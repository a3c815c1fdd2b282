"""The board at a past moment: open cases, warnings and units as they stood, from events only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from sizao.respond import past
from sizao.respond.records import CaseState, Event
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.units.models import PatrolState, PatrolUnit, User
from sizao.web.warnings.models import Warning

SPAN = timedelta(hours=24)
WARNINGS = timedelta(hours=2)
"""Warnings issued this much before the moment are listed."""


@dataclass(frozen=True)
class Then:
    """One case as it stood: what never changes of its row, and the state played again."""

    case: Case
    state: CaseState
    what: str
    tasks: int


def cases_at(user: User, at: datetime) -> list[Then]:
    """The cases that a user may see and that were not closed at a moment.

    A case whose last verification was before the moment is left out unread: it was closed then.
    """
    rows = {
        case.number: case
        for case in Case.objects.for_user(user)
        .select_related("local_unit")
        .filter(raised_at__lte=at)
        .filter(Q(verified_at=None) | Q(verified_at__gt=at))
    }
    timelines: dict[str, list[Event]] = defaultdict(list)
    events = CaseEvent.objects.filter(case__in=list(rows.values()), at__lte=at)
    for number, data in events.order_by("case", "seq").values_list("case__number", "data"):
        timelines[number].append(Event.from_dict(data))
    return [
        Then(rows[state.id], state, words.kind_word(rows[state.id].kind), len(state.open_tasks))
        for state in past.board(timelines, at.timestamp())
    ]


def units_at(user: User, at: datetime) -> list[tuple[PatrolUnit, str]]:
    """Every unit of the subtree with the state that it had taken last at a moment; empty where
    nothing is recorded so early."""
    last = PatrolState.objects.filter(patrol=OuterRef("pk"), at__lte=at).order_by("-at", "-pk")
    found = (
        PatrolUnit.objects.for_user(user)
        .select_related("unit")
        .annotate(then=Subquery(last.values("state")[:1]))
    )
    return [(one, one.then or "") for one in found]


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The board at ``?at=`` (local time), with a slider over the day before."""
    user = request.user
    if not user.sees_all and not user.path:
        raise PermissionDenied
    now = feed_now()
    at = _moment(request.GET, now)
    if at > now:
        at = now
    begin = max(at - SPAN / 2, now - timedelta(days=3650))
    end = min(begin + SPAN, now)
    begin = end - SPAN
    warnings = (
        Warning.objects.for_user(user)
        .filter(issued__lte=at, issued__gt=at - WARNINGS)
        .select_related("unit")
        .order_by("-issued")[:50]
    )
    return render(
        request,
        "review/_board.html" if request.GET.get("part") == "board" else "review/board.html",
        {
            "at": at,
            "begin": begin,
            "end": end,
            "now": now,
            "minutes": int((end - begin).total_seconds() // 60),
            "minute": int((at - begin).total_seconds() // 60),
            "steps": [
                (label, at + timedelta(minutes=minutes))
                for label, minutes in (("-60", -60), ("-10", -10), ("-1", -1), ("+1", 1),
                                       ("+10", 10), ("+60", 60))
                if at + timedelta(minutes=minutes) <= now
            ],
            "cases": cases_at(user, at),
            "warnings": [(one, words.kind_word(one.kind)) for one in warnings],
            "units": [
                (one, words.patrol_word(state) if state else "")
                for one, state in units_at(user, at)
            ],
        },
    )  # fmt: skip


def _moment(given, now: datetime) -> datetime:
    """``at`` as local time; or ``begin`` (epoch seconds) and ``minute`` of the slider."""
    begin, minute = given.get("begin", ""), given.get("minute", "")
    if begin.isdigit() and minute.isdigit():
        return datetime.fromtimestamp(int(begin) + 60 * min(int(minute), 1440), now.tzinfo)
    try:
        parsed = parse_datetime(given.get("at", ""))
    except ValueError:
        parsed = None
    if parsed is None:
        return now
    return parsed if timezone.is_aware(parsed) else timezone.make_aware(parsed)
