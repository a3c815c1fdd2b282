"""From what rules find in a batch to rows of ``core.schemas.DETECTION``, all of them at once.

A batch holds a few dozen of them: what costs is how often NumPy and Arrow are called, 10 us each
with cold caches. So all columns of one type are made as one array, and each is a piece of it. When
a platform comes back a batch holds a hundred thousand: then what costs is Python's work on each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
"""From so many rows on Arrow puts them in order: Python's values lie scattered."""
_TIMES = ("start", "end", "fired", "received")
_VALUES = ("measured", "limit")
_PLACES = ("lat", "lon", "stake_m")
"""Columns that are arrays of ``Findings``; there times end in ``_us``. A place that is NaN is
none."""
_TEXTS = [field.name for field in DETECTION if field.type == pa.string()]
_ORDER = [("fired", "ascending"), ("id", "ascending"), ("revision", "ascending")]

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
    times = np.array([_joined(found, f"{name}_us") for name in _TIMES])
    values = np.array([_joined(found, name) for name in _VALUES])
    places = np.array([_joined(found, name) for name in _PLACES])
    revision = _joined(found, "revision")
    final = revision > 0
    n = len(revision)
    again = dict(zip(_AGAIN, (revision, *times[2:]), strict=True))
    rows: dict[str, list[Any]] = {name: [] for name in (*_TEXTS, "evidence", "fence")}
    for rule, some in found:
        _add(rows, again, rule, some, state, context, fired_under, withdrawn)
    _add_roads(rows, _joined(found, "segment"), context)
    state.counters["detections"] += n
    if n < _MANY:
        keys = zip(times[2].tolist(), rows["id"], revision.tolist(), range(n), strict=True)
        order = [at for *_, at in sorted(keys)]
        times, values, places = times[:, order], values[:, order], places[:, order]
        revision, final = revision[order], final[order]
        rows = {name: list(map(column.__getitem__, order)) for name, column in rows.items()}
    columns = {
        **_pieces(_TIMES, pa.array(times.ravel()).view(DETECTION.field("fired").type), n),
        **_pieces(_VALUES, pa.array(values.ravel()), n),
        **_pieces(_PLACES, pa.array(places.ravel(), from_pandas=True), n),
        **_pieces(
            _TEXTS,
            pa.array(list(chain.from_iterable(map(rows.__getitem__, _TEXTS))), pa.string()),
            n,
        ),
        "revision": pa.array(revision),
        "final": pa.array(final),
        "evidence": _lists(rows["evidence"]),
        "fence": pa.array(rows["fence"], pa.int32()),
    }
    arrays = [columns[name] for name in DETECTION.names]
    batch = pa.RecordBatch.from_arrays(arrays, schema=DETECTION)
    return batch if n < _MANY else batch.take(pc.sort_indices(batch, sort_keys=_ORDER))


_AGAIN = ("revision", "fired", "received")
"""Numbers that are others where an episode fires anew."""


def _joined(found: Found, name: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(some, name) for _, some in found])


def _pieces(names: Sequence[str], column: pa.Array, n: int) -> dict[str, pa.Array]:
    """Columns of n rows that stand one after the other."""
    return {name: column.slice(at * n, n) for at, name in enumerate(names)}


def _lists(rows: list[Sequence[str]]) -> pa.Array:
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(list(chain.from_iterable(rows)), pa.string())
    )


def _add(
    rows: dict[str, list[Any]],
    again: dict[str, npt.NDArray[Any]],
    rule: Rule,
    found: Findings,
    state: EngineState,
    context: Context,
    fired_under: dict[str, str],
    withdrawn: Withdrawn,
) -> None:
    """What a rule has found, in columns that are not numbers. Of an episode that was withdrawn
    before, ``again`` (see ``_AGAIN``) is changed."""
    n, begin = len(found.slot), len(rows["id"])
    seen = [state.names[slot] for slot in found.slot.tolist()]
    vehicles = seen
    if found.stretch and context.network is not None:
        labels = stretches(context.network).name
        vehicles = [labels[number] for number in found.stretch]
    drivers, measures = state.driver_names(), list(state.measures)
    revisions, unmatched = found.revision.tolist(), _unmatched(found, context)
    starts, worsts, ends = found.start_us.tolist(), found.worst_us.tolist(), found.end_us.tolist()
    in_force = context.versions[rule.id]
    ids, versions, evidence, quality = (
        rows[name] for name in ("id", "rule_version", "evidence", "quality")
    )
    # An episode that fires and ends at once is told twice in a row: what names it is made once.
    named: tuple[Any, ...] = ()
    shown: tuple[Any, ...] = ()
    episode = name = ""
    proof: list[str] = []
    for i in range(n):
        vehicle, start_us = vehicles[i], starts[i]
        part = found.part[i : i + 1]
        if (vehicle, start_us, part) != named[:3]:
            episode = "|".join((rule.id, vehicle, str(start_us), *part))
        given = None
        if withdrawn:
            whose = f"{rule.id}|{vehicle}"
            given = withdrawn.get(whose, {}).get(start_us)
        if given is not None:
            given = withdrawn[whose][start_us] = given.then(revisions[i])
            version = given.version
            values = (given.more + revisions[i], given.fired_us, given.received_us)
            for column, value in zip(_AGAIN, values, strict=True):
                again[column][begin + i] = value
        elif revisions[i] == 0:
            version = fired_under[episode] = in_force
        else:
            version = fired_under.pop(episode, in_force)
            if found.severity[i] == "withdrawn":
                first_us = int(found.fired_us[i]), int(found.received_us[i])
                given = Given(version, revisions[i], 0, *first_us)
                remember(withdrawn, f"{rule.id}|{vehicle}", start_us, given)
        if (vehicle, start_us, part, version) != named:
            named = vehicle, start_us, part, version
            name = content_id(rule.id, version, vehicle, start_us, *part)
        moments = (worsts[i],) if found.stretch else (start_us, worsts[i], ends[i])
        if (seen[i], moments) != shown:
            shown = seen[i], moments
            proof = [observation_id_of(seen[i], us) for us in moments]
        ids.append(name)
        versions.append(version)
        evidence.append(proof)
        temporary = found.measure[i] if found.measure else 0
        if temporary or unmatched[i]:
            by = f"limit_temporary={measures[temporary - 1]}" if temporary else ""
            quality.append(",".join(filter(None, (found.quality[i], by, unmatched[i]))))
        else:
            quality.append(found.quality[i] or None)
    rows["rule"] += [rule.id] * n
    rows["vehicle"] += vehicles
    rows["vehicle_kind"] += [context.kinds.get(vehicle, "other") for vehicle in vehicles]
    rows["driver"] += [drivers[k] if k >= 0 else None for k in found.driver.tolist()]
    rows["measured_unit"] += [rule.measured_unit] * n
    rows["severity"] += found.severity
    rows["fence"] += found.fence or [None] * n


def _unmatched(found: Findings, context: Context) -> list[str]:
    """Of each finding what its quality says of its road."""
    if context.network is None:
        return [""] * len(found.segment)
    return ["unmatched" if segment < 0 else "" for segment in found.segment.tolist()]


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
