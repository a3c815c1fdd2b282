"""Which rule has edges of its own, in an explicit list."""

from __future__ import annotations

from collections.abc import Mapping

from sizao.warn.facts import Facts
from sizao.warn.unless import (
    capacity_alarm,
    drink_driving,
    dsm_fatigue,
    fatigue,
    over_capacity,
    passage_unreported,
    section_speed,
    slow_traffic,
    speeding,
)
from sizao.warn.unless.edge import Edge, Edges, general

EDGES: Mapping[str, Edges] = {
    "speeding": speeding.edges,
    "fatigue": fatigue.edges,
    "slow_traffic": slow_traffic.edges,
    "capacity_alarm": capacity_alarm.edges,
    "dsm_fatigue": dsm_fatigue.edges,
    "drink_driving": drink_driving.edges,
    "over_capacity": over_capacity.edges,
    "passage_unreported": passage_unreported.edges,
    "section_speed": section_speed.edges,
}
"""Detection rule to its edges."""


def unless(facts: Facts) -> tuple[Edge, ...]:
    """What would have kept this detection from firing, the rule's own edges or the general one."""
    return EDGES.get(facts.rule, general)(facts)
