"""Asking for a trial of a rule's version, following it and reading what it found."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.desk.detections import detections as window
from sizao.web.fleet.access import Sight
from sizao.web.pages import words
from sizao.web.pages.rows import shown_plate
from sizao.web.ports import ports
from sizao.web.rules import figures, trials, wording
from sizao.web.rules.access import may_change, may_see
from sizao.web.rules.catalogue import rules
from sizao.web.rules.models import Trial
from sizao.web.units.models import Unit
from sizao.web.writing import write

LISTED = 200
"""Episodes on the page; the counts are of all."""
AROUND = timedelta(minutes=30)

STATES = {
    "waiting": ("排队", "waiting"),
    "running": ("试算中", "running"),
    "done": ("已完成", "done"),
    "failed": ("未完成", "failed"),
    "cancelled": ("已取消", "cancelled"),
}

CHANGES = {
    "appears": ("新增", "appears"),
    "disappears": ("消失", "disappears"),
    "changes": ("变化", "changes"),
}


def moment(text: str) -> datetime | None:
    """A time of a form, local; None if it is none."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None:
        return None
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def form(request: HttpRequest) -> dict[str, str]:
    """What the fields of a trial hold: the last seven days if nothing else was asked for."""
    now = timezone.localtime(feed_now()).replace(minute=0, second=0, microsecond=0)
    return {
        "since": request.POST.get("since", f"{now - timedelta(days=7):%Y-%m-%dT%H:%M}"),
        "until": request.POST.get("until", f"{now:%Y-%m-%dT%H:%M}"),
        "purpose": request.POST.get("purpose", ""),
    }


@require_safe
def trial(request: HttpRequest, rule_id: str, trial_id: int) -> HttpResponse:
    """One trial; ``?part=state`` is what changes while it runs."""
    if not may_see(request.user):
        raise PermissionDenied
    trials.line.mend_once()
    found = get_object_or_404(Trial.objects.select_related("by"), pk=trial_id, rule=rule_id)
    name = words.kind_word(rule_id)
    given: dict[str, Any] = {"trial": found, "rule_id": rule_id, "name": name}
    given["word"] = words.pick(*STATES[found.state])
    given["may_cancel"] = found.busy and may_change(request.user)
    if found.state == Trial.State.DONE:
        given |= _result(request, found)
    part = request.GET.get("part") == "state"
    return render(request, "rules/_trial.html" if part else "rules/trial.html", given)


@require_POST
def cancel(request: HttpRequest, rule_id: str, trial_id: int) -> HttpResponse:
    """Stop it; one that has ended meanwhile is shown as it is."""
    if not may_change(request.user):
        raise PermissionDenied
    found = get_object_or_404(Trial, pk=trial_id, rule=rule_id)
    with suppress(TransitionError):  # it came to its end first: the page says so
        trials.cancel(request.user, found)
    return redirect("rule-trial", rule_id, trial_id)


def _result(request: HttpRequest, found: Trial) -> dict[str, Any]:
    known = rules()[found.rule]
    told = wording.changes(
        known.id, known.defaults, {}, dict(found.params) if found.enabled else None
    )
    units = {unit.code: unit for unit in Unit.objects.all()}
    summary = found.summary
    blocks = [
        (_("按日"), [(day, counts) for day, counts in summary["by_day"].items()]),
        (
            _("按车辆类型"),
            [(words.vehicle_word(kind), counts) for kind, counts in summary["by_kind"].items()],
        ),
        (
            _("按单位"),
            [(str(units.get(code, code)), counts) for code, counts in summary["by_unit"].items()],
        ),
    ]
    nothing = not summary["records"] and not summary["positions"]
    return {
        "total": summary["total"],
        "summary": summary,
        "nothing": nothing,
        "blocks": [] if nothing else blocks,
        "told": [words.pick(*one) for one in told],
        "days": round((found.until - found.since) / timedelta(days=1), 1),
        **_episodes(request, found),
    }


def _episodes(request: HttpRequest, found: Trial) -> dict[str, Any]:
    """The list, with plates: for those who act; others read the counts."""
    path = trials.episodes_file(found)
    if not request.user.acts or not path.exists():
        return {"episodes": [], "episodes_total": 0, "kept": path.exists()}
    rows, total = figures.changed(path, found.rule, LISTED)
    sight = Sight(request.user)
    shown = [_episode(request, sight, row) for row in rows if sight.may_see(row["vehicle"])]
    if shown:
        with write():
            audit.record(
                request.user, "rule.try.read", "rule", found.rule,
                {"trial": found.pk, "episodes": len(shown)},
            )  # fmt: skip
    return {"episodes": shown, "episodes_total": total, "kept": True, "listed": LISTED}


def _episode(request: HttpRequest, sight: Sight, row: dict[str, Any]) -> dict[str, Any]:
    entry = sight.entry(row["vehicle"])
    known = window(ports().detections).get(row["id_before"] or "")
    start = row["start_before"] or row["start_after"]
    end = row["end_after"] or row["end_before"]
    unit = rules()[row["rule"]].unit
    return {
        **row,
        "word": words.pick(*CHANGES[row["change"]]),
        "plate": shown_plate(request.user, entry.plate),
        "colour": entry.plate_colour,
        "kind": words.vehicle_word(row["vehicle_kind"] or "other"),
        "detection": known["id"] if known else "",
        "from": timezone.localtime(start - AROUND).strftime("%Y-%m-%dT%H:%M"),
        "to": timezone.localtime(end + AROUND).strftime("%Y-%m-%dT%H:%M"),
        "was": _measured(row["measured_before"], unit),
        "now": _measured(row["measured_after"], unit),
    }


def _measured(value: float | None, unit: str) -> str:
    return "" if value is None else words.quantity(value, unit)
