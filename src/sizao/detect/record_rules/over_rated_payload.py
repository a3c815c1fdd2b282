"""More load than the vehicle may carry: load over the rated payload (超载, 核定载质量).

Definition
----------
A weighing with a plate and a gross mass, of no combination (``combination`` not true), is judged
if the plate is in the register with a permitted gross mass and a rated payload. The load is the
gross mass less the error that the way of weighing may have (``margin_*_percent``) less the mass of
the empty vehicle, which is the permitted gross mass less the rated payload.

It fires, at once and finally, if the load is over the rated payload. ``measured`` is the load
worked out from the gross mass as weighed, ``limit`` the rated payload, in kg. Severity is the band
of the counted load over the payload in percent, as the law's fines have it: ``lt30``, ``ge30``.
This percentage is of another denominator than those of ``over_permitted_mass`` and
``over_road_limit``: the same truck is 30 % over one and 15 % over another.

Source: 中华人民共和国道路交通安全法 (2021) art. 92, ``load.fine`` (found); margins
``detect.weighing`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable

from sizao.core.errors import ConfigError
from sizao.detect.hold import Row
from sizao.detect.params import Book, Params
from sizao.detect.record_rules import mass
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase


class OverRatedPayload(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "over_rated_payload"
    topic = "weighings"
    measured_unit = "kg"

    def params_from(self, book: Book) -> Params:
        # The article's two steps are in the names of its parameters.
        fine = book["load.fine"]
        if fine.value("basis") != "rated_payload" or "from_30_or_carrying_people" not in (
            fine.parameters
        ):
            raise ConfigError("load.fine is not in steps of 30 % of the rated payload")
        return {"band_edges_percent": [30], **mass.margins(book)}

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        known = facts.of_plate(row["plate"], row["plate_colour"])
        if not row["plate"] or not row["gross_kg"] or row["combination"] or not known:
            return
        if not known["gross_kg"] or not known["payload_kg"]:
            return
        payload = float(known["payload_kg"])
        empty = float(known["gross_kg"]) - payload
        load = mass.counted_kg(row, params) - empty
        if load <= payload:
            return
        severity = mass.band(load, payload, params["band_edges_percent"])
        yield mass.found(row, facts, float(row["gross_kg"]) - empty, payload, severity)
