"""One edge of a rule: beyond it the rule fires, short of it the rule is silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sizao.warn.facts import Facts


@dataclass(frozen=True)
class Edge:
    """The case would not have fired if this one thing had been otherwise."""

    zh: str
    """In words, without a number: 速度不高于."""
    en: str
    needed: float | None = None
    """Where the edge lies, in ``unit``; None for what is no number."""
    was: float | None = None
    """What was measured, in ``unit``."""
    unit: str = ""

    @property
    def margin(self) -> float | None:
        """How far past the edge it was, in ``unit``, never below 0."""
        if self.needed is None or self.was is None:
            return None
        return abs(self.was - self.needed)


Edges = Callable[[Facts], tuple[Edge, ...]]
"""What a rule's file gives: its edges for one detection, the nearest first."""


def general(facts: Facts) -> tuple[Edge, ...]:
    """Value against limit: the least that every rule can say."""
    return (
        Edge("测得值不超过限值", "value not above the limit", facts.limit, facts.measured,
             facts.measured_unit),
    )  # fmt: skip
