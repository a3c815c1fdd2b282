"""From a rule's findings to rows of ``core.schemas.DETECTION``, column by column."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from sizao.core.ids import content_id, observation_id_of
from sizao.core.places import ROAD_CLASSES
from sizao.core.schemas import DETECTION, empty
from sizao.detect.context import Context
from sizao.detect.stage import Findings, Rule
from sizao.detect.state import EngineState
from sizao.detect.stretches import stretches

_CLASSES = list(ROAD_CLASSES)
_NONE = empty(DETECTION)
_FIELDS = list(DETECTION)
_MANY = 1000
"""From so many rows on Arrow puts them in order sooner: Python's values lie scattered."""

Rows = dict[str, list[Any]]
"""Column of DETECTION to its values, times as microseconds."""


def no_rows() -> Rows:
    """To be added to."""
    return {name: [] for name in DETECTION.names}


def add_rows(
    rows: Rows,
    rule: Rule,
    found: Findings,
    state: EngineState,
    context: Context,
    fired_under: dict[str, str],
) -> None:
    """Put a rule's findings to ``rows``; ``state`` puts the names back.

    ``fired_under`` as in :class:`EngineState`; it is kept up here.
    """
    n = len(found.slot)
    if not n:
        return
    seen = [state.names[slot] for slot in found.slot.tolist()]
    vehicles = seen
    if found.stretch and context.network is not None:
        labels = stretches(context.network).name
        vehicles = [labels[number] for number in found.stretch]
    drivers, measures = state.driver_names(), list(state.measures)
    revisions, segments = found.revision.tolist(), found.segment.tolist()
    starts, worsts, ends = found.start_us.tolist(), found.worst_us.tolist(), found.end_us.tolist()
    in_force = rule.version(context.params[rule.id])
    for i in range(n):
        vehicle, start_us = vehicles[i], starts[i]
        part = found.part[i : i + 1]
        episode = "|".join((rule.id, vehicle, str(start_us), *part))
        if revisions[i] == 0:
            version = fired_under[episode] = in_force
        else:
            version = fired_under.pop(episode, in_force)
        moments = (worsts[i],) if found.stretch else (start_us, worsts[i], ends[i])
        temporary = found.measure[i] if found.measure else 0
        rows["id"].append(content_id(rule.id, version, vehicle, start_us, *part))
        rows["rule_version"].append(version)
        rows["evidence"].append([observation_id_of(seen[i], us) for us in moments])
        rows["quality"].append(
            _quality(
                found.quality[i],
                f"limit_temporary={measures[temporary - 1]}" if temporary else "",
                segments[i],
                context,
            )
        )
    rows["revision"] += revisions
    rows["rule"] += [rule.id] * n
    rows["vehicle"] += vehicles
    rows["vehicle_kind"] += [context.kinds.get(vehicle, "other") for vehicle in vehicles]
    rows["driver"] += [drivers[k] if k >= 0 else None for k in found.driver.tolist()]
    rows["start"] += starts
    rows["end"] += ends
    rows["fired"] += found.fired_us.tolist()
    rows["received"] += found.received_us.tolist()
    rows["measured"] += found.measured.tolist()
    rows["limit"] += found.limit.tolist()
    rows["measured_unit"] += [rule.measured_unit] * n
    rows["severity"] += found.severity
    for name, column in (("lat", found.lat), ("lon", found.lon), ("stake_m", found.stake_m)):
        rows[name] += [None if value != value else value for value in column.tolist()]
    _add_roads(rows, segments, context)
    rows["final"] += [revision > 0 for revision in revisions]
    rows["fence"] += found.fence or [None] * n


def batch_of(rows: Rows, state: EngineState) -> pa.RecordBatch:
    """One batch, sorted by the moment of firing, then id, then revision; counted in ``state``."""
    n = len(rows["id"])
    if not n:
        return _NONE
    state.counters["detections"] += n
    keys = zip(rows["fired"], rows["id"], rows["revision"], range(n), strict=True)
    order = [at for *_, at in sorted(keys)]
    if n >= _MANY:
        columns = [pa.array(rows[field.name], field.type) for field in _FIELDS]
        return pa.RecordBatch.from_arrays(columns, schema=DETECTION).take(pa.array(order))
    # Put in order here: to take few rows out of Arrow's lists and texts costs more than to make
    # them.
    columns = [
        pa.array([values[at] for at in order], field.type)
        for field, values in ((field, rows[field.name]) for field in _FIELDS)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=DETECTION)


def _add_roads(rows: Rows, segments: list[int], context: Context) -> None:
    network = context.network
    for segment in segments:
        road = road_class = area = None
        if network is not None and segment >= 0:
            road = str(network.ref[segment]) or str(network.name[segment]) or None
            road_class = _CLASSES[network.road_class[segment]]
            area = str(network.area[segment]) or None
        rows["road"].append(road)
        rows["road_class"].append(road_class)
        rows["area"].append(area)


def _quality(text: str, measure: str, segment: int, context: Context) -> str | None:
    unmatched = "unmatched" if context.network is not None and segment < 0 else ""
    return ",".join(filter(None, (text, measure, unmatched))) or None
