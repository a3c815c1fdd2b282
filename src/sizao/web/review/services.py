"""Putting files to a case and writing down what its review found."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError

from sizao.core.errors import EvidenceError, TransitionError
from sizao.log.evidence import EvidenceStore
from sizao.respond.costs import Costs, Span, costs
from sizao.web import audit
from sizao.web.cases.access import may_act
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.services import add_note
from sizao.web.clock import feed_now
from sizao.web.ports import ports
from sizao.web.reports.photos import clean
from sizao.web.review.models import Attachment, Finding
from sizao.web.units.models import User
from sizao.web.writing import write

LARGEST = 30 << 20
DOCUMENTS = {
    "pdf": b"%PDF-",
    "docx": b"PK\x03\x04",
    "xlsx": b"PK\x03\x04",
}
"""Documents by the end of their name, and how their bytes begin; pictures are looked at."""


def _may(user: User, case: Case) -> None:
    if not may_act(user, case):
        raise NotAllowedError(
            "您可以查看本案，但不能操作。", "You may read this case, not act on it."
        )


def attach(user: User, case: Case, name: str, data: bytes, note: str = "") -> Attachment:
    """Put a file to a case: the bytes first, then in one transaction its row and its line.

    Pictures lose what the camera wrote into them. The same file twice is the first one. Raises
    NotAllowedError, TransitionError for what is no picture, PDF, Word or Excel, is too large, or
    cannot be kept.
    """
    _may(user, case)
    if len(data) > LARGEST:
        raise TransitionError("文件不能大于 30 MB。", "A file may not be larger than 30 MB.")
    photo = clean(data)
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if photo is not None:
        data, ending = photo.data, photo.format
    elif not data.startswith(DOCUMENTS.get(ending, b"\0none")):
        raise TransitionError(
            "只收照片（JPG、PNG、WebP）和 PDF、Word、Excel 文件。",
            "Only photos (JPG, PNG, WebP) and PDF, Word and Excel files are taken.",
            code="format",
        )
    try:
        evidence = EvidenceStore(ports().data.evidence).put(data)
    except EvidenceError as error:
        raise TransitionError(f"文件存不下：{error}", f"Cannot be kept: {error}") from error
    known = Attachment.objects.filter(case=case, evidence=evidence).first()
    if known is not None:
        return known
    try:
        with write():
            case = Case.every.select_for_update().get(pk=case.pk)
            made = Attachment(
                case=case, evidence=evidence, name=name[:120], format=ending, size=len(data),
                note=note.strip()[:200], by=user, at=feed_now(),
            )  # fmt: skip
            made.save()
            said = f"：{made.note}" if made.note else ""
            add_note(
                case, "attach", f"上传附件“{made.name}”{said}",
                f"Attached “{made.name}”{said.replace('：', ': ')}", user=user,
                details={"evidence": evidence, "name": made.name, "bytes": made.size},
            )  # fmt: skip
    except IntegrityError:  # two put the same file at once: the other one did
        return Attachment.objects.get(case=case, evidence=evidence)
    return made


def find(
    user: User, case: Case, text: str, action: str = "", owner: str = "", due: date | None = None
) -> Finding:
    """Write down a finding. What is to be done needs an owner and a day. Raises NotAllowedError,
    TransitionError."""
    _may(user, case)
    if not text.strip():
        raise TransitionError("请写明发现了什么。", "Say what was found.", code="missing_reason")
    if action.strip() and (not owner.strip() or due is None):
        raise TransitionError(
            "整改措施须有责任单位（人）和期限。", "An action needs an owner and a day."
        )
    with write():
        case = Case.every.select_for_update().get(pk=case.pk)
        made = Finding.objects.create(
            case=case, text=text.strip()[:500], action=action.strip()[:500],
            owner=owner.strip()[:96], due=due, by=user, at=feed_now(),
        )  # fmt: skip
        todo = f"；整改：{made.action}（{made.owner}，{made.due}前）" if made.action else ""
        add_note(
            case, "finding", f"复盘发现：{made.text}{todo}",
            f"Review: {made.text}{f'; to do: {made.action}' if made.action else ''}",
            user=user, details={"finding": made.pk},
        )  # fmt: skip
    return made


def finish(user: User, finding: Finding, note: str) -> Finding:
    """Say that an action is done, and how. Raises NotAllowedError, TransitionError."""
    _may(user, finding.case)
    if not note.strip():
        raise TransitionError("请写明怎样完成的。", "Say how it was done.", code="missing_reason")
    with write():
        found = Finding.objects.select_for_update().get(pk=finding.pk)
        if found.done_at is not None:
            raise TransitionError(
                f"{found.done_by}已确认完成。", f"{found.done_by} said so already.", code="state"
            )
        found.done_at, found.done_by = feed_now(), user
        found.done_note = note.strip()[:300]
        found.save()
        audit.record(
            user, "finding.done", "case", found.case.number,
            {"finding": found.pk, "note": found.done_note},
        )  # fmt: skip
    return found


def costs_of(case: Case) -> Costs:
    """What a case cost in time up to now: from the patrols sent and the roads closed for it."""
    vehicles = [
        Span(one.assigned_at.timestamp(), one.released_at.timestamp() if one.released_at else None)
        for one in case.assignments.all()
    ]
    closures = [
        Span(one.begun_at.timestamp(), one.ended_at.timestamp() if one.ended_at else None)
        for one in case.measures.filter(kind="closure", lanes="").exclude(begun_at=None)
    ]
    return costs(vehicles, closures, feed_now().timestamp())
