"""Edges of ``detect.slow_traffic``: speed, number, duration; of a queue's end, who comes up."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.slow_traffic")
    share = 1 - float(rule.value("margin")) / 100
    if facts.severity == "queue_end":
        return (
            Edge("末端平均车速高于", "the last group faster than",
                 float(rule.value("congested")) * share, facts.measured, "km/h"),
            Edge("其后路段没有车辆高速驶近", "nobody coming up at speed behind it"),
        )  # fmt: skip
    return (
        Edge("重型车辆平均车速高于", "heavy vehicles on average faster than",
             facts.limit * float(rule.value("slow")) * share, facts.measured, "km/h"),
        Edge("每分钟同一公里内慢行的重型车辆少于",
             "slow heavy vehicles in one kilometre and minute, under",
             float(rule.value("min_vehicles")), None, "count"),
        Edge("持续少于", "for less than", float(rule.value("min_duration")),
             (facts.end_s - facts.start_s) / 60, "min"),
    )  # fmt: skip
