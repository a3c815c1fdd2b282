"""What an indicator is, and the arithmetic that indicators share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sizao.core.rulebook import Entry, entry
from sizao.govern.records import CaseRecord

SMALL_N = 20
"""Below this many cases the note says that the value is unsure (project default)."""


@dataclass(frozen=True)
class Indicator:
    """One computed value, never without what it was computed from.

    ``numerator`` and ``denominator`` are counts of cases: for a share the value is their
    quotient; for a time it is the median over the ``numerator`` cases that have both moments, out
    of ``denominator`` cases in all. ``low`` and ``high`` bound the value with 95 % confidence.
    None means that nothing can be said, which is not zero and not 100 %.
    """

    id: str
    version: int
    unit: str
    """s, ratio or count."""
    value: float | None
    numerator: int
    denominator: int
    n: int
    """Cases that the value rests on."""
    low: float | None = None
    high: float | None = None
    p95: float | None = None
    """For times: the 95th percentile, a case that was really observed."""
    target: float | None = None
    met: bool | None = None
    """Whether the value keeps the target; None without value or target."""
    note_zh: str = ""
    note_en: str = ""
    parts: tuple[tuple[str, int], ...] = ()
    """For counts: how they split, code and count."""

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {**self.__dict__, "parts": [list(part) for part in self.parts]}


class Kpi(Protocol):
    """One indicator's definition. One file each in ``kpis/``, listed in ``indicators.KPIS``."""

    id: str
    """Short name for URLs, e.g. ``signed_on_time``."""
    rule_id: str
    """Its entry in the rule book: names, target, source, certainty."""
    version: int
    """Raised whenever the formula changes; a value is only compared within one version."""
    unit: str
    better: str
    """``low``, ``high`` or empty if neither is better."""
    formula_zh: str
    formula_en: str

    def compute(self, records: Sequence[CaseRecord], *, at_s: float) -> Indicator:
        """The value over these records as known at ``at_s`` (feed time)."""
        ...


@dataclass(frozen=True)
class Definition:
    """What a page or the API shows about an indicator beside its value."""

    id: str
    version: int
    name_zh: str
    name_en: str
    unit: str
    better: str
    formula_zh: str
    formula_en: str
    target: float | None
    certainty: str
    certainty_zh: str
    citation: str


def target_of(rule: Entry) -> float | None:
    """The target in the rule book, None if there is none."""
    return float(rule.value("target")) if "target" in rule.parameters else None


class Named(Protocol):
    """What a definition and a share need of an indicator, whatever it counts."""

    @property
    def id(self) -> str: ...
    @property
    def rule_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def better(self) -> str: ...


def rule_of(kpi: Named) -> Entry:
    """The indicator's entry in the rule book. Raises ConfigError if there is none."""
    return entry(kpi.rule_id)
