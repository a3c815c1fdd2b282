"""What of each duty was counted: from detections, weighings, supervision orders and registers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Q

from sizao.core.clock import SHANGHAI
from sizao.log.interface import LogReader
from sizao.risk.duties import Duty, duties
from sizao.web.enterprises import supervision
from sizao.web.fleet.models import Vehicle
from sizao.web.hazards.models import Hazard

Count = tuple[float, float]
"""Events and their exposure."""

ROWS = 50_000
WITHDRAWN = "withdrawn"
NOT_A_DUTY = ("dismissed", "merged")
"""States of a hazard that was none, or is another one."""

GROUP_OF = {
    "heavy_truck": "freight", "semi_tractor": "freight", "hazmat": "hazmat",
    "line_coach": "passenger", "tour_coach": "passenger", "highway_passenger": "passenger",
    "school_bus": "school_bus",
}  # fmt: skip
"""What an enterprise carries, by most of its vehicles, where the register does not say."""


@dataclass
class Firm:
    """An enterprise with its vehicles, as the register has it."""

    id: str
    name: str
    kind: str
    area: str
    vehicles: list[Vehicle] = field(default_factory=list)


def firms() -> dict[str, Firm]:
    """Enterprises with supervised vehicles, by id. The police's own cars are no enterprise's."""
    found: dict[str, Firm] = {}
    rows = Vehicle.objects.exclude(kind="police").filter(enterprise__isnull=False)
    for vehicle in rows.select_related("enterprise").order_by("pk"):
        one = vehicle.enterprise
        firm = found.setdefault(one.pk, Firm(one.pk, one.name, one.kind, one.area))
        firm.vehicles.append(vehicle)
    for firm in found.values():
        most = Counter(GROUP_OF.get(vehicle.kind, "other") for vehicle in firm.vehicles)
        firm.kind = firm.kind or most.most_common(1)[0][0]
        areas = Counter(vehicle.area for vehicle in firm.vehicles if vehicle.area)
        firm.area = firm.area or (areas.most_common(1)[0][0] if areas else "")
    return found


@dataclass(frozen=True)
class Episode:
    """An episode that a rule found, by whom it was; ``weighing`` is its evidence's, if any."""

    rule: str
    vehicle: str
    start: datetime
    end: datetime
    weighing: str


def episodes(log: LogReader, since: datetime, of: Collection[str]) -> list[Episode]:
    """The newest word on each episode of the duties' rules since, of those vehicles."""
    rules = pa.array(sorted({rule for duty in duties().values() for rule in duty.rules}))
    names = ["id", "revision", "rule", "vehicle", "start", "end", "severity", "evidence"]
    newest: dict[str, dict[str, Any]] = {}
    for batch in _batches(log, "detections"):
        fits = pc.and_(pc.is_in(batch["rule"], rules), pc.greater_equal(batch["end"], since))
        for row in batch.filter(fits).select(names).to_pylist():
            before = newest.get(row["id"])
            if row["vehicle"] in of and (before is None or row["revision"] >= before["revision"]):
                newest[row["id"]] = row
    return [
        Episode(
            row["rule"], row["vehicle"], row["start"], row["end"],
            next((one.partition(":")[2] for one in row["evidence"] if
                  one.startswith("weighings:")), ""),
        )
        for row in newest.values()
        if row["severity"] != WITHDRAWN
    ]  # fmt: skip


def _batches(log: LogReader, topic: str) -> Iterator[pa.RecordBatch]:
    after = 0
    while segments := log.read(topic, after, ROWS):
        for segment in segments:
            after = segment.seq
            yield segment.batch


def driving(found: Iterable[Episode], duty: Duty, of: Mapping[str, str]) -> Counter[str]:
    """Episodes of a duty by enterprise. What several rules say of one drive is one episode."""
    by_vehicle: dict[str, list[Episode]] = {}
    for one in found:
        if one.rule in duty.rules:
            by_vehicle.setdefault(one.vehicle, []).append(one)
    counts: Counter[str] = Counter()
    for vehicle, own in by_vehicle.items():
        until = datetime.min.replace(tzinfo=SHANGHAI)
        for one in sorted(own, key=lambda one: one.start):
            counts[of[vehicle]] += one.start > until
            until = max(until, one.end)
    return counts


def offline(found: Iterable[Episode], duty: Duty) -> list[tuple[str, int]]:
    """Vehicle and local day number since 1970 on which it drove without reports."""
    return sorted(
        {
            (one.vehicle, (one.end.astimezone(SHANGHAI).date() - date(1970, 1, 1)).days)
            for one in found
            if one.rule in duty.rules
        }
    )


def weighed(
    log: LogReader | None, found: Iterable[Episode], duty: Duty, since: datetime,
    plates: Mapping[str, str],
) -> dict[str, Count]:  # fmt: skip
    """Overloaded weighings out of all of registered plates, by enterprise."""
    over = {one.weighing for one in found if one.rule in duty.rules and one.weighing}
    counts: dict[str, tuple[float, float]] = {}
    for batch in _batches(log, "weighings") if log is not None else ():
        rows = batch.filter(pc.greater_equal(batch["time"], since))
        for row in rows.select(["weighing", "plate"]).to_pylist():
            enterprise = plates.get(_bare(row["plate"] or ""))
            if enterprise:
                events, all_of = counts.get(enterprise, (0.0, 0.0))
                counts[enterprise] = (events + (row["weighing"] in over), all_of + 1)
    return counts


def plates(known: Iterable[Firm]) -> dict[str, str]:
    """Plate without a dot to enterprise."""
    return {_bare(one.plate): firm.id for firm in known for one in firm.vehicles if one.plate}


def _bare(plate: str) -> str:
    return plate.replace("·", "")


def untreated(
    log: LogReader | None, since: datetime, now: datetime, of: Mapping[str, str]
) -> dict[str, Count]:
    """Supervision orders (报警督办) that ran out without "done", of all that ran out."""
    counts: dict[str, tuple[float, float]] = {}
    if log is None:
        return counts
    for vehicle, late in supervision.ended(_batches(log, "platform_messages"), since, now):
        if vehicle in of:
            events, all_of = counts.get(of[vehicle], (0.0, 0.0))
            counts[of[vehicle]] = (events + late, all_of + 1)
    return counts


def uninspected(known: Iterable[Firm], today: date) -> dict[str, Count]:
    """Vehicles past a day of the register, out of those of which it has one."""
    found = {}
    for firm in known:
        days = [
            [day for day in (one.inspection_until, one.scrap_until) if day] for one in firm.vehicles
        ]
        told = [own for own in days if own]
        if told:
            found[firm.id] = (float(sum(min(own) < today for own in told)), float(len(told)))
    return found


def rectified(known: Iterable[Firm], duty: Duty, now: datetime) -> dict[str, Count]:
    """Rectifications late or still open after their date, out of those due since."""
    names = {firm.name: firm.id for firm in known}
    due = Hazard.objects.filter(
        deadline__lte=now, deadline__gt=now - timedelta(days=duty.days), enterprise__in=names
    ).exclude(Q(state__in=NOT_A_DUTY))
    counts: dict[str, tuple[float, float]] = {}
    for hazard in due:
        late = hazard.rectified_at is None or hazard.rectified_at > hazard.deadline
        events, all_of = counts.get(names[hazard.enterprise], (0.0, 0.0))
        counts[names[hazard.enterprise]] = (events + late, all_of + 1)
    return counts
