"""Too heavy for the road: gross mass over the limit by axle count (车货总质量超限).

Definition
----------
A weighing with a plate, a gross mass and an axle count of 2 to 6 (more count as 6) is judged; any
other is not. Its limit is the greatest of ``load.gross_by_axle`` that may be meant: for a
combination (``combination`` true) that of combinations, else that of trucks; where it is not known,
the larger of the two, and ``quality`` says ``combination_unknown``. Six axles and more are allowed
49 t, and 46 t where one driven axle is known (``drive_axles`` 1).

It fires, at once and finally, if the gross mass less the error that the way of weighing may have
(``margin_*_percent``) is over the limit. ``measured`` is the gross mass as weighed, ``limit`` the
limit, in kg. Severity is the band of the counted mass over the limit in percent (``load.band_100``,
lower edge inclusive): ``lt30``, ``30-50``, ``50-100``, ``ge100``.

A vehicle with a permit for an indivisible load (大件) may be lawful: the rule does not know permits
and says so in its explanation.

Source: 超限运输车辆行驶公路管理规定 (2016) art. 3, ``load.gross_by_axle`` (found); bands
``load.band_100`` (recalled); margins ``detect.weighing`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sizao.core.errors import ConfigError
from sizao.detect.hold import Row
from sizao.detect.params import Book, Params
from sizao.detect.record_rules import mass
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase


class OverRoadLimit(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "over_road_limit"
    topic = "weighings"
    measured_unit = "kg"

    def params_from(self, book: Book) -> Params:
        limits = {}
        for line in book["load.gross_by_axle"].value("limits"):
            limits[f"axles_{line['axles']}_{line['type']}_kg"] = line["max"]
        wanted = {
            *(f"axles_{axles}_truck_kg" for axles in (2, 3, 4)),
            *(f"axles_{axles}_combination_kg" for axles in (3, 4, 5, 6)),
            "axles_6_combination_single_drive_axle_kg",
        }
        if set(limits) != wanted:
            raise ConfigError(f"load.gross_by_axle has {sorted(limits)}, not {sorted(wanted)}")
        edges = list(book["load.band_100"].value("edges"))
        return {**limits, "band_edges_percent": edges, **mass.margins(book)}

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        if not row["plate"] or not row["gross_kg"] or not row["axles"] or row["axles"] < 2:
            return
        limit, sure = limit_kg(row["axles"], row["combination"], row["drive_axles"], params)
        counted = mass.counted_kg(row, params)
        if counted <= limit:
            return
        severity = mass.band(counted, limit, params["band_edges_percent"])
        found = mass.found(row, facts, float(row["gross_kg"]), limit, severity)
        if not sure:
            found = replace(found, quality=(*found.quality, "combination_unknown"))
        yield found


def limit_kg(
    axles: int, combination: bool | None, drive_axles: int | None, params: Params
) -> tuple[float, bool]:
    """Limit of a vehicle, kg, and whether it is sure.

    Where it is not known whether it is a combination, the more lenient limit is taken.
    """
    axles = min(axles, 6)
    if axles == 6 and drive_axles == 1:
        return float(params["axles_6_combination_single_drive_axle_kg"]), True
    limits = {
        joined: float(params[f"axles_{axles}_{kind}_kg"])
        for joined, kind in ((False, "truck"), (True, "combination"))
        if f"axles_{axles}_{kind}_kg" in params
    }
    if len(limits) == 1:
        return next(iter(limits.values())), True
    if combination is None:
        return max(limits.values()), False
    return limits[combination], True
