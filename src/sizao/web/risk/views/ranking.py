"""The ranked list of segments and junctions, on the page and as a file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.web import audit
from sizao.web.pages.export import cell, csv_answer
from sizao.web.pages.words import pick
from sizao.web.risk import files, words
from sizao.web.risk.models import Assessment
from sizao.web.risk.ranking import Row, narrowed, ordered, rows_of
from sizao.web.risk.views import with_run
from sizao.web.units.models import Unit
from sizao.web.writing import write

PAGE = 50
FILTERS = ("kind", "area", "road_class", "q", "only")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@with_run
def show(request: HttpRequest, run: Assessment) -> HttpResponse:
    """The list; ``format=csv`` and ``format=xlsx`` give all of it that fits the filters."""
    wanted = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    kind = wanted.setdefault("kind", "segment")
    if kind not in ("segment", "junction"):
        kind = wanted["kind"] = "segment"
    sort = request.GET.get("sort", "rank")
    every = rows_of(files.results(run))
    found = ordered(narrowed(every, wanted), sort)
    if request.GET.get("format") == "csv":
        return csv_answer(request, "risk", header(run), (_cells(row, run) for row in found))
    if request.GET.get("format") == "xlsx":
        return _workbook(request, run, found)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    of_kind = [row for row in every if row["kind"] == kind]
    narrowing = {name: value for name, value in wanted.items() if name != "kind"}
    return render(
        request,
        "risk/ranking.html",
        {
            "run": run,
            "page_obj": page,
            "rows": [_shown(row, run) for row in page],
            "kind": kind,
            "sort": sort,
            "chosen": narrowing,
            "query": urlencode({**wanted, "run": run.pk}),
            "filters": urlencode({**narrowing, "run": run.pk}),
            "worse": sum("worse" in row["notes"] for row in of_kind),
            "listed": sum(bool(row["rules"]) for row in of_kind),
            "both": sum("worse" in row["notes"] and bool(row["rules"]) for row in of_kind),
            "areas": _areas(),
            "classes": sorted(
                {(row["road_class"], words.class_word(row["road_class"])) for row in of_kind}
            ),
            "costs": words.cost_sets_words(),
            "only_words": only_words(),
            "threshold": run.parameters["threshold"],
        },
    )


def only_words() -> list[tuple[str, str]]:
    return [
        ("worse", _("把握 95% 以上比同类差")),
        ("listed", _("规则列为事故多发")),
        ("agree", _("两者一致")),
        ("rule", _("只有规则列入")),
        ("estimate", _("只有估计列入")),
    ]


def _areas() -> list[tuple[str, str]]:
    """Counties by their brigades, which have names that people know."""
    found: dict[str, str] = {}
    for unit in Unit.objects.filter(level=Unit.Level.BRIGADE).exclude(area=""):
        found.setdefault(unit.area, pick(unit.name_zh, unit.name_en or unit.name_zh))
    return sorted(found.items())


def _shown(row: Row, run: Assessment) -> dict[str, Any]:
    most = max(row["upper"], row["observed"], 1e-9)
    return {
        **row,
        "place": words.place_word(row),
        "class_word": words.class_word(row["road_class"]),
        "sentence": words.sentence(row, len(run.years)),
        "note_words": [words.note_word(one) for one in row["notes"] if one != "tied"],
        "rule_words": [words.rule_word(one) for one in row["rules"]],
        "cost_ranks": [(name, row["costs"][name]) for name, _word in words.cost_sets_words()],
        "bar": {
            name: round(100 * row[name] / most, 1)
            for name in ("lower", "expected", "upper", "predicted", "observed")
        },
    }


def header(run: Assessment) -> list[str]:
    return [
        _("名次"), _("并列数"), _("类别"), _("编号"), _("地点"), _("道路类别"), _("区县"),
        _("长度（km）"), _("纬度"), _("经度"), _("记录起数"), _("同类预期"), _("估计起数"),
        _("区间下限"), _("区间上限"), _("超出同类"), _("每年（每公里）"), _("比同类差的概率"),
        _("高于 {n:g} 倍均值的概率").format(n=run.parameters["threshold"]), _("死亡事故"),
        _("伤人事故"), _("财产损失事故"), _("位置存疑"),
        *(f"{_('名次')}：{name}" for _code, name in words.cost_sets_words()),
        _("规则"), _("数据说明"), _("说明"),
    ]  # fmt: skip


def _cells(row: Row, run: Assessment) -> list[Any]:
    return [
        row["rank"], row["tied"], words.kind_word(row["kind"]), row["site"],
        words.place_word(row), words.class_word(row["road_class"]), row["area"],
        round(row["length_km"], 3) if row["kind"] == "segment" else "",
        round(row["lat"], 6), round(row["lon"], 6), row["observed"],
        *(round(row[name], 2) for name in ("predicted", "expected", "lower", "upper", "excess")),
        round(row["rate"], 3), round(row["p_worse"], 3), round(row["p_threshold"], 3),
        row["fatal"], row["injury"], row["property"], row["unsure"],
        *row["costs"].values(),
        "、".join(words.rule_word(one) for one in row["rules"]),
        "、".join(words.note_word(one) for one in row["notes"]),
        words.sentence(row, len(run.years)),
    ]  # fmt: skip


def _workbook(request: HttpRequest, run: Assessment, rows: list[Row]) -> HttpResponse:
    """The list as .xlsx, written down as an export."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("事故多发点段排序"))
    sheet.freeze_panes = "A2"

    def lines() -> Iterator[list[Any]]:
        yield header(run)
        for row in rows:
            yield [cell(value) for value in _cells(row, run)]

    for line in lines():
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    with write():
        audit.record(request.user, "export", "risk", "xlsx", {"rows": len(rows), "run": run.pk})
    answer = HttpResponse(out.getvalue(), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="sizao-risk-{run.pk}.xlsx"'
    return answer
