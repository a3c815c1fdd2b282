"""Passage without telemetry: a supervised vehicle passes, its terminal says nothing (过车无定位).

Definition
----------
A passage is judged if plate and colour are in the register, under a kind that must be supervised
(``kinds``; a heavy truck whose permitted gross mass is known and under ``min_gross_kg`` need not
be). It is judged ``window_min`` (10) after the passing and ``late_min`` (5) more for what comes
late, once all positions received by then were looked at.

It fires, finally, if no position of the vehicle was received, or stamped and received at most 5 min
later, in any minute from ``window_min`` before the minute of the passing to ``window_min`` after it
(``heard.py``). ``measured`` is the length of that silence in minutes, ``limit`` 0. Severity is
``silent`` for a vehicle that has reported before, ``never_heard`` for one that never has.

*Silence of the source is told apart*: the rule says nothing unless the source that last reported
the vehicle (its platform's link, or our own gateway) was heard in ``source_heard_percent`` (50) or
more of those minutes; of a vehicle never heard, unless any source was. So a source that only
carries this one vehicle never gives a detection: its silence is shown with the sources.

Nothing is said either where it cannot be known any more: a passage that a checkpoint brings in
more than some 30 min late.

*A plate read wrongly* often belongs to another sort of vehicle: nothing is said if the class that
the camera saw is one of passengers (GA/T 16.4 letters K, D, M) and the register's kind carries
goods, or the other way round (H, Q, G, Z, J, N, T, M). A camera that tells no class tells nothing.

It is a lead: a plate read wrongly gives the same, so that the picture decides, and a terminal may
be broken rather than switched off.

Source: 道路运输车辆动态监督管理办法 (2022) art. 3 ``vehicle.supervised_scope`` (found; which
kinds of the register it means, and the windows: ``detect.passage_unreported``, proposed).
"""

from __future__ import annotations

from collections.abc import Iterable

from sizao.core.errors import ConfigError
from sizao.core.vehicles import COACHES, KINDS
from sizao.detect.heard import MINUTE_US, SPAN
from sizao.detect.hold import Row
from sizao.detect.params import Book, Params, number
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase, subject

_PASSENGERS, _GOODS = frozenset("KDM"), frozenset("HQGZJNTM")
"""First letters of vehicle classes by GA/T 16.4 (recalled); motorcycles are neither."""


class PassageUnreported(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "passage_unreported"
    topic = "passages"
    measured_unit = "min"
    code_version = 2
    after_positions = True

    def params_from(self, book: Book) -> Params:
        own, scope = "detect.passage_unreported", "vehicle.supervised_scope"
        window = number(book, own, "window", "min")
        if 2 * window + number(book, own, "late", "min") > SPAN / 2:
            raise ConfigError(f"rule {own}: window and late reach further than is remembered")
        kinds = [str(kind) for kind in book[own].value("kinds")]
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise ConfigError(f"rule {own}: no vehicle kind {unknown[0]!r}")
        return {
            "window_min": window,
            "late_min": number(book, own, "late", "min"),
            "source_heard_percent": number(book, own, "source_heard", "percent"),
            "kinds": kinds,
            "min_gross_kg": number(book, scope, "heavy_truck_min_gross", "kg"),
        }

    def hold_s(self, params: Params) -> float:
        # A minute more, because minutes are counted whole.
        return float(params["window_min"] + params["late_min"] + 1) * 60

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        known = facts.of_plate(row["plate"], row["plate_colour"])
        if not row["plate"] or known is None or known["kind"] not in params["kinds"]:
            return
        if known["kind"] == "heavy_truck" and (known["gross_kg"] or 1e9) < params["min_gross_kg"]:
            return
        seen = (row["vehicle_class"] or "")[:1]
        if seen in (_GOODS if known["kind"] in COACHES else _PASSENGERS):
            return
        vehicle, at = str(known["vehicle"]), int(row["time"])
        window = int(params["window_min"])
        first, last = at // MINUTE_US - window, at // MINUTE_US + window
        if facts.heard.minutes(vehicle, first, last) != 0:
            return
        source = facts.heard.source_of(vehicle)
        sound = facts.heard.source_minutes(source, first, last)
        minutes = last - first + 1
        if sound is None or sound * 100 < params["source_heard_percent"] * minutes:
            return
        place = facts.places.get(row["checkpoint"], {})
        yield Found(
            vehicle=subject(row["plate"], row["plate_colour"], known),
            vehicle_kind=str(known["kind"]),
            start=at,
            end=at,
            fired=at + window * MINUTE_US,
            received=int(row["received"]),
            measured=float(minutes),
            limit=0.0,
            severity="silent" if facts.heard.ever(vehicle) else "never_heard",
            evidence=(f"passages:{row['passage']}",),
            lat=place.get("lat"),
            lon=place.get("lon"),
            road=place.get("road"),
            road_class=place.get("road_class"),
            stake_m=place.get("stake_m"),
            area=place.get("area"),
            part=str(row["passage"]),
        )
