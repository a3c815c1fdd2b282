"""What a case page asks: next steps, clocks, proposed patrols. Reads only."""

from __future__ import annotations

from sizao.respond import case as machine
from sizao.respond import clocks
from sizao.respond.dispatch import Candidate, Proposal, propose
from sizao.respond.unit_kinds import held_up, wanted
from sizao.web.cases.access import may_act
from sizao.web.cases.arrival import ways
from sizao.web.cases.models import Assignment, Case
from sizao.web.cases.projection import actor_of, state_of
from sizao.web.clock import feed_now
from sizao.web.units.models import PatrolUnit, User
from sizao.web.units.territory import territory


def next_steps(user: User, case: Case) -> tuple[machine.NextStep, ...]:
    """The steps this user may take now, the primary one first; empty if none."""
    if not may_act(user, case):
        return ()
    return machine.next_steps(state_of(case), actor_of(user))


def running_clocks(case: Case) -> tuple[clocks.Deadline, ...]:
    """Every running clock of the case with its deadline."""
    return clocks.deadlines(state_of(case))


def remaining(case: Case) -> clocks.Remaining | None:
    """How the first deadline stands now: seconds left and phase; None once closed."""
    return clocks.remaining(state_of(case), feed_now().timestamp())


def propose_units(user: User, case: Case, limit: int = 5) -> tuple[Proposal, ...]:
    """Units of the user's subtree, the soonest at the place first, each with the reason.

    By road from the last position of vehicle or phone, or the squadron's post, with the closures
    in force; for each skill that the case wants the soonest that has it.
    """
    patrols = list(PatrolUnit.objects.for_user(user).select_related("unit"))
    found = ways(case, patrols)
    squadron = territory().squadron(case.area, "", case.lat, case.lon)
    own = {case.local_unit_id, squadron.pk}
    now = feed_now()
    return propose(
        [
            Candidate(
                id=str(patrol.pk),
                call_sign=patrol.call_sign,
                state=patrol.state,
                seconds=found[patrol.pk].seconds,
                metres=found[patrol.pk].metres,
                own_area=patrol.unit_id in own,
                position_age_s=start.age_s if (start := found[patrol.pk].start) else None,
                kind=patrol.kind,
                skills=patrol.all_skills,
                shift_left_s=(patrol.shift_until - now).total_seconds()
                if patrol.shift_until is not None
                else None,
            )
            for patrol in patrols
        ],
        limit=limit,
        wanted=wanted_by(case),
    )


def wanted_by(case: Case) -> tuple[str, ...]:
    """Skills that the case wants beside a patrol."""
    return wanted(case.kind, case.vehicle_kind)


def late_minutes(assignment: Assignment) -> int | None:
    """Minutes by which a unit under way is behind its promise, if it is held up."""
    if assignment.arrived_at is not None or assignment.released_at is not None:
        return None
    return held_up(assignment.eta_s, (feed_now() - assignment.assigned_at).total_seconds())
