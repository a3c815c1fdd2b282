"""The treatment pages: all of them with what finished hazards propose, the form, a file."""

from __future__ import annotations

import re

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core.errors import ConfigError, TransitionError
from sizao.risk import treatments as files
from sizao.risk.crashes import years_of
from sizao.web import audit
from sizao.web.hazards.models import Hazard
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import pick, refusal
from sizao.web.treatments import services, words
from sizao.web.treatments.access import may_enter, may_see
from sizao.web.treatments.models import Treatment
from sizao.web.writing import write

PAGE = 25
FIELDS = ("kind", "name", "lat", "lon", "first", "last", "cost", "source", "selected", "hazard")


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """All treatments; ``?format=csv`` is the file that ``sizao effects`` reads."""
    _allow(request)
    chosen = {name: request.GET.get(name, "").strip() for name in ("q", "kind")}
    rows = services.standing().select_related("recorded_by", "hazard")
    if chosen["kind"]:
        rows = rows.filter(kind=chosen["kind"])
    if chosen["q"]:
        rows = rows.filter(place__icontains=chosen["q"])
    if request.GET.get("format") == "csv":
        with write():
            audit.record(request.user, "export", "treatment", "", {"rows": rows.count()})
        answer = HttpResponse(services.to_csv(rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="treatments.csv"'
        return answer
    return _list(request, rows, chosen)


def _list(
    request: HttpRequest,
    rows: QuerySet[Treatment],
    chosen: dict[str, str],
    *,
    imported: services.Imported | None = None,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    given = {name: value for name, value in chosen.items() if value}
    return render(
        request,
        "treatments/list.html",
        {
            "page_obj": page,
            "rows": [{"made": one, "kind": words.kind_word(one.kind)} for one in page],
            "proposals": services.proposals(request.user) if may_enter(request.user) else [],
            "withdrawn": Treatment.objects.exclude(withdrawn_at=None).count(),
            "kinds": words.kinds(),
            "chosen": given,
            "query": "".join(f"&{name}={value}" for name, value in given.items()),
            "may_enter": may_enter(request.user),
            "imported": imported,
            "notice": {"kind": "refused", "text": notice} if notice else None,
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a treatment; ``?hazard=`` fills in what a finished hazard says."""
    _allow(request, enter=True)
    notice = ""
    given = {name: request.POST.get(name, "").strip() for name in FIELDS}
    number = given["hazard"] or request.GET.get("hazard", "")
    hazard = None
    if number:
        hazard = get_object_or_404(Hazard.objects.for_user(request.user), number=number)
    if request.method == "POST":
        try:
            services.enter(
                request.user, _typed(given), hazard=hazard,
                origin=Treatment.Origin.HAZARD if hazard else Treatment.Origin.HAND,
            )  # fmt: skip
            return redirect("treatments")
        except TransitionError as error:
            notice = refusal(error)
    elif hazard is not None:
        given |= _of_hazard(hazard)
    else:
        given |= {name: request.GET.get(name, "") for name in ("lat", "lon")}
    return render(
        request,
        "treatments/form.html",
        {
            "given": given,
            "hazard": hazard,
            "kinds": words.kinds(),
            "notice": {"kind": "refused", "text": notice} if notice else None,
            "bounds": bounds(),
        },
        status=422 if notice else 200,
    )


def _of_hazard(hazard: Hazard) -> dict[str, str]:
    """What a hazard says of its works. When they began it does not say: the day of the entry."""
    done = timezone.localtime(hazard.rectified_at) if hazard.rectified_at else None
    return {
        "name": hazard.text[:120],
        "lat": f"{hazard.lat:.6f}" if hazard.lat is not None else "",
        "lon": f"{hazard.lon:.6f}" if hazard.lon is not None else "",
        "first": f"{timezone.localtime(hazard.found_at):%Y-%m-%d}",
        "last": f"{done:%Y-%m-%d}" if done else "",
        "source": f"隐患 {hazard.number}",
        "hazard": hazard.number,
    }


def _typed(given: dict[str, str]) -> files.Treatment:
    try:
        lat, lon = float(given["lat"]), float(given["lon"])
        cost = float(given["cost"]) if given["cost"] else None
    except ValueError:
        raise TransitionError("坐标和费用要写成数", "Place and cost must be numbers.") from None
    try:
        selected = years_of(given["selected"]) if given["selected"] else None
    except ConfigError:
        raise TransitionError("选点年份写成 2020-2022", "Write years like 2020-2022.") from None
    return files.Treatment(
        given["kind"], given["name"], lat, lon, services.day(given["first"]),
        services.day(given["last"]), cost, given["source"], None, selected,
    )  # fmt: skip


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Enter the treatments of a file, and say of each row that cannot be why."""
    _allow(request, enter=True)
    rows = services.standing().select_related("recorded_by", "hazard")
    file = request.FILES.get("file")
    if file is None:
        return _list(request, rows, {}, notice=pick("请选择文件。", "Choose a file."), status=422)
    try:
        found = services.read_file(
            request.user, re.sub(r"[^\w.\-一-鿿]", "", file.name)[:64], file.read()
        )
    except TransitionError as error:
        return _list(request, rows, {}, notice=refusal(error), status=422)
    return _list(request, rows, {}, imported=found)


@require_POST
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Withdraw a wrong entry."""
    _allow(request, enter=True)
    made = get_object_or_404(Treatment, pk=number)
    try:
        services.withdraw(request.user, made, request.POST.get("reason", ""))
    except TransitionError as error:
        rows = services.standing().select_related("recorded_by", "hazard")
        return _list(request, rows, {}, notice=refusal(error), status=409)
    return redirect("treatments")


def _allow(request: HttpRequest, *, enter: bool = False) -> None:
    if not (may_enter(request.user) if enter else may_see(request.user)):
        raise PermissionDenied
