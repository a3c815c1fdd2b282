"""The pages of handover notes. Views parse, call, render."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.web.briefing import sheet
from sizao.web.clock import feed_now
from sizao.web.handover import services
from sizao.web.handover.models import Handover
from sizao.web.handover.open_items import KINDS
from sizao.web.pages import words

PAGE = 25
_STATES_EN = {"draft": "to be signed by the outgoing", "handed": "to be signed by the incoming",
              "done": "handed over", "dropped": "given up"}  # fmt: skip


def _must_look(request: HttpRequest) -> None:
    if not (request.user.path or request.user.sees_all):
        raise PermissionDenied


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """All notes that the account may see, and whose the open items are now."""
    _must_look(request)
    user = request.user
    rows = Handover.objects.for_user(user).select_related("unit", "out_by", "in_by")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    unit = user.unit
    found = {
        "page_obj": page,
        "rows": [(one, state_word(one)) for one in page],
        "query": "",
        "unit": unit,
        "holder": services.holder(unit, feed_now()) if unit else None,
        "may_begin": unit is not None and services.may_sign(user, unit),
    }
    return render(request, "handover/handovers.html", found)


def state_word(note: Handover) -> str:
    return words.pick(note.get_state_display(), _STATES_EN[note.state].capitalize())


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Make the note of the own unit, or open the one that is there."""
    unit = request.user.unit
    if unit is None or not services.may_sign(request.user, unit):
        raise PermissionDenied
    note = services.begin(request.user, unit)
    return redirect("handover", note.number)


def _one(request: HttpRequest, number: str) -> Handover:
    rows = Handover.objects.for_user(request.user).select_related("unit", "out_by", "in_by")
    return get_object_or_404(rows, number=number)


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    _must_look(request)
    return _page(request, _one(request, number))


def _page(
    request: HttpRequest, note: Handover, problem: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    user = request.user
    found = {
        "note": note,
        "state": state_word(note),
        "groups": _groups(note),
        "may_sign": services.may_sign(user, note.unit),
        "own": note.out_by_id == user.pk,
        "holder": services.holder(note.unit, feed_now()),
        "notice": {"kind": "refused", "text": problem} if problem else None,
    }
    return render(request, "handover/handover.html", found, status=status)


def _groups(note: Handover) -> list[dict[str, Any]]:
    return [
        {"word": words.pick(*names), "items": own, "kind": kind}
        for kind, names in KINDS.items()
        if (own := [_shown(one) for one in note.items if one["kind"] == kind])
    ]


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "text": words.pick(item["zh"], item["en"])}


@require_POST
def act(request: HttpRequest, number: str) -> HttpResponse:
    """Edit, sign out, sign in, give up; a refusal comes back as the note as it now is."""
    _must_look(request)
    note = _one(request, number)
    user, data = request.user, request.POST
    version = int(data["version"]) if data.get("version", "").isdigit() else -1
    try:
        match data.get("action", ""):
            case "edit":
                services.edit(user, number, data.get("note", ""), version)
            case "out":
                services.sign_out(user, number, data.get("note", ""), version)
            case "in":
                services.sign_in(user, number, version)
            case "drop":
                services.drop(user, number, version)
            case _:
                raise TransitionError("没有这一步。", "No such step.", code="unknown_action")
    except services.LateItemsError as error:
        return _page(request, _one(request, number), words.pick(error.zh, error.en), 409)
    except TransitionError as error:
        status = {"role": 403, "conflict": 409}.get(error.code, 422)
        return _page(request, _one(request, number), words.pick(error.zh, error.en), status)
    return redirect("handover", note.number)


@require_safe
def as_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The note on paper, in Chinese."""
    _must_look(request)
    note = _one(request, number)
    answer = HttpResponse(sheet.pdf(paper(note)), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="handover-{note.number}.pdf"'
    return answer


def paper(note: Handover) -> sheet.Sheet:
    """The note as a sheet."""
    blocks: list[sheet.Block] = []
    for kind, (zh, _en) in KINDS.items():
        own = [one for one in note.items if one["kind"] == kind]
        if own:
            lines = [
                f"{one['zh']}{_due(one)}{'【签字期间新增】' if one.get('late') else ''}"
                for one in own
            ]
            blocks.append(sheet.Block(f"{zh}（{len(own)}）", lines))
    if not blocks:
        blocks.append(sheet.Block("未了事项", ["无。"]))
    if note.note:
        blocks.append(sheet.Block("交班说明", note.note.splitlines()))
    signed = [
        f"交班人：{note.out_by or '　　　　'}　{_at(note.out_at)}",
        f"接班人：{note.in_by or '　　　　'}　{_at(note.in_at)}",
    ]
    return sheet.Sheet(
        title=f"{note.unit.name_zh}交接班记录",
        subtitle=f"{note.number}　{note.get_state_display()}",
        blocks=blocks,
        foot=signed,
        one_page=False,
    )


def _due(item: dict[str, Any]) -> str:
    if item.get("due_s") is None:
        return ""
    at = datetime.fromtimestamp(item["due_s"], timezone.get_current_timezone())
    return f"，时限 {at:%Y-%m-%d %H:%M}"


def _at(moment) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else "（未签）"
