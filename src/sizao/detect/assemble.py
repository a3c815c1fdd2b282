"""From what rules find in a batch to rows of ``core.schemas.DETECTION``, all of them at once.

A batch holds a few dozen of them: what costs is how often NumPy and Arrow are called, 10 us each
with cold caches. So all columns of one type are made as one array, and each is a piece of it. When
a platform comes back a batch holds a hundred thousand: then what costs is Python's work on each,
and that is little: what a row is called and what proves it is put into words by ``called.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.places import ROAD_CLASSES
from sizao.core.schemas import DETECTION, empty
from sizao.detect.called import NO_MOMENT, ids_of, listed, observations, written
from sizao.detect.context import Context
from sizao.detect.revisions import Given, Withdrawn, remember
from sizao.detect.stage import Findings, Rule
from sizao.detect.state import EngineState
from sizao.detect.stretches import stretches
from sizao.roads.network import Network

_CLASSES = list(ROAD_CLASSES)
_NONE = empty(DETECTION)
_MANY = 1000
"""From so many rows on Arrow puts them in order: Python's values lie scattered."""
_TIMES = ("start", "end", "fired", "received")
_VALUES = ("measured", "limit")
_PLACES = ("lat", "lon", "stake_m")
"""Columns that are arrays of ``Findings``; there times end in ``_us``. A place that is NaN is
none."""
_TEXTS = [field.name for field in DETECTION if field.type == pa.string() and field.name != "id"]

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
    rows: dict[str, list[Any]] = {name: [] for name in (*_TEXTS, "seen", "tail", "fence")}
    for rule, some in found:
        _add(rows, again, rule, some, state, context, fired_under, withdrawn)
    _add_roads(rows, _joined(found, "segment"), context)
    state.counters["detections"] += n
    ids = _ids(rows, times[0])
    moments = np.stack((times[0], _joined(found, "worst_us"), times[1]), axis=1)
    for begin, end in _on_places(found):
        moments[begin:end, [0, 2]] = NO_MOMENT
    if n < _MANY:
        order = np.lexsort((revision, ids[:, 1], ids[:, 0], times[2]))
        times, values, places = times[:, order], values[:, order], places[:, order]
        revision, final, ids, moments = revision[order], final[order], ids[order], moments[order]
        at = order.tolist()
        rows = {name: list(map(column.__getitem__, at)) for name, column in rows.items()}
    seen = pa.array(rows["seen"], pa.string())
    texts = list(chain.from_iterable(map(rows.__getitem__, _TEXTS)))
    columns = {
        **_pieces(_TIMES, pa.array(times.ravel()).view(DETECTION.field("fired").type), n),
        **_pieces(_VALUES, pa.array(values.ravel()), n),
        **_pieces(_PLACES, pa.array(places.ravel(), from_pandas=True), n),
        **_pieces(_TEXTS, pa.array(texts, pa.string()), n),
        "id": written(ids),
        "revision": pa.array(revision),
        "final": pa.array(final),
        "evidence": listed(observations(seen, moments), (moments != NO_MOMENT).sum(axis=1)),
        "fence": pa.array(rows["fence"], pa.int32()),
    }
    arrays = [columns[name] for name in DETECTION.names]
    batch = pa.RecordBatch.from_arrays(arrays, schema=DETECTION)
    return batch if n < _MANY else batch.take(pc.sort_indices(batch, sort_keys=_ORDER))


_ORDER = [("fired", "ascending"), ("id", "ascending"), ("revision", "ascending")]
_AGAIN = ("revision", "fired", "received")
"""Numbers that are others where an episode fires anew."""


def _joined(found: Found, name: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(some, name) for _, some in found])


def _pieces(names: Sequence[str], column: pa.Array, n: int) -> dict[str, pa.Array]:
    """Columns of n rows that stand one after the other."""
    return {name: column.slice(at * n, n) for at, name in enumerate(names)}


