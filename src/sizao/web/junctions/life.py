"""From hazard junction to model junction: who may take which step, on what facts."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from sizao.core.errors import ConfigError, ConflictError
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.junctions import access
from sizao.web.junctions.criteria import YES, criteria, defects_gone
from sizao.web.junctions.models import Junction, Step
from sizao.web.junctions.register import locked, saved, step
from sizao.web.units.models import User
from sizao.web.writing import write

S = Junction.State
STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "mark": ((S.NORMAL, S.ACCEPTED, S.MODEL), S.HAZARD),
    "begin": ((S.HAZARD,), S.WORKS),
    "ask": ((S.WORKS,), S.REVIEW),
    "reject": ((S.REVIEW,), S.WORKS),
    "accept": ((S.REVIEW,), S.ACCEPTED),
    "model": ((S.ACCEPTED,), S.MODEL),
}
"""Action to the states it starts from and the one it leads to."""
NEEDS_WORDS = ("mark", "reject")
_DECIDED = ("accept", "reject", "model")


def open_steps(user: User, junction: Junction) -> list[str]:
    """What this person may do now, in order."""
    return [
        name
        for name, (start, _end) in STEPS.items()
        if junction.state in start and _may(user, junction, name)
    ]


def _may(user: User, junction: Junction, name: str) -> bool:
    if name in _DECIDED:
        return access.may_accept(user, junction)
    return access.may_change(user, junction)


def act(user: User, pk: int, version: int, name: str, note: str = "") -> Step:
    """Take a step. The facts it was taken on are kept with it.

    Raises ConflictError if it is not open to this person now, a stale version, or facts that
    speak against it; ConfigError for an unknown step or a missing reason.
    """
    if name not in STEPS:
        raise ConfigError(_("没有这个步骤。"))
    if name in NEEDS_WORDS and not note.strip():
        raise ConfigError(_("请写明原因。"))
    with write():
        junction = locked(pk, version)
        start, end = STEPS[name]
        if junction.state not in start or not _may(user, junction, name):
            raise ConflictError(_("这一步现在不能做，或须由另一位负责人来做。"))
        facts = _facts(junction, name)
        if name == "begin":
            junction.works_at = feed_now()
        if name == "ask":
            junction.asked_by = user.get_username()
        elif name in ("mark", "reject", "model"):
            junction.asked_by = ""
        junction.state = end
        saved(junction)
        kept = step(junction, user, name, note.strip(), facts)
        audit.record(
            user, f"junction.{name}", "junction", junction.pk, {"state": end, "note": note[:200]}
        )
    return kept


def _facts(junction: Junction, name: str) -> list[dict[str, Any]]:
    """What the step rests on. Raises ConflictError where that is not given."""
    if name in ("ask", "accept"):
        found = defects_gone(junction)
        if found.answer != YES:
            raise ConflictError(found.why)
        return [found.data()]
    if name == "model":
        facts = criteria(junction)
        missing = [one for one in facts if one.answer != YES]
        if missing:
            raise ConflictError(
                _("还不够精品路口：{what}").format(what=_("、").join(one.word for one in missing))
            )
        return [one.data() for one in facts]
    return []
