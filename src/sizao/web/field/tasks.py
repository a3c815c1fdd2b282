"""What an officer has to do now, as the phone keeps it: as little as the work needs."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from sizao.web.cases.access import may_act
from sizao.web.cases.models import Case
from sizao.web.cases.queries import next_steps, remaining
from sizao.web.measures.words import effect, kind_word
from sizao.web.pages import words
from sizao.web.pages.rows import case_row
from sizao.web.units.models import User

MOST = 30


def tasks_of(user: User) -> list[dict[str, Any]]:
    """Open cases to which a patrol of the user's unit was sent, or which that unit commands; the
    soonest deadline first. No plate, no person: the phone may be lost."""
    if not user.path:
        return []
    mine = (
        Q(assignments__patrol__unit__path__startswith=user.path, assignments__released_at=None)
        | Q(unit__path__startswith=user.path)
        # In a drill nobody is sent: who was named there may act, below.
        | Q(drill__state="running", local_unit__path__startswith=user.path)
    )
    found = (
        Case.every.for_user(user)
        .open()
        .filter(mine)
        .filter(Q(drill=None) | Q(drill__state="running"))
        .exclude(state__in=("resolved", "dismissed"))
        .select_related("unit", "local_unit")
        .distinct()
        .order_by("deadline", "-pk")[:MOST]
    )
    return [_task(user, case) for case in found if may_act(user, case)]


def _task(user: User, case: Case) -> dict[str, Any]:
    clock = remaining(case)
    sent = case.assignments.filter(
        released_at=None, patrol__unit__path__startswith=user.path
    ).select_related("patrol")
    return {
        "id": case.pk,
        "number": case.number,
        "drill": case.drill_id is not None,
        "version": case.version,
        "state": case.state,
        "state_word": words.state_word(case.state),
        "level": case.level_code,
        "what": case_row(user, case).what,
        "place": case.place,
        "lat": case.lat,
        "lon": case.lon,
        "deadline": clock.deadline.at_s if clock else None,
        "start": clock.deadline.start_s if clock else None,
        "clock": words.clock_word(clock.deadline.clock) if clock else "",
        "steps": [one.step.action for one in next_steps(user, case)],
        "units": [one.patrol.call_sign for one in sent],
        "arrived": any(one.arrived_at for one in sent),
        "measures": [
            f"{kind_word(one.kind)} {effect(one)}".strip() for one in case.measures.open()
        ],
    }
