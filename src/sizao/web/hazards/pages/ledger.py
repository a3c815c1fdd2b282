"""The ledger: every hazard the reader may see, on the page and as a file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.govern.hazards.listing import LEVELS
from sizao.govern.hazards.records import GRADES, State
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.hazards import narrowing, words
from sizao.web.hazards.access import may_enter
from sizao.web.hazards.models import Hazard
from sizao.web.pages.export import MOST, cell, csv_answer, within
from sizao.web.pages.words import pick
from sizao.web.reports.privacy import scrub
from sizao.web.units.models import Unit
from sizao.web.writing import write

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SORTS = {
    "found": "found_at", "number": "number", "state": "state", "kind": "kind", "grade": "grade",
    "duty": "duty_name", "deadline": "deadline",
}  # fmt: skip


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The list; with ``?part=rows`` the rows alone, ``?format=csv`` or ``xlsx`` as a file."""
    now = feed_now()
    given = narrowing.chosen(request)
    rows = narrowing.narrowed(request.user, given, now)
    sort = request.GET.get("sort", "-found")
    column = SORTS.get(sort.lstrip("-"), "found_at")
    rows = rows.order_by(f"{'-' if sort.startswith('-') else ''}{column}", "-pk")
    if request.GET.get("format") == "csv":
        return csv_answer(request, "hazards", _header(), _lines(rows))
    if request.GET.get("format") == "xlsx":
        return _workbook(request, rows)
    rows = rows.select_related("unit", "local_unit").prefetch_related("photos")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    keep = request.GET.copy()
    for key in ("page", "sort", "part"):
        keep.pop(key, None)
    every = Hazard.objects.for_user(request.user).open()
    found = {
        "rows": [words.row_of(one, now) for one in page.object_list],
        "page_obj": page,
        "open": every.count(),
        "late": every.late(now).count(),
        "chosen": given,
        "sort": sort,
        "query": keep.urlencode(),
        "may_enter": may_enter(request.user),
        "columns": [
            ("", _("照片")),
            ("number", _("编号")),
            ("kind", _("类别")),
            ("", _("地点")),
            ("grade", _("等级")),
            ("state", _("状态")),
            ("duty", _("责任单位")),
            ("deadline", _("整改期限")),
            ("found", _("登记时间")),
        ],
        **choices(request),
    }
    part = request.GET.get("part") == "rows"
    return render(request, "hazards/_rows.html" if part else "hazards/ledger.html", found)


def choices(request: HttpRequest) -> dict[str, Any]:
    """What the filters offer."""

    return {
        "states": [(one.value, words.state_word(one.value)) for one in State],
        "kind_groups": words.grouped_kinds(),
        "grades": [(code, words.grade_word(code)) for code in GRADES],
        "levels": [(code, words.level_word(code)) for code in LEVELS],
        "onlys": [
            ("open", _("在账")), ("late", _("逾期")), ("week", _("本周到期")),
            ("bare", _("无临时防护")), ("reopened", _("返弹过")),
        ],
        "units": [
            (one.code, pick(one.name_zh, one.name_en), one.level)
            for one in Unit.objects.for_user(request.user)
        ],
    }  # fmt: skip


def _header() -> list[str]:
    return [
        _("编号"), _("类别"), _("等级"), _("状态"), _("来源"), _("地点"), _("路口"), _("企业"),
        _("纬度"), _("经度"), _("描述"), _("督办单位"), _("责任单位"), _("整改期限"), _("挂牌"),
        _("临时防护"), _("升级次数"), _("延期次数"), _("返弹次数"), _("登记时间"), _("销号时间"),
    ]  # fmt: skip


def _lines(rows) -> Iterator[list[Any]]:
    """A line a hazard, without phone numbers and plates in what people wrote."""

    def stamp(at) -> str:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""

    for one in rows.select_related("unit").iterator(chunk_size=500):
        yield [
            one.number, words.kind_word(one.kind), words.grade_word(one.grade),
            words.state_word(one.state), words.origin_word(one.origin), scrub(one.place),
            one.junction, one.enterprise, one.lat, one.lon, scrub(one.text),
            pick(one.unit.name_zh, one.unit.name_en), one.duty_name,
            f"{timezone.localtime(one.deadline):%Y-%m-%d}" if one.deadline else "",
            words.level_word(one.listed), scrub(one.protection), one.escalations, one.extended,
            one.reopened, stamp(one.found_at), stamp(one.closed_at),
        ]  # fmt: skip


def _workbook(request: HttpRequest, rows) -> HttpResponse:
    """The list as .xlsx, written down as an export."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("隐患台账"))
    sheet.freeze_panes = "A2"
    sheet.append(_header())
    count = 0
    for line in within(_lines(rows)):
        sheet.append([cell(value) for value in line])
        count += 1
    out = io.BytesIO()
    book.save(out)
    with write():
        audit.record(request.user, "export", "hazards", "xlsx", {"rows": min(count, MOST)})
    answer = HttpResponse(out.getvalue(), content_type=XLSX)
    stamp = f"{timezone.localtime(feed_now()):%Y%m%d-%H%M%S}"
    answer["Content-Disposition"] = f'attachment; filename="sizao-hazards-{stamp}.xlsx"'
    return answer
