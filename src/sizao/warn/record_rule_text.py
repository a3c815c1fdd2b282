"""What rules over records (weighings, passages, alarms of cameras) say for one detection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from sizao.core.rulebook import Entry
from sizao.warn.facts import Facts
from sizao.warn.words import number

Texts = tuple[str, str]
"""Chinese, English."""


def _gross(rule: Entry, facts: Facts) -> Texts:
    limit = f"{facts.limit:,.0f}"
    return (
        f"按轴数和车型，这辆车车货总质量不得超过{limit} kg",
        f"By its axles and kind this vehicle may weigh no more than {limit} kg with its load",
    )


def _bands(rule: Entry, facts: Facts) -> Texts:
    edges = [0, *rule.value("edges")]
    zh = [f"不到{high:g}%" if not low else f"{low:g}%至{high:g}%" for low, high in pairwise(edges)]
    en = [
        f"under {high:g} %" if not low else f"{low:g} to {high:g} %"
        for low, high in pairwise(edges)
    ]
    return (
        f"治超按超出比例分级：{'、'.join(zh)}、{edges[-1]:g}%以上；分级前先扣除称重误差",
        f"Graded by the share over the limit: {', '.join(en)}, {edges[-1]:g} % and more; "
        "the error of the scale is taken off first",
    )


def _hot_list(rule: Entry, facts: Facts) -> Texts:
    pairs = "、".join("/".join(group) for group in rule.value("confusable"))
    return (
        f"过车号牌与布控号牌完全一致，或只差一个易混字符（{pairs}），省份字不混淆",
        f"The plate read is one looked for, or differs in one character that cameras confuse "
        f"({pairs.replace('、', ', ')}); the province's never",
    )


def _alarms(rule: Entry, facts: Facts) -> Texts:
    least, gap = number(rule.value("min_alarms")), number(rule.value("gap"))
    speed = number(rule.value("min_speed"))
    return (
        f"车速不低于{speed} km/h时的报警，相隔不超过{gap}分钟并为一次；低一级的满{least}次才触发",
        f"Alarms at {speed} km/h and more, at most {gap} min apart, are one episode; "
        f"of the lower level it takes {least}",
    )


RECORD_TEXTS: Mapping[str, Callable[[Entry, Facts], Texts]] = {
    "load.gross_by_axle": _gross,
    "load.band_100": _bands,
    "detect.hot_list": _hot_list,
    "detect.dsm_fatigue": _alarms,
}
