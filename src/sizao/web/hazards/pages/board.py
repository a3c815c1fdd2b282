"""Dynamic clearance: is the ledger going to zero, and if not, why not?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.govern.hazards.clearance import HORIZON, WEEKS, Forecast
from sizao.web.clock import feed_now
from sizao.web.hazards import boarding, narrowing, telling, words
from sizao.web.hazards.access import may_enter
from sizao.web.hazards.figures import figures
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.pages.ledger import choices
from sizao.web.hazards.pages.trend import trend
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.templatetags.sizao import share

LISTED = 12
NOTICES = 3
GROUPS = 8


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The board, over what the filters leave."""
    now = feed_now()
    given = narrowing.chosen(request)
    given.pop("only", None)
    hazards = narrowing.narrowed(request.user, given, now)
    found = boarding.board(hazards, now)
    query = request.GET.copy()
    query.pop("only", None)
    notices = HazardNotice.objects.filter(telling.for_user(request.user), read_at=None)
    return render(
        request,
        "hazards/board.html",
        {
            "board": found,
            "verdict": verdict(found.forecast),
            "basis": basis(found.forecast),
            "trend": trend(found.weeks),
            "figures": figures(hazards, now),
            "rows": [words.row_of(one, now) for one in found.rows[:LISTED]],
            "by_duty": found.by_duty[:GROUPS],
            "by_junction": found.by_junction[:GROUPS],
            "chosen": given,
            "query": query.urlencode(),
            "bounds": bounds(),
            "notices": list(notices.select_related("hazard")[:NOTICES]),
            "notice_count": notices.count(),
            "may_enter": may_enter(request.user),
            "ever": Hazard.objects.for_user(request.user).exists(),
            **choices(request),
        },
    )


def verdict(found: Forecast) -> str:
    """The forecast in one sentence."""
    match found.verdict:
        case "zero":
            return _("已清零")
        case "unknown":
            return _("台账不足 4 周，还不能预计清零日期")
        case "never":
            return _("按现在的进度清不了零")
    if found.high is None:
        return _("按现在的进度，预计 {day} 清零（把握不足：最早 {low}，也可能清不了零）").format(
            day=found.day, low=found.low
        )
    return _("按现在的进度，预计 {day} 清零（九成区间 {low} 至 {high}）").format(
        day=found.day, low=found.low, high=found.high
    )


def basis(found: Forecast) -> str:
    """What the forecast rests on."""
    if found.verdict in ("zero", "unknown"):
        return ""
    return _(
        "依据近 {weeks} 个整周：平均每周新增 {opened:.1f} 处、销号 {closed:.1f} 处。"
        "按周重复抽样推演 {horizon} 周，{share} 的推演能清零。"
        "假定今后各周与近期相仿、互不影响。"
    ).format(
        weeks=found.weeks or WEEKS, opened=found.opened, closed=found.closed, horizon=HORIZON,
        share=share(found.arriving),
    )  # fmt: skip


@require_safe
def points(request: HttpRequest) -> HttpResponse:
    """The open hazards of the board as GeoJSON."""
    now = feed_now()
    given = narrowing.chosen(request)
    return JsonResponse(boarding.points(narrowing.narrowed(request.user, given, now), now))
