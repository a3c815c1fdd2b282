"""Pages of control measures: what stands, one of them, and ordering one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.respond.measure_kinds import KINDS
from sizao.respond.measures import STATE_NAMES, steps
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.projection import actor_of
from sizao.web.clock import feed_now
from sizao.web.measures import access, detours, exports, services, signs, words
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.ordering import moment_of
from sizao.web.pages.export import csv_answer
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import pick
from sizao.web.units.models import Unit, under

PAGE = 50
FILTERS = ("state", "kind", "unit", "q")


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The list: what is open unless asked otherwise, the soonest clock first."""
    now = feed_now()
    chosen = {key: value for key in FILTERS if (value := request.GET.get(key, "").strip())}
    every = ControlMeasure.objects.for_user(request.user).select_related("unit", "case")
    found = _filtered(request, every, chosen, now)
    if request.GET.get("format") == "csv":
        return _export(request, found, now)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    keep = request.GET.copy()
    keep.pop("page", None)
    counts = every.open().aggregate(
        open=Count("pk"),
        waiting=Count("pk", filter=Q(approval="waiting")),
        late=Count("pk", filter=Q(state="in_force", until_at__lt=now)),
    )
    units = Unit.objects.for_user(request.user)
    return render(
        request,
        "measures/measures.html",
        {
            "rows": [words.row(one, now) for one in page.object_list],
            "page_obj": page,
            "chosen": chosen,
            "query": keep.urlencode(),
            "counts": counts,
            "may_order": access.may_order(request.user),
            "kinds": [(code, words.kind_word(code)) for code in KINDS],
            "states": [("all", _("全部，含已结束"))]
            + [(code, words.state_word(code)) for code in STATE_NAMES],
            "units": [(one.code, pick(one.name_zh, one.name_en), one.level) for one in units],
        },
    )


def _filtered(request: HttpRequest, every, chosen: dict[str, str], now: datetime):
    state = chosen.get("state", "")
    match state:
        case "all":
            found = every
        case "waiting":
            found = every.open().filter(approval="waiting", begun_at=None)
        case "ordered":
            found = every.filter(state="ordered").exclude(approval="waiting")
        case "overrun":
            found = every.filter(state="in_force", until_at__lt=now)
        case "in_force" | "lifted" | "refused":
            found = every.filter(state=state)
        case _:
            found = every.open()
    if chosen.get("kind") in KINDS:
        found = found.filter(kind=chosen["kind"])
    unit = Unit.objects.for_user(request.user).filter(code=chosen.get("unit", "")).first()
    if unit is not None:
        found = found.filter(under(unit.path, "unit"))
    if "q" in chosen:
        found = found.filter(
            Q(number__icontains=chosen["q"])
            | Q(place__icontains=chosen["q"])
            | Q(reason__icontains=chosen["q"])
        )
    return found.order_by(F("deadline").asc(nulls_last=True), "-ordered_at", "-pk")


def _export(request: HttpRequest, found, now: datetime) -> HttpResponse:
    header = [
        _("编号"), _("措施"), _("状态"), _("地点"), _("内容"), _("原因"), _("依据"), _("下达单位"),
        _("案件"), _("下达时间"), _("实施时间"), _("预计结束"), _("解除时间"),
    ]  # fmt: skip

    def stamp(at: datetime | None) -> str:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""

    rows = (
        [
            one.number, words.kind_word(one.kind),
            words.state_word(one.standing.shown(now.timestamp())), one.place, words.effect(one),
            one.reason, words.basis_of(one)["citation"], pick(one.unit.name_zh, one.unit.name_en),
            one.case.number if one.case else "", stamp(one.ordered_at), stamp(one.begun_at),
            stamp(one.until_at), stamp(one.ended_at),
        ]
        for one in found.iterator(chunk_size=500)
    )  # fmt: skip
    return csv_answer(request, "measures", header, rows)


@require_safe
def on_map(request: HttpRequest) -> HttpResponse:
    """What stands or waits, as GeoJSON for the map; with ``?id=`` one measure in any state."""
    every = ControlMeasure.objects.for_user(request.user)
    wanted = request.GET.get("id", "")
    found = every.filter(pk=int(wanted)) if wanted.isdigit() else every.open()
    body = exports.map_features(found, feed_now())
    answer = HttpResponse(json.dumps(body, ensure_ascii=False), content_type="application/geo+json")
    answer["Cache-Control"] = "private, no-cache"
    return answer


