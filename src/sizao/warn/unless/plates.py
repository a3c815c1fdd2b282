"""Edges of rules over plates: one in two places, one that is looked for."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def cloned(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.cloned_plate")
    return (
        Edge("两处过车之间所需车速不高于", "a speed between the two passages of at most",
             facts.limit, facts.measured, "km/h"),
        Edge("两卡口相距短于", "checkpoints nearer to each other than",
             float(rule.value("min_distance")), None, "m"),
        Edge("两卡口时钟相差大于", "their clocks apart by more than", float(rule.value("clock")),
             None, "s"),
        Edge("照片上是不同号牌（识读有误）", "different plates in the pictures (read wrongly)"),
    )  # fmt: skip


def looked_for(facts: Facts) -> tuple[Edge, ...]:
    """Text, colour and term of the entry."""
    edges = [
        Edge(
            "布控已到期、撤销或尚未生效", "the entry past its term, withdrawn or not yet in force"
        ),
        Edge("号牌颜色与布控不符", "a plate of another colour than the entry's"),
    ]
    if facts.severity == "probable":
        edges.insert(
            0,
            Edge("照片上的号牌与布控不同（识读混淆一个字符，须人工核对）",
                 "another plate in the picture (one character confused: a person compares)"),
        )  # fmt: skip
    else:
        edges.insert(0, Edge("照片上不是该号牌（识读有误）", "another plate in the picture"))
    return tuple(edges)
