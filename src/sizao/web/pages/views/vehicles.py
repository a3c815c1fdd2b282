"""Vehicles on the road now, as a list: find where something is wrong, sort, export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.core.vehicles import KINDS
from sizao.web.clock import feed_now
from sizao.web.detections.queries import scope_below
from sizao.web.fleet.access import Sight
from sizao.web.fleet.onroad import SORTS, STATES, Fleet, OnRoad, Rows, Wanted
from sizao.web.pages import words
from sizao.web.pages.export import csv_answer
from sizao.web.units.models import Unit

PAGE = 100


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The list, with ``?part=rows`` what of it changes, with ``?format=csv`` the rows as a file."""
    user = request.user
    chosen = {
        key: value
        for key in ("state", "kind", "unit", "road", "q")
        if (value := request.GET.get(key, "").strip())
    }
    units = Unit.objects.for_user(user)
    unit = units.filter(code=chosen.get("unit", "")).first()
    fleet = Fleet(Sight(user), int(feed_now().timestamp() * 1_000_000))
    sort = request.GET.get("sort", "state")
    rows = fleet.select(
        Wanted(
            state=chosen.get("state", ""),
            kind=chosen["kind"] if chosen.get("kind") in KINDS else "",
            road=chosen.get("road", ""),
            text=chosen.get("q", ""),
            scope=scope_below(unit) if unit is not None else None,
        ),
        sort if sort.removeprefix("-") in SORTS else "state",
    )
    if request.GET.get("format") == "csv":
        return _export(request, fleet, rows)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    keep = request.GET.copy()
    for key in ("page", "sort", "part"):
        keep.pop(key, None)
    part = request.GET.get("part") == "rows"
    return render(
        request,
        "vehicle/_rows.html" if part else "vehicle/list.html",
        {
            "rows": [_line(one) for one in fleet.lines(np.asarray(page.object_list))],
            "counts": fleet.counts(),
            "page_obj": page,
            "chosen": chosen,
            "sort": sort,
            "query": keep.urlencode(),
            "states": [(code, _state_words()[code]) for code in STATES],
            "kinds": [(kind, words.vehicle_word(kind)) for kind in KINDS],
            "units": [(one.code, words.pick(one.name_zh, one.name_en), one.level) for one in units],
            "columns": [
                ("state", _("状态"), ""),
                ("kind", _("车辆类型"), ""),
                ("", _("号牌"), ""),
                ("place", _("地点"), ""),
                ("speed", _("速度 km/h"), "sz-num"),
                ("over", _("限速 km/h"), "sz-num"),
                ("", _("所属企业"), ""),
                ("heard", _("最后上报"), ""),
            ],
        },
    )


def _state_words() -> dict[str, str]:
    return {
        "active": _("疑似违法"),
        "normal": _("正常"),
        "offline": _("离线"),
        "police": _("警车"),
    }


def _line(one: OnRoad) -> dict[str, Any]:
    """What the page says of a vehicle."""
    return {
        "one": one,
        "state": _state_words()[one.state],
        "what": [words.kind_word(rule) for rule in one.active],
        "kind": words.vehicle_word(one.kind),
    }


def _export(request: HttpRequest, fleet: Fleet, rows: Rows) -> HttpResponse:
    """The rows as CSV, plates masked as on the page."""
    header = [
        _("状态"), _("情况"), _("车辆类型"), _("号牌"), _("地点"), _("速度 km/h"), _("限速 km/h"),
        _("所属企业"), _("最后上报"),
    ]  # fmt: skip

    def cells() -> Iterator[list[Any]]:
        for one in fleet.lines(rows):
            line = _line(one)
            yield [
                line["state"], words.pick("、", ", ").join(line["what"]), line["kind"], one.plate,
                one.place, _whole(one.speed_kmh), _whole(one.limit_kmh), one.enterprise,
                f"{timezone.localtime(one.at):%Y-%m-%d %H:%M:%S}",
            ]  # fmt: skip

    return csv_answer(request, "vehicles", header, cells())


def _whole(value: float | None) -> Any:
    return "" if value is None else round(value)