@require_safe
def one(request: HttpRequest, measure_id: int) -> HttpResponse:
    """One measure: what, where, why, who, until when, what next."""
    return _one(request, _measure(request, measure_id))


def _measure(request: HttpRequest, measure_id: int) -> ControlMeasure:
    return get_object_or_404(
        ControlMeasure.objects.for_user(request.user).select_related(
            "unit", "case__unit", "ordered_by", "task"
        ),
        pk=measure_id,
    )


def _one(
    request: HttpRequest,
    measure: ControlMeasure,
    notice: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = feed_now()
    may = access.may_act(request.user, measure)
    texts = measure.texts.values("state").annotate(n=Count("pk")).order_by("state")
    return render(
        request,
        "measures/measure.html",
        {
            **words.row(measure, now),
            "basis": words.basis_of(measure),
            "task_word": pick(measure.task.zh, measure.task.en) if measure.task else "",
            "grade": words.grade_word(measure.grade),
            "steps": [
                (action, words.step_word(action))
                for action in (steps(measure.standing, actor_of(request.user)) if may else ())
            ],
            "may_act": may,
            "events": list(measure.events.all()),
            "signs": signs.shown_on(measure),
            "texts": [(one["state"], one["n"]) for one in texts],
            "until": f"{timezone.localtime(max(measure.until_at, now) + timedelta(hours=1)):%Y-%m-%dT%H:%M}",  # noqa: E501  # one value
            "bounds": bounds(),
            "notice": notice,
            "reason": request.POST.get("reason", ""),
        },
        status=status,
    )


@require_POST
def act(request: HttpRequest, measure_id: int) -> HttpResponse:
    """Take one step. 409 when somebody else was first, 422 not possible, 403 not the user's."""
    measure = _measure(request, measure_id)
    try:
        version = int(request.POST.get("version", ""))
    except ValueError:
        version = -1
    try:
        services.act(
            request.user, measure.pk, request.POST.get("action", ""), version,
            reason=request.POST.get("reason", ""),
            until_at=moment_of(request.POST.get("until", "")),
        )  # fmt: skip
    except services.MeasureConflictError as error:
        notice, status = {"kind": "conflict", "error": error}, 409
    except TransitionError as error:
        notice, status = {"kind": "refused", "text": pick(error.zh, error.en)}, 422
    except NotAllowedError as error:
        notice, status = {"kind": "refused", "text": pick(error.zh, error.en)}, 403
    else:
        return redirect("measure", measure_id)
    return _one(request, _measure(request, measure_id), notice, status)


@require_http_methods(["GET", "HEAD", "POST"])
def detour(request: HttpRequest, measure_id: int) -> HttpResponse:
    """The ways round a closure; on POST they are ordered as a diversion."""
    measure = _measure(request, measure_id)
    if not access.may_act(request.user, measure):
        raise PermissionDenied
    try:
        if request.method == "POST":
            return redirect("measure", detours.take_over(request.user, measure).pk)
        found = detours.options_of(measure)
    except (TransitionError, NotAllowedError) as error:
        notice = {"kind": "refused", "text": pick(error.zh, error.en)}
        return _one(request, _measure(request, measure_id), notice, 422)
    features = [{"type": "Feature", "geometry": found["geometry"], "properties": _drawn("", True)}]
    features += [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [post["lon"], post["lat"]]},
            "properties": _drawn(pick(post["zh"], post["en"]), post["role"] == "officer"),
        }
        for post in found["posts"]
    ]
    return render(
        request,
        "measures/detour.html",
        {
            **words.row(measure, feed_now()),
            "plan": found,
            "features": {"type": "FeatureCollection", "features": features},
            "ways": any(one["way"] for one in found["options"]),
            "bounds": bounds(),
        },
    )


def _drawn(word: str, bright: bool) -> dict[str, object]:
    return {"word": word, "effect": "", "bright": bright}
