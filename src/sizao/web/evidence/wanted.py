"""Who wants a piece of evidence kept beyond its time: cases, reports, holds.

What a case page shows is what a case wants: files of its vehicle around the time of the case,
photos of its reports, and pictures of the records that its warnings rest on (passages, weighings).
So nothing that is shown on an open case can go.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Q

from sizao.web.cases.models import Case
from sizao.web.evidence.models import Hold
from sizao.web.evidence.periods import referred
from sizao.web.hazards.models import HazardPhoto
from sizao.web.reports.models import Report
from sizao.web.review.models import Attachment
from sizao.web.warnings.models import Warning

BEFORE = timedelta(minutes=30)
AFTER = timedelta(minutes=5)
"""Files of this much before the onset and after the last step of a case belong to it."""

Key = TypeVar("Key")


def span(case: Case, now: datetime) -> tuple[datetime, datetime]:
    """The time of a case: until it is closed everything of its vehicle is its business."""
    return case.onset_at - BEFORE, (case.changed_at if case.closed else now) + AFTER


def active_holds(now: datetime) -> Q:
    return Q(released_at=None, until__gt=now)


class Wanted:
    """Everything that wants evidence at one moment; ask it about any number of pieces."""

    def __init__(self, now: datetime) -> None:
        self._pieces: dict[str, str] = {}
        self._vehicles: dict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
        self._reports: dict[str, str] = {}
        self._records: dict[str, str] = {}
        """Records that warnings of cases rest on, by what their pictures refer to."""
        holds = Hold.objects.filter(active_holds(now))
        held = set(holds.exclude(case=None).values_list("case", flat=True))
        self._pieces = dict.fromkeys(
            holds.exclude(evidence="").values_list("evidence", flat=True), "hold"
        )
        # What somebody put to a case stays, even if a terminal sent the very same file once.
        self._pieces.update(
            dict.fromkeys(Attachment.objects.values_list("evidence", flat=True), "case")
        )
        since = now - referred()
        cases = Case.objects.filter(Q(closed=False) | Q(changed_at__gt=since) | Q(pk__in=held))
        names: dict[int, str] = {}
        for case in cases.only("number", "vehicle", "onset_at", "changed_at", "closed").iterator():
            why = "hold" if case.pk in held else "closed" if case.closed else "case"
            names[case.pk] = why
            self._reports[case.number] = why  # photos that officers took refer to the case
            if case.vehicle:
                self._vehicles[case.vehicle].append((*span(case, now), why))
        rests = Warning.every.filter(case__in=cases).exclude(evidence=[])
        for case_id, evidence in rests.values_list("case", "evidence").iterator():
            why = names.get(case_id, "case")  # of one that began a moment ago
            for name in filter(None, (one.partition(":")[2] for one in evidence)):
                self._records[name] = min(self._records.get(name, ""), why, key=_rank)
        # A photo of a report may stand on a hazard too, and that may be open for longer.
        hazards = HazardPhoto.objects.filter(
            Q(hazard__closed=False) | Q(hazard__changed_at__gt=since)
        )
        for piece, over in hazards.values_list("evidence", "hazard__closed"):
            self._pieces.setdefault(piece, "closed" if over else "report")
        reports = Report.objects.filter(Q(state__in=Report.OPEN) | Q(case__in=list(names)))
        for number, state, case_id in reports.values_list("number", "state", "case"):
            self._reports[number] = (
                names[case_id]
                if names.get(case_id, "closed") != "closed"
                else "report"
                if state in Report.OPEN
                else "closed"
            )

    def why(self, evidence: str, subject: str, refers_to: str, time: datetime) -> str:
        """``hold``, ``case``, ``report``, ``closed`` (a case not long enough ago), or empty."""
        found = {
            self._pieces.get(evidence, ""),
            self._reports.get(refers_to, ""),
            self._records.get(refers_to, ""),
        }
        found |= {
            why for first, last, why in self._vehicles.get(subject, ()) if first <= time <= last
        }
        return min(found, key=_rank)


def _rank(why: str) -> int:
    """The weightiest reason first, none last."""
    return ("hold", "case", "report", "closed", "").index(why)
