"""Overloaded again and again: more than three times a year, or more than a tenth of a fleet.

Definition
----------
A *case* is a weighing that ``over_road_limit`` would report with its default parameters, by a
static or low-speed weighing, since a high-speed one is no finding yet. Cases of one vehicle within
``apart_h`` (24 h) of its last counted one are the same journey and count once. Counted cases stand
for ``window_d`` (365) days, by event time.

- *vehicle*: fires at the first counted case that makes more than ``vehicle_count`` (3) within the
  window. ``measured`` is the number, ``limit`` 3, severity ``vehicle``.
- *enterprise*: fires when the vehicles of one enterprise with a counted case in the window become
  more than ``firm_share`` (10 %) of its vehicles in the register, and again only after the share
  had fallen back. ``measured`` is the number of such vehicles, ``limit`` a tenth of the fleet; the
  subject is ``enterprise:ID``, severity ``enterprise``.

Each is final at once. Drivers are not counted: a weighing does not say who drove.

Source: 公路安全保护条例 (2011) art. 66, ``load.repeat`` (recalled); the gap between two cases
``detect.overload_repeat`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sizao.detect.hold import Row
from sizao.detect.params import Book, Params, number
from sizao.detect.record_rules.over_road_limit import OverRoadLimit
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase

_HOUR_US = 3_600_000_000
_ROAD = OverRoadLimit()


class OverloadRepeat(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "overload_repeat"
    topic = "weighings"
    measured_unit = "count"

    def params_from(self, book: Book) -> Params:
        return {
            "vehicle_count": number(book, "load.repeat", "vehicle_count_1y", "times"),
            "firm_share": number(book, "load.repeat", "firm_share_of_fleet", "ratio"),
            "window_d": number(book, "detect.overload_repeat", "window", "day"),
            "apart_h": number(book, "detect.overload_repeat", "apart", "hour"),
            "hold_s": number(book, "detect.overload_repeat", "hold", "s"),
            "road": dict(_ROAD.params_from(book)),
        }

    def hold_s(self, params: Params) -> float:
        return float(params["hold_s"])

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        if row["method"] not in ("static", "low_speed"):
            return
        for found in _ROAD.look(row, {}, params["road"], facts):
            yield from self._count(found, row, memory, params, facts)

    def _count(
        self, found: Found, row: Row, memory: Memory, params: Params, facts: Facts
    ) -> Iterable[Found]:
        now = int(row["time"])
        since = now - round(params["window_d"] * 24 * _HOUR_US)
        known = facts.of_plate(row["plate"], row["plate_colour"])
        cases: dict[str, list[int]] = memory.setdefault("cases", {})
        own = [moment for moment in cases.get(found.vehicle, []) if moment > since]
        if own and now - own[-1] < params["apart_h"] * _HOUR_US:
            return
        cases[found.vehicle] = [*own, now]
        count = len(own) + 1
        if count > params["vehicle_count"]:
            limit = float(params["vehicle_count"])
            yield replace(found, measured=float(count), limit=limit, severity="vehicle")
        if known and known["enterprise"]:
            yield from self._firm(found, known, since, memory, params, facts)

    def _firm(
        self,
        found: Found,
        known: Any,
        since: int,
        memory: Memory,
        params: Params,
        facts: Facts,
    ) -> Iterable[Found]:
        firm = str(known["enterprise"])
        last: dict[str, int] = memory.setdefault("firms", {}).setdefault(firm, {})
        last[found.vehicle] = found.start
        for vehicle in [vehicle for vehicle, moment in last.items() if moment <= since]:
            del last[vehicle]
        limit = params["firm_share"] * facts.fleet(firm)
        over: dict[str, bool] = memory.setdefault("over", {})
        was_over, over[firm] = over.get(firm, False), len(last) > limit
        if over[firm] and not was_over:
            yield replace(
                found,
                vehicle=f"enterprise:{firm}",
                vehicle_kind="other",
                measured=float(len(last)),
                limit=limit,
                severity="enterprise",
                quality=(),
            )
