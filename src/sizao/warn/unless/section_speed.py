"""Edges of ``detect.section_speed``: the time between the passages, the limit, and the plate."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge
from sizao.warn.words import number


def edges(facts: Facts) -> tuple[Edge, ...]:
    """The length is worked out from the case itself, so that a section measured anew since then
    changes nothing; the clocks' allowance is that of the rule book as it is now."""
    rule = entry("detect.section_speed")
    clock, doubt = float(rule.value("clock")), number(rule.value("doubt"))
    sure = number(rule.value("plate_reliability"))
    took = facts.end_s - facts.start_s
    least = facts.measured * (took + clock) / facts.limit - clock if facts.limit > 0 else None
    return (
        Edge("通过区间用时不少于", "a journey through the section of at least", least, took, "s"),
        Edge("区间对该车型限速不低于", "a limit of the section for this kind of at least",
             facts.measured, facts.limit, "km/h"),
        Edge("其间该号牌在区间以外的卡口出现过",
             "a passage of the plate meanwhile at a checkpoint that is not on the way"),
        Edge(f"前后{doubt}小时内该号牌有一辆车不可能完成的两次过车（疑似套牌）",
             f"two passages of the plate within {doubt} h, before or after, that one vehicle "
             "cannot both have made (a cloned plate)"),
        Edge("该号牌接连两次同向通过区间起点或终点，且按用时最长的一对过车不超速",
             "the plate passing the section's beginning or end twice in a row the same way, and by "
             "the slowest pair of passages no faster than the limit"),
        Edge("两台设备识别的车型大类或车身颜色明显不同",
             "two cameras that saw vehicles of another sort, or plainly of another colour"),
        Edge(f"任一设备报送的号牌识别可信度低于{sure}%",
             f"a camera that was less than {sure} % sure of the plate"),
        Edge("两次过车不是同一辆车（例如号牌识读有误），须核对照片",
             "two different vehicles (a plate read wrongly, for instance): compare the pictures"),
    )  # fmt: skip
