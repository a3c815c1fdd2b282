"""Planning shifts and swapping them; who is on duty."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.core.rulebook import entry
from sizao.respond.duty.roster import POSTS, Away, Conflict, Duty, conflicts, gaps, limits
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.roster import access
from sizao.web.roster.models import Shift, Swap, Unavailable
from sizao.web.units.models import Unit, User
from sizao.web.writing import write

_LEVELS = {1: "squadron", 2: "brigade", 3: "detachment"}
LONGEST = timedelta(hours=48)


def on_duty(unit: Unit, at: datetime, post: str = "") -> list[Shift]:
    """Shifts of exactly this unit that cover a moment, the commander first; of a post if given."""
    rows = Shift.objects.standing().filter(unit=unit, start__lte=at, end__gt=at)
    if post:
        rows = rows.filter(post=post)
    order = list(POSTS)
    return sorted(rows.select_related("unit", "person"), key=lambda one: order.index(one.post))


def commander_of(unit: Unit, at: datetime) -> User | None:
    """Who commands the unit's shift at a moment; of the next unit above that has somebody."""
    here: Unit | None = unit
    while here is not None:
        found = on_duty(here, at, "commander")
        if found:
            return found[0].person
        here = here.parent
    return None


def add(user: User, unit: Unit, post: str, person: User, start: datetime, end: datetime) -> Shift:
    """Plan a shift. Conflicts are shown and do not forbid: an emergency is planned too.

    Raises TransitionError for what cannot be at all.
    """
    if not access.may_plan(user, unit):
        raise TransitionError("您不能为该单位排班。", "You may not plan this unit.", code="role")
    if post not in POSTS:
        raise TransitionError("请选择岗位。", "Choose a post.", code="field")
    if not start < end <= start + LONGEST:
        raise TransitionError(
            "班次须在 48 小时以内，且下班晚于上班。", "A shift ends after it begins, within 48 h.",
            code="field",
        )  # fmt: skip
    if not person.is_active or not person.acts or not person.path.startswith(unit.path):
        raise TransitionError(
            "只能排本单位及下级单位的在职人员。", "Only people of the unit or below it.",
            code="field",
        )  # fmt: skip
    with write():
        shift, new = Shift.objects.get_or_create(
            unit=unit, post=post, person=person, start=start, end=end, cancelled_at=None,
            defaults={"made_by": user, "made_at": feed_now()},
        )  # fmt: skip
        if new:
            audit.record(user, "roster.add", "shift", shift.pk, _told(shift))
    return shift


def cancel(user: User, shift_id: int) -> Shift:
    """Take a shift that is not over out of the roster; its row stays."""
    with write():
        shift = _shift(user, shift_id)
        if not access.may_plan(user, shift.unit):
            raise TransitionError("您不能改这个班次。", "You may not change it.", code="role")
        if shift.cancelled_at is not None or shift.end <= feed_now():
            raise TransitionError(
                "班次已结束或已撤销。", "It is over, or was cancelled.", code="state"
            )
        shift.cancelled_at = feed_now()
        shift.save()
        shift.swaps.filter(state=Swap.State.ASKED).update(
            state=Swap.State.WITHDRAWN, decided_at=feed_now()
        )
        audit.record(user, "roster.cancel", "shift", shift.pk, _told(shift))
    return shift


def ask_swap(user: User, shift_id: int, to: User) -> Swap:
    """Ask that another person takes a shift: the person whose it is, or who plans the unit."""
    with write():
        shift = _shift(user, shift_id)
        if shift.person_id != user.pk and not access.may_plan(user, shift.unit):
            raise TransitionError("只能换自己的班。", "It is not your shift.", code="role")
        if shift.cancelled_at is not None or shift.start <= feed_now():
            raise TransitionError(
                "班次已开始或已撤销，不能换班。", "It has begun, or was cancelled.", code="state"
            )
        if to.pk == shift.person_id or not to.acts or not to.path.startswith(shift.unit.path):
            raise TransitionError(
                "请选择本单位的另一人。", "Choose another person of the unit.", code="field"
            )
        try:
            swap = Swap.objects.create(shift=shift, to=to, asked_by=user, asked_at=feed_now())
        except IntegrityError as error:
            raise TransitionError(
                "这个班次已有换班申请。", "A swap of it is waiting.", code="state"
            ) from error
        audit.record(user, "roster.swap_ask", "shift", shift.pk, {"to": to.username})
    return swap


