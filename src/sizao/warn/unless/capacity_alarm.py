"""Edges of ``detect.capacity_alarm``: the number of reports, the device's own mistake."""

from __future__ import annotations

from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """By the detection's own limit."""
    return (
        Edge("带超员报警的上报不超过", "reports that say so, at most", facts.limit, facts.measured,
             "count"),
        Edge("人工清点未超过核定载客人数", "a person counting no more than there are seats"),
    )  # fmt: skip
