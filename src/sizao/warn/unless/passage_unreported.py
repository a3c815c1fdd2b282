"""Edges of ``detect.passage_unreported``: one position in time, a silent source, another plate."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.passage_unreported")
    share = float(rule.value("source_heard"))
    return (
        Edge("过车前后的定位报告不少于", "positions around the passing, at least", 1.0, 0.0,
             "count"),
        Edge("其数据来源本身中断（有数据的分钟数低于）",
             "its source silent as well (minutes with data below)", share, None, "%"),
        Edge("照片上不是该车（号牌识读有误或套牌）",
             "another vehicle in the picture (plate read wrongly, or cloned)"),
    )  # fmt: skip
