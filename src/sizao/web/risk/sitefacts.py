"""What the page of a site shows: its crashes, diagram, patterns, week, and sites like it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc
from django.utils import timezone
from django.utils.translation import gettext as _

from sizao.core.places import stake
from sizao.risk.patterns import Pattern, patterns
from sizao.roads.features import OPPOSITE
from sizao.roads.geometry import metres_per_degree
from sizao.web.risk import diagram, words
from sizao.web.risk.files import Results
from sizao.web.risk.models import Assessment
from sizao.web.risk.ranking import Row, rows_of
from sizao.web.risk.shapes import shapes_of

DARK = ("night", "night_lit", "night_unlit", "dusk", "dawn")
WET = ("wet", "snow", "ice", "muddy")
BANDS = ((0, 6), (6, 9), (9, 17), (17, 20), (20, 24))
"""Hours of the day that patterns compare."""
SIMILAR = 6


@dataclass(frozen=True)
class CrashFacts:
    """A crash as the table of the page shows it; ``number`` is its number on the diagram."""

    number: int
    record: dict[str, Any]
    when: str
    form: str
    harm: str
    harm_word: str
    light: str
    surface: str
    weather: str
    parties: str
    direction: str


def crashes_of(results: Results, row: int, run: Assessment) -> list[CrashFacts]:
    """Crashes of the run's years at a site, newest first."""
    table = results.crashes.filter(pc.equal(results.crashes["site"], row))
    found = []
    for record in sorted(table.to_pylist(), key=lambda one: one["time"], reverse=True):
        local = timezone.localtime(record["time"])
        if local.year not in run.years:
            continue
        found.append(_facts(len(found) + 1, record, local))
    return found


def _facts(number: int, record: dict[str, Any], local: Any) -> CrashFacts:
    harm = (
        "fatal" if record["dead"] or record["procedure"] == "fatal"
        else "injury" if record["injured"] or record["procedure"] == "injury"
        else "property" if record["procedure"] else ""
    )  # fmt: skip

    def said(column: str) -> str:
        return words.value_word(column, record[column]) if record[column] else "—"

    return CrashFacts(
        number,
        record,
        f"{local:%Y-%m-%d %H:%M}" if record["hour_known"] else f"{local:%Y-%m-%d} {_('时刻不明')}",
        said("collision"),
        harm,
        harm_word(record, harm),
        said("light_condition"),
        said("surface"),
        said("weather"),
        _("、").join(words.value_word("parties", one) for one in record["parties"] or ()) or "—",
        record["direction"] or "",
    )


def harm_word(record: dict[str, Any], harm: str) -> str:
    parts = []
    if record["dead"]:
        parts.append(_("死亡 {n} 人").format(n=record["dead"]))
    if record["injured"]:
        parts.append(_("受伤 {n} 人").format(n=record["injured"]))
    if parts:
        return _("、").join(parts)
    return {"fatal": _("死亡事故"), "injury": _("伤人"), "property": _("财产损失")}.get(
        harm, _("未知")
    )


def drawn(results: Results, site: Row, number: int, found: list[CrashFacts]) -> str:
    """The collision diagram of a site's newest crashes."""
    shapes = shapes_of(results)
    title = _("碰撞示意图：{place}，{n} 起").format(
        place=words.place_word(site), n=min(len(found), diagram.MOST)
    )
    shown = [one for one in found[: diagram.MOST] if one.record["lat"] is not None]
    if site["kind"] == "junction":
        arms = [
            (bearing, " ".join(results.rows[other]["roads"]) or "")
            for other, bearing in shapes.arms(number)
        ]
        return diagram.junction([_at_junction(one, site) for one in shown], arms, title)
    line = shapes.lines[number]
    turned = line[0][0] > line[-1][0]  # west is left, as on a map
    marks = []
    for one in shown:
        share = shapes.along(number, one.record["lat"], one.record["lon"])
        marks.append(_on_segment(one, site, 1 - share if turned else share, turned))
    ends = [
        stake("K", site[name]).removeprefix("K ") if site[name] is not None else ""
        for name in ("stake_start_m", "stake_end_m")
    ]
    way = (-1 if turned else 1) if site["oneway"] else 0
    return diagram.segment(marks, *(ends[::-1] if turned else ends), way, title)


def _base(one: CrashFacts) -> dict[str, Any]:
    record = one.record
    return {
        "number": one.number,
        "form": record["collision"] or "",
        "harm": one.harm,
        "dark": record["light_condition"] in DARK,
        "wet": record["surface"] in WET,
        "title": " · ".join(
            part for part in (f"{one.number}", one.when, one.form, one.harm_word, one.light,
                              one.surface, one.direction or _("方向未记录")) if part != "—"
        ),
    }  # fmt: skip


