"""Who may see a roster, plan one, and decide on swaps."""

from __future__ import annotations

from sizao.web.units.models import Unit, User


def may_see(user: User) -> bool:
    return user.path != "" or user.sees_all


def may_plan(user: User, unit: Unit) -> bool:
    """Operators and leaders of the unit or of one above it."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and (
        user.path != "" and unit.path.startswith(user.path)
    )


def may_decide(user: User, swap) -> bool:
    """Another person than who asked and than the two whose shift it is."""
    own = {swap.asked_by_id, swap.to_id, swap.shift.person_id}
    return may_plan(user, swap.shift.unit) and user.pk not in own
