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

*Two vehicles under one plate* make journeys that nobody drove: one enters the section, the other
leaves it. So nothing is concluded if the two cameras saw vehicles of another sort (the first letter
of their classes by GA/T 16.4 differs, where both tell one) or of another colour (no group of
``colours_alike`` holds both), if one of them was less sure of the plate than
``plate_reliability_percent`` (where it tells), or if another passage of the plate falls between the
two at a checkpoint off the way: the straight lines to it and from it together are longer than the
section (or the straight line between its ends) by more than ``detour_m``. Nor if the plate
contradicted itself at most ``doubt_h`` (24) before the end of the journey: two successive
passages that one vehicle cannot both have made (``contradiction.py``: straight lines of
``doubt_distance_m`` or more, at most ``within_min`` apart, ``doubt_clock_s`` added, over the speed
above), or a section driven faster than that. A contradiction at most ``doubt_h`` after the end
*withdraws* what was concluded: one more revision of severity ``withdrawn``, with the two passages
as further evidence, its quality ``plate_doubtful`` and ``corrected``. Every place must be known for
that. One plate misread as this one contradicts it, too: then a person must ask who drove, and no
driver is accused meanwhile.

*Which passages belong together* may be in doubt, too: two vehicles under one plate that follow each
other, or one misread as the other, pass a line twice in a row the same way, with the plate seen
nowhere meanwhile. Then the slowest pair counts. Of several passages in a row at the beginning it is
the first that is at most ``within_min`` before the end. If the end is passed again like that, at
most ``within_min`` after the beginning, and the time until then would have been lawful, the
detection is withdrawn; its quality says ``passed_again`` instead. A camera that tells no direction
tells nothing of this.

The limit is the section's for the vehicle's kind in the register; of a vehicle that is not in it,
the highest of the section, and ``quality`` says ``kind_unknown``. For a coach whose both passages
lie between 22:00 and 06:00 it is ``night_ratio`` (0.8) times that, ``quality`` says ``night``; if
only one does, the day's limit holds for the whole section, which is the more lenient.

It fires at the second passage if that speed is over the limit. ``measured`` is the least
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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import takewhile
from typing import Any

from sizao.core.colours import body_colour
from sizao.core.vehicles import COACHES, HEAVY
from sizao.detect.coaches import kinds_from
from sizao.detect.hold import Row
from sizao.detect.local_time import hours_us, is_within
from sizao.detect.over_limit import band
from sizao.detect.params import Book, Params, local_min, number
from sizao.detect.record_rules.contradiction import apart_m, needed_kmh
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase, subject

_SWEEP_US = 60_000_000
"""How often what is too old is swept out."""

_OTHER_CLASS = "X"
"""First letter of vehicles that are none of the others by GA/T 16.4 (recalled): no sort."""


