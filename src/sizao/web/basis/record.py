"""Marking warnings and cases when what they rest on changes. Within the caller's transaction.

Nothing is closed, lowered or lifted here: a line in the case's timeline, a mark with old and new
values, and a question to the person who has the case. The same change again adds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from sizao.warn.facts import Facts
from sizao.warn.table import Decision
from sizao.web.basis import documents
from sizao.web.basis.models import BasisChange
from sizao.web.basis.wording import line
from sizao.web.cases.models import Case
from sizao.web.cases.services import add_note
from sizao.web.clock import feed_now
from sizao.web.warnings.models import Warning

Kind = BasisChange.Kind

WITHDRAWN = "withdrawn"
"""Severity of the last revision of an episode that late points took away (``detect.reopen``)."""

CORRECTED = "corrected"
"""Quality of every revision that late points made."""

RECOVERED = timedelta(minutes=10)
"""A station reads normal for this long before it counts as recovered (proposed): fog comes in
swathes, and a case that is asked about at each gap between two is not looked at any more."""


def detection(row: Mapping[str, Any], facts: Facts, decision: Decision) -> list[BasisChange]:
    """A revision that late points made (quality ``corrected``), of what warnings rest on.

    Returns the changes recorded, none where no warning rests on the detection.
    """
    name, revision = facts.detection, row["revision"]
    gone = row["severity"] == WITHDRAWN
    made = []
    for warning in resting_on(name):
        before = _known(warning, name)
        after = {
            "measured": _number(facts.measured),
            "unit": facts.measured_unit,
            "severity": facts.severity,
            "level": 0 if gone else decision.level.value,
            "end": row["end"].isoformat(),
        }
        if gone:
            # Its last revision repeats the old values: what is new is that they do not hold.
            after = {**before, "severity": WITHDRAWN, "level": 0}
        back = before.get("severity") == WITHDRAWN and not gone
        kind = Kind.WITHDRAWN if gone else Kind.RESTORED if back else Kind.CORRECTED
        lower = gone or after["level"] < (before.get("level") or 0)
        made += _record(
            warning, kind, name, revision, row["received"], before, after, asks=lower
        )  # fmt: skip
    return made


def cancelled(
    references: Iterable[str], *, notice: str, said: str, known: datetime
) -> list[BasisChange]:
    """The issuer of notices took them back. ``references`` are ids of the facts they were."""
    made = []
    for reference in references:
        for warning in resting_on(reference):
            before = _known(warning, reference)
            made += _record(
                warning, Kind.CANCELLED, reference, 0, known, before,
                {**before, "level": 0, "said": said or notice}, asks=True,
            )  # fmt: skip
    return made


def lowered(references: Iterable[str], facts: Facts, level: int, known: datetime) -> list[Any]:
    """The issuer replaced a notice by a milder one: what rests on the old one is corrected."""
    made = []
    for reference in references:
        for warning in resting_on(reference):
            before = _known(warning, reference)
            if level < (before.get("level") or 0):
                after = {**before, "severity": facts.severity, "level": level, "said": facts.said}
                number = warning.basis_changes.filter(reference=reference).count()
                made += _record(
                    warning, Kind.CORRECTED, reference, number, known, before, after, asks=True
                )
    return made


def recovered(reading: Mapping[str, Any], kind: str) -> list[BasisChange]:
    """A station gives no reason for a warning of this kind any more.

    Only its own words count: as long as another station of the same warning goes on, nobody is
    asked. A station that falls back and recovers again is told of again.
    """
    lat, lon = reading["lat"], reading["lon"]
    if lat is None or lon is None:
        return []
    here = Q(lat=lat, lon=lon) | Q(repeats__lat=lat, repeats__lon=lon)
    rows = Warning.objects.filter(
        here, origin="weather", kind=kind, case__closed=False
    ).distinct()  # fmt: skip
    made = []
    for warning in rows.select_related("case").prefetch_related("repeats", "basis_changes"):
        spot = source_of(reading)
        bad = _told(warning).get(spot)
        clear = [one.known for one in warning.basis_changes.all() if one.reference == spot]
        if bad is None or reading["time"] - bad < RECOVERED or max(clear, default=bad) > bad:
            continue
        before = {"measured": warning.measured, "unit": warning.measured_unit}
        after = {"station": reading["station"], "unit": warning.measured_unit}
        if kind == "low_visibility":
            after["measured"] = _number(reading["visibility_m"])
        made += _record(
            warning, Kind.CLEARED, spot, len(clear), reading["time"], before, after, asks=True
        )  # fmt: skip
    return made


def resting_on(reference: str) -> list[Warning]:
    """Warnings that a detection or fact made, or that it is counted under."""
    rows = Warning.objects.filter(
        Q(detection=reference) | Q(origin_ref=reference) | Q(repeats__detection=reference)
    )
    return list(rows.select_related("case").prefetch_related("repeats", "basis_changes").distinct())


def source_of(row: Any) -> str:
    """What a warning's ground is called: a station is its place, everything else its own id."""
    get = row.get if isinstance(row, Mapping) else lambda name: getattr(row, name, None)
    if "station" in row if isinstance(row, Mapping) else get("origin") == "weather":
        lat, lon = get("lat"), get("lon")
        if lat is not None and lon is not None:
            return f"{lat:.6f},{lon:.6f}"
    return str(get("detection") or get("origin_ref"))


