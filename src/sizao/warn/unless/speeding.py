"""Edges of ``detect.speeding``: the speed, the limit taken for the road, and how long."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.speeding")
    tolerance = 1 + float(rule.value("tolerance")) / 100
    margin = float(rule.value("margin"))
    shortest = float(rule.value("min_duration"))
    measures = [code.partition("=")[2] for code in facts.quality if "limit_temporary" in code]
    return (
        *(
            Edge(f"临时限速（措施{name}）当时未实施或未覆盖该处",
                 f"the temporary limit of measure {name} not standing there and then")
            for name in measures
        ),
        Edge("全程速度不高于", "speed never above", facts.limit * tolerance + margin,
             facts.measured, "km/h"),
        Edge("该处限速不低于（例如匹配到了旁边的路）",
             "a limit here of at least (for instance, matched to the wrong road)",
             (facts.measured - margin) / tolerance, facts.limit, "km/h"),
        Edge("超速持续短于", "over the limit for less than", shortest,
             max(facts.end_s - facts.start_s, shortest), "s"),
    )  # fmt: skip
