"""The clock of a report: it was promised an answer by a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from sizao.web import audit
from sizao.web.channels.telling import tell
from sizao.web.clocks.ledger import unfired
from sizao.web.clocks.services import Ran
from sizao.web.reports.models import Report


class ReportClocks:
    """A report is still open when its answer was promised: the unit above the place's is told."""

    clocks = ("report.answer",)

    def overdue(self, now: datetime) -> Iterable[int]:
        return unfired(_late(now), "report.answer", "report", "number", "expected_at")

    def fire(self, key: int, now: datetime) -> list[Ran]:
        report = _late(now).select_related("unit__parent").filter(pk=key).first()
        if report is None:
            return []
        upper = report.unit.parent or report.unit
        tell(
            upper,
            key=("report-late", report.number, report.expected_at.isoformat()),
            title=(
                f"上报逾期未答复：{report.number} {report.place}",
                f"A report waits for its answer: {report.number}",
            ),
            about=f"report:{report.pk}",
            place=report.place,
            at=(report.lat, report.lon),
        )
        audit.record(None, "report.late", "report", report.number, {"unit": report.unit.code})
        return [Ran("report.answer", f"report:{report.number}", report.expected_at)]


def _late(now: datetime) -> QuerySet[Report]:
    return Report.objects.filter(state__in=Report.OPEN, expected_at__lt=now)
