"""How long what is kept: the rule book's entries, and which of them a row of evidence is under."""

from __future__ import annotations

from datetime import timedelta

from sizao.core.rulebook import Entry, entry
from sizao.core.sources import kind_of
from sizao.log.deletions import KINDS

_BY_SOURCE = {"gat1400": "passage", "weigh": "weighing", "reports": "report"}


def what_of(source: str, refers_to: str | None) -> str:
    """The kind of evidence: what it belongs to decides how long it is kept."""
    found = _BY_SOURCE.get(kind_of(source))
    if found is not None:
        return found
    return "alarm" if refers_to else "media"


def rule_of(what: str) -> Entry:
    return entry(f"evidence.{what}")


def period(what: str) -> timedelta:
    """How long a piece is kept that nothing refers to."""
    return timedelta(days=rule_of(what).value("keep"))


def periods() -> dict[timedelta, list[str]]:
    """Kinds by period, the shortest first: kinds of one period are swept together."""
    found: dict[timedelta, list[str]] = {}
    for what in KINDS:
        found.setdefault(period(what), []).append(what)
    return dict(sorted(found.items()))


def referred() -> timedelta:
    """How long after its case is closed evidence is kept."""
    return timedelta(days=entry("evidence.referred").value("keep"))
