"""Changing a plan by hand: another post for a visit, with what it does to coverage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sizao.core.errors import ConfigError, ConflictError
from sizao.plan import coverage
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.geo import metres_between
from sizao.web.plan import access, files
from sizao.web.plan.kept import Coverage
from sizao.web.plan.models import Plan, Stay
from sizao.web.units.models import User
from sizao.web.writing import write

CHOICES = 14
"""Posts offered in the place of one: the nearest."""


@dataclass(frozen=True)
class Effect:
    """What a change would do. late_min : minutes the crew would be late, 0 if it fits"""

    before: float
    after: float
    late_min: float

    @property
    def points(self) -> float:
        """Change of coverage in percentage points."""
        return (self.after - self.before) * 100


def choices(plan: Plan, stay: Stay) -> list[tuple[int, str]]:
    """Posts near a stay, the nearest first: number and place."""
    found = files.coverage(plan)
    away = metres_between(found.lat, found.lon, stay.lat, stay.lon)
    order = [int(one) for one in np.argsort(away, kind="stable") if one != stay.post]
    return [(one, str(found.place[one])) for one in order[:CHOICES]]


def effect(plan: Plan, stay: Stay, post: int) -> Effect:
    """Coverage of the whole plan with another post, and whether the crew can keep its times.

    Raises ConfigError for an unknown post.
    """
    found = files.coverage(plan)
    if not 0 <= post < len(found.lat):
        raise ConfigError(f"no post {post} in this plan")
    visits: list[list[int]] = [[] for _ in found.weight]
    others: set[int] = set()
    for one in plan.stays.filter(post__gte=0).values_list("pk", "slot", "post"):
        if one[1] == stay.slot and one[0] != stay.pk:
            others.add(one[2])
        visits[one[1]].append(one[2])
    with_change = list(visits)
    with_change[stay.slot] = [*others, post]
    slot = found.weight[stay.slot : stay.slot + 1]
    now, then = (
        float(coverage.covered(slot, coverage.shares(found.reach, [set(each[stay.slot])])).sum())
        for each in (visits, with_change)
    )
    before = float(plan.summary["covered"])
    return Effect(before, before + (then - now) / found.total, _late(plan, stay, post, found))


def _late(plan: Plan, stay: Stay, post: int, found: Coverage) -> float:
    """Minutes missing for the drive to the post and on from it."""
    crews = [one["id"] for one in plan.given["units"]]
    base = crews.index(stay.crew)
    round_ = list(plan.stays.filter(crew=stay.crew, slot=stay.slot, post__gte=0))
    at = [one.pk for one in round_].index(stay.pk)
    here = len(crews) + post
    late = 0.0
    if at > 0:
        room = (stay.arrive - round_[at - 1].leave).total_seconds() / 60
        late = max(late, float(found.minutes[len(crews) + round_[at - 1].post, here]) - room)
    else:
        usual = float(found.minutes[base, len(crews) + stay.post])
        late = max(late, float(found.minutes[base, here]) - max(usual, stay.drive_min))
    if at + 1 < len(round_):
        room = (round_[at + 1].arrive - stay.leave).total_seconds() / 60
        late = max(late, float(found.minutes[here, len(crews) + round_[at + 1].post]) - room)
    else:
        usual = float(found.minutes[len(crews) + stay.post, base])
        late = max(late, float(found.minutes[here, base]) - usual)
    return late if late > _GRACE_MIN else 0.0


_GRACE_MIN = 2.0
"""A visit may be cut by so much: stays have minutes to spare."""


def change(user: User, plan_id: int, stay_id: int, post: int) -> Effect:
    """Put another post in the place of a visit. An approved plan must be approved again.

    Raises ConflictError if the visit is over or the user may not, ConfigError if the crew would
    be late or there is no such post.
    """
    with write():
        plan = Plan.objects.select_related("unit").select_for_update().get(pk=plan_id)
        stay = plan.stays.filter(pk=stay_id, post__gte=0).first()
        if (
            stay is None
            or not access.sees_whole(user, plan)
            or plan.state not in (Plan.State.DRAFT, Plan.State.APPROVED)
            or stay.arrive <= feed_now()
        ):
            raise ConflictError("this visit cannot be changed any more")
        found = effect(plan, stay, post)
        if found.late_min > 0:
            raise ConfigError(f"the crew would be {found.late_min:.0f} min late")
        posts = files.coverage(plan)
        before = stay.post
        stay.post, stay.place = post, str(posts.place[post])
        stay.lat, stay.lon = float(posts.lat[post]), float(posts.lon[post])
        stay.changed_by = user.get_username()
        stay.save()
        plan.summary = {
            **plan.summary, "covered": found.after, "changed_by": user.get_username(),
            "changes": plan.summary.get("changes", 0) + 1,
        }  # fmt: skip
        plan.state, plan.approved_by, plan.approved_name, plan.approved_at = (
            Plan.State.DRAFT, "", "", None,
        )  # fmt: skip
        plan.save()
        audit.record(
            user, "change", "plan", plan.pk,
            {"stay": stay.pk, "from": before, "to": post, "covered": found.after},
        )  # fmt: skip
    return found
