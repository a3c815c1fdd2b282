"""Which desk a party's tasks go to, for one case."""

from __future__ import annotations

from sizao.respond.plans.model import OWN, PARTIES
from sizao.web.cases.models import Case
from sizao.web.units.models import Unit
from sizao.web.units.territory import territory


def desks(case: Case) -> dict[str, Unit]:
    """Party to unit. An agency without a desk here is the command centre's to telephone."""
    root = territory().root
    found = {
        "command": root,
        "detachment": root,
        "brigade": _upward(case.local_unit, Unit.Level.BRIGADE),
        "squadron": case.local_unit,
    }
    agencies: dict[str, Unit] = {}
    for unit in Unit.parties.all():
        # Of several of a kind the one of the place.
        if unit.agency not in agencies or unit.area == case.area:
            agencies[unit.agency] = unit
    return {party: found[party] if party in OWN else agencies.get(party, root) for party in PARTIES}


def _upward(unit: Unit, level: int) -> Unit:
    while unit.level < level and unit.parent is not None:
        unit = unit.parent
    return unit
