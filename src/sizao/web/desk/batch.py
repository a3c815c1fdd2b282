"""What must be known to deliver a batch of detections: looked up at once for all of them, and kept
up as they are delivered, because the rows made so far wait to be saved (``web.gathered``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from sizao.core.levels import WarningLevel
from sizao.respond.records import OPEN
from sizao.warn import merge
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot, together
from sizao.warn.table import Decision
from sizao.web.cases.models import Case
from sizao.web.desk.known import OPEN_STATES
from sizao.web.fleet.models import Vehicle
from sizao.web.tables.books import Edition, edition
from sizao.web.warnings.models import Warning, WarningRepeat

_DAY = timedelta(days=1)
_SPOT = ("lat", "lon", "road", "stake_m")


@dataclass(frozen=True)
class Made:
    """A warning that was made from a detection."""

    id: str
    level: int
    revision: int
    open: bool
    """Whether its case is."""


@dataclass
class Open:
    """An open warning and what was counted to it."""

    seen: merge.OpenWarning
    """``case`` is the number of its case."""
    case: Case | int
    """The row, where the batch has it in hand, or its key."""
    reach: str
    sightings: list[tuple[float, str, Spot]]
    """When, which vehicle, where."""
    counted: int = 0

    def add(self, detection: str, at_s: float, vehicle: str, spot: Spot, counts: bool) -> None:
        """Count a repeat to it."""
        seen = self.seen
        self.seen = replace(
            seen,
            last_s=max(seen.last_s, at_s),
            repeats=(*seen.repeats, detection),
            spots=seen.spots if spot in seen.spots else (*seen.spots, spot),
        )
        self.sightings.append((at_s, vehicle, spot))
        self.counted += counts


class Batch:
    """Rows of schema DETECTION that are delivered in one transaction."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._editions: dict[date, Edition] = {}
        self._open: dict[str, Open] = {}
        self._by_kind: dict[str, list[Open]] = defaultdict(list)
        self._by_vehicle: dict[tuple[str, str], list[Open]] = defaultdict(list)
        self._cases: dict[str, Case] = {}
        self._earlier: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        self.made: dict[str, list[Made]] = defaultdict(list)
        """Detection to its warnings, the worst first."""
        self.counted: set[tuple[str, int]] = set()
        """Detections and revisions that were counted as repeats."""
        self.vehicles: dict[str, tuple[str, int | None]] = {}
        """Plate and its colour."""
        if rows:
            self._look_up(rows)

    def _look_up(self, rows: Sequence[Mapping[str, Any]]) -> None:
        ids = [row["id"] for row in rows]
        vehicles = {row["vehicle"] for row in rows}
        kinds = {row["rule"] for row in rows}
        fired = [row["fired"] for row in rows]
        self.counted.update(
            WarningRepeat.objects.filter(detection__in=ids).values_list("detection", "revision")
        )
        made = Warning.objects.filter(detection__in=ids).order_by("-level")
        for detection, name, level, revision, state in made.values_list(
            "detection", "pk", "level", "revision", "case__state"
        ):
            self.made[detection].append(Made(name, level, revision, state in OPEN))
        earlier = Warning.objects.order_by().filter(
            vehicle__in=vehicles, kind__in=kinds, fired__gt=min(fired) - _DAY,
            fired__lte=max(fired),
        )  # fmt: skip
        for vehicle, kind, at, detection in earlier.values_list(
            "vehicle", "kind", "fired", "detection"
        ):
            self._earlier[vehicle, kind].append((at, detection))
        for name, plate, colour in Vehicle.objects.filter(pk__in=vehicles).values_list(
            "pk", "plate", "plate_colour"
        ):
            self.vehicles[name] = (plate, colour)
        days = {Facts.from_row(row).local.date() for row in rows}
        family = {one for kind in kinds for one in merge.family(kind)}
        wide = {one for kind in kinds if self._gathers(kind, days) for one in merge.family(kind)}
        self._load(Q(kind__in=family - wide, vehicle__in=vehicles))
        if wide:
            self._load(Q(kind__in=wide))

    def _gathers(self, kind: str, days: Iterable[date]) -> bool:
        """Whether warnings of other vehicles matter to it too."""
        return any(
            row.gather_m > 0 and (not row.about or kind in row.about)
            for day in days
            for row in self.edition(day).table().rows
        )

    def _load(self, condition: Q) -> None:
        """The open warnings of a condition, with their repeats."""
        rows = Warning.objects.filter(condition, case__state__in=OPEN_STATES).order_by()
        found: dict[str, Open] = {}
        for (
            name, case, number, reach, detection, ref, vehicle, kind, level, last, issued, area, *at
        ) in rows.values_list(
            "pk", "case_id", "case__number", "case__reach", "detection", "origin_ref", "vehicle",
            "kind", "level", "last", "issued", "area", *_SPOT,
        ):  # fmt: skip
            last_s, lat, lon, road, stake_m = last.timestamp(), *at
            spot = Spot(lat, lon, road, stake_m, area)
            seen = merge.OpenWarning(
                id=name, case=number, detection=detection or ref, vehicle=vehicle, kind=kind,
                level=WarningLevel(level), last_s=last_s, issued_s=issued.timestamp(),
                spots=(spot,),
            )  # fmt: skip
            found[name] = Open(seen, case, reach, [(last_s, vehicle, spot)])
        for one, repeats in self._repeats(rows).items():
            if one in found:
                _count_all(found[one], repeats)
        for one in found.values():
            self._keep(one)

    def _repeats(self, warnings: QuerySet[Warning]) -> dict[str, list[tuple[Any, ...]]]:
        repeats: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        rows = WarningRepeat.objects.filter(warning__in=warnings.values("pk")).order_by("at")
        for name, *rest in rows.values_list(
            "warning_id", "detection", "at", "vehicle", "counts", *_SPOT
        ):
            repeats[name].append(tuple(rest))
        return repeats

    def _keep(self, one: Open) -> None:
        self._open[one.seen.id] = one
        self._by_kind[one.seen.kind].append(one)
        self._by_vehicle[one.seen.kind, one.seen.vehicle].append(one)

    def edition(self, day: date) -> Edition:
        """The decision table in force on a day."""
        if day not in self._editions:
            self._editions[day] = edition("detections", day)
        return self._editions[day]

    def repeats(self, row: Mapping[str, Any]) -> int:
        """Earlier warnings of this rule for this vehicle within 24 hours, not of this episode."""
        known = self._earlier[row["vehicle"], row["rule"]]
        return sum(
            row["fired"] - _DAY < fired <= row["fired"] and detection != row["id"]
            for fired, detection in known
        )

    def vehicles_near(self, facts: Facts, reach_m: float, within_s: float) -> int:
        """Different vehicles that did the same near here within the window, this one included."""
        if reach_m <= 0:
            return 1
        here = Spot(facts.lat, facts.lon, facts.road, facts.stake_m, facts.area)
        since_s = facts.end_s - within_s
        found = {facts.vehicle}
        for one in self._by_kind[facts.rule]:
            for at_s, vehicle, spot in one.sightings:
                if (
                    at_s >= since_s
                    and vehicle
                    and vehicle not in found
                    and together(here, spot, reach_m)
                ):
                    found.add(vehicle)
        return len(found)

    def decide(self, facts: Facts, decision: Decision) -> merge.New | merge.Update | merge.Repeat:
        """What becomes of it, among what is open now. ``case`` is a case's number."""
        spot = Spot(facts.lat, facts.lon, facts.road, facts.stake_m, facts.area)
        known = [
            one.seen
            for kind in merge.family(facts.rule)
            for one in (
                self._by_kind[kind]
                if decision.gather_m > 0
                else self._by_vehicle[kind, facts.vehicle]
            )
        ]
        known.sort(key=lambda one: (-one.issued_s, one.id))
        return merge.decide(
            merge.Detected(
                facts.detection, facts.vehicle, facts.rule, decision.level, facts.end_s,
                decision.merge_s, spot, decision.gather_m,
            ),
            known,
        )  # fmt: skip

    def open(self, warning: str) -> Open:
        """An open warning by its id."""
        return self._open[warning]

    def reach(self, one: Open) -> str:
        """Who sees its case by now: a worse warning of this very batch may have taken it up."""
        case = self._cases.get(one.seen.case)
        return one.reach if case is None else case.reach

    def case(self, number: str) -> Case:
        """An open case by its number: the row that the batch has in hand, else that of the
        database. Everybody in the batch works on the same one."""
        if number not in self._cases:
            self._cases[number] = Case.objects.select_related("unit", "local_unit").get(
                number=number
            )
        return self._cases[number]

    def issued(self, warning: Warning) -> None:
        """Remember a warning that the batch made."""
        case = self._cases[warning.case.number] = warning.case
        spot = Spot(warning.lat, warning.lon, warning.road, warning.stake_m, warning.area)
        last_s = warning.last.timestamp()
        seen = merge.OpenWarning(
            id=warning.pk, case=case.number, detection=warning.detection, vehicle=warning.vehicle,
            kind=warning.kind, level=WarningLevel(warning.level), last_s=last_s,
            issued_s=warning.issued.timestamp(), spots=(spot,),
        )  # fmt: skip
        self._keep(Open(seen, case, case.reach, [(last_s, warning.vehicle, spot)]))
        made = self.made[warning.detection]
        made.append(Made(warning.pk, warning.level, warning.revision, True))
        made.sort(key=lambda one: -one.level)
        self._earlier[warning.vehicle, warning.kind].append((warning.fired, warning.detection))


def _count_all(one: Open, repeats: Iterable[tuple[Any, ...]]) -> None:
    """Count many repeats to a warning, in one go."""
    spots = dict.fromkeys(one.seen.spots)
    last_s, detections = one.seen.last_s, []
    for detection, at, vehicle, counts, lat, lon, road, stake_m in repeats:
        at_s, spot = at.timestamp(), Spot(lat, lon, road, stake_m)
        last_s = max(last_s, at_s)
        detections.append(detection)
        spots.setdefault(spot)
        one.sightings.append((at_s, vehicle, spot))
        one.counted += counts
    one.seen = replace(one.seen, last_s=last_s, repeats=tuple(detections), spots=tuple(spots))
