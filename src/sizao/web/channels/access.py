"""Who may see what was told, answer it, and see how it was delivered."""

from __future__ import annotations

from sizao.web.channels import duty
from sizao.web.channels.models import Notice
from sizao.web.clock import feed_now
from sizao.web.units.models import User


def may_look(user: User) -> bool:
    """Whoever belongs to a unit or an agency has a page of what it was told."""
    return user.party is not None or user.path != ""


def may_answer(user: User, notice: Notice) -> bool:
    """Whoever was told: accounts of the party; of the police's units not the auditor or admin."""
    if user.is_partner:
        return user.party is not None and user.party.pk == notice.party_id
    if not user.acts:
        return False
    if notice.role == duty.ROLE:
        return duty.is_on_duty(user, notice.party, feed_now())
    return user.unit_id == notice.party_id and (not notice.role or user.role == notice.role)


def may_look_at_deliveries(user: User) -> bool:
    """Operators and leaders see how what concerns them was delivered; so does the auditor."""
    return may_retry(user) or user.reads_audit


def may_retry(user: User) -> bool:
    """Operators and leaders have what failed tried again."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.path != ""