def decide_swap(user: User, swap_id: int, accept: bool) -> Swap:
    """Accept or refuse; who asked may withdraw. The two concerned never decide themselves."""
    with write():
        swap = (
            Swap.objects.select_related("shift__unit", "to")
            .select_for_update(of=("self",))
            .filter(pk=swap_id, shift__in=Shift.objects.for_user(user))
            .first()
        )
        if swap is None:
            raise TransitionError("没有这项换班。", "There is no such swap.", code="target")
        if swap.state != Swap.State.ASKED:
            raise TransitionError("已经有了决定。", "It has been decided.", code="state")
        withdrawn = user.pk == swap.asked_by_id and not accept
        if not withdrawn and not access.may_decide(user, swap):
            raise TransitionError(
                "须由申请人和换班双方以外的人批准。",
                "Somebody else than the one who asked and the two concerned decides.",
                code="same_person",
            )
        if accept and (swap.shift.cancelled_at is not None or swap.shift.start <= feed_now()):
            raise TransitionError(
                "班次已开始或已撤销。", "It has begun, or was cancelled.", code="state"
            )
        refused = Swap.State.WITHDRAWN if withdrawn else Swap.State.REFUSED
        swap.state = Swap.State.ACCEPTED if accept else refused
        swap.decided_by, swap.decided_at = user, feed_now()
        swap.save()
        if accept:
            swap.shift.person = swap.to
            swap.shift.save(update_fields=["person"])
        audit.record(user, f"roster.swap_{swap.state}", "shift", swap.shift_id,
                     {"to": swap.to.username})  # fmt: skip
    return swap


def set_away(user: User, person: User, start: datetime, end: datetime) -> Unavailable:
    """Note that somebody is not available: oneself, or who plans the unit. No reason is taken."""
    if person.unit is None or not person.acts or (
        person.pk != user.pk and not access.may_plan(user, person.unit)
    ):  # fmt: skip
        raise TransitionError("您不能为他人登记。", "It is not yours to note.", code="role")
    if not start < end <= start + timedelta(days=366):
        raise TransitionError("请填写起止时间。", "Give a beginning and an end.", code="field")
    with write():
        row = Unavailable.objects.create(person=person, start=start, end=end, noted_by=user)
        audit.record(user, "roster.away", "user", person.username,
                     {"start": start, "end": end})  # fmt: skip
    return row


def wrong(unit: Unit, start: datetime, end: datetime) -> list[Conflict]:
    """What does not fit in the unit's roster between two moments, in order of time.

    A person's shifts at other units and of the week before count.
    """
    rows = list(Shift.objects.standing().filter(unit=unit, start__lt=end, end__gt=start))
    people = {one.person_id for one in rows}
    wide = Shift.objects.standing().filter(
        person__in=people, start__lt=end, end__gt=start - timedelta(days=7)
    )
    shown = {one.pk for one in rows}
    away = Unavailable.objects.filter(person__in=people, start__lt=end, end__gt=start)
    found = [
        one
        for one in conflicts(
            duties_of(wide),
            [
                Away(str(one.person), one.start.timestamp(), one.end.timestamp())
                for one in away.select_related("person")
            ],
            limits(),
        )
        if shown & set(one.duties)
    ]
    wanted = entry("duty.posts").value("always").get(_LEVELS.get(unit.level, ""), [])
    found += gaps(
        duties_of(rows), {unit.code: wanted}, start.timestamp(), end.timestamp()
    ) if rows else []  # fmt: skip
    return sorted(found, key=lambda one: one.at_s)


def duties_of(rows: Iterable[Shift]) -> list[Duty]:
    """Rows as values."""
    queried = rows.select_related("unit", "person") if hasattr(rows, "select_related") else rows
    return [
        Duty(one.pk, str(one.person), one.unit.code, one.post, one.start.timestamp(),
             one.end.timestamp())
        for one in queried
    ]  # fmt: skip


def _shift(user: User, shift_id: int) -> Shift:
    shift = Shift.objects.for_user(user).select_related("unit", "person").filter(pk=shift_id)
    found = shift.select_for_update(of=("self",)).first()
    if found is None:
        raise TransitionError("没有这个班次。", "There is no such shift.", code="target")
    return found


def _told(shift: Shift) -> dict[str, str]:
    return {
        "unit": shift.unit.code,
        "post": shift.post,
        "person": shift.person.username,
        "start": timezone.localtime(shift.start).isoformat(timespec="minutes"),
        "end": timezone.localtime(shift.end).isoformat(timespec="minutes"),
    }
