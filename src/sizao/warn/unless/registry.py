"""Which rule has edges of its own, in an explicit list."""

from __future__ import annotations

from collections.abc import Mapping

from sizao.warn.facts import Facts
from sizao.warn.unless import (
    areas,
    capacity_alarm,
    coaches,
    drink_driving,
    dsm_fatigue,
    fatigue,
    loads,
    motion,
    over_capacity,
    passage_unreported,
    plates,
    section_speed,
    slow_traffic,
    speeding,
    terminals,
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
    "area_forbidden": areas.forbidden,
    "area_limit": areas.limit,
    "route_departure": areas.route,
    "coach_night_speed": coaches.night_speed,
    "coach_night_fatigue": coaches.night_driving,
    "coach_day_total": coaches.day,
    "coach_week_total": coaches.week,
    "coach_curfew": coaches.curfew,
    "over_road_limit": loads.road,
    "over_permitted_mass": loads.permitted,
    "over_rated_payload": loads.payload,
    "over_dimensions": loads.dimensions,
    "overload_repeat": loads.repeat,
    "long_downgrade": motion.downgrade,
    "stopped_on_expressway": motion.standing,
    "wrong_way": motion.wrong_way,
    "terminal_alarm": terminals.alarm,
    "terminal_fault": terminals.fault,
    "impossible_jump": terminals.jump,
    "offline_moving": terminals.silence,
    "terminal_moved": terminals.two_speeds,
    "cloned_plate": plates.cloned,
    "hot_list": plates.looked_for,
}
"""Detection rule to its edges."""


def unless(facts: Facts) -> tuple[Edge, ...]:
    """What would have kept this detection from firing, the rule's own edges or the general one."""
    return EDGES.get(facts.rule, general)(facts)
