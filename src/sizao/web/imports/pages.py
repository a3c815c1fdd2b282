"""Pages of imports: what came in, and one import step by step. Views parse, call, render."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import ConfigError
from sizao.feeds.tables import samples
from sizao.feeds.tables.kinds import KINDS
from sizao.feeds.tables.table import MAX_BYTES, MAX_ROWS
from sizao.web import audit
from sizao.web.imports import forms, jobs, reports, services, undoing
from sizao.web.imports.access import may_import, may_look
from sizao.web.imports.models import Batch, SavedMapping
from sizao.web.imports.rows import (
    format_word,
    found_rows,
    kind_word,
    mapping_form,
    preview_of,
    state_word,
)
from sizao.web.pages import words
from sizao.web.pages.mapdata import bounds
from sizao.web.writing import write

PAGE = 25
REPORT_PAGE = 100
LOTS = ("bad", "repeated", "note")


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The history, and for those who may the form to begin an import."""
    return _show(request)


def _show(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    if not may_look(request.user):
        raise PermissionDenied
    jobs.mend_once()
    page = Paginator(Batch.objects.order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "imports/imports.html",
        {
            "page_obj": page,
            "batches": [(one, kind_word(one.kind), state_word(one.state)) for one in page],
            "kinds": [(name, words.pick(*kind.words)) for name, kind in KINDS.items()],
            "sources": sorted(set(SavedMapping.objects.values_list("source", flat=True))),
            "may_import": may_import(request.user),
            "max_mib": MAX_BYTES >> 20,
            "max_rows": MAX_ROWS,
            "problem": problem,
            "given": request.POST,
            "query": "",
        },
        status=status,
    )


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file and begin to read it; the page of the import shows how far it is."""
    _must_import(request)
    file = request.FILES.get("file")
    if file is None:
        return _show(request, _("请选择一个文件。"), 422)
    if file.size > MAX_BYTES:
        return _show(request, _("文件太大，请拆成几个文件。"), 422)
    try:
        batch = services.open_batch(
            request.user,
            kind=request.POST.get("kind", ""),
            source=request.POST.get("source", ""),
            file_name=file.name or "",
            data=file.read(),
        )
    except ConfigError:
        return _show(request, _("请写明来源（最多 64 个字），例如：122 接处警平台。"), 422)
    jobs.submit("read", batch.pk, request.user)
    return redirect("import", batch.pk)


@require_safe
def one(request: HttpRequest, batch_id: int) -> HttpResponse:
    """An import as far as it is; with ``?part=progress`` the moving part alone."""
    if not may_look(request.user):
        raise PermissionDenied
    jobs.mend_once()
    batch = get_object_or_404(Batch, pk=batch_id)
    if request.GET.get("part") == "progress":
        answer = render(request, "imports/_progress.html", _facts(request, batch))
        if not batch.busy:
            answer["HX-Refresh"] = "true"
        return answer
    return _one(request, batch)


def _one(request: HttpRequest, batch: Batch, problem: str = "", status: int = 200) -> HttpResponse:
    facts = _facts(request, batch)
    facts["problem"] = problem or (
        words.pick(batch.error["zh"], batch.error["en"]) if batch.error else ""
    )
    if batch.state == Batch.State.MAPPING:
        facts["form"] = mapping_form(batch)
    if batch.state == Batch.State.CHECKED:
        facts["preview"] = preview_of(batch)
        facts["bounds"] = bounds()
    if batch.state in (Batch.State.CHECKED, Batch.State.DONE, Batch.State.UNDONE):
        facts.update(_report(request, batch))
    if batch.state == Batch.State.DONE and undoing.can_undo(batch):
        facts["undo"] = undoing.consequence(batch)
    return render(request, "imports/import.html", facts, status=status)


def _facts(request: HttpRequest, batch: Batch) -> dict[str, object]:
    return {
        "batch": batch,
        "kind": kind_word(batch.kind),
        "state": state_word(batch.state),
        "format": format_word(batch.look["format"]) if batch.look.get("format") else "",
        "percent": round(batch.progress * 100),
        "may_import": may_import(request.user),
    }


def _report(request: HttpRequest, batch: Batch) -> dict[str, object]:
    lots = [(lot, batch.report.filter(lot=lot).count()) for lot in LOTS]
    chosen = request.GET.get("lot", "")
    if chosen not in LOTS:
        chosen = next((lot for lot, count in lots if count), "bad")
    page = Paginator(batch.report.filter(lot=chosen).order_by("row"), REPORT_PAGE).get_page(
        request.GET.get("page")
    )
    return {
        "lots": [(lot, count) for lot, count in lots if count],
        "lot": chosen,
        "page_obj": page,
        "report": found_rows(request.user, batch, page),
        "query": f"lot={chosen}",
        "cut": batch.counts.get("bad", 0) > reports.MOST,
    }


@require_POST
def act(request: HttpRequest, batch_id: int) -> HttpResponse:
    """A step: read (again), check, back, confirm, discard, undo."""
    _must_import(request)
    batch = get_object_or_404(Batch, pk=batch_id)
    action = request.POST.get("action", "")
    try:
        if action == "check":
            chosen = forms.mapping_of(batch, request.POST)
            if problem := forms.problem_of(batch, chosen, request.POST):
                batch.options = {**batch.options, "mapping": chosen.as_dict()}
                return _one(request, batch, problem, 422)
            if services.begin(batch, Batch.State.MAPPING, Batch.State.CHECKING):
                services.choose(batch, chosen, **forms.options_of(request.POST))
                jobs.submit("check", batch.pk, request.user)
        elif action == "read":
            if services.begin(batch, Batch.State.MAPPING, Batch.State.READING):
                services.look_again(batch, **forms.place_of(request.POST))
                jobs.submit("read", batch.pk, request.user)
        elif action == "back":
            services.begin(batch, Batch.State.CHECKED, Batch.State.MAPPING)
        elif action == "confirm":
            if services.begin(batch, Batch.State.CHECKED, Batch.State.STORING):
                jobs.submit("store", batch.pk, request.user)
        elif action == "discard":
            services.discard(request.user, batch.pk)
            return redirect("imports")
        elif action == "undo":
            undoing.undo(request.user, batch.pk)
        else:
            return HttpResponse(status=400)
    except ConfigError:
        batch.refresh_from_db()
        return _one(request, batch, _("这一步现在不能做：页面打开之后情况已变。"), 409)
    return redirect("import", batch.pk)


@require_safe
def problems(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The bad rows as a file to be mended and imported again; an export is written down."""
    _must_import(request)
    batch = get_object_or_404(Batch, pk=batch_id)
    text, count = reports.mend_csv(batch)
    with write():
        audit.record(request.user, "export", "import", batch.pk, {"rows": count})
    return _file(text.encode(), f"sizao-import-{batch.pk}-problems.csv", "text/csv; charset=utf-8")


@require_safe
def sample(request: HttpRequest, name: str) -> HttpResponse:
    """A table to fill in: the columns that are understood, with made-up rows."""
    if not may_look(request.user):
        raise PermissionDenied
    kind, _dot, suffix = name.partition(".")
    if kind not in KINDS or suffix not in ("csv", "xlsx"):
        raise Http404
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(
        samples.for_name(kind, name),
        f"sizao-{name}",
        sheet if suffix == "xlsx" else "text/csv; charset=utf-8",
    )


def _file(data: bytes, name: str, content_type: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _must_import(request: HttpRequest) -> None:
    if not may_import(request.user):
        raise PermissionDenied
