"""Longer, wider or higher than a vehicle on the road may be (外廓尺寸超限).

Definition
----------
A weighing with a plate that carries measured dimensions is judged, each dimension by itself. It
fires, at once and finally, for each that is over its limit by more than ``margin_m``, the error of
a laser frame. ``measured`` and ``limit`` are in metres; severity names the dimension: ``length``,
``width``, ``height``. A vehicle with a permit for an indivisible load may be lawful: the rule does
not know permits.

Source: 超限运输车辆行驶公路管理规定 (2016) art. 3, ``load.dimensions`` (found); the margin
``detect.dimensions`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sizao.detect.hold import Row
from sizao.detect.params import Book, Params, number
from sizao.detect.record_rules import mass
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase

DIMENSIONS = ("length", "width", "height")


class OverDimensions(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "over_dimensions"
    topic = "weighings"
    measured_unit = "m"

    def params_from(self, book: Book) -> Params:
        limits = {f"{name}_m": number(book, "load.dimensions", name, "m") for name in DIMENSIONS}
        return {**limits, "margin_m": number(book, "detect.dimensions", "margin", "m")}

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        if not row["plate"]:
            return
        for name in DIMENSIONS:
            measured = row[f"{name}_m"]
            # The column is float32 and the limits are decimals: to the millimetre they are equal.
            if measured is None:
                continue
            if round(measured - params[f"{name}_m"] - params["margin_m"], 3) <= 0:
                continue
            found = mass.found(row, facts, float(measured), params[f"{name}_m"], name)
            yield replace(found, part=f"{row['weighing']}:{name}")
