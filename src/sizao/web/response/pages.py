"""Pages of plans on a case and of the tasks at a desk. Views parse, call, render."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.reading import opened
from sizao.web.clock import feed_now
from sizao.web.pages.words import pick
from sizao.web.response import book, services
from sizao.web.response.access import may_see_tasks, may_start
from sizao.web.response.models import PlanTask
from sizao.web.response.rows import (
    fact_word,
    measure_words,
    party_word,
    source_words,
    task_row,
)

PAGE = 50


def _case(request: HttpRequest, case_id: int) -> Case:
    case = get_object_or_404(
        Case.every.for_user(request.user).select_related("unit", "local_unit"), pk=case_id
    )
    if not may_start(request.user, case):
        raise PermissionDenied
    return case


@require_safe
def choose(request: HttpRequest, case_id: int) -> HttpResponse:
    """Every plan that holds, those that the case proposes first."""
    case = _case(request, case_id)
    proposed = {plan.id: plan for plan in book.proposed(case)}
    others = [plan for name, plan in book.in_force().items() if name not in proposed]
    return render(
        request,
        "response/choose.html",
        {
            "case": case,
            "plans": [
                (plan, pick(plan.zh, plan.en), plan.id in proposed)
                for plan in (*proposed.values(), *others)
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, case_id: int, plan_id: str) -> HttpResponse:
    """What would be ordered, of whom and by when; with POST it is."""
    case = _case(request, case_id)
    notice, status = None, 200
    asked = request.POST if request.method == "POST" else request.GET
    facts = asked.getlist("fact") if "asked" in asked else book.known_facts(case)
    if request.method == "POST":
        try:
            services.start(request.user, case_id, plan_id, facts, request.POST.get("seen", ""))
        except KeyError:
            raise Http404 from None
        except TransitionError as error:
            notice, status = {"kind": "refused", "text": pick(error.zh, error.en)}, 422
            case.refresh_from_db()
        except NotAllowedError as error:
            raise PermissionDenied from error
        else:
            return redirect("case", case_id)
    try:
        order = services.order_of(case, plan_id, facts)
    except KeyError:
        raise Http404 from None
    names = {task.id: pick(task.zh, task.en) for task in order.tasks}
    parties = dict.fromkeys(task.party for task in order.tasks)
    return render(
        request,
        "response/confirm.html",
        {
            "case": case,
            "plan": order.plan,
            "name": pick(order.plan.zh, order.plan.en),
            "seen": f"{order.plan.version} {case.level_code}",
            "questions": [
                (fact, fact_word(fact), fact in order.facts) for fact in order.plan.questions
            ],
            "parties": [(party_word(party), order.units[party]) for party in parties],
            "tasks": [
                {
                    "task": task,
                    "what": names[task.id],
                    "party": party_word(task.party),
                    "unit": order.units[task.party],
                    "after": [names[one] for one in task.after],
                    "acknowledge_min": task.acknowledge_s / 60,
                    "finish_min": task.finish_s / 60,
                    "measures": measure_words(task.measures),
                }
                for task in order.tasks
            ],
            "sources": source_words(order.plan),
            "notice": notice,
        },
        status=status,
    )


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """The tasks at the reader's desk, the soonest clock first. Opening is their receipt."""
    return _desk(request)


def _desk(request: HttpRequest, notice: object = None, status: int = 200) -> HttpResponse:
    if not may_see_tasks(request.user):
        raise PermissionDenied
    every = PlanTask.every.at_desk(request.user)
    state = request.GET.get("state", "open")
    tasks = every if state == "all" else every.current()
    tasks = tasks.select_related("case__unit", "case__local_unit", "unit").order_by(
        F("ended_at").desc(nulls_first=True), "finish_by", "pk"
    )
    page = Paginator(tasks, PAGE).get_page(request.GET.get("page"))
    for task in page:
        if task.open:
            opened(request.user, task.case, task.key)
    current = every.current()
    return render(
        request,
        "response/_tasks.html" if request.GET.get("part") == "list" else "response/tasks.html",
        {
            "page_obj": page,
            "rows": [task_row(request.user, task) for task in page],
            "open": current.count(),
            "late": current.filter(missed__gt=0).count(),
            "state": "all" if state == "all" else "open",
            "query": f"state={state}",
            "notice": notice,
            "now": feed_now(),
        },
        status=status,
    )


@require_POST
def act(request: HttpRequest, task_id: int) -> HttpResponse:
    """Answer a task from its desk or from the case page.

    409 when somebody else was first, 422 when the step is not possible, 403 when it is not the
    user's to take.
    """
    try:
        task = services.answer(
            request.user,
            task_id,
            request.POST.get("action", ""),
            request.POST.get("seen", ""),
            request.POST.get("reason", ""),
        )
    except PlanTask.DoesNotExist:
        raise Http404 from None
    except services.TaskConflictError as error:
        return _desk(request, {"kind": "refused", "text": pick(error.zh, error.en)}, 409)
    except TransitionError as error:
        return _desk(request, {"kind": "refused", "text": pick(error.zh, error.en)}, 422)
    except NotAllowedError as error:
        return _desk(request, {"kind": "refused", "text": pick(error.zh, error.en)}, 403)
    if request.POST.get("from") == "case":
        return redirect("case", task.case_id)
    return redirect("tasks")