def _ids(rows: dict[str, list[Any]], start_us: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    numbers: dict[tuple[str, str], int] = {}
    known = [
        numbers.setdefault(one, len(numbers))
        for one in zip(rows["rule"], rows["rule_version"], strict=True)
    ]
    heads = [f"{rule}\x1f{version}\x1f" for rule, version in numbers]
    subjects, tails = (pa.array(rows[name], pa.string()) for name in ("vehicle", "tail"))
    return ids_of(heads, np.array(known), subjects, start_us, tails)


def _on_places(found: Found) -> list[tuple[int, int]]:
    """From which row to which findings are those of rules on places: one moment proves them."""
    spans, begin = [], 0
    for _, some in found:
        if some.stretch:
            spans.append((begin, begin + len(some.slot)))
        begin += len(some.slot)
    return spans


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
    n, begin = len(found.slot), len(rows["rule"])
    seen = list(map(state.names.__getitem__, found.slot.tolist()))
    vehicles = seen
    if found.stretch and context.network is not None:
        labels = stretches(context.network).name
        vehicles = [labels[number] for number in found.stretch]
    drivers = state.driver_names()
    whose = [f"{rule.id}|{vehicle}" for vehicle in vehicles]
    episodes = [f"{own}|{us}" for own, us in zip(whose, found.start_us.tolist(), strict=True)]
    if found.part:
        episodes = [f"{own}|{part}" for own, part in zip(episodes, found.part, strict=True)]
    revisions, in_force = found.revision.tolist(), context.versions[rule.id]
    if withdrawn.keys().isdisjoint(whose) and "withdrawn" not in found.severity:
        versions = rows["rule_version"]
        for episode, revision in zip(episodes, revisions, strict=True):
            if revision:
                versions.append(fired_under.pop(episode, in_force))
            else:
                fired_under[episode] = in_force
                versions.append(in_force)
    else:
        own_rows = slice(begin, begin + n)
        own = {name: column[own_rows] for name, column in again.items()}
        rows["rule_version"] += _with_withdrawn(
            found, whose, episodes, own, in_force, fired_under, withdrawn
        )
    rows["rule"] += repeat(rule.id, n)
    rows["vehicle"] += vehicles
    rows["seen"] += seen
    rows["tail"] += [f"\x1f{part}" for part in found.part] or repeat("", n)
    rows["vehicle_kind"] += [context.kinds.get(vehicle, "other") for vehicle in vehicles]
    rows["driver"] += [drivers[k] if k >= 0 else None for k in found.driver.tolist()]
    rows["measured_unit"] += repeat(rule.measured_unit, n)
    rows["severity"] += found.severity
    rows["quality"] += _qualities(found, state, context)
    rows["fence"] += found.fence or repeat(None, n)


def _with_withdrawn(
    found: Findings,
    whose: list[str],
    episodes: list[str],
    again: dict[str, npt.NDArray[Any]],
    in_force: str,
    fired_under: dict[str, str],
    withdrawn: Withdrawn,
) -> list[str]:
    """Versions of the rule where episodes are withdrawn, or were."""
    versions = []
    starts, revisions = found.start_us.tolist(), found.revision.tolist()
    for i, (start_us, revision) in enumerate(zip(starts, revisions, strict=True)):
        given = withdrawn.get(whose[i], {}).get(start_us)
        if given is not None:
            given = withdrawn[whose[i]][start_us] = given.then(revision)
            version = given.version
            values = (given.more + revision, given.fired_us, given.received_us)
            for column, value in zip(_AGAIN, values, strict=True):
                again[column][i] = value
        elif revision == 0:
            version = fired_under[episodes[i]] = in_force
        else:
            version = fired_under.pop(episodes[i], in_force)
            if found.severity[i] == "withdrawn":
                first_us = int(found.fired_us[i]), int(found.received_us[i])
                remember(withdrawn, whose[i], start_us, Given(version, revision, 0, *first_us))
        versions.append(version)
    return versions


def _qualities(found: Findings, state: EngineState, context: Context) -> list[str | None]:
    """With what the limit and the road say of each finding."""
    quality: list[str | None] = [text or None for text in found.quality]
    marks: dict[int, list[str]] = {}
    if found.measure and any(found.measure):
        measures = list(state.measures)
        for at, number in enumerate(found.measure):
            if number:
                marks[at] = [f"limit_temporary={measures[number - 1]}"]
    if context.network is not None:
        for at in np.flatnonzero(found.segment < 0).tolist():
            marks.setdefault(at, []).append("unmatched")
    for at, words in marks.items():
        quality[at] = ",".join(filter(None, (found.quality[at], *words)))
    return quality


_Words = tuple[str | None, str | None, str | None]


@lru_cache(maxsize=2)
def _known_roads(network: Network) -> dict[int, _Words]:
    """Segment to what is said of it, of those that were asked for."""
    return {-1: (None, None, None)}


def _add_roads(
    rows: dict[str, list[Any]], segment: npt.NDArray[np.int32], context: Context
) -> None:
    network = context.network
    if network is None:
        for name in _OF_ROAD:
            rows[name] = [None] * len(segment)
        return
    known = _known_roads(network)
    segments = np.maximum(segment, -1).tolist()
    for one in set(segments) - known.keys():
        road = str(network.ref[one]) or str(network.name[one]) or None
        known[one] = road, _CLASSES[network.road_class[one]], str(network.area[one]) or None
    words = [known[one] for one in segments]
    for at, name in enumerate(_OF_ROAD):
        rows[name] = [one[at] for one in words]


_OF_ROAD = ("road", "road_class", "area")
