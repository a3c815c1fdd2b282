"""Runs: what was assessed with which records, and starting another."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import ConfigError
from sizao.risk.crashes import years_of
from sizao.web.risk import jobs, services, words
from sizao.web.risk.access import may_assess
from sizao.web.risk.models import Assessment
from sizao.web.risk.views import for_lookers, missing

PAGE = 25


@require_safe
@for_lookers
def show(request: HttpRequest) -> HttpResponse:
    """The history of runs, and for those who may the form to start one."""
    return _show(request)


def _show(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    page = Paginator(Assessment.objects.order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    years = services.usual_years()
    return render(
        request,
        "risk/runs.html",
        {
            **missing(request),
            "page_obj": page,
            "runs": [_facts(one) for one in page],
            "methods": [(code, words.method_word(code)) for code in services.METHODS],
            "years": f"{years[0]}-{years[-1]}" if years else "",
            "given": request.POST,
            "problem": problem,
            "query": "",
        },
        status=status,
    )


def _facts(run: Assessment) -> dict[str, object]:
    return {
        "run": run,
        "state": words.state_word(run.state),
        "step": words.step_word(run.step) if run.step else "",
        "method": words.method_word(run.method),
        "percent": round(run.progress * 100),
        "capture": run.backtest["capture"]["0.05"] * 100 if run.backtest else None,
    }


@require_safe
@for_lookers
def one(request: HttpRequest, run_id: int) -> HttpResponse:
    """A run: what went in, with what, and what came out; ``?part=progress`` while it works."""
    run = get_object_or_404(Assessment, pk=run_id)
    facts = _facts(run)
    if request.GET.get("part") == "progress":
        answer = render(request, "risk/_progress.html", facts)
        if not run.busy:
            answer["HX-Refresh"] = "true"
        return answer
    facts["breaks"] = [words.break_word(found) for found in run.summary.get("breaks", ())]
    facts["sources"] = sorted(run.data.get("sources", {}).items())
    return render(request, "risk/run.html", facts)


@require_POST
@for_lookers
def start(request: HttpRequest) -> HttpResponse:
    """Start a run in the background and show it."""
    if not may_assess(request.user):
        raise PermissionDenied
    if Assessment.objects.filter(state__in=Assessment.BUSY).exists():
        return _show(request, _("已有一次评估正在进行，请等它完成。"), 409)
    try:
        years = years_of(request.POST.get("years", ""))
        run = services.open_run(
            request.user,
            years=years,
            method=request.POST.get("method", "pooled"),
            threshold=float(request.POST.get("threshold") or 2.0),
        )
    except (ConfigError, ValueError):
        return _show(request, _("请检查年份（例如 2023-2025）、方法和倍数（1–20）。"), 422)
    jobs.submit(run.pk)
    return redirect("risk-run", run.pk)
