"""Edges of ``detect.drink_driving``: the threshold, and the tests that would have cleared it."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """By the thresholds of the rule book as it is now."""
    least = float(entry("alcohol.drink").value("min"))
    if facts.severity == "refusal":
        return (
            Edge(
                "配合检测且结果低于", "a test taken, with a result under", least, None, "mg/100mL"
            ),
            Edge("记录的拒检有误", "the refusal was recorded by mistake"),
        )
    value = Edge("检测结果低于", "a result under", least, facts.measured, "mg/100mL")
    if "by_blood" in facts.quality:
        return (value,)
    return value, Edge("血液检验结果低于", "a blood test under", least, None, "mg/100mL")
