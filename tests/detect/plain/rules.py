"""Every rule over positions once more, by id.

A rule that looks at one vehicle at a time is a function of a track. One for which vehicles touch
each other takes out of each track what it needs, and then looks at all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.detect.plain import (
    area_forbidden,
    area_limit,
    coach_curfew,
    coach_night_fatigue,
    coach_night_speed,
    coach_totals,
    fatigue,
    impossible_jump,
    long_downgrade,
    offline_moving,
    route_departure,
    slow_traffic,
    speeding,
    stopped_on_expressway,
    terminal_alarm,
    terminal_moved,
    wrong_way,
)
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Track
from tests.detect.plain.world import Params, World

OF_VEHICLES: dict[str, Callable[[Track, Params, World], list[Found]]] = {
    "speeding": speeding.found,
    "coach_night_speed": coach_night_speed.found,
    "area_limit": area_limit.found,
    "area_forbidden": area_forbidden.found,
    "route_departure": route_departure.found,
    "stopped_on_expressway": stopped_on_expressway.found,
    "long_downgrade": long_downgrade.found,
    "terminal_alarm": terminal_alarm.found,
    "terminal_fault": terminal_alarm.found_faults,
    "terminal_moved": terminal_moved.found,
    "offline_moving": offline_moving.found,
    "impossible_jump": impossible_jump.found,
    "wrong_way": wrong_way.found,
    "fatigue": fatigue.found,
    "coach_night_fatigue": coach_night_fatigue.found,
    "coach_curfew": coach_curfew.found,
}

Seen = Callable[[Track, Params, World], Any]
FoundOfAll = Callable[[list[Any], Params, World], list[Found]]

OF_ALL: dict[str, tuple[Seen, FoundOfAll]] = {
    "slow_traffic": (slow_traffic.seen, slow_traffic.found),
    "coach_day_total": (coach_totals.seen, coach_totals.found_in_day),
    "coach_week_total": (coach_totals.seen, coach_totals.found_in_week),
}
"""What is taken out of a track, and what is found in all of it (one item a vehicle, by name)."""
