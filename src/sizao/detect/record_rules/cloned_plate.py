"""One plate in two places: passages that one vehicle cannot both have made (疑似套牌).

Definition
----------
Passages with a plate at checkpoints whose place is known are taken in order of event time (waiting
``hold_s`` for stragglers). Two consecutive ones of one plate and colour, at most ``within_min``
apart, are compared: the straight line between the checkpoints, divided by the time between the
passages, is the least speed one vehicle would have needed. Clocks of checkpoints differ by
``clock_s``, which is added to the time first.

A pair is *impossible* if the line is at least ``min_distance_m`` and that speed is over
``max_kmh``. One plate read wrongly makes one passage that does not fit, and up to two impossible
pairs, both with that passage in them. So it takes two: it fires, finally, at the second passage of
an impossible pair if another one, ended at most ``confirm_h`` (24) hours ago, has no passage in
common with it. Two vehicles on one plate keep being seen; the same plate is rarely read wrongly
twice a day.

``measured`` is the speed of the later pair, ``limit`` is ``max_kmh``; severity is ``impossible``;
evidence are the passages of both. A plate and colour fires once in ``again_h`` hours.

It is a lead and no more: the pictures of the passages decide. ``quality`` says ``colour_unknown``
where a checkpoint did not tell.

Source: 中华人民共和国道路交通安全法 (2021) art. 96 forbids the use of another vehicle's plate
(recalled); the numbers ``detect.cloned_plate`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sizao.detect.hold import Row
from sizao.detect.params import Book, Params, number
from sizao.detect.record_rules.contradiction import apart_m, needed_kmh
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase, subject

_FORGET_US = 60_000_000
"""How often what is too old is swept out."""

_IMPOSSIBLE = ("max_kmh", "min_distance_m", "within_min", "clock_s")


class ClonedPlate(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "cloned_plate"
    topic = "passages"
    measured_unit = "km/h"
    code_version = 2

    def params_from(self, book: Book) -> Params:
        own = "detect.cloned_plate"
        return {
            "max_kmh": number(book, own, "max_speed", "km/h"),
            "min_distance_m": number(book, own, "min_distance", "m"),
            "within_min": number(book, own, "within", "min"),
            "clock_s": number(book, own, "clock", "s"),
            "confirm_h": number(book, own, "confirm", "hour"),
            "again_h": number(book, own, "again", "hour"),
            "hold_s": number(book, own, "hold", "s"),
        }

    def hold_s(self, params: Params) -> float:
        return float(params["hold_s"])

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        place = facts.places.get(row["checkpoint"], {})
        if not row["plate"] or place.get("lat") is None or place.get("lon") is None:
            return
        now = int(row["time"])
        last: dict[str, list[Any]] = memory.setdefault("last", {})
        fired: dict[str, int] = memory.setdefault("fired", {})
        doubts: dict[str, list[list[Any]]] = memory.setdefault("doubts", {})
        self._forget(memory, last, fired, doubts, now, params)
        key = f"{row['plate_colour'] or 0}:{row['plate']}"
        before = last.get(key)
        last[key] = [now, row["checkpoint"], row["passage"]]
        if before is None or before[1] == row["checkpoint"]:
            return
        metres = apart_m(facts.places.get(before[1], {}), place)
        if metres is None:
            return
        kmh = needed_kmh(metres, now - before[0], **{name: params[name] for name in _IMPOSSIBLE})
        if kmh is None:
            return
        own = doubts.setdefault(key, [])
        pair = [before[2], row["passage"], now]
        first = next(
            (one for one in own if not {*one[:2]} & {*pair[:2]} and _stands(one, now, params)), None
        )
        own.append(pair)
        if first is None or key in fired:
            return
        fired[key] = now
        known = facts.of_plate(row["plate"], row["plate_colour"])
        yield Found(
            vehicle=subject(row["plate"], row["plate_colour"], known),
            vehicle_kind=str(known["kind"]) if known else "other",
            start=int(before[0]),
            end=now,
            fired=now,
            received=int(row["received"]),
            measured=min(kmh, 99_999.0),
            limit=float(params["max_kmh"]),
            severity="impossible",
            evidence=tuple(f"passages:{passage}" for passage in (*first[:2], *pair[:2])),
            lat=place["lat"],
            lon=place["lon"],
            road=place.get("road"),
            road_class=place.get("road_class"),
            stake_m=place.get("stake_m"),
            area=place.get("area"),
            quality=() if row["plate_colour"] else ("colour_unknown",),
        )

    def _forget(
        self,
        memory: Memory,
        last: dict[str, list[Any]],
        fired: dict[str, int],
        doubts: dict[str, list[list[Any]]],
        now: int,
        params: Params,
    ) -> None:
        """By event time, so that a replay forgets the same."""
        if now - memory.setdefault("swept", now) < _FORGET_US:
            return
        memory["swept"] = now
        for key in [k for k, seen in last.items() if now - seen[0] > params["within_min"] * 60e6]:
            del last[key]
        for key in [k for k, moment in fired.items() if now - moment > params["again_h"] * 3.6e9]:
            del fired[key]
        for key in list(doubts):
            doubts[key] = [one for one in doubts[key] if _stands(one, now, params)]
            if not doubts[key]:
                del doubts[key]


def _stands(pair: list[Any], now: int, params: Params) -> bool:
    """Whether an impossible pair (its passages, the moment of the second) still counts."""
    return bool(now - pair[2] <= params["confirm_h"] * 3.6e9)
