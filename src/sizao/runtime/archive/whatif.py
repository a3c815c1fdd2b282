"""What would other rules have found? The archive replayed under both, and the difference.

Both sides are replayed, because what was reported at the time may have come from yet other
parameters, and because points that came late then are in their place now. A replay begins a
warm-up before the span, so that what rules remember is there when it begins; an episode counts if
it fired within the span on either side.

Rules over records (passages, weighings, roadside checks, alarms of devices) are judged on both
sides in the same way, out of the logs that keep those: see ``whatif_records.py``.

Two episodes of one rule and vehicle are the same if they overlap in time. Their ids do not tell:
a rule's version is part of them, and that is what changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.core.rulebook import rulebook
from sizao.core.schemas import TIME
from sizao.detect import engine, registry
from sizao.detect.context import Context
from sizao.detect.params import Params
from sizao.detect.records import RecordContext, RecordRule
from sizao.detect.rules_file import OwnRules
from sizao.detect.stage import Rule
from sizao.detect.state import EngineState
from sizao.log.archive import manifest
from sizao.log.datadir import DataDir
from sizao.roads.network import Network
from sizao.runtime.archive import whatif_records
from sizao.runtime.archive.replaying import passes, replay
from sizao.runtime.archive.whatif_records import Records
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.sources import Sources

WARM_UP = timedelta(hours=24)
"""Enough for every memory of a day: 4 h of driving, 8 h in 24 h. A rule over seven days needs
seven; whoever changes one says so."""

LONGEST = timedelta(days=92)

SIDES = ("before", "after")
_OF_SIDE = {
    "id": pa.string(),
    "start": TIME,
    "end": TIME,
    "fired": TIME,
    "measured": pa.float64(),
    "limit": pa.float64(),
    "severity": pa.string(),
}
_SAME = ("start", "end", "measured", "limit", "severity")

CHANGE = pa.schema(
    [
        pa.field("change", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("vehicle_kind", pa.string()),
        pa.field("road", pa.string()),
        pa.field("road_class", pa.string()),
        pa.field("area", pa.string()),
        pa.field("lat", pa.float64()),
        pa.field("lon", pa.float64()),
        *(pa.field(f"{name}_{side}", kind) for side in SIDES for name, kind in _OF_SIDE.items()),
    ]
)
"""change: appears, disappears, changes, and ``same`` where those were asked for. Columns of the
side that has no such episode are null. ``id_before`` is that of the detection reported at the time
if the rule had the same numbers then."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """What changes. ``summary`` is JSON: counts by rule, kind of vehicle and road."""

    changes: pa.Table
    summary: dict[str, Any]


def what_if(
    root: Path,
    start: datetime,
    end: datetime,
    before: Context,
    after: Context,
    *,
    records: Records | None = None,
    warm_up: timedelta = WARM_UP,
    unchanged: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Difference:
    """The difference two rule sets make to ``start <= fired < end``.

    root : the archive's folder
    before, after : contexts of the same network and register
    records : the same of rules over records, and their logs; None leaves those rules out
    unchanged : also give the episodes that stay as they are, so that everything can be counted
    progress : called with groups of vehicles done and to do

    Only rules whose parameters differ, or which one side has switched off, are run. Raises
    ConfigError for an empty or too long span, LogError for a damaged archive.
    """
    if not start < end:
        raise ConfigError("--from must be before --to")
    if end - start > LONGEST:
        raise ConfigError(f"at most {LONGEST.days} days are replayed in one go")
    versions = [
        {rule.id: rule.version(side.params[rule.id]) for side in of_side for rule in side.rules}
        for of_side in zip((before, after), *([records.sides] if records else []), strict=True)
    ]
    differing = {
        rule
        for rule in {**versions[0], **versions[1]}
        if versions[0].get(rule) != versions[1].get(rule)
    }
    sides = [_only(side, differing) for side in (before, after)]
    begin = start - warm_up
    over_positions = any(side.rules for side in sides)
    total = passes(manifest.load(root), int(begin.timestamp()), int(end.timestamp()))
    rows: list[Row] = []
    counts: Counter[tuple[str, ...]] = Counter()
    positions = vehicles = looked = 0

    def take(found: list[list[Row]]) -> None:
        for row in differences(*found):
            if any(one and start <= one < end for one in (row["fired_before"], row["fired_after"])):
                counts.update(_counted(row))
                if unchanged or row["change"] != "same":
                    rows.append(row)

    for group in range(total if over_positions else 0):
        found, read, seen = _both(root, begin, end, group, total, sides)
        positions += read
        vehicles += seen
        take(found)
        progress(group + 1, total)
    if records is not None and differing & records.rules:
        judged, looked = whatif_records.both(records, differing, root, begin, end)
        take(judged)
        progress(total, total)
    rows.sort(key=lambda row: (row["start_before"] or row["start_after"], row["vehicle"]))
    summary = {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "warm_up_h": warm_up / timedelta(hours=1),
        "positions": positions,
        "vehicles": vehicles,
        "records": looked,
        "rules": {
            rule: {side: own.get(rule) for side, own in zip(SIDES, versions, strict=True)}
            for rule in sorted(differing)
        },
        **{f"by_{what}": _nested(counts, what) for what in ("rule", "kind", "road")},
    }
    return Difference(pa.Table.from_pylist(rows, schema=CHANGE), summary)


def of_installation(
    data: DataDir,
    own: OwnRules,
    start: datetime,
    end: datetime,
    *,
    network: Path | None = None,
    warm_up: timedelta = WARM_UP,
    unchanged: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Difference:
    """The difference that ``own`` rules make to what an installation's archive holds.

    Roads, register and fences are those of the installation as they are now, on both sides;
    ``network`` goes before its roads. This is what a command or a page calls; see
    :func:`what_if`.
    """
    sources = Sources(data)
    before, recorded = sources(), sources.records()
    if network is not None:
        before = _again(before, Network.load(network))
    after = _again(before, before.network, own)
    with SqliteLog(data.intake_log) as intake, SqliteLog(data.feeds_log) as feeds:
        records = Records(
            (recorded, _again_over_records(recorded, own)), whatif_records.logs(intake, feeds)
        )
        return what_if(
            data.archive, start, end, before, after,
            records=records, warm_up=warm_up, unchanged=unchanged, progress=progress,
        )  # fmt: skip


def _again(context: Context, network: Network | None, own: OwnRules | None = None) -> Context:
    """The same context on other roads, or with ``own`` rules on top of those in force.

    A rule that ``own`` does not name keeps the numbers in force; one whose rule-book entry it
    replaces has that entry's.
    """
    changes = _changes(context, (*registry.RULES, *registry.ROAD_RULES), own)
    return Context.build(
        network,
        kinds=context.kinds,
        services=context.services,
        book=own.book if own else None,
        changes=changes,
        only=frozenset(changes),
        fences=context.world.fences,
        temporary=context.world.temporary.limits,
    )


def _again_over_records(context: RecordContext, own: OwnRules) -> RecordContext:
    changes = _changes(context, registry.RECORD_RULES, own)
    return RecordContext.build(
        registry.RECORD_RULES,
        context.facts,
        book=own.book,
        changes=changes,
        only=frozenset(changes),
    )


def _changes(
    context: Context | RecordContext, rules: Iterable[Rule | RecordRule], own: OwnRules | None
) -> dict[str, Params]:
    """Rules that are on, with their numbers."""
    params = {rule.id: dict(context.params[rule.id]) for rule in context.rules}
    on = set(params)
    if own is not None:
        for rule in rules:
            entry = rule.params_from(own.book)
            if rule.id in own.changes or entry != rule.params_from(rulebook()):
                base = params.get(rule.id, {}) if entry == rule.params_from(rulebook()) else {}
                params[rule.id] = {**base, **own.changes.get(rule.id, {})}
                on.add(rule.id)
        on &= own.only
    return {rule: changes for rule, changes in params.items() if rule in on}


def differences(before: list[Row], after: list[Row]) -> Iterator[Row]:
    """Rows of CHANGE, and ``same`` ones, out of the last revisions of both sides' episodes.

    An episode's partner is one of the same rule and vehicle that overlaps it: one of the same
    severity first (two terminal alarms at once), then the one that begins nearest. Each has one.
    """
    waiting: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in after:
        waiting[row["rule"], row["vehicle"]].append(row)
    for old in before:
        others = waiting[old["rule"], old["vehicle"]]
        near = [new for new in others if new["start"] <= old["end"] and old["start"] <= new["end"]]
        if not near:
            yield _change("disappears", old, None)
            continue
        partner = min(
            near,
            key=lambda new: (
                new["severity"] != old["severity"],
                abs(new["start"] - old["start"]),
                new["id"],
            ),
        )
        others.remove(partner)
        same = all(old[name] == partner[name] for name in _SAME)
        yield _change("same" if same else "changes", old, partner)
    for left in waiting.values():
        for new in left:
            yield _change("appears", None, new)


def _both(
    root: Path,
    begin: datetime,
    end: datetime,
    group: int,
    groups: int,
    sides: list[Context],
) -> tuple[list[list[Row]], int, int]:
    """Last revisions of one group's episodes on both sides; positions and vehicles seen."""
    states = [EngineState(), EngineState()]
    episodes: list[dict[str, Row]] = [{}, {}]
    positions = 0
    for batch in replay(root, begin, end, group, groups):
        positions += len(batch)
        for side, context in enumerate(sides):
            detections, states[side] = engine.step(batch, states[side], context)
            whatif_records.keep(episodes[side], detections)
    for side, context in enumerate(sides):
        whatif_records.keep(episodes[side], engine.close(states[side], context))
    return (
        [whatif_records.standing(one) for one in episodes],
        positions,
        max(len(state.names) for state in states),
    )


