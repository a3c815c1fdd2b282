"""Edges of ``detect.section_speed``: the time between the two passages, and the limit taken."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """The length is worked out from the case itself, so that a section measured anew since then
    changes nothing; the clocks' allowance is that of the rule book as it is now."""
    clock = float(entry("detect.section_speed").value("clock"))
    took = facts.end_s - facts.start_s
    least = facts.measured * (took + clock) / facts.limit - clock if facts.limit > 0 else None
    return (
        Edge("通过区间用时不少于", "a journey through the section of at least", least, took, "s"),
        Edge("区间对该车型限速不低于", "a limit of the section for this kind of at least",
             facts.measured, facts.limit, "km/h"),
        Edge("两次过车不是同一辆车（例如号牌识读有误），须核对照片",
             "two different vehicles (a plate read wrongly, for instance): compare the pictures"),
    )  # fmt: skip
