"""CSV files: readable by a spreadsheet, and nothing in them runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.writing import write

MOST = 50_000
"""Lines of a file. Who needs more asks for less at a time."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> Any:
    """A cell that a spreadsheet will not take for a formula.

    >>> cell("=1+1")
    "'=1+1"
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def within(
    rows: Iterable[Sequence[Any]], most: int = MOST, *, more: bool = False
) -> Iterator[Sequence[Any]]:
    """The first ``most`` rows, and if there are more a last line that says so: who adds them up
    must know. ``more`` says that ``rows`` were cut before."""
    count = 0
    for row in rows:
        if count == most:
            more = True
            break
        yield row
        count += 1
    if more:
        cut = _("未完：仅含前 %(most)s 行，请缩小筛选范围后分次导出。")
        yield [cut % {"most": f"{count:,}"}]


def csv_answer(
    request: HttpRequest,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    most: int = MOST,
    *,
    more: bool = False,
) -> HttpResponse:
    """A CSV download, written to the audit log: an export takes data out of the house.

    Starts with a byte order mark, without which Excel reads Chinese as noise. Of more rows than
    ``most`` only the first are in it, and ``more`` says that others were left out before
    (:func:`within`).
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    count = 0
    for row in within(rows, most, more=more):
        writer.writerow([cell(value) for value in row])
        count += 1
    with write():
        audit.record(request.user, "export", name, "csv", {"rows": min(count - more, most)})
    stamp = f"{timezone.localtime(feed_now()):%Y%m%d-%H%M%S}"
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="sizao-{name}-{stamp}.csv"'
    return answer
