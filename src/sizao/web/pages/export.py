"""CSV files: readable by a spreadsheet, and nothing in them runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.writing import write

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """A cell that a spreadsheet will not take for a formula.

    >>> cell("=1+1")
    "'=1+1"
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def csv_answer(
    request: HttpRequest, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> HttpResponse:
    """A CSV download, written to the audit log: an export takes data out of the house.

    Starts with a byte order mark, without which Excel reads Chinese as noise.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow([cell(value) for value in row])
        count += 1
    with write():
        audit.record(request.user, "export", name, "csv", {"rows": count})
    stamp = f"{timezone.localtime(feed_now()):%Y%m%d-%H%M%S}"
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="sizao-{name}-{stamp}.csv"'
    return answer
