"""The pages of the decision tables: what holds, the draft, its trial, and who decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.web.pages import words
from sizao.web.tables import editing, services, shown, trial
from sizao.web.tables.access import may_change, may_see
from sizao.web.tables.books import BOOKS, editions
from sizao.web.tables.books import edition as edition_on
from sizao.web.tables.models import Version


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Both tables: which edition holds, since when, how sure, what is under way."""
    _allow(request)
    lines = []
    for book, names in BOOKS.items():
        held = edition_on(book, services.today())
        lines.append(
            {
                "book": book,
                "name": words.pick(*names),
                "edition": held,
                "table": held.table(),
                "rows": len(held.table().rows),
                "open": services.open_version(book),
                "ahead": [one for one in editions(book) if one.starts > services.today()],
            }
        )
    return render(request, "tables/list.html", {"lines": lines})


@require_safe
def book(request: HttpRequest, book: str) -> HttpResponse:
    """One table; with ``?part=replay`` the trial's state alone, with ``?edition=`` a former one."""
    _allow(request)
    _known(book)
    if request.GET.get("part") == "replay":
        return render(request, "tables/_replay.html", _trial(services.open_version(book)))
    return _page(request, book)


@require_POST
def act(request: HttpRequest, book: str) -> HttpResponse:
    """One step: begin, row, remove, text, replay, ask, discard, accept, refuse or withdraw."""
    _allow(request, change=True)
    _known(book)
    try:
        _step(request, book, request.POST.get("action") or request.POST.get("decision", ""))
    except TransitionError as error:
        notice = words.pick(error.zh, error.en)
        return _page(request, book, notice=notice, refused=request.POST, status=422)
    return redirect(f"{request.path.removesuffix('act/')}")


def _step(request: HttpRequest, book: str, action: str) -> None:
    user, given = request.user, request.POST
    if action == "begin":
        services.begin(user, book)
        return
    version = services.open_version(book)
    if version is None or str(version.pk) != (given.get("version") or request.GET.get("version")):
        raise TransitionError(
            _("草稿已不存在或已有决定"), "The draft is gone or was decided", code="state"
        )
    edits = int(given["edits"]) if given.get("edits", "").isdigit() else -1
    row = given.get("row", "")
    match action:
        case "row":
            fields = {key: value for key, value in given.items() if key != "csrfmiddlewaretoken"}
            services.edit(
                user, version.pk, edits, lambda text: editing.with_row(text, row, fields),
                {"row": row},
            )  # fmt: skip
        case "remove":
            services.edit(
                user, version.pk, edits, lambda text: editing.without_row(text, row),
                {"removed": row},
            )  # fmt: skip
        case "text":
            new = given.get("text", "").replace("\r\n", "\n")
            services.edit(user, version.pk, edits, lambda _text: new, {"whole": True})
        case "replay":
            if not trial.start(version.pk):
                raise TransitionError(
                    _("另一次回放正在进行，请稍后再试"), "Another trial runs; try again later"
                )
        case "ask":
            services.ask(user, version.pk, edits, _day(given), given.get("reason", ""))
        case "discard":
            services.discard(user, version.pk)
        case "accept" | "refuse" | "withdraw":
            services.decide(user, version.pk, action == "accept", given.get("remark", ""))
        case _:
            raise TransitionError(_("没有这一步"), "No such step", code="state")


def _day(given) -> date:
    try:
        return date.fromisoformat(given.get("starts", ""))
    except ValueError:
        raise TransitionError(_("请填写生效日期"), "Say from which day it holds") from None


def _page(
    request: HttpRequest,
    book: str,
    *,
    notice: str = "",
    refused: Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """refused : a form that was not taken; what stood in it is kept"""
    given = refused or {}
    held = edition_on(book, services.today())
    version = services.open_version(book)
    chosen = next((one for one in editions(book) if one.name == request.GET.get("edition")), None)
    text = chosen.text if chosen else version.text if version else held.text
    table = chosen.table() if chosen else editing.checked(text) if version else held.table()
    history = Version.objects.filter(book=book).exclude(
        state__in=[Version.State.DRAFT, Version.State.ASKED]
    )
    found = {
        "book": book,
        "name": words.pick(*BOOKS[book]),
        "held": held,
        "chosen": chosen,
        "table": table,
        "rows": [
            {**row, "form": {**row, **shown.typed(row, given)}}
            for row in shown.rows(table, editing.rows(text))
        ],
        "text": given["text"] if given.get("action") == "text" else text,
        "text_refused": given.get("action") == "text",
        "version": version,
        "version_text": str(version.pk) if version else "",
        "editable": version is not None
        and version.state == Version.State.DRAFT
        and chosen is None
        and may_change(request.user),
        "waiting": version if version and version.state == Version.State.ASKED else None,
        "own": version is not None and version.asked_by_id == request.user.pk,
        "may_change": may_change(request.user),
        "history": history.select_related("asked_by", "decided_by"),
        "editions": list(reversed(editions(book))),
        "levels": [(code, words.level_word(code)) for code in words.LEVEL_CODES],
        "command_levels": shown.command_levels(),
        "today": services.today(),
        "notice": {"kind": "refused", "text": notice} if notice else None,
        **_trial(version),
    }
    return render(request, "tables/table.html", found, status=status)


def _trial(version: Version | None) -> dict[str, object]:
    said = (version.replay if version else None) or {}
    state = said.get("state", "")
    if state == "running" and not trial.running():
        state = ""  # the process that ran it is gone
    return {
        "version": version,
        "trial_state": state,
        "trial_error": said.get("error", ""),
        "replay": shown.replay(said) if state == "done" else None,
    }


def _known(book: str) -> None:
    if book not in BOOKS:
        raise Http404


def _allow(request: HttpRequest, *, change: bool = False) -> None:
    if not (may_change(request.user) if change else may_see(request.user)):
        raise PermissionDenied
