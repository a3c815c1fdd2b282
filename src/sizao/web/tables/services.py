"""A table from the draft to the day it holds: each function is one transaction."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.web import audit, twoperson
from sizao.web.clock import feed_now
from sizao.web.tables import editing
from sizao.web.tables.access import may_change
from sizao.web.tables.books import BOOKS, edition
from sizao.web.tables.models import Version
from sizao.web.units.models import User
from sizao.web.writing import write


def today() -> date:
    """The local day of feed time."""
    return timezone.localtime(feed_now()).date()


def open_version(book: str) -> Version | None:
    """The draft of a table, or the version that waits for a decision."""
    states = [Version.State.DRAFT, Version.State.ASKED]
    return Version.objects.filter(book=book, state__in=states).first()


def begin(user: User, book: str) -> Version:
    """A draft with the text in force. Raises TransitionError if there is one already."""
    _allow(user)
    if book not in BOOKS:
        raise TransitionError("没有这张分级表", "There is no such table")
    held = edition(book, today())
    try:
        with write():
            version = Version.objects.create(
                book=book, base=held.name, text=held.text, starts=today(),
                asked_by=user, drafted_at=feed_now(),
            )  # fmt: skip
            audit.record(user, "table.draft", "table", book, {"base": held.name})
    except IntegrityError as error:
        raise TransitionError(
            "这张表已有一份草稿或待批准的版本", "There is a draft of this table already"
        ) from error
    return version


def edit(user: User, version_id: int, edits: int, change: Any, told: dict[str, Any]) -> Version:
    """Change a draft's text by ``change(text) -> text``; what a trial said of it is gone.

    edits : the number of edits that the user saw

    Raises TransitionError: no draft, somebody else changed it meanwhile, or a mistake in the text.
    """
    _allow(user)
    with write():
        version = _locked(version_id, Version.State.DRAFT)
        if version.edits != edits:
            raise TransitionError(
                "草稿已被他人改动，请按最新内容再改", "Somebody changed the draft meanwhile"
            )
        text = change(version.text)
        editing.checked(text)
        if text != version.text:
            version.text, version.replay, version.edits = text, None, version.edits + 1
            version.save()
            audit.record(user, "table.edit", "table", version.book, {**told, "edit": version.edits})
    return version


def ask(user: User, version_id: int, edits: int, starts: date, reason: str) -> Version:
    """Ask another person to approve the draft from a day on. It needs a reason and a trial."""
    _allow(user)
    if not reason.strip():
        raise TransitionError("请写明变更理由", "Say why")
    with write():
        version = _locked(version_id, Version.State.DRAFT)
        if version.edits != edits or not tried(version):
            raise TransitionError(
                "请先用近30天的数据回放这份草稿，看清变化再申请",
                "Replay the last 30 days with this draft first",
            )
        if starts < today():
            raise TransitionError("生效日期不能早于今天", "It cannot hold before today")
        if version.text == edition(version.book, starts).text:
            raise TransitionError("与现行表相同，没有可变更的内容", "Nothing differs")
        version.text = editing.dated(version.text, starts)
        editing.checked(version.text)
        version.starts, version.reason = starts, reason.strip()[:500]
        version.state, version.asked_at = Version.State.ASKED, feed_now()
        version.asked_by = user
        version.save()
        audit.record(user, "table.ask", "table", version.book, _told(version))
    return version


def decide(user: User, version_id: int, accept: bool, remark: str = "") -> Version:
    """Accept or refuse, by another person than who asked; who asked may take it back."""
    _allow(user)
    with write():
        version = Version.objects.get(pk=version_id)
        if accept and version.state == Version.State.ASKED and version.starts < today():
            raise TransitionError(
                "申请的生效日期已过，请退回后改定日期再申请", "The day it was to hold from is over"
            )
        version = twoperson.decide(user, version, accept, remark)
        audit.record(user, f"table.{version.state}", "table", version.book, _told(version))
    return version


def discard(user: User, version_id: int) -> None:
    """Throw a draft away; the audit log keeps that there was one."""
    _allow(user)
    with write():
        version = _locked(version_id, Version.State.DRAFT)
        audit.record(
            user, "table.discard", "table", version.book,
            {"base": version.base, "edits": version.edits},
        )  # fmt: skip
        version.delete()


def tried(version: Version) -> bool:
    """The last 30 days were replayed with exactly this text."""
    return bool(version.replay) and version.replay.get("state") == "done"


def _locked(version_id: int, state: str) -> Version:
    version = Version.objects.select_for_update().filter(pk=version_id, state=state).first()
    if version is None:
        raise TransitionError("草稿已不存在或已提交", "The draft is gone or was handed in")
    return version


def _allow(user: User) -> None:
    if not may_change(user):
        raise TransitionError(
            "只有支队指挥员和领导可以变更分级表", "Only operators and leaders of the detachment may"
        )


def _told(version: Version) -> dict[str, Any]:
    return {
        "version": version.name,
        "base": version.base,
        "starts": str(version.starts),
        "reason": version.reason,
        "remark": version.remark,
        "differ": (version.replay or {}).get("differ"),
    }
