"""Pages of the register of junctions. Views parse, call, render."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core.errors import ConfigError, ConflictError
from sizao.plan.signals.junction import Junction as Shape
from sizao.plan.signals.junction import junction_of
from sizao.web import audit as journal
from sizao.web.hazards.models import Hazard
from sizao.web.junctions import access, audits, drawing, forms, life, nearby, register, words
from sizao.web.junctions.criteria import criteria
from sizao.web.junctions.items import item_word
from sizao.web.junctions.models import Finding, Junction
from sizao.web.pages.mapdata import bounds
from sizao.web.writing import write

PAGE = 25


def must_look(request: HttpRequest) -> None:
    if not access.may_look(request.user):
        raise PermissionDenied


def found(request: HttpRequest, pk: int) -> Junction:
    """The junction, if the account may see it."""
    must_look(request)
    return get_object_or_404(Junction.objects.for_user(request.user).select_related("unit"), pk=pk)


def svg(text: str) -> str:
    """A drawing of ours, every text in it escaped, for the template."""
    return mark_safe(text)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The register, with filters by state and words."""
    must_look(request)
    every = Junction.objects.for_user(request.user).select_related("unit")
    state, text = request.GET.get("state", ""), request.GET.get("q", "").strip()
    chosen = every.filter(state=state) if state in Junction.State.values else every
    if text:
        chosen = chosen.filter(name__icontains=text)
    page = Paginator(chosen, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "junctions/list.html",
        {
            "page_obj": page,
            "rows": [_row(one) for one in page],
            "counts": [
                (code, words.state_word(code), every.filter(state=code).count())
                for code in Junction.State.values
            ],
            "state": state,
            "q": text,
            "query": f"state={state}&q={text}",
            "may_register": access.may_register(request.user),
        },
    )


def _row(junction: Junction) -> dict[str, Any]:
    audit = audits.latest(junction)
    timing = junction.timings.first()
    return {
        "junction": junction,
        "state": words.state_word(junction.state),
        "audit": audit,
        "score": f"{audits.score(audit):.0%}" if audit else "",
        "defects": audit.findings.filter(answer=Finding.Answer.DEFECT).count() if audit else None,
        "timing": timing,
        "crashes": len(nearby.crashes(junction).rows),
    }


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new junction: a place, what the road network says of it, and what people correct."""
    must_look(request)
    if not access.may_register(request.user):
        raise PermissionDenied
    given: dict[str, Any] = {"name": "", "lat": "", "lon": "", "shape": None}
    problem, guessed, status = "", (), 200
    try:
        if request.method == "POST":
            given |= {name: request.POST.get(name, "") for name in ("name", "lat", "lon")}
            given["shape"] = forms.shape(request.POST)
            made = register.register(
                request.user, name=given["name"], lat=forms.number(request.POST, "lat"),
                lon=forms.number(request.POST, "lon"), shape=given["shape"],
                contact=request.POST.get("contact", ""),
            )  # fmt: skip
            return redirect("junction", made.pk)
        if request.GET.get("lat"):
            draft = register.drafted(
                forms.number(request.GET, "lat"), forms.number(request.GET, "lon")
            )
            given = {"name": draft.raw["name"], "lat": f"{draft.lat:.6f}",
                     "lon": f"{draft.lon:.6f}", "shape": draft.raw}  # fmt: skip
            guessed = draft.guessed
    except (ConfigError, ConflictError) as error:
        problem, status = words.refusal(error), 422
    return render(
        request,
        "junctions/edit.html",
        {
            "given": given, "arms": _arm_rows(given["shape"]), "problem": problem,
            "guessed": guessed, "bounds": bounds(), "new": True,
        },
        status=status,
    )  # fmt: skip


def _arm_rows(raw: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Rows of the form of arms, empty ones to the end."""
    rows: list[dict[str, Any]] = []
    if raw:
        try:
            shape = junction_of(raw)
            rows = [{**vars(arm), "text": forms.lanes_text(shape, arm.id)} for arm in shape.arms]
        except ConfigError:
            rows = [
                {**arm, "text": " ".join(lane["turns"] for lane in arm["lanes"])}
                for arm in raw["arms"]
            ]
    return rows + [{} for _n in range(forms.ARM_ROWS - len(rows))]


@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """A junction: what it is, what is wrong, what comes next."""
    return page(request, found(request, pk))


