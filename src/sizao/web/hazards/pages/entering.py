"""Entering a hazard, and the inspection round on a phone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from sizao.core.errors import TransitionError
from sizao.govern.hazards.duplicates import Spot
from sizao.web.hazards import words
from sizao.web.hazards.access import may_enter
from sizao.web.hazards.intake import Finding, alike, enter
from sizao.web.hazards.models import ORIGINS, Hazard
from sizao.web.hazards.origins import origin_of
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import pick
from sizao.web.reports.photos import MAX_BYTES, MAX_PHOTOS

FIELDS = (
    "kind", "text", "place", "stake", "junction", "enterprise", "lat", "lon", "report", "version",
    "run", "site", "inspection", "case", "vehicle", "firm",
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form, filled in from a report, a risk site or an inspection; posted, the hazard.

    Likely duplicates come back once for a person to judge; posted again with ``anyway`` it is
    entered all the same.
    """
    if not may_enter(request.user):
        raise PermissionDenied
    asked = request.POST if request.method == "POST" else request.GET
    given = {name: asked.get(name, "").strip() for name in FIELDS}
    origin = origin_of(request.user, given)
    if request.method != "POST":
        return _form(request, {**origin.filled, **{k: v for k, v in given.items() if v}}, origin)
    lat, lon = _number(given["lat"]), _number(given["lon"])
    if request.POST.get("anyway") != "1":
        spot = Spot("", given["kind"], lat, lon, given["junction"], given["enterprise"])
        if same := alike(request.user, spot):
            return _form(request, given, origin, 409, alike=same)
    photos = request.FILES.getlist("photos")[: MAX_PHOTOS + 1]
    try:
        made = enter(
            request.user,
            Finding(
                kind=given["kind"], text=given["text"], lat=lat, lon=lon, place=given["place"],
                stake=given["stake"], junction=given["junction"], enterprise=given["enterprise"],
                origin=origin.code, origin_ref=origin.ref, origin_data=origin.data,
                report=given["report"],
                report_version=int(given["version"]) if given["version"].isdigit() else -1,
                photos=[file.read(MAX_BYTES + 1) for file in photos],
            ),
        )  # fmt: skip
    except TransitionError as error:
        status = 403 if error.code == "role" else 422
        return _form(request, given, origin, status, said=pick(error.zh, error.en))
    if given["inspection"]:
        query = urlencode({"junction": made.junction, "made": made.number})
        return redirect(f"{reverse('hazard-inspect')}?{query}")
    return redirect("hazard", made.number)


def _number(text: str) -> float | None:
    try:
        return round(float(text), 6) if text else None
    except ValueError:
        return None


def _form(
    request: HttpRequest, given: dict[str, Any], origin, status: int = 200, **extra: Any
) -> HttpResponse:
    found = {
        "given": given,
        "origin": origin,
        "origins": [(code, words.origin_word(code)) for code in ORIGINS],
        "kind_groups": words.grouped_kinds(),
        "junctions": junctions(request),
        "enterprises": _known(request, "enterprise"),
        "bounds": bounds(),
        "most_photos": MAX_PHOTOS,
        **extra,
    }
    return render(request, "hazards/form.html", found, status=status)


def junctions(request: HttpRequest) -> list[str]:
    """Junctions that are in the ledger already: one name for one junction."""
    return _known(request, "junction")


def _known(request: HttpRequest, column: str) -> list[str]:
    rows = Hazard.objects.for_user(request.user).exclude(**{column: ""})
    return sorted(set(rows.values_list(column, flat=True)))


@require_http_methods(["GET", "HEAD"])
def inspect(request: HttpRequest) -> HttpResponse:
    """The check list of a junction or road for a phone: tap what is wrong, photo, send."""
    if not may_enter(request.user):
        raise PermissionDenied
    junction = request.GET.get("junction", "").strip()[:64]
    open_here = (
        Hazard.objects.for_user(request.user).open().filter(junction=junction) if junction else []
    )
    made = Hazard.objects.for_user(request.user).filter(number=request.GET.get("made", "")).first()
    return render(
        request,
        "hazards/inspect.html",
        {
            "junction": junction,
            "junctions": junctions(request),
            "items": words.questions(),
            "here": [words.row_of(one) for one in open_here],
            "made": made,
            "made_word": _("已登记 {number}").format(number=made.number) if made else "",
        },
    )
