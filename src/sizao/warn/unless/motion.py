"""Edges of rules over motion: hot brakes, standing, against the traffic."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def downgrade(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.long_downgrade")
    return (
        Edge("推算的制动发热不超过", "heat in the brakes, as reckoned, of at most", facts.limit,
             facts.measured, "J/kg"),
        Edge("高于该值的时间短于", "above it for less than", float(rule.value("min_duration")),
             None, "s"),
        Edge("使用了缓速器或低挡（发动机制动不少于）",
             "a retarder or low gear (engine braking of at least)", float(rule.value("engine")),
             None, "W/kg"),
    )  # fmt: skip


def standing(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.stopped_on_expressway")
    shortest = float(rule.value("min_duration"))
    return (
        Edge("停车短于", "standing for less than", shortest,
             max(facts.measured * 60, shortest), "s"),
        Edge("其间连续两个定位车速高于", "two positions in a row faster than",
             float(rule.value("standing_below")), None, "km/h"),
        Edge("停在服务区、收费站等处（围栏未绘制或不准）",
             "in a service area or toll plaza (its fence missing or wrong)"),
        Edge("实际不在高速公路上（匹配到了旁边的路）",
             "not on the expressway (matched to the wrong road)"),
    )  # fmt: skip


def wrong_way(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.wrong_way")
    shortest = float(rule.value("min_duration"))
    return (
        Edge("逆向行驶短于", "driving against the traffic for less than", shortest,
             max(facts.measured * 60, shortest), "s"),
        Edge("车速不高于", "no faster than", float(rule.value("moving_above")), None, "km/h"),
        Edge("离对向车道中心线大于", "further from the opposite carriageway than",
             float(rule.value("reach")), None, "m"),
        Edge("该处因施工借道或路网方向有误",
             "traffic led over there, or the map's direction wrong"),
    )  # fmt: skip
