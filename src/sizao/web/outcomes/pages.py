"""The page of what came of warnings, by kind and month, with numerator, denominator, interval."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.web.outcomes.services import Line, outcomes
from sizao.web.pages import words
from sizao.web.pages.export import csv_answer


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The tables; with ``?format=csv`` the months as a file."""
    if not request.user.sees_risk:
        raise PermissionDenied
    found = outcomes(request.user)
    if request.GET.get("format") == "csv":
        return _export(request, found.lines)
    return render(
        request,
        "outcomes/outcomes.html",
        {"found": found, "blocks": [(_("合计"), found.totals), (_("按月"), found.lines)]},
    )


def _export(request: HttpRequest, lines: list[Line]) -> HttpResponse:
    header = [
        _("月份"), _("类型"), _("命中"), _("空报"), _("待定"), _("事故前已预警"), _("漏报"),
        _("预警率"), _("空报率"), _("提前量（分钟）"),
    ]  # fmt: skip
    rows = (
        [
            one.month, words.kind_word(one.kind), one.tally.hits, one.tally.false_alarms,
            one.tally.pending, one.tally.covered, one.tally.missed, _digits(one.detected),
            _digits(one.false_share), _digits(one.lead_min),
        ]
        for one in lines
    )  # fmt: skip
    return csv_answer(request, "outcomes", header, rows)


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
