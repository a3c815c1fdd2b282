"""The rules page: every rule with source, certainty, numbers and history; changes by two people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.core.rule_parameters import parameter
from sizao.core.rulebook import Entry
from sizao.web.pages import words
from sizao.web.rules import entering, services, trialpages, trials, wording
from sizao.web.rules.access import may_change, may_see
from sizao.web.rules.catalogue import Described, rules
from sizao.web.rules.models import Change, Trial
from sizao.web.rules.origins import origins


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """All rules; those with a change that waits first."""
    _allow(request)
    counts, all_of_them = services.counts()
    waiting = {one.rule: one for one in Change.objects.filter(state=Change.State.ASKED)}
    lines = []
    for known in rules().values():
        change = services.in_force(known.id)
        lines.append(
            {
                "rule": known,
                "name": _name(known),
                "source": _source(known.sources[0]),
                "enabled": change is None or change.enabled,
                "changed": bool(change and change.params),
                "since": change.decided_at if change else None,
                "version": _version(known, change),
                "waiting": waiting.get(known.id),
                "count": counts.get(known.id, 0),
            }
        )
    lines.sort(key=lambda line: line["waiting"] is None)
    return render(
        request,
        "rules/list.html",
        {"lines": lines, "waiting": len(waiting), "all_of_them": all_of_them},
    )


@require_safe
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """One rule."""
    return _page(request, rule_id)


@require_POST
def ask(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Ask for a change with the numbers of the form."""
    _allow(request, change=True)
    _known(rule_id)
    try:
        params, enabled = _entered(request, rule_id)
        services.ask(
            request.user, rule_id, params, enabled, request.POST.get("reason", ""),
            basis=request.POST.get("basis", ""),
        )  # fmt: skip
    except TransitionError as error:
        stale = error.code == "stale"
        return _page(
            request,
            rule_id,
            notice=words.pick(error.zh, error.en),
            status=409 if stale else 422,
            typed={} if stale else request.POST,
        )
    return redirect("rule", rule_id)


def _entered(request: HttpRequest, rule_id: str) -> tuple[dict[str, Any], bool]:
    """Parameters of the form on top of those in force, and whether the rule is to be on."""
    known = _known(rule_id)
    now = services.in_force(rule_id)
    params = {
        name: entering.read(rule_id, name, known.defaults[name], request.POST[f"p-{name}"])
        for name in known.defaults
        if f"p-{name}" in request.POST
    }
    return {**(now.params if now else {}), **params}, request.POST.get("enabled") == "1"


