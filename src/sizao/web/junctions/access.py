"""Who may look at junctions, audit them, change them, and accept works: one place for all."""

from __future__ import annotations

from sizao.web.junctions.models import Junction, Timing
from sizao.web.units.models import User


def may_look(user: User) -> bool:
    """Everybody of the police with a unit, and the auditor. Places, never persons."""
    return user.sees_risk and not user.is_partner


def _of(user: User, junction: Junction) -> bool:
    return bool(user.path) and junction.unit.path.startswith(user.path)


def may_audit(user: User, junction: Junction) -> bool:
    """Whoever works for the junction's unit or a unit above it."""
    return user.acts and _of(user, junction)


def may_register(user: User) -> bool:
    """Operators and leaders, for places of their own unit."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and bool(user.path)


def may_change(user: User, junction: Junction) -> bool:
    """Operators and leaders at or above the junction's unit."""
    return may_register(user) and _of(user, junction)


def may_decide(user: User, junction: Junction) -> bool:
    """A leader at or above the junction's unit, or the command of a unit above it."""
    above = user.path != junction.unit.path
    return may_change(user, junction) and (user.role == User.Role.LEADER or above)


def may_accept(user: User, junction: Junction) -> bool:
    """Who decides, but not who asked for acceptance."""
    return may_decide(user, junction) and user.get_username() != junction.asked_by


def may_adopt(user: User, timing: Timing) -> bool:
    """Who decides, but not who computed the plan; once."""
    return (
        may_decide(user, timing.junction)
        and user.get_username() != timing.by
        and timing.adopted_at is None
    )
