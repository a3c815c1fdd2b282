"""Who may order a control measure and act on one: one place for pages and API."""

from __future__ import annotations

from sizao.web.cases.access import may_act as may_act_on_case
from sizao.web.cases.models import Case
from sizao.web.measures.models import ControlMeasure
from sizao.web.units.models import User


def may_see(user: User) -> bool:
    """Every account that sees the board at all."""
    return user.sees_all or bool(user.path)


def may_order(user: User, case: Case | None = None) -> bool:
    """Operators, leaders and officers of a unit; for a case, whoever may act on that."""
    if not user.acts or not user.path:
        return False
    return case is None or may_act_on_case(user, case)


def may_act(user: User, measure: ControlMeasure) -> bool:
    """Whether role and unit allow changing it; which step is ``respond``'s to say.

    The unit that ordered it, those above, and whoever may act on its case: a patrol that was sent
    there takes away what another put up.
    """
    if not may_order(user):
        return False
    if user.sees_all or measure.unit.path.startswith(user.path):
        return True
    return measure.case is not None and may_act_on_case(user, measure.case)
