"""Edges of ``detect.dsm_fatigue``: the level, the number of alarms, the camera's own mistake."""

from __future__ import annotations

from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def edges(facts: Facts) -> tuple[Edge, ...]:
    """By the detection's own limit."""
    number = Edge("一级报警次数不超过", "alarms of level 1, at most", facts.limit, facts.measured,
                  "count")  # fmt: skip
    mistake = Edge("照片或视频显示系误报", "the pictures showing that the camera erred")
    if facts.severity == "dsm_level_2":
        return Edge("没有二级报警", "no alarm of level 2"), mistake
    return number, mistake
