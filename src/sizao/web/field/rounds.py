"""Pictures of the field into the log: the file is there, this is the record that names it."""

from __future__ import annotations

import pyarrow as pa

from sizao.core.schemas import EVIDENCE
from sizao.log.interface import LogWriter
from sizao.web.field.models import FieldPhoto
from sizao.web.writing import write

AT_ONCE = 200
SOURCE = "reports"
"""The source of what people send, officers among them."""


def flush(log: LogWriter) -> int:
    """Append what the log does not have yet, then mark it. Returns how many.

    A crash between the two appends the record once more; it names the same file, and is counted
    twice on the evidence page.
    """
    waiting = list(
        FieldPhoto.objects.filter(log_seq=None).select_related("action__case").order_by("pk")
    )[:AT_ONCE]
    if not waiting:
        return 0
    batch = pa.RecordBatch.from_pylist([_row(one) for one in waiting], schema=EVIDENCE)
    seq = log.append({"evidence": batch})["evidence"]
    with write():
        FieldPhoto.objects.filter(pk__in=[one.pk for one in waiting]).update(log_seq=seq)
    return len(waiting)


def _row(one: FieldPhoto) -> dict[str, object]:
    number = one.action.case.number
    return {
        "evidence": one.evidence,
        "time": one.action.done_at,
        "received": one.action.received_at,
        "subject": number,
        "refers_to": number,
        "kind": "image",
        "format": one.format,
        "name": None,
        "bytes": one.size,
        "channel": None,
        "source": SOURCE,
    }
