"""The rules page: every rule with source, certainty, numbers and history; changes by two people."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.core.rulebook import Entry
from sizao.web.pages import words
from sizao.web.rules import services
from sizao.web.rules.access import may_change, may_see
from sizao.web.rules.catalogue import Described, rules
from sizao.web.rules.models import Change


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
    known = _known(rule_id)
    try:
        params = {
            name: _value(known.defaults[name], request.POST[f"p-{name}"], name)
            for name in known.defaults
            if f"p-{name}" in request.POST
        }
        now = services.in_force(rule_id)
        kept = dict(now.params) if now else {}
        enabled = request.POST.get("enabled") == "1"
        reason = request.POST.get("reason", "")
        services.ask(request.user, rule_id, {**kept, **params}, enabled, reason)
    except TransitionError as error:
        return _page(request, rule_id, notice=str(error), status=422)
    return redirect("rule", rule_id)


@require_POST
def decide(request: HttpRequest, rule_id: str, change_id: int) -> HttpResponse:
    """Accept, refuse or withdraw a change that waits."""
    _allow(request, change=True)
    change = get_object_or_404(Change, pk=change_id, rule=rule_id)
    try:
        accept = request.POST.get("decision") == "accept"
        services.decide(request.user, change, accept, request.POST.get("remark", ""))
    except TransitionError as error:
        return _page(request, rule_id, notice=str(error), status=409)
    return redirect("rule", rule_id)


def _page(
    request: HttpRequest, rule_id: str, *, notice: str = "", status: int = 200
) -> HttpResponse:
    _allow(request)
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
            "params": [_parameter(name, known, differing, request) for name in known.defaults],
            "waiting": waiting,
            "waiting_params": [
                (name, _text(differing.get(name, known.defaults[name])), _text(value))
                for name, value in _differences(waiting, differing, known)
            ],
            "history": [one for one in history if one.state != Change.State.ASKED],
            "count": counts.get(rule_id, 0),
            "all_of_them": all_of_them,
            "may_change": may_change(request.user),
            "own": waiting is not None and waiting.asked_by_id == request.user.pk,
            "notice": {"kind": "refused", "text": notice} if notice else None,
            "reason": request.POST.get("reason", ""),
        },
        status=status,
    )


def _differences(
    waiting: Change | None, differing: dict[str, Any], known: Described
) -> list[tuple[str, Any]]:
    """Parameters that the waiting change would set otherwise than they are now."""
    if waiting is None:
        return []
    names = [name for name in known.defaults if name in waiting.params or name in differing]
    wanted = {name: waiting.params.get(name, known.defaults[name]) for name in names}
    return [
        (name, value)
        for name, value in wanted.items()
        if value != differing.get(name, known.defaults[name])
    ]


def _parameter(
    name: str, known: Described, differing: dict[str, Any], request: HttpRequest
) -> dict[str, Any]:
    default = known.defaults[name]
    value = differing.get(name, default)
    return {
        "name": name,
        "default": _text(default),
        "value": request.POST.get(f"p-{name}", _text(value)),
        "changed": value != default,
        "editable": _editable(default),
        "number": _is_number(default),
    }


def _value(default: Any, text: str, name: str) -> Any:
    """What a field of the form means; raises TransitionError naming the parameter."""
    try:
        if not _editable(default):
            raise ValueError
        value = json.loads(text) if not _is_number(default) else float(text)
    except ValueError as error:
        raise TransitionError(_("参数 %(name)s 的值无法识别") % {"name": name}) from error
    if _is_number(default) and isinstance(default, int) and float(value).is_integer():
        return int(value)
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _editable(default: Any) -> bool:
    return _is_number(default) or (
        isinstance(default, list) and all(_is_number(one) for one in default)
    )


def _text(value: Any) -> str:
    if _is_number(value):
        return f"{value:g}" if abs(value) < 1e6 else str(value)
    return json.dumps(value, ensure_ascii=False)


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
    return known.en if get_language() == "en" else known.zh


def _known(rule_id: str) -> Described:
    known = rules().get(rule_id)
    if known is None:
        raise Http404
    return known


def _allow(request: HttpRequest, *, change: bool = False) -> None:
    if not (may_change(request.user) if change else may_see(request.user)):
        raise PermissionDenied
