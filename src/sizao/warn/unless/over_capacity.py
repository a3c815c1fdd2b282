"""Edges of ``detect.over_capacity``: the persons, the seats of the register, free children."""

from __future__ import annotations

from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """The count against the seats."""
    edges = [
        Edge("计入人数不超过核定载客人数", "persons counted, at most", facts.limit, facts.measured,
             "count"),
        Edge("台账核定载客人数不少于（登记有误）", "seats, at least (entered wrongly)",
             facts.measured, facts.limit, "count"),
    ]  # fmt: skip
    if "children_unknown" in facts.quality:
        edges.append(Edge("其中有免票儿童（按规定可扣减）", "children among them who travel free"))
    return tuple(edges)