def _only(context: Context, rules: set[str]) -> Context:
    return replace(context, rules=tuple(rule for rule in context.rules if rule.id in rules))


def _change(change: str, old: Row | None, new: Row | None) -> Row:
    known = new or old
    assert known is not None
    row: Row = {"change": change}
    row |= {name: known[name] for name in ("rule", "vehicle", "vehicle_kind", "road", "road_class")}
    row |= {name: known.get(name) for name in ("area", "lat", "lon")}
    for side, one in zip(SIDES, (old, new), strict=True):
        row |= {f"{name}_{side}": one[name] if one else None for name in _OF_SIDE}
    return row


def _counted(row: Row) -> Iterable[tuple[str, ...]]:
    for what, value in (
        ("rule", row["rule"]),
        ("kind", row["vehicle_kind"] or "other"),
        ("road", row["road"] or row["road_class"] or ""),
    ):
        yield what, value, row["change"]
        if row["change"] != "appears":
            yield what, value, "before"
        if row["change"] != "disappears":
            yield what, value, "after"


def _nested(counts: Counter[tuple[str, ...]], what: str) -> dict[str, dict[str, int]]:
    names = ("before", "after", "appears", "disappears", "changes", "same")
    values = sorted({value for kind, value, _ in counts if kind == what})
    return {value: {name: counts[what, value, name] for name in names} for value in values}
