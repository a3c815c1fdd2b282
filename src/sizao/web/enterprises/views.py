"""The list of enterprises and the page of one: views parse, call a service, render."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.risk.duties import WORSE, duties
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.enterprises import access, listing, services, words
from sizao.web.enterprises.explaining import explained
from sizao.web.enterprises.listing import Row
from sizao.web.enterprises.models import Review
from sizao.web.fleet.models import Enterprise
from sizao.web.hazards import words as hazard_words
from sizao.web.hazards.access import may_enter
from sizao.web.hazards.models import Hazard
from sizao.web.pages.export import csv_answer
from sizao.web.pages.words import pick
from sizao.web.units.models import Unit
from sizao.web.writing import write

PAGE = 50
FILTERS = ("q", "kind", "area", "only")


def for_lookers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse who may not look."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not access.may_look(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


@require_safe
@for_lookers
def show(request: HttpRequest) -> HttpResponse:
    """The list; ``format=csv`` gives all of it that fits the filters."""
    review = services.newest()
    if review is None:
        return render(request, "enterprises/empty.html", {"vehicles": _registered()})
    duty = request.GET.get("duty", "")
    duty = duty if duty in duties() else words.OVERALL
    wanted = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    sort = request.GET.get("sort", "rank")
    ids = set(access.visible(request.user).values_list("pk", flat=True))
    every = listing.rows_of(review, ids, duty)
    found = listing.ordered(listing.narrowed(every, wanted), sort)
    areas = dict(_areas())
    rule = services.ranking(review.made)
    if request.GET.get("format") == "csv":
        rows = (_cells(listing.shown(row, areas, rule.worse), review) for row in found)
        return csv_answer(request, "enterprises", _header(), rows)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    ranked = [row for row in every if row["rank"] is not None]
    return render(
        request,
        "enterprises/list.html",
        {
            "review": review,
            "duty": duty,
            "duty_word": words.duty_word(duty),
            "duties": _known_duties(review),
            "share": duty != words.OVERALL and duties()[duty].share,
            "page_obj": page,
            "rows": [listing.shown(row, areas, rule.worse) for row in page],
            "chosen": wanted,
            "sort": sort,
            "query": urlencode({**wanted, "duty": duty}),
            "kinds": sorted({(row["kind"], words.kind_word(row["kind"])) for row in every}),
            "areas": sorted(areas.items()),
            "only_words": only_words(),
            "sorts": sort_words(),
            "worse": sum(row["note"] == WORSE for row in ranked),
            "ranked": len(ranked),
            "unranked": len(every) - len(ranked),
            "left_out": review.summary["left_out"],
            "rule": rule,
            "widest": listing.WIDEST,
        },
    )


def only_words() -> list[tuple[str, str]]:
    return [
        ("worse", _("把握 90% 以上明显比同类差")),
        ("ranked", _("参加排名的")),
        ("unranked", _("不排名的")),
    ]


def sort_words() -> list[tuple[str, str]]:
    return [
        ("rank", _("按名次")),
        ("probability", _("按明显差于同类的概率")),
        ("lower", _("按区间下限")),
        ("name", _("按名称")),
        ("vehicles", _("按车辆数")),
        ("km", _("按里程")),
    ]


def _known_duties(review: Review) -> list[tuple[str, str]]:
    known = {row["duty"] for row in review.rows}
    return [(code, words.duty_word(code)) for code in (words.OVERALL, *duties()) if code in known]


def _areas() -> list[tuple[str, str]]:
    """Counties by their brigades, which have names that people know."""
    found: dict[str, str] = {}
    for unit in Unit.objects.filter(level=Unit.Level.BRIGADE, roads="").exclude(area=""):
        found.setdefault(unit.area, pick(unit.name_zh, unit.name_en or unit.name_zh))
    return sorted(found.items())


def _registered() -> int:
    return Enterprise.objects.annotate(n=Count("vehicles")).filter(n__gt=0).count()


def _header() -> list[str]:
    return [
        _("名次"), _("不排名原因"), _("企业编号"), _("企业"), _("类型"), _("属地"), _("责任项"),
        _("登记车辆"), _("行驶里程（km）"), _("次数"), _("暴露量"), _("暴露量单位"),
        _("原始比率"), _("同类比率"), _("估计比率"), _("区间下限"), _("区间上限"),
        _("相当于同类的倍数"), _("明显差于同类的概率"), _("自身记录的分量"), _("结论"),
        _("期间起"), _("期间止"),
    ]  # fmt: skip


def _cells(row: Row, review: Review) -> list[Any]:
    overall = row["duty"] == words.OVERALL
    return [
        row["rank"] or "", row["unranked"], row["id"], row["name"], row["kind_word"],
        row["area_word"], words.duty_word(row["duty"]), row["vehicles"], round(row["km"]),
        "" if overall else row["events"], "" if overall else round(row["exposure"], 3),
        "" if overall else words.unit_word(row["unit"]),
        "" if overall else round(row["raw_rate"], 5),
        *(round(row[name], 5) for name in ("similar", "expected", "lower", "upper")),
        round(row["ratio"], 3), round(row["probability_worse"], 3), round(row["weight"], 3),
        row["verdict"], review.first_day.isoformat(), review.last_day.isoformat(),
    ]  # fmt: skip


@require_safe
@for_lookers
def one(request: HttpRequest, enterprise_id: str) -> HttpResponse:
    """One enterprise: what its figures rest on, whom it is compared with, what changed.

    404 where it is not the account's to see, or was not assessed: the answers look the same.
    """
    firm = access.visible(request.user).filter(pk=enterprise_id).first()
    review = services.newest()
    about = review.summary["firms"].get(enterprise_id) if review is not None else None
    if firm is None or review is None or about is None:
        raise Http404
    with write():
        audit.record(request.user, "enterprise.read", "enterprise", firm.pk, {"review": review.pk})
    hazards = Hazard.objects.for_user(request.user).filter(enterprise=about["name"])
    return render(
        request,
        "enterprises/enterprise.html",
        {
            "firm": {
                **about,
                "driven": round(about["km"]),
                "id": firm.pk,
                "phone": firm.duty_phone,
            },
            "kind_word": words.kind_word(about["kind"]),
            "area_word": dict(_areas()).get(about["area"], about["area"]),
            "review": review,
            "rule": services.ranking(review.made),
            **explained(review, services.before(review), firm.pk),
            "hazards": [hazard_words.row_of(row) for row in hazards.order_by("-found_at")[:10]],
            "may_enter": may_enter(request.user),
            "now": feed_now(),
            "widest": listing.WIDEST,
        },
    )
