"""Over-capacity: more persons on board than seats (超员).

Definition
----------
A check with a plate and a number of persons is judged if the register has the vehicle's seats (the
driver's among them, as ``persons`` counts the driver). Counted are the persons; of a public coach
(``kinds_with_free_children``) less the children who travel free, up to ``free_children_percent``
(10) of the seats rounded down, because the regulation allows those on top of a full coach. Where
the check does not tell of children, none are taken off, and for such a coach ``quality`` says
``children_unknown``.

It fires, at once and finally, if the counted persons are more than the seats. ``measured`` is the
counted persons, ``limit`` the seats. Severity is the band of the excess over the seats in percent,
lower edge inclusive: ``seats_lt20``, ``seats_20_50``, ``seats_50_100``, ``seats_ge100``; which
points a band carries depends on the vehicle (``occupancy.points``).

A number by a door counter or a camera (``how``) is a lead for a count by a person, and ``quality``
says ``counted_by_device``. A check that ``refers_to`` another is judged for itself.

Source: 道路交通安全法实施条例 (2017) art. 55, ``detect.over_capacity`` (recalled); bands
``occupancy.points`` (found).
"""

from __future__ import annotations

from collections.abc import Iterable

from sizao.core.errors import ConfigError
from sizao.core.vehicles import KINDS
from sizao.detect.hold import Row
from sizao.detect.params import Book, Params, number
from sizao.detect.record_rules import roadside
from sizao.detect.record_rules.mass import band
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase


class OverCapacity(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "over_capacity"
    topic = "roadside_checks"
    measured_unit = "count"

    def params_from(self, book: Book) -> Params:
        own = "detect.over_capacity"
        kinds = [str(kind) for kind in book[own].value("kinds_with_free_children")]
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise ConfigError(f"rule {own}: no vehicle kind {unknown[0]!r}")
        return {
            "free_children_percent": number(book, own, "free_children", "percent"),
            "kinds_with_free_children": kinds,
            "band_edges_percent": list(book[own].value("edges")),
        }

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        known = facts.of_plate(row["plate"], row["plate_colour"])
        if not row["plate"] or row["persons"] is None or known is None or not known["seats"]:
            return
        seats, counted = int(known["seats"]), int(row["persons"])
        quality = [part for part in (row["quality"] or "").split(",") if part]
        if known["kind"] in params["kinds_with_free_children"]:
            most = int(seats * params["free_children_percent"] / 100 + 1e-9)
            counted -= min(row["children_free"] or 0, most)
            if row["children_free"] is None:
                quality.append("children_unknown")
        if counted <= seats:
            return
        if row["how"] != "officer":
            quality.append("counted_by_device")
        words = band(counted, seats, params["band_edges_percent"]).replace("-", "_")
        case = {
            "start": row["time"],
            "plate": row["plate"],
            "colour": row["plate_colour"],
            "part": f"{row['station']}/{row['check']}",
            "evidence": [f"roadside_checks:{row['check']}"],
            "revision": 0,
            "fired": row["time"],
            "received": row["received"],
            "place": roadside.place(row, facts),
        }
        yield roadside.found(
            facts,
            case,
            measured=float(counted),
            limit=float(seats),
            severity=f"seats_{words}",
            quality=quality,
        )
