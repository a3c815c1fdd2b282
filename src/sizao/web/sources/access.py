"""Who may see sources, change them, and read what was quarantined: one place for all of it."""

from __future__ import annotations

from sizao.web.units.models import User


def may_see(user: User) -> bool:
    """Figures and contracts: the desk, leaders, auditor and administrator; an officer on the road
    can do nothing about them."""
    if user.role in (User.Role.AUDITOR, User.Role.ADMIN) or user.is_superuser:
        return True
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.unit is not None


def may_manage(user: User) -> bool:
    """Keys, switches, replay: administrator, and operators and leaders of the detachment, because
    a source belongs to the whole installation."""
    if user.role == User.Role.ADMIN or user.is_superuser:
        return True
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.sees_all


def may_acknowledge(user: User) -> bool:
    """Taking note of a silence: whoever works a desk."""
    return may_see(user) and user.role in (User.Role.OPERATOR, User.Role.LEADER)


def may_read_raw(user: User) -> bool:
    """The bytes in quarantine may hold phones, plates and names: the same few who can mend it.
    The auditor checks steps, not vehicles, and sees who read what in the audit log."""
    return may_manage(user)
