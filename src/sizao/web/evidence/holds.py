"""Holds: setting and releasing them. Who may is in ``access.py``; the caller has asked."""

from __future__ import annotations

from datetime import timedelta

from sizao.core.errors import EvidenceError, TransitionError
from sizao.log.evidence import EvidenceStore
from sizao.web import audit
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.evidence.models import Hold
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.writing import write

LONGEST_DAYS = 3650
"""A hold ends some day: somebody has to say again that it is needed."""


def set_hold(
    user: User, *, reason: str, days: int, case: Case | None = None, evidence: str = ""
) -> Hold:
    """Keep the evidence of a case, or one piece, for some days. Raises TransitionError without a
    reason, for a piece that is not there, or for a length that is none."""
    reason = reason.strip()[:200]
    if not reason:
        raise TransitionError(
            "请写明保留原因。", "Say why it is to be kept.", code="missing_reason"
        )
    if not 1 <= days <= LONGEST_DAYS:
        raise TransitionError(
            f"保留天数须在 1 至 {LONGEST_DAYS} 之间。",
            f"Days must be between 1 and {LONGEST_DAYS}.",
            code="days",
        )
    if case is None and not _is_kept(evidence):
        raise TransitionError(
            "没有这个编号的证据，或已删除。",
            "There is no such piece of evidence, or it was deleted.",
            code="unknown_evidence",
        )
    now = feed_now()
    with write():
        hold = Hold.objects.create(
            case=case,
            evidence="" if case is not None else evidence,
            reason=reason,
            until=now + timedelta(days=days),
            set_at=now,
            set_by=user,
        )
        audit.record(user, "evidence.hold", "evidence", _about(hold),
                     {"hold": hold.pk, "reason": reason, "until": hold.until})  # fmt: skip
    return hold


def release(user: User, hold: Hold, reason: str) -> Hold:
    """End a hold. What it kept beyond its time goes with the next run. A second time changes
    nothing. Raises TransitionError without a reason."""
    reason = reason.strip()[:200]
    if not reason:
        raise TransitionError("请写明解除原因。", "Say why it is released.", code="missing_reason")
    with write():
        hold = Hold.objects.select_related("case").get(pk=hold.pk)
        if hold.released_at is None:
            hold.released_at, hold.released_by, hold.release_reason = feed_now(), user, reason
            hold.save()
            audit.record(user, "evidence.hold_released", "evidence", _about(hold),
                         {"hold": hold.pk, "reason": reason})  # fmt: skip
    return hold


def _about(hold: Hold) -> str:
    return hold.case.number if hold.case is not None else hold.evidence


def _is_kept(evidence: str) -> bool:
    try:
        return EvidenceStore(ports().data.evidence).has(evidence)
    except EvidenceError:
        return False
