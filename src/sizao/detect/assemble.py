"""From what rules find in a batch to rows of ``core.schemas.DETECTION``, all of them at once.

A batch holds a few dozen of them: what costs is how often NumPy and Arrow are called. So numbers of
all rules are laid one after the other and put in order before Arrow sees them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.ids import content_id, observation_id_of
from sizao.core.places import ROAD_CLASSES
from sizao.core.schemas import DETECTION, empty
from sizao.detect.context import Context
from sizao.detect.revisions import Given, Withdrawn, remember
from sizao.detect.stage import Findings, Rule
from sizao.detect.state import EngineState
from sizao.detect.stretches import stretches

_CLASSES = list(ROAD_CLASSES)
_NONE = empty(DETECTION)
_MANY = 1000
"""From so many rows on Arrow puts them in order sooner: Python's values lie scattered."""
_NUMBERS = {
    name: f"{name}_us" if name in ("start", "end", "fired", "received") else name
    for name in (
        *("start", "end", "fired", "received", "revision"),
        *("measured", "limit", "lat", "lon", "stake_m"),
    )
}
"""Columns that are arrays of ``Findings``, and what they are called there."""
_OTHERS = [name for name in DETECTION.names if name not in _NUMBERS and name != "final"]
_AGAIN = ("revision", "fired", "received")
"""Numbers that are others where an episode fires anew."""

Found = Sequence[tuple[Rule, Findings]]


def batch_of(
    found: Found,
    state: EngineState,
    context: Context,
    fired_under: dict[str, str],
    withdrawn: Withdrawn,
) -> pa.RecordBatch:
    """One batch, sorted by the moment of firing, then id, then revision; counted in ``state``.

    ``state`` puts the names back. ``fired_under`` and ``withdrawn`` as in :class:`EngineState`;
    they are kept up here.
    """
    found = [(rule, some) for rule, some in found if len(some.slot)]
    if not found:
        return _NONE
    numbers = {
        name: np.concatenate([getattr(some, own) for _, some in found])
        for name, own in _NUMBERS.items()
    }
    numbers["final"] = numbers["revision"] > 0
    others: dict[str, list[Any]] = {name: [] for name in _OTHERS}
    for rule, some in found:
        _add(others, numbers, rule, some, state, context, fired_under, withdrawn)
    _add_roads(others, np.concatenate([some.segment for _, some in found]), context)
    n = len(others["id"])
    state.counters["detections"] += n
    fired, revisions = numbers["fired"].tolist(), numbers["revision"].tolist()
    order = [at for *_, at in sorted(zip(fired, others["id"], revisions, range(n), strict=True))]
    places = np.array(order)
    if n < _MANY:
        numbers = {name: column[places] for name, column in numbers.items()}
        others = {name: list(map(column.__getitem__, order)) for name, column in others.items()}
    columns = [
        pa.array(others[field.name], field.type) if field.name in others else _array(numbers, field)
        for field in DETECTION
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=DETECTION)
    return batch if n < _MANY else batch.take(pa.array(places))


def _array(numbers: dict[str, npt.NDArray[Any]], field: pa.Field) -> pa.Array:
    column = numbers[field.name]
    if pa.types.is_timestamp(field.type):
        return pa.Array.from_buffers(field.type, len(column), [None, pa.py_buffer(column)])
    return pa.array(column, field.type, mask=np.isnan(column) if field.nullable else None)


def _add(
    rows: dict[str, list[Any]],
    numbers: dict[str, npt.NDArray[Any]],
    rule: Rule,
    found: Findings,
    state: EngineState,
    context: Context,
    fired_under: dict[str, str],
    withdrawn: Withdrawn,
) -> None:
    """What a rule has found, in columns that are not numbers. Of an episode that was withdrawn
    before, ``numbers`` are changed."""
    n, begin = len(found.slot), len(rows["id"])
    seen = [state.names[slot] for slot in found.slot.tolist()]
    vehicles = seen
    if found.stretch and context.network is not None:
        labels = stretches(context.network).name
        vehicles = [labels[number] for number in found.stretch]
    drivers, measures = state.driver_names(), list(state.measures)
    revisions, segments = found.revision.tolist(), found.segment.tolist()
    starts, worsts, ends = found.start_us.tolist(), found.worst_us.tolist(), found.end_us.tolist()
    in_force = context.versions[rule.id]
    for i in range(n):
        vehicle, start_us = vehicles[i], starts[i]
        part = found.part[i : i + 1]
        episode = "|".join((rule.id, vehicle, str(start_us), *part))
        whose = f"{rule.id}|{vehicle}"
        given = withdrawn.get(whose, {}).get(start_us) if withdrawn else None
        if given is not None:
            given = withdrawn[whose][start_us] = given.then(revisions[i])
            version = given.version
            again = (given.more + revisions[i], given.fired_us, given.received_us)
            for name, value in zip(_AGAIN, again, strict=True):
                numbers[name][begin + i] = value
        elif revisions[i] == 0:
            version = fired_under[episode] = in_force
        else:
            version = fired_under.pop(episode, in_force)
            if found.severity[i] == "withdrawn":
                first_us = int(found.fired_us[i]), int(found.received_us[i])
                remember(withdrawn, whose, start_us, Given(version, revisions[i], 0, *first_us))
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
    rows["rule"] += [rule.id] * n
    rows["vehicle"] += vehicles
    rows["vehicle_kind"] += [context.kinds.get(vehicle, "other") for vehicle in vehicles]
    rows["driver"] += [drivers[k] if k >= 0 else None for k in found.driver.tolist()]
    rows["measured_unit"] += [rule.measured_unit] * n
    rows["severity"] += found.severity
    rows["fence"] += found.fence or [None] * n


def _add_roads(
    rows: dict[str, list[Any]], segment: npt.NDArray[np.int32], context: Context
) -> None:
    network = context.network
    known = [] if network is None else np.flatnonzero(segment >= 0).tolist()
    for name in ("road", "road_class", "area"):
        rows[name] = [None] * len(segment)
    if network is not None and known:
        on = segment[known]
        columns = (network.ref, network.name, network.road_class, network.area)
        values = zip(known, *(column[on].tolist() for column in columns), strict=True)
        for at, ref, name, road_class, area in values:
            rows["road"][at] = ref or name or None
            rows["road_class"][at] = _CLASSES[road_class]
            rows["area"][at] = area or None


def _quality(text: str, measure: str, segment: int, context: Context) -> str | None:
    unmatched = "unmatched" if context.network is not None and segment < 0 else ""
    if not (measure or unmatched):
        return text or None
    return ",".join(filter(None, (text, measure, unmatched)))
