"""Edges of the overload rules: mass by each denominator, dimensions, repetition."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def road(facts: Facts) -> tuple[Edge, ...]:
    """Gross mass against the limit of the road by axles."""
    return (
        _mass(facts, "车货总质量不超过", "gross mass of at most"),
        Edge("轴数或车型识别有误（对应限值不低于）",
             "axles or combination told wrongly (a limit of at least)", facts.measured,
             facts.limit, "kg"),
        Edge("持有有效的超限运输通行证", "a valid permit for an oversize load"),
    )  # fmt: skip


def permitted(facts: Facts) -> tuple[Edge, ...]:
    """Gross mass against the vehicle's permitted gross mass."""
    return (
        _mass(facts, "车货总质量不超过", "gross mass of at most"),
        Edge("台账核定总质量不少于（登记有误）",
             "a permitted gross mass of at least (entered wrongly)", facts.measured, facts.limit,
             "kg"),
    )  # fmt: skip


def payload(facts: Facts) -> tuple[Edge, ...]:
    """Load against the rated payload."""
    return (
        _mass(facts, "载质量不超过", "a load of at most"),
        Edge("台账核定载质量不少于（登记有误）", "a rated payload of at least (entered wrongly)",
             facts.measured, facts.limit, "kg"),
        Edge("台账整备质量有误（实际更重）", "the empty vehicle heavier than registered"),
    )  # fmt: skip


def _mass(facts: Facts, zh: str, en: str) -> Edge:
    """By what the way of weighing may be wrong, as far as the detection tells the way."""
    rule = entry("detect.weighing")
    way = (
        "high_speed"
        if "weighed_in_motion" in facts.quality
        else "unknown"
        if "method_unknown" in facts.quality
        else "static"
    )
    percent = float(rule.value(f"margin_{way}"))
    if not percent:
        return Edge(zh, en, facts.limit, facts.measured, "kg")
    return Edge(f"称量允许误差{percent:g}%计入后，{zh}",
                f"with {percent:g} % allowed for weighing in motion, {en}",
                facts.limit / (1 - percent / 100), facts.measured, "kg")  # fmt: skip


def dimensions(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    margin = float(entry("detect.dimensions").value("margin"))
    return (
        Edge(f"该尺寸不超过（已计入测量误差{margin:g}米）",
             f"this dimension of at most ({margin:g} m allowed for measuring)",
             facts.limit + margin, facts.measured, "m"),
        Edge("持有有效的超限运输通行证", "a valid permit for an oversize load"),
    )  # fmt: skip


def repeat(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    apart = float(entry("detect.overload_repeat").value("apart"))
    if facts.severity == "enterprise":
        return (
            Edge("一年内有超限记录的车辆不超过车队的十分之一，即",
                 "vehicles overloaded within a year, of a tenth of the fleet or fewer, that is",
                 facts.limit, facts.measured, "count"),
            Edge("台账车辆数不少于（登记不全）",
                 "vehicles in the register of at least (some missing)",
                 facts.measured * 10, facts.limit * 10, "count"),
        )  # fmt: skip
    return (
        Edge("一年内超限不超过", "overloaded within a year at most", facts.limit, facts.measured,
             "count"),
        Edge("其中两次称重属同一趟运输（相隔短于）",
             "two of the weighings of one journey (less apart than)", apart, None, "h"),
    )  # fmt: skip
