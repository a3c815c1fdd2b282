"""Indicators: are we better, and how sure?"""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.web.clock import feed_now
from sizao.web.indicators import services
from sizao.web.pages.export import csv_answer
from sizao.web.pages.measures import Card, cards
from sizao.web.units.models import Unit

PERIODS = {
    "1h": (timedelta(hours=1), timedelta(minutes=5)),
    "24h": (timedelta(hours=24), timedelta(hours=1)),
    "7d": (timedelta(days=7), timedelta(days=1)),
    "30d": (timedelta(days=30), timedelta(days=1)),
}
"""Period to its length and the length of a bar."""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Every indicator with its chart, or with ``?format=csv`` the numbers."""
    period = request.GET.get("period", "24h")
    period = period if period in PERIODS else "24h"
    units = Unit.objects.for_user(request.user)
    unit = units.filter(code=request.GET.get("unit", "")).first()
    found = measured(request, period, unit)
    if request.GET.get("format") == "csv":
        return _export(request, found)
    return render(
        request,
        "indicators.html",
        {
            "cards": found,
            "period": period,
            "periods": [
                ("1h", _("1 小时")), ("24h", _("24 小时")), ("7d", _("7 天")), ("30d", _("30 天")),
            ],
            "unit": unit,
            "units": units,
            "with_target": sum(1 for one in found if one.met is not None),
            "met": sum(1 for one in found if one.met),
        },
    )  # fmt: skip


def measured(request: HttpRequest, period: str, unit: Unit | None = None) -> list[Card]:
    """The cards of a period that ends now, for the user's cases."""
    length, step = PERIODS[period]
    end = feed_now()
    start = end - length
    # Bars end on whole steps, so that a reload does not shift them.
    base = timezone.localtime(start)
    if step >= timedelta(days=1):
        base = base.replace(hour=0, minute=0, second=0, microsecond=0)
    elif step >= timedelta(hours=1):
        base = base.replace(minute=0, second=0, microsecond=0)
    else:
        base = base.replace(minute=base.minute - base.minute % 5, second=0, microsecond=0)
    narrow = {"unit": unit} if unit is not None else {}
    total = services.indicators(request.user, base, end, **narrow)
    spans = services.series(request.user, base, end, step, **narrow)
    return cards(total, spans, step)


def _export(request: HttpRequest, found: list[Card]) -> HttpResponse:
    header = [
        _("指标"), _("时段"), _("数值"), _("单位"), _("区间下限"), _("区间上限"), _("分子"),
        _("分母"), _("样本数"),
    ]  # fmt: skip
    rows = [
        [
            card.name, point["label"], point["value"], card.unit, point["low"], point["high"],
            point["numerator"], point["denominator"], point["n"],
        ]
        for card in found
        for point in [card.total, *card.points]
    ]  # fmt: skip
    return csv_answer(request, "indicators", header, rows)
