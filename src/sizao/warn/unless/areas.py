"""Edges of rules over fences: closed areas, limits of areas, prescribed routes."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def lasted_s(facts: Facts, shortest: float) -> float:
    """How long it lasted, s; one that is going on has lasted at least as long as it takes."""
    return max(facts.end_s - facts.start_s, shortest)


def forbidden(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    shortest = float(entry("detect.area_forbidden").value("min_duration"))
    return (
        Edge("在禁行区域内行驶短于", "driving inside for less than", shortest,
             lasted_s(facts, shortest), "s"),
        Edge("其间停在区域内不动（车速不高于）", "standing inside all the while (no faster than)",
             float(entry("detect.area_forbidden").value("moving_above")), None, "km/h"),
        Edge("不在该围栏的禁行时段内，或车辆类型不在其列（例如持有通行证）",
             "outside the hours of the fence, or not of its kinds of vehicle (a permit, say)"),
    )  # fmt: skip


def limit(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.area_limit")
    shortest = float(rule.value("min_duration"))
    return (
        Edge("区域内车速不高于", "inside, never faster than",
             facts.limit + float(rule.value("margin")), facts.measured, "km/h"),
        Edge("超速持续短于", "over the limit for less than", shortest,
             lasted_s(facts, shortest), "s"),
        Edge("行驶记录仪车速与卫星车速相差大于", "the tachograph contradicting it by more than",
             float(rule.value("recorder_agrees")), None, "km/h"),
        Edge("不在该区域的限速时段内", "outside the hours of the area's limit"),
    )  # fmt: skip


def route(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.route_departure")
    shortest = float(rule.value("min_duration"))
    return (
        Edge("离开路线行驶短于", "driving off the route for less than", shortest,
             lasted_s(facts, shortest), "s"),
        Edge("在路线外停车不动（车速不高于）", "standing off it all the while (no faster than)",
             float(rule.value("moving_above")), None, "km/h"),
        Edge("报备的路线含有这一段", "this stretch among the routes that were filed"),
    )  # fmt: skip
