"""Fatigue seen by the driver camera: its alarms gathered into episodes (主动安全疲劳报警).

Definition
----------
Alarms of ``kinds`` (``dsm.fatigue``: eyes closed, nodding) of one vehicle, in order of event time
(waiting ``hold_s`` for stragglers). A device says each alarm as a moment, or as a start and an end;
the same alarm sent again (``alarm_key`` and ``state``) counts once. Alarms whose device reports
less than ``min_speed_kmh`` (5) with them do not count: whoever sleeps at a standstill does right.

An episode begins with an alarm and takes in every further one that comes at most ``gap_min`` (10)
after the last. It fires (revision 0) at its first alarm of level 2, or at its ``min_alarms``-th (3)
of level 1. It ends with the first alarm of any vehicle that comes more than the gap later, and is
then reported once more (revision 1) if it had fired. An end without its start counts as its
moment; a start without its end ends where the next alarm or the gap says.

``measured`` is the number of alarms, ``limit`` the least that would have fired by number
(``min_alarms`` less one). Severity is ``dsm_level_2`` if one alarm was of level 2, else
``dsm_level_1``. The place is that of the first alarm. Evidence are the first, the gravest and the
last alarm.

It is what a camera saw, not what the law calls fatigue: that is ``fatigue``, and detections of both
about one vehicle join one warning, so that the pictures of the one stand beside the hours of the
other. Nothing is concluded about a person.

Source: levels T/JSATL 12 (2017) table 4-17 (recalled); ``detect.dsm_fatigue`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sizao.detect.hold import Row
from sizao.detect.params import Book, Params, number
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase

_MINUTE_US = 60_000_000


class DsmFatigue(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "dsm_fatigue"
    topic = "device_alarms"
    measured_unit = "count"
    entry = "detect.dsm_fatigue"
    """Of the rule book: its numbers."""

    def severity(self, level: int) -> str:
        """By the gravest level of an episode's alarms."""
        return "dsm_level_2" if level >= 2 else "dsm_level_1"

    def params_from(self, book: Book) -> Params:
        own = self.entry
        return {
            "kinds": [str(kind) for kind in book[own].value("kinds")],
            "min_speed_kmh": number(book, own, "min_speed", "km/h"),
            "gap_min": number(book, own, "gap", "min"),
            "min_alarms": number(book, own, "min_alarms", "count"),
            "hold_s": number(book, own, "hold", "s"),
        }

    def hold_s(self, params: Params) -> float:
        return float(params["hold_s"])

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        now = int(row["time"])
        episodes: dict[str, dict[str, Any]] = memory.setdefault("episodes", {})
        if now - memory.setdefault("swept", now) >= _MINUTE_US:
            memory["swept"] = now
            for vehicle in list(episodes):
                yield from self._end_if_over(vehicle, now, episodes, params, facts)
        if row["kind"] not in params["kinds"]:
            return
        vehicle = str(row["vehicle"])
        yield from self._end_if_over(vehicle, now, episodes, params, facts)
        if (row["speed_kmh"] if row["speed_kmh"] is not None else 999) < params["min_speed_kmh"]:
            return
        name = row["alarm_key"] or str(now)
        one = episodes.setdefault(
            vehicle,
            {
                "start": now,
                "names": {},
                "level": 0,
                "lat": row["lat"],
                "lon": row["lon"],
                "fired": None,
            },
        )
        # A start and its end are one alarm, whichever came first.
        one["last"] = max(now, one.get("last", now))
        level = int(row["level"] or 1)
        known = one["names"].setdefault(name, level)
        one["names"][name] = max(known, level)
        one["level"] = max(one["level"], level)
        if one["fired"] is None and (
            one["level"] >= 2 or len(one["names"]) >= params["min_alarms"]
        ):
            one["fired"], one["received"] = now, int(row["received"])
            one["version"] = self.version(params)
            yield self._found(vehicle, one, 0, params, facts)

    def _end_if_over(
        self,
        vehicle: str,
        now: int,
        episodes: dict[str, dict[str, Any]],
        params: Params,
        facts: Facts,
    ) -> Iterable[Found]:
        one = episodes.get(vehicle)
        if one is None or now - one["last"] <= params["gap_min"] * _MINUTE_US:
            return
        del episodes[vehicle]
        if one["fired"] is not None:
            yield self._found(vehicle, one, 1, params, facts)

    def _found(
        self, vehicle: str, one: dict[str, Any], revision: int, params: Params, facts: Facts
    ) -> Found:
        known = facts.of_vehicle(vehicle)
        names = list(one["names"])
        gravest = max(names, key=lambda name: one["names"][name])
        evidence = tuple(f"device_alarms:{vehicle}:{n}" for n in (names[0], gravest, names[-1]))
        return Found(
            vehicle=vehicle,
            vehicle_kind=str(known["kind"]) if known else "other",
            start=one["start"],
            end=one["last"],
            fired=one["fired"],
            received=one["received"],
            measured=float(len(names)),
            limit=float(params["min_alarms"]) - 1,
            severity=self.severity(one["level"]),
            evidence=evidence,
            lat=one["lat"],
            lon=one["lon"],
            revision=revision,
            version=one.get("version"),
            final=revision > 0,
        )
