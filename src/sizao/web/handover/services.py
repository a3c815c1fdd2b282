"""A handover from the draft to the second signature. Each function is one transaction.

Nothing gets lost between two shifts for two reasons. What is open is read from the database and
never from the note, and belongs to whoever is on duty (:func:`holder`). And the note is compared
with it when each of the two signs: what was raised meanwhile is added and shown, and only then
can the incoming person sign.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError
from django.utils import timezone

from sizao.core.errors import ConflictError, TransitionError
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.handover.models import Handover
from sizao.web.handover.open_items import collect
from sizao.web.roster.services import commander_of
from sizao.web.units.models import Unit, User
from sizao.web.writing import write


class LateItemsError(ConflictError):
    """Something was raised since the note was read: it is in the note now, to be looked at."""

    def __init__(self, count: int) -> None:
        self.zh = f"签字期间新增 {count} 项，已列入并标出，请看过再签。"
        self.en = f"{count} raised meanwhile: they are in the note and marked; look, then sign."
        super().__init__(f"{self.zh} ({self.en})")


def may_sign(user: User, unit: Unit) -> bool:
    """Whoever acts for exactly this unit; the detachment's people also for units below."""
    return user.acts and user.path != "" and (user.sees_all or user.unit_id == unit.pk)


def holder(unit: Unit, at: datetime) -> User | None:
    """Whose the unit's open items are: of the person who took over last, or before any note of
    the commander on the roster."""
    last = (
        Handover.objects.filter(unit=unit, state=Handover.State.DONE, in_at__lte=at)
        .select_related("in_by")
        .order_by("-in_at")
        .first()
    )
    return last.in_by if last is not None else commander_of(unit, at)


def begin(user: User, unit: Unit) -> Handover:
    """Make the note from what is open now; the one that is open already if there is one."""
    _must(user, unit)
    with write():
        found = Handover.objects.filter(unit=unit, state__in=Handover.OPEN).first()
        if found is not None:
            return found
        now = feed_now()
        try:
            note = Handover.objects.create(
                number=_next_number(unit, now), unit=unit, made_at=now,
                items=[one.to_dict() for one in collect(unit, now)],
            )  # fmt: skip
        except IntegrityError as error:
            raise TransitionError(
                "别人刚刚生成了交接班记录，请刷新。", "Somebody has just made it: reload."
            ) from error
        audit.record(user, "handover.begin", "handover", note.number, {"items": len(note.items)})
    return note


def edit(user: User, number: str, text: str, expected_version: int) -> Handover:
    """Write the outgoing person's own words, before they sign."""
    with write():
        note = _note(user, number, expected_version)
        if note.state != Handover.State.DRAFT:
            raise TransitionError("已经签字，不能再改。", "It is signed.", code="state")
        note.note = text.strip()[:4000]
        _keep(note)
        audit.record(user, "handover.edit", "handover", note.number)
    return note


def sign_out(user: User, number: str, text: str, expected_version: int) -> Handover:
    """The outgoing person signs what is open at this very moment."""
    with write():
        note = _note(user, number, expected_version)
        if note.state != Handover.State.DRAFT:
            raise TransitionError("已经有人签字交班。", "Somebody has signed.", code="state")
        now = feed_now()
        note.items = [one.to_dict() for one in collect(note.unit, now)]
        note.note = text.strip()[:4000]
        note.state, note.out_by, note.out_at = Handover.State.HANDED, user, now
        _keep(note)
        audit.record(user, "handover.out", "handover", note.number, {"items": len(note.items)})
    return note


def sign_in(user: User, number: str, expected_version: int) -> Handover:
    """The incoming person signs: another one. From then on what is open is theirs.

    Raises LateItemsError, having added them to the note, if something was raised since it was
    read.
    """
    with write():
        note = _note(user, number, expected_version)
        if note.state != Handover.State.HANDED:
            raise TransitionError(
                "交班人还没有签字，或已经交接。", "It is not to be signed now.", code="state"
            )
        if note.out_by_id == user.pk:
            raise TransitionError(
                "交班人和接班人不能是同一人。", "Another person has to take over.",
                code="same_person",
            )  # fmt: skip
        now = feed_now()
        fresh = _add_late(note, now)
        if not fresh:
            note.state, note.in_by, note.in_at = Handover.State.DONE, user, now
            note.version += 1
            note.save()
            audit.record(user, "handover.in", "handover", note.number,
                         {"items": [one["key"] for one in note.items]})  # fmt: skip
    if fresh:
        raise LateItemsError(fresh)
    return note


def _add_late(note: Handover, now: datetime) -> int:
    """Put what is open and not in the note into it, marked. Returns how many."""
    known = {one["key"] for one in note.items}
    fresh = [one for one in collect(note.unit, now) if one.key not in known]
    if fresh:
        note.items = [*note.items, *({**one.to_dict(), "late": True} for one in fresh)]
        _keep(note)
    return len(fresh)


def drop(user: User, number: str, expected_version: int) -> Handover:
    """Give a note up that is not signed by both; its row stays."""
    with write():
        note = _note(user, number, expected_version)
        if not note.is_open:
            raise TransitionError("已经交接或作废。", "It is over.", code="state")
        note.state = Handover.State.DROPPED
        _keep(note)
        audit.record(user, "handover.drop", "handover", note.number)
    return note


def _note(user: User, number: str, expected_version: int) -> Handover:
    note = (
        Handover.objects.for_user(user)
        .select_related("unit", "out_by", "in_by")
        .select_for_update(of=("self",))
        .get(number=number)
    )
    _must(user, note.unit)
    if note.version != expected_version:
        raise TransitionError(
            "您看到的页面已过时，下面是最新的。", "The note changed; this is the newest.",
            code="conflict",
        )  # fmt: skip
    return note


def _must(user: User, unit: Unit) -> None:
    if not may_sign(user, unit):
        raise TransitionError("您不能办理这个单位的交接班。", "It is not your unit's.", code="role")


def _keep(note: Handover) -> None:
    note.version += 1
    note.save()


def _next_number(unit: Unit, now: datetime) -> str:
    day = timezone.localtime(now).strftime(f"H%Y%m%d-{unit.code}")[:20]
    return f"{day}-{Handover.objects.filter(number__startswith=f'{day}-').count() + 1}"
