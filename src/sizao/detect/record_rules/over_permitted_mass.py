"""Heavier than the vehicle may be: gross mass over the permitted gross mass (超载, 核定总质量).

Definition
----------
A weighing with a plate and a gross mass is judged if the plate is in the register with a permitted
gross mass (``gross_kg``). A combination (``combination`` true) is judged only if the register also
has the permitted mass of its trailer (``towed_kg``): its limit is the sum. Where it is not known
whether it is one, a vehicle with ``towed_kg`` gets the sum, too, and ``quality`` says
``combination_unknown``.

It fires, at once and finally, if the gross mass less the error that the way of weighing may have
(``margin_*_percent``) is over the limit. ``measured`` is the gross mass as weighed, ``limit`` the
permitted one, in kg. Severity is the band of the counted mass over the limit in percent, as the
points order has it (lower edge inclusive): ``lt30``, ``30-50``, ``ge50``.

Source: 道路交通安全违法行为记分管理办法 (2022) art. 10-12, ``load.points`` (recalled); margins
``detect.weighing`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sizao.detect.hold import Row
from sizao.detect.params import Book, Params
from sizao.detect.record_rules import mass
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase


class OverPermittedMass(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "over_permitted_mass"
    topic = "weighings"
    measured_unit = "kg"

    def params_from(self, book: Book) -> Params:
        bands = book["load.points"].value("bands")
        edges = sorted(band["from"] for band in bands if band["from"])
        return {"band_edges_percent": edges, **mass.margins(book)}

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        known = facts.of_plate(row["plate"], row["plate_colour"])
        if not row["plate"] or not row["gross_kg"] or not known or not known["gross_kg"]:
            return
        limit = float(known["gross_kg"])
        if row["combination"] and not known["towed_kg"]:
            return
        if known["towed_kg"] and row["combination"] is not False:
            limit += float(known["towed_kg"])
        counted = mass.counted_kg(row, params)
        if counted <= limit:
            return
        severity = mass.band(counted, limit, params["band_edges_percent"])
        found = mass.found(row, facts, float(row["gross_kg"]), limit, severity)
        if known["towed_kg"] and row["combination"] is None:
            found = replace(found, quality=(*found.quality, "combination_unknown"))
        yield found
