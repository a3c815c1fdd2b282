"""The risk map: the page, and what its script draws."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.web.forecast import services as forecasts
from sizao.web.forecast import words as forecast_words
from sizao.web.forecast.mapviews import picker
from sizao.web.pages.mapdata import bounds
from sizao.web.risk import files, words
from sizao.web.risk.models import Assessment
from sizao.web.risk.views import for_lookers, run_of, with_run

FOR_EVER = "private, max-age=31536000, immutable"
"""A finished run never changes, and its number is in the address."""

LAYERS = ("expected", "observed", "excess", "uncertainty", "rules")


@require_safe
@with_run
def show(request: HttpRequest, run: Assessment) -> HttpResponse:
    """The map of a run."""
    layer = request.GET.get("layer", "expected")
    ahead = picker(run)
    condition = forecasts.condition()
    given = request.GET.get("hour", "")
    return render(
        request,
        "risk/map.html",
        {
            "run": run,
            "bounds": bounds(),
            "layer": layer if layer in LAYERS else "expected",
            "layers": layer_words(),
            "site": request.GET.get("site", ""),
            "meta": reverse("risk-meta", args=[run.pk]),
            "ahead": ahead,
            "condition": condition,
            "lead": forecast_words.lead(condition),
            "other": not ahead and condition.last is not None,
            "day": request.GET.get("day", ""),
            "hour": int(given) if given.isdigit() and int(given) < 24 else 18,
            "shares": run.backtest["capture"] if run.backtest else None,
            "words": script_words(),
        },
    )


def layer_words() -> list[tuple[str, str, str]]:
    return [
        ("expected", _("估计"), _("估计起数：每公里每年；路口为每年")),
        ("observed", _("记录"), _("记录起数：每公里每年；路口为每年")),
        ("excess", _("超出同类"), _("估计减去同类预期：每公里每年；路口为每年")),
        ("uncertainty", _("不确定性"), _("九成可信区间的宽度与估计值之比")),
        ("rules", _("规则对照"), _("事故多发规则与估计是否一致")),
    ]


def script_words() -> dict[str, str]:
    """Strings of the map's script."""
    return {
        "year": _("年均水平"),
        "per_km": _("起/公里·年"),
        "per_year": _("起/年"),
        "as_if": _("假如全年都像这一小时：{unit}"),
        "rank": _("名次"),
        "observed": _("记录"),
        "predicted": _("同类预期"),
        "expected": _("估计"),
        "interval": _("九成区间"),
        "worse": _("比同类差"),
        "open": _("查看这里"),
        "hour": _("{hour}:00–{next}:00"),
        "width": _("区间宽度 ÷ 估计"),
        "both": _("规则与估计都列入"),
        "rule": _("只有规则列入"),
        "estimate": _("只有估计列入"),
        "neither": _("都未列入"),
        "less": _("少于同类"),
        "more": _("多于同类"),
        "unsure": _("不确定（主要靠同类推断）"),
        "sure": _("较确定（自身记录为主）"),
        "close": _("关闭"),
    }


@require_safe
@for_lookers
def meta(request: HttpRequest, run_id: int) -> HttpResponse:
    """Addresses and names for the script: columns of values, ids, places."""
    run = run_of(run_id)
    results = files.results(run)
    rows = results.rows
    return JsonResponse(
        {
            "run": run.pk,
            "years": len(run.years),
            "columns": files.VALUES,
            "segments": sum(row["kind"] == "segment" for row in rows),
            "site": [row["site"] for row in rows],
            "place": [words.place_word(row) for row in rows],
            "length": [round(row["length_km"], 4) for row in rows],
            "rank": [row["rank"] for row in rows],
            "worse": ["worse" in row["notes"] for row in rows],
            "shapes": reverse("risk-shapes", args=[run.pk]),
            "values": reverse("risk-values", args=[run.pk]),
            "hour": reverse("ahead-hour", args=[0, 0]).replace(
                "/0/0.bin", "/{forecast}/{hour}.bin"
            ),
            "why": reverse("ahead-why", args=[0, 0]).replace("/0/0/", "/{forecast}/{hour}/")
            + f"?run={run.pk}",
            "since": reverse("ahead-since", args=[run.pk, "DAY"]).replace("DAY", "{day}"),
            "page": reverse("risk-site", args=["{site}"]) + f"?run={run.pk}",
        },
        json_dumps_params={"ensure_ascii": False, "separators": (",", ":")},
    )


@require_safe
@for_lookers
def shapes(request: HttpRequest, run_id: int) -> HttpResponse:
    """Lines and points of the sites as GeoJSON, gzipped."""
    path = files.folder(run_of(run_id)) / "shapes.json.gz"
    answer = _kept(path.read_bytes(), "application/json")
    answer["Content-Encoding"] = "gzip"
    return answer


@require_safe
@for_lookers
def values(request: HttpRequest, run_id: int) -> HttpResponse:
    """Columns of the sites: little-endian float32, see ``meta``."""
    return _kept((files.folder(run_of(run_id)) / "values.f32").read_bytes())


def _kept(data: bytes, content_type: str = "application/octet-stream") -> HttpResponse:
    answer = HttpResponse(data, content_type=content_type)
    answer["Cache-Control"] = FOR_EVER
    return answer
