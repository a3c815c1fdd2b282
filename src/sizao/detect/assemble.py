"""From a rule's findings to rows of ``core.schemas.DETECTION``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from sizao.core.ids import content_id, observation_id
from sizao.core.places import ROAD_CLASSES
from sizao.core.schemas import DETECTION
from sizao.detect.context import Context
from sizao.detect.stage import Findings, Rule
from sizao.detect.state import EngineState
from sizao.detect.stretches import stretches

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLASSES = list(ROAD_CLASSES)

_NONE = pa.RecordBatch.from_pylist([], schema=DETECTION)

Row = dict[str, Any]


def rows_of(
    rule: Rule,
    found: Findings,
    state: EngineState,
    context: Context,
    fired_under: dict[str, str],
) -> list[Row]:
    """Rows as dictionaries, in no special order; ``state`` puts the names back.

    ``fired_under`` as in :class:`EngineState`; it is kept up here.
    """
    if not len(found.slot):
        return []
    names, drivers, measures = state.names, list(state.drivers), list(state.measures)
    in_force = rule.version(context.params[rule.id])
    rows = []
    for i in range(len(found.slot)):
        seen = vehicle = names[found.slot[i]]
        if found.stretch and context.network is not None:
            vehicle = stretches(context.network).name[found.stretch[i]]
        segment = int(found.segment[i])
        start_us = int(found.start_us[i])
        part = found.part[i : i + 1]
        episode = "|".join((rule.id, vehicle, str(start_us), *part))
        if found.revision[i] == 0:
            version = fired_under[episode] = in_force
        else:
            version = fired_under.pop(episode, in_force)
        parts = (rule.id, version, vehicle, start_us, *part)
        evidence = [start_us, int(found.worst_us[i]), int(found.end_us[i])]
        if found.stretch:
            evidence = evidence[1:2]
        rows.append(
            {
                "id": content_id(*parts),
                "revision": int(found.revision[i]),
                "rule": rule.id,
                "rule_version": version,
                "vehicle": vehicle,
                "vehicle_kind": context.kinds.get(vehicle, "other"),
                "driver": drivers[found.driver[i]] if found.driver[i] >= 0 else None,
                "start": _time(start_us),
                "end": _time(int(found.end_us[i])),
                "fired": _time(int(found.fired_us[i])),
                "received": _time(int(found.received_us[i])),
                "measured": float(found.measured[i]),
                "limit": float(found.limit[i]),
                "measured_unit": rule.measured_unit,
                "severity": found.severity[i],
                "lat": _known(found.lat[i]),
                "lon": _known(found.lon[i]),
                **_road(segment, context),
                "stake_m": _known(found.stake_m[i]),
                "final": bool(found.revision[i] > 0),
                "evidence": [observation_id(seen, _time(us)) for us in evidence],
                "quality": _quality(
                    found.quality[i],
                    f"limit_temporary={measures[found.measure[i] - 1]}"
                    if found.measure and found.measure[i]
                    else "",
                    segment,
                    context,
                ),
                "fence": found.fence[i] if found.fence else None,
            }
        )
    return rows


def batch_of(rows: list[Row], state: EngineState) -> pa.RecordBatch:
    """One batch, sorted by the moment of firing, then id, then revision; counted in ``state``."""
    if not rows:
        return _NONE
    rows = sorted(rows, key=lambda row: (row["fired"], row["id"], row["revision"]))
    state.counters["detections"] += len(rows)
    return pa.RecordBatch.from_pylist(rows, schema=DETECTION)


def _time(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def _known(value: float) -> float | None:
    return None if value != value else float(value)


def _road(segment: int, context: Context) -> Row:
    network = context.network
    if network is None or segment < 0:
        return {"road": None, "road_class": None, "area": None}
    return {
        "road": str(network.ref[segment]) or str(network.name[segment]) or None,
        "road_class": _CLASSES[network.road_class[segment]],
        "area": str(network.area[segment]) or None,
    }


def _quality(text: str, measure: str, segment: int, context: Context) -> str | None:
    unmatched = "unmatched" if context.network is not None and segment < 0 else ""
    return ",".join(filter(None, (text, measure, unmatched))) or None
