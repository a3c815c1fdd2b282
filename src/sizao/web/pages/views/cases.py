"""All cases, open and closed: find one, sort, export."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.core.levels import WarningLevel
from sizao.respond.records import State
from sizao.web.cases.models import Case
from sizao.web.pages import words
from sizao.web.pages.export import csv_answer
from sizao.web.pages.rows import case_rows, shown_plate
from sizao.web.units.models import Unit, under

PAGE = 50

SORTS = {
    "raised": "raised_at",
    "level": "level",
    "state": "state",
    "deadline": "deadline",
    "number": "number",
}


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The list, or with ``?format=csv`` the same rows as a file."""
    cases = Case.every.for_user(request.user).select_related("unit")
    chosen = {
        key: value
        for key in ("level", "kind", "state", "unit", "q")
        if (value := request.GET.get(key, "").strip())
    }
    if chosen.get("level") in words.LEVEL_CODES:
        cases = cases.filter(level=WarningLevel.parse(chosen["level"]).value)
    if chosen.get("kind") in words.kinds():
        cases = cases.filter(kind=chosen["kind"])
    if chosen.get("state") in set(State):
        cases = cases.filter(state=chosen["state"])
    units = Unit.objects.for_user(request.user)
    unit = units.filter(code=chosen.get("unit", "")).first()
    if unit is not None:
        cases = cases.filter(under(unit.path, "unit"))
    if "q" in chosen:
        found = cases.filter(number__icontains=chosen["q"]) | cases.filter(
            place__icontains=chosen["q"]
        )
        if request.user.acts:
            found |= cases.filter(plate__icontains=chosen["q"])
        cases = found
    sort = request.GET.get("sort", "-raised")
    column = SORTS.get(sort.lstrip("-"), "raised_at")
    cases = cases.order_by(f"{'-' if sort.startswith('-') else ''}{column}", "-pk")
    if request.GET.get("format") == "csv":
        return export(request, cases)
    page = Paginator(cases, PAGE).get_page(request.GET.get("page"))
    keep = request.GET.copy()
    for key in ("page", "sort"):
        keep.pop(key, None)
    return render(
        request,
        "cases.html",
        {
            "rows": case_rows(request.user, page.object_list),
            "page_obj": page,
            "chosen": chosen,
            "sort": sort,
            "query": keep.urlencode(),
            "kinds": [(kind, words.kind_word(kind)) for kind in words.kinds()],
            "levels": [(code, words.level_word(code)) for code in words.LEVEL_CODES],
            "states": [(state.value, words.state_word(state.value)) for state in State],
            "units": [(one.code, words.pick(one.name_zh, one.name_en), one.level) for one in units],
            "columns": [
                ("number", _("编号")),
                ("level", _("等级")),
                ("", _("情况")),
                ("", _("地点")),
                ("state", _("状态")),
                ("", _("指挥单位")),
                ("deadline", _("时限")),
                ("raised", _("发布时间")),
            ],
        },
    )


def export(request: HttpRequest, cases) -> HttpResponse:
    """The rows as CSV. Plates follow the same rule as on the page."""
    header = [
        _("编号"), _("等级"), _("类型"), _("地点"), _("车辆类型"), _("号牌"), _("状态"),
        _("指挥单位"), _("发布时间"), _("签收时间"), _("处置时间"), _("核实时间"), _("升级次数"),
    ]  # fmt: skip

    def stamp(at) -> str:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""

    rows = (
        [
            case.number, words.level_word(case.level_code), words.kind_word(case.kind), case.place,
            words.vehicle_word(case.vehicle_kind), shown_plate(request.user, case.plate),
            words.state_word(case.state), words.pick(case.unit.name_zh, case.unit.name_en),
            stamp(case.raised_at), stamp(case.signed_at), stamp(case.resolved_at),
            stamp(case.verified_at), case.escalations,
        ]
        for case in cases.iterator(chunk_size=500)
    )  # fmt: skip
    return csv_answer(request, "cases", header, rows)