def _on_segment(one: CrashFacts, site: Row, share: float, turned: bool) -> diagram.Mark:
    """A mark along the drawing; it points left or right where the record names a direction.

    Which way that is, the network says: its label of the line, or the opposite one.
    """
    along = {site["direction"]: 1, OPPOSITE.get(site["direction"]): -1}.get(one.direction or None)
    heading = None if along is None else 90.0 if (along > 0) != turned else 270.0
    # Right-hand traffic: who goes right on the drawing is in its lower half.
    lane = 0.0 if heading is None or site["oneway"] else 11.0 if heading == 90.0 else -11.0
    return diagram.Mark(
        **_base(one),
        heading_deg=heading,
        x=24 + share * (diagram.WIDTH - 48),
        y=diagram.HEIGHT / 2 + lane,
    )


def _at_junction(one: CrashFacts, site: Row) -> diagram.Mark:
    north, east = metres_per_degree(site["lat"])
    dx = (one.record["lon"] - site["lon"]) * east
    dy = -(one.record["lat"] - site["lat"]) * north
    scale = 3.2 if math.hypot(dx, dy) < 30 else 96 / math.hypot(dx, dy)
    return diagram.Mark(
        **_base(one),
        heading_deg=None,
        x=diagram.WIDTH / 2 + dx * scale,
        y=diagram.HEIGHT / 2 + dy * scale,
    )


@dataclass(frozen=True)
class PatternRow:
    """A pattern as words: ``factor`` is what is compared, ``value`` what stands out."""

    column: str
    factor: str
    value: str
    pattern: Pattern

    @property
    def share(self) -> float:
        return self.pattern.share * 100

    @property
    def usual(self) -> float:
        return self.pattern.usual * 100

    @property
    def sure(self) -> float:
        return min(self.pattern.sure, 0.99) * 100


def stands_out(
    results: Results, run: Assessment, number: int, least: float = 0.8
) -> list[PatternRow]:
    """What the site has more of than its like, at least so surely, the surest first."""
    group = results.sites["group"].to_numpy()
    site_of, columns = _recorded(results, run)
    found = [
        PatternRow(
            column,
            words.factor_word(column),
            words.value_word(column, one.value) if column in words.FACTORS else one.value,
            one,
        )
        for column, values in columns.items()
        for one in patterns(site_of, values, group == group[number], number)
    ]
    strong = [one for one in found if one.pattern.sure >= least and one.pattern.count > 1]
    return sorted(strong, key=lambda one: (-one.pattern.sure, -one.pattern.count))


def _recorded(results: Results, run: Assessment) -> tuple[np.ndarray, dict[str, list[list[str]]]]:
    """Row of each crash's site, -1 outside the run's years, and what is recorded of it; once."""
    kept = results.__dict__.get("_recorded")
    if kept is None:
        table = results.crashes
        local = [timezone.localtime(one) for one in table["time"].to_pylist()]
        inside = np.array([one.year in run.years for one in local], np.bool_)
        columns = {
            column: [_listed(one) for one in table[column].to_pylist()] for column in words.FACTORS
        }
        known = table["hour_known"].to_pylist()
        columns["hours"] = [
            [_band(one.hour)] if sure else [] for one, sure in zip(local, known, strict=True)
        ]
        kept = np.where(inside, table["site"].to_numpy(), -1), columns
        results.__dict__["_recorded"] = kept
    return kept


def _listed(value: Any) -> list[str]:
    if not value:
        return []
    return list(value) if isinstance(value, list) else [value]


def _band(hour: int) -> str:
    low, high = next((low, high) for low, high in BANDS if low <= hour < high)
    return f"{low:02d}:00–{high:02d}:00"


def similar_sites(results: Results, site: Row, most: int = SIMILAR) -> list[Row]:
    """Sites of the same group that ought to have about as many crashes, nearest first."""
    alike = [
        row for row in rows_of(results)
        if row["group"] == site["group"] and row["site"] != site["site"]
    ]  # fmt: skip
    target = math.log(max(site["predicted"], 1e-6))
    alike.sort(key=lambda row: abs(math.log(max(row["predicted"], 1e-6)) - target))
    return sorted(alike[:most], key=lambda row: -row["expected"])


def seen_hours(found: list[CrashFacts]) -> list[int]:
    """Hour of the week of each crash, -1 where it is not known."""
    hours = []
    for one in found:
        local = timezone.localtime(one.record["time"])
        hours.append(local.weekday() * 24 + local.hour if one.record["hour_known"] else -1)
    return hours
