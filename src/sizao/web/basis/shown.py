"""Changes of the ground as pages show them: on a case, a list, a notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sizao.web.basis.models import BasisChange
from sizao.web.basis.record import WITHDRAWN
from sizao.web.basis.wording import CHOICES, SHORT, between, differences
from sizao.web.cases.access import may_act
from sizao.web.cases.models import Case
from sizao.web.channels.models import Notice
from sizao.web.pages import words
from sizao.web.units.models import User
from sizao.web.warnings.models import Warning


def of_case(user: User, case: Case) -> dict[str, Any] | None:
    """What the case page says; None where nothing changed."""
    changes = list(case.basis_changes.select_related("warning", "answer__by"))
    if not changes:
        return None
    waiting = [one for one in changes if one.asks and not hasattr(one, "answer")]
    papers = {(one["kind"], one["id"]): one for change in changes for one in change.documents}
    return {
        "rows": [_row(one) for one in reversed(changes)],
        "waiting": waiting,
        "upto": waiting[-1].pk if waiting else 0,
        "may_answer": bool(waiting) and may_act(user, case),
        "documents": [
            {**one, "words": words.pick(one["zh"], one["en"])} for one in papers.values()
        ],
        "choices": [(code, words.pick(*names)) for code, names in CHOICES.items()],
    }


def of_detection(user: User, detection: str) -> list[dict[str, Any]]:
    """What later data changed of a detection, the newest first, once a revision, as far as the user
    sees the warning that rests on it."""
    found = BasisChange.objects.filter(
        reference=detection, warning__in=Warning.objects.for_user(user)
    ).select_related("warning", "answer__by")
    once = {(one.revision, one.kind): one for one in found}
    return [_row(one) for one in reversed(once.values())]


def without_warning(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The same of two revisions of a detection, schema DETECTION, that no warning rests on: then
    nothing was kept but what the log says."""
    gone = after["severity"] == WITHDRAWN
    kind = BasisChange.Kind.WITHDRAWN if gone else BasisChange.Kind.CORRECTED
    return {
        "change": None,
        "word": words.pick(*SHORT[kind]),
        "differences": between(_compared(before), _compared(after)),
    }


def _compared(row: Mapping[str, Any]) -> dict[str, Any]:
    measured = None if row["measured"] is None else float(row["measured"])
    return {
        "measured": measured,
        "unit": row["measured_unit"],
        "severity": row["severity"],
        "end": row["end"].isoformat(),
    }


def _row(change: BasisChange) -> dict[str, Any]:
    return {
        "change": change,
        "of_detection": change.warning.origin == "detection",
        "word": words.pick(*SHORT[BasisChange.Kind(change.kind)]),
        "said": change.after.get("said") or change.after.get("station") or "",
        "differences": differences(change),
        "answer": getattr(change, "answer", None),
        "choice": words.pick(*CHOICES[change.answer.choice]) if hasattr(change, "answer") else "",
    }


def marks(cases: Iterable[Case]) -> dict[int, tuple[str, bool]]:
    """Case id to the word of its last change and whether it waits for an answer."""
    found: dict[int, tuple[str, bool]] = {}
    for change in BasisChange.objects.filter(case__in=list(cases)).select_related("answer"):
        waits = change.asks and not hasattr(change, "answer")
        word = words.pick(*SHORT[BasisChange.Kind(change.kind)])
        found[change.case_id] = (word, waits or found.get(change.case_id, ("", False))[1])
    return found


def of_notice(notice: Notice) -> str:
    """What a notice must say of itself: the word of the last change; empty if it still holds.

    Without vehicle, value or unit: partners read it too.
    """
    if notice.warning_id is None:
        return ""
    change = BasisChange.objects.filter(warning=notice.warning_id).last()
    return "" if change is None else words.pick(*SHORT[BasisChange.Kind(change.kind)])
