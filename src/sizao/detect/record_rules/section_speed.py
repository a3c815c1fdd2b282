"""Section speed: too fast on average between two checkpoints (区间测速).

Definition
----------
Sections stand in ``roadside.yaml`` at the checkpoint where they begin: where they end, their
length, their limits by vehicle kind. Passages with a plate are looked at in order of event time
(waiting ``hold_s`` for stragglers). A passage at a section's end is judged with the last passage of
the same plate and colour at its beginning, at most ``within_min`` before.

The speed is the least that the two passages allow: the section's length less
``length_error_percent``, divided by the time between them plus ``clock_s``, by which the two clocks
may differ. So whatever error there is speaks for the driver. Above ``max_kmh`` (200), or
``max_supervised_kmh`` (150) for coaches and heavy vehicles of the register, which cannot go so
fast, the two passages are not one journey (``cloned_plate`` looks at those) and nothing is
concluded.

The limit is the section's for the vehicle's kind in the register; of a vehicle that is not in it,
the highest of the section, and ``quality`` says ``kind_unknown``. For a coach whose both passages
lie between 22:00 and 06:00 it is ``night_ratio`` (0.8) times that, ``quality`` says ``night``; if
only one does, the day's limit holds for the whole section, which is the more lenient.

It fires, finally, at the second passage if that speed is over the limit. ``measured`` is the least
speed, ``limit`` the limit; severity is the band of ``speed.enforcement_codes``, as for
``speeding``; the place is the section's end. ``quality`` also says ``service_area`` where the
section has one, because a stop there lowers the average and the true speed was higher then, and
``instant_too`` where one of the two cameras measured more than the limit as well: the same offence
seen twice and never two.

One journey over a section is one detection. Speeding told from positions on the same stretch is a
lead of its own and joins the same warning.

Source: 中华人民共和国道路交通安全法 (2021) art. 42 (recalled); section systems GA/T 959
(recalled, its numbers not used); ``detect.section_speed`` (proposed), ``fatigue.coach_night_speed``
(found), ``fatigue.night_definition`` (recalled).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sizao.core.vehicles import COACHES, HEAVY
from sizao.detect.coaches import kinds_from
from sizao.detect.hold import Row
from sizao.detect.local_time import hours_us, is_within
from sizao.detect.over_limit import band
from sizao.detect.params import Book, Params, local_min, number
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase, subject

_SWEEP_US = 60_000_000
"""How often what is too old is swept out."""


class SectionSpeed(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "section_speed"
    topic = "passages"
    measured_unit = "km/h"

    def params_from(self, book: Book) -> Params:
        own, night = "detect.section_speed", "fatigue.night_definition"
        return {
            "clock_s": number(book, own, "clock", "s"),
            "length_error_percent": number(book, own, "length_error", "percent"),
            "max_kmh": number(book, own, "max_speed", "km/h"),
            "max_supervised_kmh": number(book, own, "max_speed_supervised", "km/h"),
            "within_min": number(book, own, "within", "min"),
            "hold_s": number(book, own, "hold", "s"),
            "night_ratio": number(book, "fatigue.coach_night_speed", "ratio", "ratio"),
            "night_start_min": local_min(book, night, "start"),
            "night_end_min": local_min(book, night, "end"),
            "kinds": kinds_from(book),
            "band_edges_percent": list(book["speed.enforcement_codes"].value("edges")),
        }

    def hold_s(self, params: Params) -> float:
        return float(params["hold_s"])

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        if not row["plate"]:
            return
        here, now = row["checkpoint"], int(row["time"])
        _sweep(memory, now, params)
        key = f"{row['plate_colour'] or 0}:{row['plate']}"
        last: dict[str, dict[str, list[Any]]] = memory.setdefault("last", {})
        for start, section in facts.sections_to.get(here, ()):
            entry = last.get(key, {}).pop(start, None)
            if entry is not None and entry[0] < now:
                yield from _journey(entry, row, start, section, params, facts)
        if facts.places.get(here, {}).get("sections"):
            last.setdefault(key, {})[here] = [now, row["passage"], row["speed_kmh"]]


def _journey(
    entry: list[Any],
    row: Row,
    start: str,
    section: Mapping[str, Any],
    params: Params,
    facts: Facts,
) -> Iterable[Found]:
    began, now = int(entry[0]), int(row["time"])
    if now - began > params["within_min"] * 60e6:
        return
    metres = section["length_m"] * (1 - params["length_error_percent"] / 100)
    kmh = metres / 1000 / ((now - began) / 3.6e9 + params["clock_s"] / 3600)
    known = facts.of_plate(row["plate"], row["plate_colour"])
    limit, quality = _limit(known, began, now, section, params)
    supervised = known is not None and known["kind"] in HEAVY | COACHES
    if not limit < kmh <= params["max_supervised_kmh" if supervised else "max_kmh"]:
        return
    if section.get("service_area"):
        quality.append("service_area")
    if any((speed or 0.0) > limit for speed in (entry[2], row["speed_kmh"])):
        quality.append("instant_too")
    place = facts.places.get(row["checkpoint"], {})
    yield Found(
        vehicle=subject(row["plate"], row["plate_colour"], known),
        vehicle_kind=str(known["kind"]) if known else "other",
        start=began,
        end=now,
        fired=now,
        received=int(row["received"]),
        measured=kmh,
        limit=limit,
        severity=band(round(kmh, 3), limit, params["band_edges_percent"]),
        evidence=(f"passages:{entry[1]}", f"passages:{row['passage']}"),
        lat=place.get("lat"),
        lon=place.get("lon"),
        road=place.get("road"),
        road_class=place.get("road_class"),
        stake_m=place.get("stake_m"),
        area=place.get("area"),
        quality=tuple(quality),
        part=f"{start}>{row['checkpoint']}",
    )


def _limit(
    known: Mapping[str, Any] | None,
    began: int,
    now: int,
    section: Mapping[str, Any],
    params: Params,
) -> tuple[float, list[str]]:
    """The limit in km/h, and what there is to say about it."""
    if known is None:
        return max(section["limit_kmh"], *section["limits"].values(), 0.0), ["kind_unknown"]
    limit = float(section["limits"].get(known["kind"], section["limit_kmh"]))
    night = hours_us(params["night_start_min"], params["night_end_min"])
    if known["kind"] in params["kinds"] and is_within(began, night) and is_within(now, night):
        return limit * params["night_ratio"], ["night"]
    return limit, []


def _sweep(memory: Memory, now: int, params: Params) -> None:
    """Forget beginnings too old to matter, by event time, so that a replay forgets the same."""
    if now - memory.setdefault("swept", now) < _SWEEP_US:
        return
    memory["swept"] = now
    oldest = now - params["within_min"] * 60e6
    last = memory.get("last", {})
    for key, entries in list(last.items()):
        for start in [start for start, entry in entries.items() if entry[0] < oldest]:
            del entries[start]
        if not entries:
            del last[key]