class SectionSpeed(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "section_speed"
    topic = "passages"
    measured_unit = "km/h"
    code_version = 6
    memory_layout = 4

    def params_from(self, book: Book) -> Params:
        own, night = "detect.section_speed", "fatigue.night_definition"
        return {
            "clock_s": number(book, own, "clock", "s"),
            "length_error_percent": number(book, own, "length_error", "percent"),
            "max_kmh": number(book, own, "max_speed", "km/h"),
            "max_supervised_kmh": number(book, own, "max_speed_supervised", "km/h"),
            "within_min": number(book, own, "within", "min"),
            "hold_s": number(book, own, "hold", "s"),
            "detour_m": number(book, own, "detour", "m"),
            "doubt_h": number(book, own, "doubt", "hour"),
            "doubt_distance_m": number(book, own, "doubt_distance", "m"),
            "doubt_clock_s": number(book, own, "doubt_clock", "s"),
            "night_ratio": number(book, "fatigue.coach_night_speed", "ratio", "ratio"),
            "night_start_min": local_min(book, night, "start"),
            "night_end_min": local_min(book, night, "end"),
            "kinds": kinds_from(book),
            "band_edges_percent": list(book["speed.enforcement_codes"].value("edges")),
            "plate_reliability_percent": number(book, own, "plate_reliability", "percent"),
            "colours_alike": list(book[own].value("colours_alike")),
        }

    def hold_s(self, params: Params) -> float:
        return float(params["hold_s"])

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        if not row["plate"]:
            return
        here, now = row["checkpoint"], int(row["time"])
        _sweep(memory, now, params)
        key = f"{row['plate_colour'] or 0}:{row['plate']}"
        known = facts.of_plate(row["plate"], row["plate_colour"])
        in_a_row = _in_a_row(memory["seen"].get(key, ()), row, params)
        yield from _contradicted(key, row, memory, known, params, facts)
        if in_a_row:
            yield from _ended_again(key, in_a_row, row, memory, known, params, facts)
        last: dict[str, dict[str, list[list[Any]]]] = memory.setdefault("last", {})
        for start, section in facts.sections_to.get(here, ()):
            entries = last.get(key, {}).pop(start, None)
            if entries is None or entries[-1][0] >= now:
                continue
            if _impossible(entries[-1], now, section, known, params):
                yield from _doubt(key, (entries[-1][1], row["passage"]), row, memory, params)
                continue
            entry = next((one for one in entries if now - one[0] <= _within_us(params)), None)
            if (
                entry is None
                or _unlike(entry[3], row["vehicle_class"])
                or _other_colour(entry[4], row["vehicle_colour"], params)
                or _unsure(entry[5], params)
                or _unsure(row["plate_reliability"], params)
                or _lately(memory["doubts"].get(key), now, params)
                or _elsewhere(memory["seen"][key], entry[0], start, here, section, params, facts)
            ):
                continue
            for one in _journey(entry, row, start, section, known, params, facts):
                told = replace(one, version=self.version(params))
                memory["told"].setdefault(key, []).append(asdict(told))
                yield one
        if facts.places.get(here, {}).get("sections"):
            begun = last.setdefault(key, {})
            entry = [
                now,
                row["passage"],
                row["speed_kmh"],
                row["vehicle_class"],
                row["vehicle_colour"],
                row["plate_reliability"],
            ]
            earlier = begun.get(here, ()) if in_a_row else ()
            begun[here] = [*(one for one in earlier if now - one[0] <= _within_us(params)), entry]


def _in_a_row(seen: Sequence[list[Any]], row: Row, params: Params) -> list[list[Any]]:
    """Passages of the plate just before, on the same line and the same way; newest first."""
    line = [row["checkpoint"], row["direction"]]
    oldest = int(row["time"]) - _within_us(params)
    if line[1] is None:
        return []
    return list(takewhile(lambda one: [one[1], one[3]] == line and one[0] >= oldest, seen[::-1]))


def _ended_again(
    key: str,
    in_a_row: list[list[Any]],
    row: Row,
    memory: Memory,
    known: Mapping[str, Any] | None,
    params: Params,
    facts: Facts,
) -> Iterable[Found]:
    """One beginning and two ends: the later end counts, and by it the journey may be lawful."""
    now, ends = int(row["time"]), {one[0] for one in in_a_row}
    sections = {
        f"{start}>{row['checkpoint']}": own
        for start, own in facts.sections_to.get(row["checkpoint"], ())
    }
    kept = []
    for told in memory["told"].pop(key, []):
        one = Found(**told)
        section = sections.get(one.part)
        if (
            section is None
            or one.end not in ends
            or now - one.start > _within_us(params)
            or _least_kmh(one.start, now, section, params)
            > _limit(known, one.start, now, section, params)[0]
        ):
            kept.append(told)
        else:
            yield _withdrawn(one, row, (row["passage"],), "passed_again")
    if kept:
        memory["told"][key] = kept


def _contradicted(
    key: str,
    row: Row,
    memory: Memory,
    known: Mapping[str, Any] | None,
    params: Params,
    facts: Facts,
) -> Iterable[Found]:
    """Put a passage to those of its plate, and see whether one vehicle can have made the last."""
    here, now = row["checkpoint"], int(row["time"])
    seen: list[list[Any]] = memory["seen"].setdefault(key, [])
    before = seen[-1] if seen else None
    seen.append([now, here, row["passage"], row["direction"]])
    if before is None:
        return
    metres = apart_m(facts.places.get(before[1], {}), facts.places.get(here, {}))
    if metres is not None and needed_kmh(
        metres,
        now - before[0],
        max_kmh=_fastest(known, params),
        min_distance_m=params["doubt_distance_m"],
        within_min=params["within_min"],
        clock_s=params["doubt_clock_s"],
    ):
        yield from _doubt(key, (before[2], row["passage"]), row, memory, params)


def _doubt(
    key: str, passages: tuple[str, str], row: Row, memory: Memory, params: Params
) -> Iterable[Found]:
    """From now on the plate is in doubt, and what was concluded of it lately is withdrawn."""
    now = int(row["time"])
    memory["doubts"][key] = now
    for told in memory["told"].pop(key, []):
        one = Found(**told)
        if not _lately(one.end, now, params):
            continue
        yield _withdrawn(one, row, passages, "plate_doubtful")


def _withdrawn(one: Found, row: Row, passages: tuple[str, ...], why: str) -> Found:
    """The last revision of what does not hold, with the passages that say so."""
    evidence = (*one.evidence, *(f"passages:{passage}" for passage in passages))
    return replace(
        one,
        revision=one.revision + 1,
        received=int(row["received"]),
        severity="withdrawn",
        evidence=tuple(dict.fromkeys(evidence)),
        quality=(*one.quality, why, "corrected"),
    )


def _lately(then: int | None, now: int, params: Params) -> bool:
    return then is not None and now - then <= params["doubt_h"] * 3.6e9


def _within_us(params: Params) -> float:
    return float(params["within_min"]) * 60e6


def _unlike(one: str | None, other: str | None) -> bool:
    """Whether two cameras saw vehicles of another sort; who tells none says nothing."""
    sorts = {(seen or _OTHER_CLASS)[0] for seen in (one, other)}
    return len(sorts) == 2 and _OTHER_CLASS not in sorts


def _other_colour(one: str | None, other: str | None, params: Params) -> bool:
    """Whether two cameras saw bodies of colours that none takes for one another."""
    first, last = body_colour(one), body_colour(other)
    if first is None or last is None or first == last:
        return False
    return not any(first in alike and last in alike for alike in params["colours_alike"])


def _unsure(percent: float | None, params: Params) -> bool:
    """Whether a camera was not sure enough of a plate; who does not tell says nothing."""
    return percent is not None and percent < params["plate_reliability_percent"]


def _fastest(known: Mapping[str, Any] | None, params: Params) -> float:
    """km/h that no vehicle of this kind reaches."""
    supervised = known is not None and known["kind"] in HEAVY | COACHES
    return float(params["max_supervised_kmh" if supervised else "max_kmh"])


def _elsewhere(
    seen: list[list[Any]],
    began: int,
    start: str,
    end: str,
    section: Mapping[str, Any],
    params: Params,
    facts: Facts,
) -> bool:
    """Whether the plate was seen meanwhile at a checkpoint that is not on the way."""
    first, last = facts.places.get(start, {}), facts.places.get(end, {})
    longest = max(section["length_m"], apart_m(first, last) or 0.0) + params["detour_m"]
    for when, checkpoint, *_ in seen:
        if when < began or checkpoint in (start, end):
            continue
        place = facts.places.get(checkpoint, {})
        there, back = apart_m(first, place), apart_m(place, last)
        if there is not None and back is not None and there + back > longest:
            return True
    return False


def _least_kmh(began: int, now: int, section: Mapping[str, Any], params: Params) -> float:
    metres = float(section["length_m"]) * (1 - params["length_error_percent"] / 100)
    kmh: float = metres / 1000 / ((now - began) / 3.6e9 + params["clock_s"] / 3600)
    return kmh


def _impossible(
    entry: list[Any],
    now: int,
    section: Mapping[str, Any],
    known: Mapping[str, Any] | None,
    params: Params,
) -> bool:
    """Whether the two are no journey of one vehicle: so fast is none of its kind."""
    return _least_kmh(int(entry[0]), now, section, params) > _fastest(known, params)


def _journey(
    entry: list[Any],
    row: Row,
    start: str,
    section: Mapping[str, Any],
    known: Mapping[str, Any] | None,
    params: Params,
    facts: Facts,
) -> Iterable[Found]:
    began, now = int(entry[0]), int(row["time"])
    kmh = _least_kmh(began, now, section, params)
    limit, quality = _limit(known, began, now, section, params)
    if kmh <= limit:
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
    """Forget what is too old to matter, by event time, so that a replay forgets the same."""
    for name in ("seen", "doubts", "told"):
        memory.setdefault(name, {})
    if now - memory.setdefault("swept", now) < _SWEEP_US:
        return
    memory["swept"] = now
    oldest = now - _within_us(params)
    last = memory.get("last", {})
    for key, entries in list(last.items()):
        for start in [start for start, entry in entries.items() if entry[-1][0] < oldest]:
            del entries[start]
        if not entries:
            del last[key]
    _drop(memory["seen"], lambda seen: seen[0] >= oldest)
    # Withdrawn by a doubt soon after the end, or by its end passed again soon after the beginning.
    _drop(memory["told"], lambda one: _lately(one["end"], now, params) or one["start"] >= oldest)
    for key in [key for key, at in memory["doubts"].items() if not _lately(at, now, params)]:
        del memory["doubts"][key]


def _drop(lists: dict[str, list[Any]], keep: Callable[[Any], bool]) -> None:
    for key in list(lists):
        lists[key] = [one for one in lists[key] if keep(one)]
        if not lists[key]:
            del lists[key]
