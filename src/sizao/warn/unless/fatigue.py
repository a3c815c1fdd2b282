"""Edges of ``detect.fatigue``: how long was driven, and the rest or the other driver it lacked."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """The rest that was missing, by the rule book as it is now."""
    rest = float(entry("fatigue.continuous_any").value("min_rest"))
    return (
        Edge("连续驾驶不超过", "driven without a rest for at most", facts.limit, facts.measured,
             "min"),
        Edge("其间停车休息满", "a rest on the way of at least", rest, None, "min"),
        Edge("其间换人驾驶（另一人刷卡）", "another driver, by the card in the reader"),
    )  # fmt: skip