@require_POST
def attempt(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Try the numbers of the form, or of the change that waits, on the archive."""
    _allow(request, change=True)
    _known(rule_id)
    given = trialpages.form(request)
    try:
        if request.POST.get("change"):
            change = get_object_or_404(
                Change, pk=request.POST["change"], rule=rule_id, state=Change.State.ASKED
            )
            params, enabled = dict(change.params), change.enabled
        else:
            params, enabled = _entered(request, rule_id)
        trial = trials.ask(
            request.user, rule_id, params, enabled, trialpages.moment(given["since"]),
            trialpages.moment(given["until"]), given["purpose"],
        )  # fmt: skip
    except TransitionError as error:
        return _page(request, rule_id, notice=words.pick(error.zh, error.en), status=422)
    return redirect("rule-trial", rule_id, trial.pk)


@require_POST
def decide(request: HttpRequest, rule_id: str, change_id: int) -> HttpResponse:
    """Accept, refuse or withdraw a change that waits."""
    _allow(request, change=True)
    change = get_object_or_404(Change, pk=change_id, rule=rule_id)
    try:
        accept = request.POST.get("decision") == "accept"
        services.decide(request.user, change, accept, request.POST.get("remark", ""))
    except TransitionError as error:
        return _page(request, rule_id, notice=words.pick(error.zh, error.en), status=409)
    return redirect("rule", rule_id)


def _page(
    request: HttpRequest,
    rule_id: str,
    *,
    notice: str = "",
    status: int = 200,
    typed: Mapping[str, str] | None = None,
) -> HttpResponse:
    """``typed`` are the numbers to show in the form where they differ; by default those sent."""
    _allow(request)
    typed = request.POST if typed is None else typed
    known = _known(rule_id)
    now = services.in_force(rule_id)
    differing = now.params if now else {}
    history = Change.objects.filter(rule=rule_id).select_related("asked_by", "decided_by")
    waiting = next((one for one in history if one.state == Change.State.ASKED), None)
    counts, all_of_them = services.counts()
    return render(
        request,
        "rules/rule.html",
        {
            "rule": known,
            "name": _name(known),
            "sources": [_source(one) for one in known.sources],
            "enabled": now is None or now.enabled,
            "version": _version(known, now),
            "basis": services.seen(rule_id),
            "params": [_parameter(name, known, differing, typed) for name in known.defaults],
            "waiting": waiting,
            "trial_form": trialpages.form(request),
            "trials": _trials(rule_id, waiting),
            "waiting_told": _told(known, now, waiting) if waiting else [],
            "history": _history(known, list(history)),
            "compared": _compared(known, list(history), request),
            "count": counts.get(rule_id, 0),
            "all_of_them": all_of_them,
            "may_change": may_change(request.user),
            "own": waiting is not None and waiting.asked_by_id == request.user.pk,
            "notice": {"kind": "refused", "text": notice} if notice else None,
            "reason": request.POST.get("reason", ""),
        },
        status=status,
    )


def _trials(rule_id: str, waiting: Change | None) -> list[tuple[Trial, str]]:
    """Trials of the version that waits for a decision, without one the latest of the rule; each
    with its state in words."""
    if waiting is not None:
        found = trials.of_version(rule_id, waiting.version, waiting.enabled)
    else:
        found = list(Trial.objects.filter(rule=rule_id).select_related("by")[:5])
    return [(one, str(words.pick(*trialpages.STATES[one.state]))) for one in found]


def _said(change: Change | None) -> dict[str, Any] | None:
    """Parameters of a version as ``wording.changes`` takes them; no change is the rule book."""
    if change is None:
        return {}
    return dict(change.params) if change.enabled else None


def _told(known: Described, before: Change | None, after: Change | None) -> list[str]:
    told = wording.changes(known.id, known.defaults, _said(before), _said(after))
    return [str(words.pick(*one)) for one in told]


def _history(known: Described, changes: list[Change]) -> list[dict[str, Any]]:
    """Decided changes, the newest first, each with what it changed of the version before it."""
    found = []
    held: Change | None = None
    for change in sorted(
        (one for one in changes if one.decided_at is not None),
        key=lambda one: (one.decided_at, one.pk),
    ):
        found.append({"one": change, "told": _told(known, held, change)})
        if change.state == Change.State.ACCEPTED:
            held = change
    return found[::-1]


def _compared(
    known: Described, changes: list[Change], request: HttpRequest
) -> dict[str, Any] | None:
    """Two versions side by side: of the rule book (0) and the accepted changes, by ``a``, ``b``."""
    versions: dict[str, Change | None] = {"0": None}
    versions |= {str(one.pk): one for one in changes if one.state == Change.State.ACCEPTED}
    if len(versions) < 2:
        return None
    names = list(versions)
    first, second = request.GET.get("a", "0"), request.GET.get("b", names[1])
    if first not in versions or second not in versions:
        raise Http404
    return {
        "versions": [(name, _version(known, one), one) for name, one in versions.items()],
        "a": first,
        "b": second,
        "told": _told(known, versions[first], versions[second]),
    }


def _parameter(
    name: str, known: Described, differing: dict[str, Any], typed: Mapping[str, str]
) -> dict[str, Any]:
    default = known.defaults[name]
    value = differing.get(name, default)
    said = parameter(known.id, name)
    return {
        "name": name,
        "label": wording.label(known.id, name),
        "default": wording.value(known.id, name, default),
        "shown": wording.value(known.id, name, value),
        "value": typed.get(f"p-{name}", entering.text(known.id, name, value)),
        "changed": value != default,
        "editable": entering.editable(default),
        "clock": said.unit == "clock",
        "number": entering.is_number(default) and said.unit != "clock",
        "min": said.min,
        "max": said.max,
        "range": wording.span(known.id, name) if entering.editable(default) else "",
        "sources": [_source(one) for one in origins(known.id)[name]],
    }


def _version(known: Described, change: Change | None) -> str:
    return str(known.rule.version({**known.defaults, **(change.params if change else {})}))


def _source(entry: Entry) -> dict[str, str]:
    english = get_language() == "en"
    return {
        "id": entry.id,
        "name": entry.name_en if english else entry.name_zh,
        "citation": words.citation(entry.citation()),
        "certainty": entry.certainty,
        "note": entry.note,
    }


def _name(known: Described) -> str:
    return known.en[:1].upper() + known.en[1:] if get_language() == "en" else known.zh


def _known(rule_id: str) -> Described:
    known = rules().get(rule_id)
    if known is None:
        raise Http404
    return known


def _allow(request: HttpRequest, *, change: bool = False) -> None:
    if not (may_change(request.user) if change else may_see(request.user)):
        raise PermissionDenied
