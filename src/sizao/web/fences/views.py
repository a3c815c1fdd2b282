"""The fence pages: all of them on a map and in a list, one with its history, the drawing form."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.core.vehicles import KINDS as VEHICLE_KINDS
from sizao.roads.fences import Fence, read_fence
from sizao.web.clock import feed_now
from sizao.web.fences import forms, services, words
from sizao.web.fences.models import FenceChange
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import refusal, vehicle_word
from sizao.web.rules.access import may_change, may_see
from sizao.web.units.models import User


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """All fences; changes that wait first. ``?format=geojson`` is the file."""
    _allow(request)
    if request.GET.get("format") == "geojson":
        features = list(services.standing().values())
        answer = JsonResponse({"type": "FeatureCollection", "features": features})
        answer.headers["Content-Disposition"] = 'attachment; filename="fences.geojson"'
        return answer
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "kind")}
    counts = services.counts()
    rows = [_row(feature, fence, counts[fence.number]) for feature, fence in services.fences()]
    shown = [
        row
        for row in rows
        if chosen["kind"] in ("", row["kind"])
        and chosen["q"].lower() in f"{row['number']} {row['name']} {row['basis']}".lower()
    ]
    waiting = FenceChange.objects.filter(state=FenceChange.State.ASKED).select_related("asked_by")
    return render(
        request,
        "fences/fences.html",
        {
            "rows": shown,
            "many": len(rows),
            "now": sum(row["now"] for row in rows),
            "waiting": waiting,
            "kinds": words.kinds(),
            "chosen": {name: value for name, value in chosen.items() if value},
            "may_change": may_change(request.user),
            "bounds": bounds(),
        },
    )


@require_safe
def shapes(request: HttpRequest) -> JsonResponse:
    """What the fences cover, for maps: polygons with number, name and kind."""
    _allow(request)
    features = [_shape(feature, fence) for feature, fence in services.fences()]
    return JsonResponse({"type": "FeatureCollection", "features": features})


@require_safe
def fence(request: HttpRequest, number: int) -> HttpResponse:
    """One fence and its history."""
    return _page(request, number)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Draw a fence and ask for it."""
    return _form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a fence to be otherwise."""
    return _form(request, number)


@require_POST
def end(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a fence to be taken out of force."""
    _allow(request, change=True)
    try:
        services.ask(request.user, number, None, request.POST.get("reason", ""))
    except TransitionError as error:
        return _page(request, number, notice=refusal(error), status=422)
    return redirect("fence", number)


@require_safe
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """A change that waits: its fence's page, or its own if the fence is not there yet."""
    _allow(request)
    return _page(request, get_object_or_404(FenceChange, pk=change_id).number)


@require_POST
def decide(request: HttpRequest, change_id: int) -> HttpResponse:
    """Accept, refuse or withdraw a change that waits."""
    _allow(request, change=True)
    asked = get_object_or_404(FenceChange, pk=change_id)
    try:
        accept = request.POST.get("decision") == "accept"
        services.decide(request.user, asked, accept, request.POST.get("remark", ""))
    except TransitionError as error:
        return _page(request, asked.number, notice=refusal(error), status=409)
    return redirect("fence", asked.number)


def _page(
    request: HttpRequest, number: int, *, notice: str = "", status: int = 200
) -> HttpResponse:
    _allow(request)
    history = list(
        FenceChange.objects.filter(number=number).select_related("asked_by", "decided_by")
    )
    feature = services.standing().get(number)
    if feature is None and not history:
        raise Http404
    waiting = next((one for one in history if one.state == FenceChange.State.ASKED), None)
    # A fence that is not in force is shown as it was asked for last.
    drawn = feature or next((one.feature for one in history if one.feature), None)
    fence = read_fence(drawn) if drawn else None
    counts = services.counts()
    return render(
        request,
        "fences/fence.html",
        {
            "number": number,
            "standing": feature is not None,
            "row": _row(drawn, fence, counts[number]) if fence else None,
            "waiting": waiting,
            "wanted": _waiting_row(waiting),
            "history": [one for one in history if one.state != FenceChange.State.ASKED],
            "shapes": json.dumps(_drawn(feature or (drawn if waiting is None else None), waiting)),
            "own": waiting is not None and waiting.asked_by_id == request.user.pk,
            "may_change": may_change(request.user),
            "notice": {"kind": "refused", "text": notice} if notice else None,
            "bounds": bounds(),
        },
        status=status,
    )


def _form(request: HttpRequest, number: int | None) -> HttpResponse:
    _allow(request, change=True)
    feature = services.standing().get(number) if number is not None else None
    if number is not None and feature is None:
        raise Http404
    notice = ""
    if request.method == "POST":
        given = forms.echoed(request.POST)
        try:
            wanted = forms.feature_of(request.POST)
            asked = services.ask(request.user, number, wanted, request.POST.get("reason", ""))
            return redirect("fence", asked.number)
        except TransitionError as error:
            notice = refusal(error)
    else:
        given = forms.fields_of(feature) if feature else _blank()
    return render(
        request,
        "fences/form.html",
        {
            "number": number,
            "given": given,
            "kinds": words.kinds(),
            "vehicle_kinds": [(kind, vehicle_word(kind)) for kind in VEHICLE_KINDS],
            "days": words.days(),
            "notice": {"kind": "refused", "text": notice} if notice else None,
            "bounds": bounds(),
        },
        status=422 if notice else 200,
    )


def _blank() -> dict[str, Any]:
    rows = [{"days": [], "from": "", "to": ""} for _ in range(forms.WINDOWS)]
    return {"kind": "limit", "windows": rows, "vehicle_kinds": []}


def _row(feature: dict[str, Any], fence: Fence, count: int) -> dict[str, Any]:
    return {
        "number": fence.number,
        "name": fence.name,
        "kind": fence.kind,
        "word": words.kind_word(fence.kind),
        "whom": words.whom(fence),
        "what": words.what(fence),
        "when": words.when(feature),
        "basis": fence.legal_basis,
        "now": fence.in_force(int(feed_now().timestamp() * 1e6)),
        "valid": words.valid(feature),
        "count": count,
    }


def _waiting_row(waiting: FenceChange | None) -> dict[str, Any] | None:
    if waiting is None or waiting.feature is None:
        return None
    return _row(waiting.feature, read_fence(waiting.feature), 0)


def _shape(feature: dict[str, Any], fence: Fence, *, wanted: bool = False) -> dict[str, Any]:
    told = {"number": fence.number, "name": fence.name, "kind": fence.kind, "wanted": wanted}
    return {
        "type": "Feature",
        "geometry": words.outline(feature, fence),
        "properties": told,
    }


def _drawn(feature: dict[str, Any] | None, waiting: FenceChange | None) -> dict[str, Any]:
    """What one fence's page draws: how it stands, and how it is asked to be."""
    features = [_shape(feature, read_fence(feature))] if feature else []
    if waiting is not None and waiting.feature is not None:
        features.append(_shape(waiting.feature, read_fence(waiting.feature), wanted=True))
    return {"type": "FeatureCollection", "features": features}


def _allow(request: HttpRequest, *, change: bool = False) -> None:
    user: User = request.user
    if not (may_change(user) if change else may_see(user)):
        raise PermissionDenied
