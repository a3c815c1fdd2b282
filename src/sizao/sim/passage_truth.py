"""Ground truth of rules over passages: who really crossed, under whose plate, on the air or not.

The truth of a journey over a section is its length over the true time between the lines; of a
cloned plate, that two vehicles showed it; of the hot list, that the vehicle was on it; of a silent
passage, that the terminal sent nothing. An offence is *expected* to be found if the plates were
read as they are, by cameras that were sure of it, and it is large enough that no allowed error can
hide it. Of a journey nobody can be sure whose plate two vehicles carry, or was read off another one
within a day where the vehicle cannot have been, by the straight line or over a section: it is
neither expected nor wrong to be told. Nor is a journey expected that other passages under its
plate, in a row with its first or its last and the same way, make lawful.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.clock import SHANGHAI
from sizao.core.rulebook import entry
from sizao.core.vehicles import COACHES, HEAVY
from sizao.roads.geometry import distance_m
from sizao.sim.gates import Crossing
from sizao.sim.played.plates import Plates
from sizao.sim.sections import sections
from sizao.sim.truth import Offence

RULES = ("section_speed", "cloned_plate", "hot_list", "passage_unreported")

SURE_S = 100_000
"""``visible`` of what is bound to be found."""

_WITHIN_S = 7200
_MINUTE_S = 60
_KEPT_MIN = 64
_SHIFT_S = int(SHANGHAI.utcoffset(None).total_seconds())


@dataclass
class _Clone:
    """A plate on two vehicles: the first passage that showed it, and when it could be known."""

    start_s: int
    device: str
    kmh: float
    onset_s: int = 0
    pairs: list[tuple[Crossing, Crossing]] = field(default_factory=list)

    def doubt(self, before: Crossing, one: Crossing, confirm_s: int) -> None:
        """Two passages that were read rightly and cannot be of one vehicle."""
        for first, second in self.pairs:
            apart = first not in (before, one) and second not in (before, one)
            if apart and one.time_s - second.time_s <= confirm_s and not self.onset_s:
                self.onset_s = one.time_s
        self.pairs.append((before, one))


@dataclass
class _Journey:
    """A vehicle went over a section too fast; ``sure``: both plates were read as they are, by
    cameras that were sure of it."""

    owner: int
    device: str
    began_s: int
    at_s: int
    sure: bool
    kmh: float
    limit: float
    length_m: float
    slowest_s: int
    """Of the passages under its plate that may be its beginning and end, the longest time."""


class PassageTruth:
    """Tell it who crossed and who sent something; ``offences`` grows."""

    def __init__(
        self,
        rows: list[dict[str, Any]],
        sites: Mapping[str, Mapping[str, Any]],
        plates: Plates | None = None,
    ) -> None:
        self.offences: list[Offence] = []
        self._rows, self._sites = rows, sites
        self._plates = plates or Plates()
        self._mixed = {*self._plates.shown, *self._plates.shown.values()}
        self._ends: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for start, begun in sections().items():
            for section in begun:
                self._ends.setdefault(section["to"], []).append((start, section))
        self._entered: dict[tuple[int, str], tuple[int, bool, int]] = {}
        self._last: dict[int, tuple[Crossing, str]] = {}
        self._read: dict[int, tuple[Crossing, str]] = {}
        self._clones: dict[int, _Clone] = {}
        self._confirm_s = int(entry("detect.cloned_plate").value("confirm")) * 3600
        self._wanted: dict[str, list[Mapping[str, Any]]] = {}
        for wanted in self._plates.hot_list:
            self._wanted.setdefault(wanted["plate"], []).append(wanted)
        self._same = {
            letter: group
            for group in entry("detect.hot_list").value("confusable")
            for letter in group
        }
        self._sent = np.zeros((len(rows), _KEPT_MIN), np.bool_)
        self._minute = 0
        self._silent: list[tuple[Crossing, str, int, bool]] = []
        self._owner = {str(row["plate"]): number for number, row in enumerate(rows)}
        self._shown_as: dict[int, tuple[Crossing, str]] = {}
        self._doubts: dict[int, list[int]] = {}
        self._in_a_row: dict[int, int] = {}
        self._begun: dict[tuple[int, str], int] = {}
        self._journeys: list[_Journey] = []

    def sent(self, vehicle: npt.NDArray[np.int32], send_us: npt.NDArray[np.int64]) -> None:
        """Terminals sent something."""
        self._sent[vehicle, send_us // 60_000_000 % _KEPT_MIN] = True

    def passed(
        self, one: Crossing, device: str, read: str | None, reliability: float | None = None
    ) -> None:
        """A vehicle crossed; ``read``: what the camera made of its plate, and how sure it was of
        that, per cent."""
        owner = self._plates.shown.get(one.vehicle, one.vehicle)
        right = read == self._rows[owner]["plate"]
        self._doubted(one, device, read)
        self._journey_ends(one, device, owner, right, reliability)
        self._seen_twice(one, device, owner, right)
        self._looked_for(one, device, owner, read)
        if self._rows[owner]["kind"] in entry("detect.passage_unreported").value("kinds"):
            self._silent.append((one, device, owner, right))

    def close(self, now_s: int) -> None:
        """The end of the run: nothing more is sent."""
        self._judge_silent(now_s + 3600)
        self._tell_clones(now_s)
        self._tell_journeys()

    def tick(self, now_s: int) -> None:
        """Time goes on: judge passages whose surroundings are known, forget old minutes."""
        self._judge_silent(now_s)
        minute = now_s // _MINUTE_S
        # The table is a ring: its every column is cleared once at most, at the first tick too.
        for coming in range(max(self._minute, minute - _KEPT_MIN) + 1, minute + 1):
            self._sent[:, (coming + 8) % _KEPT_MIN] = False
        self._minute = minute

    def _judge_silent(self, now_s: int) -> None:
        window = int(entry("detect.passage_unreported").value("window"))
        far = window + 6  # what is stored and sent within five minutes counts as heard
        minute = now_s // _MINUTE_S
        waiting = []
        for one, device, owner, right in self._silent:
            at = one.time_s // _MINUTE_S
            if at + far >= minute:
                waiting.append((one, device, owner, right))
            elif not self._heard(owner, at, window):
                sure = right and not self._heard(owner, at, far)
                onset_s = one.time_s + window * _MINUTE_S
                self._add(
                    "passage_unreported", owner, device, one.time_s, onset_s, one.time_s, sure
                )
        self._silent = waiting

    def _heard(self, vehicle: int, minute: int, window: int) -> bool:
        around = np.arange(minute - window, minute + window + 1) % _KEPT_MIN
        return bool(self._sent[vehicle, around].any())

    def _journey_ends(
        self, one: Crossing, device: str, owner: int, right: bool, reliability: float | None
    ) -> None:
        """True journeys that end here, and where others begin."""
        least = float(entry("detect.section_speed").value("plate_reliability"))
        sure = right and one.vehicle not in self._mixed
        sure &= reliability is None or reliability >= least
        for start, section in self._ends.get(device, ()):
            began = self._entered.pop((one.vehicle, start), None)
            if began is not None:
                self._journey(one, device, owner, section, began, sure)
        first_s = self._in_a_row.get(owner, one.time_s) if right else one.time_s
        self._entered[one.vehicle, device] = (one.time_s, sure, first_s)

    def _journey(
        self,
        one: Crossing,
        device: str,
        owner: int,
        section: Mapping[str, Any],
        began: tuple[int, bool, int],
        sure: bool,
    ) -> None:
        began_s, was_sure, first_s = began
        seconds = one.time_s - began_s
        if not 0 < seconds <= _WITHIN_S:
            return
        kind = str(self._rows[one.vehicle]["kind"])
        limit = float(section["limits"].get(kind, section["limit_kmh"]))
        if kind in COACHES and _night(began_s) and _night(one.time_s):
            limit *= float(entry("fatigue.coach_night_speed").value("ratio"))
        kmh = section["length_m"] * 3.6 / seconds
        if kmh <= limit:
            return
        self._journeys.append(
            _Journey(
                owner, device, began_s, one.time_s, sure and was_sure, kmh, limit,
                section["length_m"], one.time_s - first_s,
            )
        )  # fmt: skip

    def _doubted(self, one: Crossing, device: str, read: str | None) -> None:
        """Two vehicles read under one plate, where one cannot have been in both places."""
        owner = self._owner.get(read or "")
        if owner is None:
            return
        before = self._shown_as.get(owner)
        self._shown_as[owner] = (one, device)
        if (
            before
            and before[1] == device
            and before[0].gate == one.gate
            and (one.time_s - before[0].time_s <= _WITHIN_S)
        ):
            self._again(owner, one.time_s)
        else:
            self._in_a_row[owner] = one.time_s
        supervised = self._rows[owner]["kind"] in HEAVY | COACHES
        name = "max_speed_supervised" if supervised else "max_speed"
        fastest = float(entry("detect.section_speed").value(name))
        too_fast = self._sections_ended(one, device, owner) > fastest
        if too_fast or self._contradicts(before, one, device, fastest) is not None:
            self._doubts.setdefault(owner, []).append(one.time_s)

    def _sections_ended(self, one: Crossing, device: str, owner: int) -> float:
        """Least km/h at which a plate, whoever carried it, seems to have come over a section."""
        fastest = 0.0
        for start, section in self._ends.get(device, ()):
            began_s = self._begun.pop((owner, start), None)
            if began_s is not None and one.time_s > began_s:
                fastest = max(fastest, _least_kmh(section["length_m"], one.time_s - began_s))
        self._begun[owner, device] = one.time_s
        return fastest

    def _again(self, owner: int, now_s: int) -> None:
        """A plate on the same line the same way with nothing between: a journey that ended with one
        of these passages may have ended with this one."""
        for journey in self._journeys:
            ended = journey.owner == owner and journey.at_s >= self._in_a_row[owner]
            if ended and now_s - journey.began_s <= _WITHIN_S:
                journey.slowest_s = max(journey.slowest_s, now_s - journey.began_s)

    def _tell_journeys(self) -> None:
        """Kept to the end: whether a plate is in doubt shows up to a day later."""
        own = entry("detect.section_speed")
        day_s = int(own.value("doubt")) * 3600
        for one in self._journeys:
            doubts = self._doubts.get(one.owner, ())
            sure = one.sure and _least_kmh(one.length_m, one.slowest_s) > one.limit
            sure &= not any(abs(moment - one.at_s) <= day_s for moment in doubts)
            self._add(
                "section_speed", one.owner, one.device, one.began_s, one.at_s, one.at_s, sure,
                one.kmh, one.limit,
            )  # fmt: skip
        self._journeys = []

    def _seen_twice(self, one: Crossing, device: str, owner: int, right: bool) -> None:
        """The same plate on two vehicles, so far apart that one could not have driven it."""
        fastest = float(entry("detect.cloned_plate").value("max_speed"))
        kmh = self._contradicts(self._last.get(owner), one, device, fastest)
        self._last[owner] = (one, device)
        if kmh is not None:
            self._clones.setdefault(owner, _Clone(one.time_s, device, kmh))
        if not right:
            return
        before = self._read.get(owner)
        self._read[owner] = (one, device)
        if before is not None and self._contradicts(before, one, device, fastest) is not None:
            clone = self._clones.setdefault(owner, _Clone(one.time_s, device, 0.0))
            clone.doubt(before[0], one, self._confirm_s)

    def _contradicts(
        self, before: tuple[Crossing, str] | None, one: Crossing, device: str, fastest: float
    ) -> float | None:
        """Least speed in km/h of one vehicle that made both passages, if over the fastest."""
        if before is None or before[0].vehicle == one.vehicle or before[1] == device:
            return None
        own = entry("detect.cloned_plate")
        here, there = self._sites[device], self._sites[before[1]]
        metres = distance_m(there["lat"], there["lon"], here["lat"], here["lon"])
        waited_s = one.time_s - before[0].time_s + float(own.value("clock"))
        kmh = metres * 3.6 / waited_s
        if waited_s > float(own.value("within")) * 60 or metres < float(own.value("min_distance")):
            return None
        return kmh if kmh > fastest else None

    def _tell_clones(self, now_s: int) -> None:
        """Plates on two vehicles. It goes on for the whole run, and is expected to be said once
        two pairs of passages without one in common showed it within a day."""
        for owner, clone in self._clones.items():
            start_s, onset_s = clone.start_s, clone.onset_s or clone.start_s
            sure = clone.onset_s > 0
            self._add("cloned_plate", owner, clone.device, start_s, onset_s, now_s, sure, clone.kmh)
        self._clones = {}

    def _looked_for(self, one: Crossing, device: str, owner: int, read: str | None) -> None:
        for wanted in self._wanted.get(self._rows[owner]["plate"], ()):
            if not wanted["from"] <= one.time_s * 1_000_000 < wanted["until"]:
                continue
            off = _differing(read, wanted["plate"])
            confused = len(off) == 1 and all(b in self._same.get(a, "") for a, b in off)
            subject = f"plate:{self._rows[owner]['plate_colour']}:{read}" if off else ""
            self._add(
                "hot_list",
                owner,
                device,
                one.time_s,
                one.time_s,
                one.time_s,
                read is not None and (not off or confused),
                subject=subject,
                severity="probable" if off else "exact",
            )

    def _add(
        self,
        rule: str,
        owner: int,
        device: str,
        start_s: int,
        onset_s: int,
        end_s: int,
        sure: bool,
        worst: float = 0.0,
        limit: float = 0.0,
        subject: str = "",
        severity: str = "",
    ) -> None:
        site = self._sites[device]
        self.offences.append(
            Offence(
                rule,
                subject or str(self._rows[owner]["vehicle"]),
                start_s,
                onset_s,
                end_s,
                worst,
                limit,
                SURE_S if sure else 0,
                site["lat"],
                site["lon"],
                site["name"],
                severity=severity,
            )
        )


def _least_kmh(length_m: float, seconds: int) -> float:
    """The speed over a section that no allowed error can hide."""
    own = entry("detect.section_speed")
    share = 1 - float(own.value("length_error")) / 100
    return length_m * share * 3.6 / (seconds + float(own.value("clock")))


def _differing(read: str | None, plate: str) -> list[tuple[str, str]]:
    """Pairs of characters that differ; all of them if nothing was read."""
    pairs: Iterable[tuple[str, str]] = zip(read or "?" * len(plate), plate, strict=False)
    return [(a, b) for a, b in pairs if a != b]


def _night(time_s: int) -> bool:
    hour = (time_s + _SHIFT_S) // 3600 % 24
    return hour >= 22 or hour < 6
