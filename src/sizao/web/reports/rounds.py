"""What the desk does for reports in each round: into the log, after the case, out of the memory."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from sizao.core.schemas import EVIDENCE, REPORT
from sizao.log.interface import LogWriter
from sizao.web import audit
from sizao.web.reports.models import Report, ReportContact
from sizao.web.reports.privacy import scrub
from sizao.web.reports.services import keep
from sizao.web.writing import write

AT_ONCE = 200


def flush(log: LogWriter) -> int:
    """Append reports that the log does not have yet, then mark them. Returns how many.

    The mark follows the durable append; after a crash between the two the log is asked first.
    """
    waiting = list(
        Report.objects.filter(log_seq=None).order_by("pk").prefetch_related("photos")[:AT_ONCE]
    )
    if not waiting:
        return 0
    known = _recently_logged(log)
    fresh = [report for report in waiting if report.number not in known]
    if fresh:
        rows = [row for report in fresh for row in _evidence(report)]
        batches = {
            "reports": pa.RecordBatch.from_pylist([_row(one) for one in fresh], schema=REPORT)
        }
        if rows:
            batches["evidence"] = pa.RecordBatch.from_pylist(rows, schema=EVIDENCE)
        seq = log.append(batches)["reports"]
        known.update((report.number, seq) for report in fresh)
    with write():
        for report in waiting:
            Report.objects.filter(pk=report.pk).update(log_seq=known[report.number])
    return len(fresh)


def _row(report: Report) -> dict[str, object]:
    about = report.about
    return {
        "report": report.number,
        "time": report.reported_at,
        "received": report.reported_at,
        "lat": report.lat,
        "lon": report.lon,
        "address": scrub(report.address) or None,
        "kind": about.kind if about else report.service,
        "text": scrub(report.text) or None,
        "images": [photo.evidence for photo in report.photos.all()],
        "channel": report.channel,
        "source": report.source,
    }


def _evidence(report: Report) -> list[dict[str, object]]:
    return [
        {
            "evidence": photo.evidence,
            "time": report.reported_at,
            "received": report.reported_at,
            "subject": report.number,
            "refers_to": report.number,
            "kind": "image",
            "format": photo.format,
            "name": None,
            "bytes": photo.size,
            "channel": None,
            "source": report.source,
        }
        for photo in report.photos.all()
    ]


def _recently_logged(log: LogWriter) -> dict[str, int]:
    """Numbers in the log after the last one marked."""
    position = (
        Report.objects.exclude(log_seq=None)
        .order_by("-log_seq")
        .values_list("log_seq", flat=True)
        .first()
    ) or 0
    known: dict[str, int] = {}
    while segments := log.read("reports", position):
        for segment in segments:
            known.update((name, segment.seq) for name in segment.batch["report"].to_pylist())
            position = segment.seq
    return known


def follow_cases() -> int:
    """Close reports whose case is verified. Returns how many."""
    done = Report.objects.filter(state=Report.State.ACCEPTED, case__closed=True)
    count = 0
    for pk in list(done.values_list("pk", flat=True)):
        with write():
            report = done.select_related("case").filter(pk=pk).first()
            if report is None:
                continue
            false_alarm = bool(report.case.machine.get("false_alarm"))
            zh = "现场核实，未发现所述情况。" if false_alarm else "有关情况已由交警处置办结。"
            en = (
                "Checked on site; what was reported was not found."
                if false_alarm
                else "The police have dealt with it."
            )
            report.state = Report.State.CLOSED
            report.outcome = f"{zh} {en}"
            keep(report, "close", f"案件 {report.case.number} 核实办结，答复：{zh}",
                 f"Case {report.case.number} is verified; answer: {en}", None)  # fmt: skip
            count += 1
    return count


def purge_contacts(now: datetime) -> int:
    """Delete contacts whose time is over. Returns how many; the audit log keeps the count.

    The entry says how many were deleted, how many remain and until when the next one is kept, so
    that an auditor can hold the table against the chain.
    """
    with write():
        due = ReportContact.objects.filter(delete_after__lte=now)
        numbers = list(due.order_by("pk").values_list("report__number", flat=True))
        if not numbers:
            return 0
        due.delete()
        rest = ReportContact.objects.order_by("delete_after")
        following = rest.first()
        audit.record(
            None, "report.contacts_deleted", "report", numbers[-1],
            {"deleted": len(numbers), "reports": numbers[:1000], "remaining": rest.count(),
             "next": following.delete_after if following else None},
        )  # fmt: skip
    return len(numbers)
