"""Who may see the hot list, ask, decide. Partners, officers and administrators see nothing of it;
an officer learns of a hit by the case."""

from __future__ import annotations

from sizao.web.units.models import User


def may_ask(user: User) -> bool:
    """Operators and leaders of any unit of the police."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and bool(user.path)


def may_see(user: User) -> bool:
    """Those who ask, and the auditor (without plates)."""
    return may_ask(user) or user.role == User.Role.AUDITOR


def may_decide(user: User) -> bool:
    """Leaders of the detachment."""
    return user.role == User.Role.LEADER and bool(user.sees_all)