def _told(warning: Warning) -> dict[str, datetime]:
    """Source to when it last said so."""
    told = {source_of(warning): warning.last}
    for again in warning.repeats.all():
        source = source_of(again)
        told[source] = max(again.at, told.get(source, again.at))
    return told


def standing(warning: Warning) -> tuple[int, int]:
    """How many of a warning's sources still say what they said, and how many there are."""
    told = _told(warning)
    left = 0
    for source, at in told.items():
        own = [one for one in warning.basis_changes.all() if one.reference == source]
        last = own[-1] if own else None
        over = last is not None and (
            last.kind in (Kind.WITHDRAWN, Kind.CANCELLED)
            or (last.kind == Kind.CLEARED and last.known >= at)
        )
        left += not over
    return left, len(told)


def _known(warning: Warning, reference: str) -> dict[str, Any]:
    """The last values of a source: of an earlier change, else of the row that made or repeated."""
    changes = [one for one in warning.basis_changes.all() if one.reference == reference]
    if changes:
        return dict(changes[-1].after)
    values: dict[str, Any] = {
        "measured": warning.measured,
        "unit": warning.measured_unit,
        "severity": warning.severity,
        "level": warning.level,
        "end": warning.last.isoformat(),
    }
    again = [one for one in warning.repeats.all() if one.detection == reference]
    if again:
        values |= {"measured": again[-1].measured, "end": again[-1].at.isoformat()}
    if reference not in (warning.detection, warning.origin_ref):
        # Of what was only counted the severity was not kept.
        del values["severity"]
    return values


def _record(
    warning: Warning, kind: Kind, reference: str, revision: int, known: datetime,
    before: dict[str, Any], after: dict[str, Any], *, asks: bool,
) -> list[BasisChange]:  # fmt: skip
    same = {"warning": warning, "reference": reference, "revision": revision, "kind": kind}
    if BasisChange.objects.filter(**same).exists():
        return []
    case = Case.every.select_related("unit", "local_unit").get(pk=warning.case_id)
    papers = documents.of_case(case)
    left, of = standing(warning)
    ends = kind in (Kind.WITHDRAWN, Kind.CANCELLED, Kind.CLEARED)
    left = max(0, left - ends)
    change = BasisChange(
        **same, case=case, at=feed_now(), known=known, before=before, after=after, left=left, of=of,
        # A closed case asks only if something went out that may have to be recalled.
        asks=asks and not (ends and left) and (not case.closed or bool(papers)),
        documents=papers,
    )  # fmt: skip
    change.save()
    zh, en = line(change)
    add_note(
        case, "basis", zh, en,
        details={
            "change": change.pk, "warning": warning.pk, "kind": str(kind), "reference": reference,
            "before": before, "after": after, "documents": [one["id"] for one in papers],
        },
    )  # fmt: skip
    return [change]


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