def page(
    request: HttpRequest, junction: Junction, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of a junction, with a problem if an action was refused."""
    shape = register.shape_of(junction)
    audit = audits.latest(junction)
    open_audit = junction.audits.filter(finished_at=None).first()
    defects = defects_of(audit)
    by_arm: dict[str, int] = {}
    for one in defects:
        by_arm[one.arm] = by_arm.get(one.arm, 0) + 1
    crashes, hazards = nearby.crashes(junction), nearby.hazards(junction)
    seen = set(
        Hazard.objects.for_user(request.user)
        .filter(pk__in=[one.pk for one in hazards])
        .values_list("pk", flat=True)
    )
    return render(
        request,
        "junctions/junction.html",
        {
            "junction": junction,
            "state": words.state_word(junction.state),
            "drawing": svg(drawing.plan(shape, by_arm, junction.name)),
            "audit": audit,
            "open_audit": open_audit,
            "score": f"{audits.score(audit):.0%}" if audit else "",
            "defects": [(shape_name(shape, f.arm), item_word(f.item), f) for f in defects],
            "difference": _difference(shape, audit),
            "criteria": criteria(junction),
            "steps": [
                (name, words.action_word(name), name in life.NEEDS_WORDS)
                for name in life.open_steps(request.user, junction)
            ],
            "history": [
                (one, words.action_word(one.action), words.state_word(one.state))
                for one in junction.steps.order_by("-pk")[:30]
            ],
            "crashes": crashes,
            "crash_years": nearby.by_year(crashes),
            "radius": int(nearby.RADIUS_M),
            "years": nearby.YEARS,
            "hazards": hazards,
            "hazards_seen": [one for one in hazards if one.pk in seen],
            "count": junction.counts.first(),
            "timing": junction.timings.first(),
            "may_change": access.may_change(request.user, junction),
            "may_audit": access.may_audit(request.user, junction),
            "places": [[junction.lon, junction.lat]],
            "bounds": bounds(),
            "problem": problem,
        },
        status=status,
    )


def defects_of(audit: Any) -> list[Finding]:
    """What the newest audit found wrong."""
    if audit is None:
        return []
    return list(audit.findings.filter(answer=Finding.Answer.DEFECT))


def shape_name(shape: Shape, arm: str) -> str:
    """An arm's name; its id once it is gone."""
    return next((one.name for one in shape.arms if one.id == arm), arm)


def _difference(shape: Shape, audit: Any) -> list[tuple[str, list[str]]] | None:
    change = audits.difference(audit) if audit else None
    if change is None:
        return None
    return [
        (word, [f"{shape_name(shape, arm)} {item_word(item)}" for arm, item in pairs])
        for word, pairs in (
            (_("已改好"), change.mended), (_("新出现"), change.new), (_("仍存在"), change.still),
        )
    ]  # fmt: skip


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """A step of the junction's life."""
    junction = found(request, pk)
    if not access.may_change(request.user, junction):
        raise PermissionDenied
    try:
        life.act(
            request.user, junction.pk, int(request.POST.get("version") or 0),
            request.POST.get("action", ""), request.POST.get("note", ""),
        )  # fmt: skip
    except ConflictError as error:
        junction.refresh_from_db()
        return page(request, junction, words.refusal(error), 409)
    except (ConfigError, ValueError) as error:
        return page(request, junction, words.refusal(error), 422)
    return redirect("junction", junction.pk)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Arms and lanes, or the plan in force."""
    junction = found(request, pk)
    if not access.may_change(request.user, junction):
        raise PermissionDenied
    problem, status = "", 200
    if request.method == "POST":
        try:
            version = int(request.POST.get("version") or 0)
            if request.POST.get("part") == "plan":
                register.change(request.user, junction.pk, version, plan=forms.plan(request.POST))
            else:
                register.change(
                    request.user, junction.pk, version, shape=forms.shape(request.POST),
                    contact=request.POST.get("contact", ""),
                )  # fmt: skip
            return redirect("junction", junction.pk)
        except ConflictError as error:
            problem, status = words.refusal(error), 409
        except (ConfigError, ValueError) as error:
            problem, status = words.refusal(error), 422
        junction.refresh_from_db()
    shape = register.shape_of(junction)
    return render(
        request,
        "junctions/edit.html",
        {
            "junction": junction,
            "given": {"name": junction.name, "lat": junction.lat, "lon": junction.lon,
                      "shape": junction.shape, "contact": junction.contact},
            "arms": _arm_rows({"name": junction.name, **junction.shape}),
            "movements": [
                (name, words.movement_word(shape, name)) for name in shape.movements()
            ],
            "phases": _phase_rows(junction),
            "problem": problem,
        },
        status=status,
    )  # fmt: skip


def _phase_rows(junction: Junction) -> list[dict[str, Any]]:
    rows = list(junction.plan.get("phases", []))
    return rows + [{} for _n in range(forms.PHASE_ROWS - len(rows))]


@require_safe
def sheet(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The sheet for the works department, as PDF or Word; written to the audit log."""
    from sizao.web.junctions import sheet as sheets

    junction = found(request, pk)
    made = {"pdf": sheets.pdf, "docx": sheets.word}.get(form)
    if made is None:
        raise Http404
    data = made(sheets.content(junction))
    with write():
        journal.record(request.user, "export", "junction", junction.pk, {"form": form})
    kind = {
        "pdf": "application/pdf",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }[form]
    answer = HttpResponse(data, content_type=kind)
    shown = "inline" if form == "pdf" else "attachment"
    answer["Content-Disposition"] = f'{shown}; filename="junction-{junction.pk}.{form}"'
    return answer
