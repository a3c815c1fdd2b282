"""Pages of patrol plans. Views parse, call, render."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import ConfigError, ConflictError, SaidError
from sizao.web.clock import feed_now
from sizao.web.pages.export import csv_answer
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import pick
from sizao.web.plan import access, changing, jobs, services, tables
from sizao.web.plan.models import Plan
from sizao.web.risk.models import Assessment

PAGE = 25


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Plans that the account may open, and for those who may the form to order one."""
    return _show(request)


def _show(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    _must_look(request)
    jobs.mend_once()
    user = request.user
    page = Paginator(access.visible(user), PAGE).get_page(request.GET.get("page"))
    may_plan = access.may_plan(user)
    return render(
        request,
        "plan/plans.html",
        {
            "page_obj": page,
            "plans": [(one, tables.state_word(one.state)) for one in page],
            "may_plan": may_plan,
            "crews": services.crews_of(user.unit) if may_plan else [],
            "assessed": Assessment.objects.filter(state=Assessment.State.DONE).exists(),
            "monday": _next_monday(),
            "problem": problem,
            "given": request.POST,
            "chosen": request.POST.getlist("crew"),
            "query": "",
        },
        status=status,
    )


def _next_monday() -> date:
    today = timezone.localdate(feed_now())
    return today + timedelta(days=7 - today.weekday())


@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """Order a plan; it is made in the background."""
    if not access.may_plan(request.user):
        raise PermissionDenied
    try:
        plan = services.open_plan(
            request.user,
            first=date.fromisoformat(request.POST.get("first", "")),
            days=int(request.POST.get("days", "7")),
            crews=request.POST.getlist("crew"),
            drink_driving=min(int(request.POST.get("drink_driving") or 0), 20),
            core_violations=min(int(request.POST.get("core_violations") or 0), 20),
        )
    except SaidError as error:
        return _show(request, pick(error.zh, error.en), 422)
    except (ConfigError, ValueError):
        return _show(
            request,
            _("不能编排：请选 1 至 24 个中队、未过的首日和 1 至 14 天，并先完成风险评估。"),
            422,
        )
    jobs.submit(plan.pk)
    return redirect("plan", plan.pk)


@require_safe
def one(request: HttpRequest, plan_id: int) -> HttpResponse:
    """A plan as far as the account may see it; ``?part=effect`` what a change would do."""
    plan = _plan(request, plan_id)
    if request.GET.get("part") == "progress":
        answer = render(request, "plan/_progress.html", {"plan": plan})
        if plan.state != Plan.State.MAKING:
            answer["HX-Refresh"] = "true"
        return answer
    if request.GET.get("part") == "effect":
        return _effect(request, plan)
    return _one(request, plan)


def _one(request: HttpRequest, plan: Plan, problem: str = "", status: int = 200) -> HttpResponse:
    now = feed_now()
    stays = list(access.stays_for(request.user, plan, now))
    whole = access.sees_whole(request.user, plan)
    open_ = plan.state in (Plan.State.DRAFT, Plan.State.APPROVED)
    crew = request.GET.get("crew", "")
    day = request.GET.get("day", "")
    chosen = tables.chosen(stays, crew, day)
    editing = next((s for s in chosen if str(s.pk) == request.GET.get("stay")), None)
    may_change = whole and open_
    names = tables.crew_names(plan)
    return render(
        request,
        "plan/plan.html",
        {
            "plan": plan,
            "state": tables.state_word(plan.state),
            "whole": whole,
            "table": tables.week(plan, stays),
            "crew": crew,
            "day": day,
            "rows": [
                (
                    stay,
                    names.get(stay.crew, stay.crew_name),
                    tables.activity_word(stay.activity),
                    may_change and stay.arrive > now,
                )
                for stay in chosen
            ],
            "editing": editing if may_change else None,
            "editing_crew": names.get(editing.crew, editing.crew_name) if editing else "",
            "choices": changing.choices(plan, editing) if editing and may_change else [],
            "places": [[stay.lon, stay.lat] for stay in chosen if stay.lat is not None],
            "bounds": bounds(),
            "may_approve": access.may_approve(request.user, plan),
            "may_withdraw": may_change,
            "hidden": not whole,
            "problem": problem,
        },
        status=status,
    )


def _effect(request: HttpRequest, plan: Plan) -> HttpResponse:
    if not access.sees_whole(request.user, plan):
        raise Http404
    stay = get_object_or_404(plan.stays.filter(post__gte=0), pk=_number(request.GET.get("stay")))
    try:
        found = changing.effect(plan, stay, _number(request.GET.get("post")))
    except ConfigError:
        raise Http404 from None
    return render(request, "plan/_effect.html", {"effect": found})


@require_POST
def act(request: HttpRequest, plan_id: int) -> HttpResponse:
    """approve, withdraw, change."""
    plan = _plan(request, plan_id)
    if not access.sees_whole(request.user, plan):
        raise PermissionDenied
    action = request.POST.get("action", "")
    try:
        if action == "approve":
            services.approve(request.user, plan.pk)
        elif action == "withdraw":
            services.withdraw(request.user, plan.pk)
        elif action == "change":
            changing.change(
                request.user, plan.pk, _number(request.POST.get("stay")),
                _number(request.POST.get("post")),
            )  # fmt: skip
        else:
            return HttpResponse(status=400)
    except ConflictError:
        plan.refresh_from_db()
        return _one(request, plan, _("这一步现在不能做，或须由另一位领导来做。"), 409)
    except ConfigError:
        return _one(request, plan, _("换到那里来不及按时到下一个点，没有改动。"), 422)
    return redirect("plan", plan.pk)


@require_safe
def export(request: HttpRequest, plan_id: int) -> HttpResponse:
    """The visible part as CSV; written to the audit log."""
    plan = _plan(request, plan_id)
    stays = access.stays_for(request.user, plan, feed_now())
    return csv_answer(request, f"plan-{plan.pk}", tables.HEADER, map(tables.csv_row, stays))


def _plan(request: HttpRequest, plan_id: int) -> Plan:
    _must_look(request)
    return get_object_or_404(access.visible(request.user), pk=plan_id)


def _must_look(request: HttpRequest) -> None:
    if not request.user.sees_plans:
        raise PermissionDenied


def _number(text: str | None) -> int:
    try:
        return int(text or "")
    except ValueError:
        raise Http404 from None
