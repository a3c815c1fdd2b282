"""What is the matter at a place, in one sentence of each language: a function a kind of fact."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from sizao.core.clock import SHANGHAI
from sizao.warn.causes import CAUSES, STATES
from sizao.warn.facts import Facts
from sizao.warn.words import number

Sentence = Callable[[Facts, str, str], tuple[str, str]]


def place_sentence(facts: Facts, where_zh: str, where_en: str) -> tuple[str, str]:
    """The sentence for a fact about the place that is called so."""
    if facts.severity.startswith(("signal_", "platform_")):
        return _told(facts, where_zh, where_en)
    return _SENTENCES.get(facts.rule, _by_name)(facts, where_zh, where_en)


def _told(facts: Facts, where_zh: str, where_en: str) -> tuple[str, str]:
    """In the issuer's own words, which stay Chinese."""
    kind_zh, kind_en = CAUSES.get(facts.rule, (facts.rule, facts.rule))
    state_zh, state_en = STATES[facts.severity]
    said = facts.said.rstrip("。")
    return (
        f"{where_zh}{kind_zh}，{state_zh}{'：' + said if said else ''}。",
        f"{where_en}: {kind_en}, {state_en}{': ' + said if said else ''}.",
    )


def _visibility(facts: Facts, where_zh: str, where_en: str) -> tuple[str, str]:
    metres = f"{facts.measured:.0f}"
    return (
        f"{where_zh}附近测站能见度{metres}米。",
        f"Visibility near {where_en}: {metres} m by the station.",
    )


def _ice(facts: Facts, where_zh: str, where_en: str) -> tuple[str, str]:
    state_zh, state_en = STATES[facts.severity]
    if math.isnan(facts.measured):
        return f"{where_zh}附近{state_zh}。", f"Near {where_en}: {state_en}."
    degrees = number(facts.measured)
    return (
        f"{where_zh}附近{state_zh}，路面温度{degrees}℃。",
        f"Near {where_en}: {state_en}, surface {degrees} °C.",
    )


def _rain(facts: Facts, where_zh: str, where_en: str) -> tuple[str, str]:
    sums = {name: number(value) for name, value in facts.sums.items()}
    return (
        f"{where_zh}附近降雨{number(facts.measured)}毫米/小时，近3、6、12小时累计"
        f"{sums.get('mm_3h', '0')}、{sums.get('mm_6h', '0')}、{sums.get('mm_12h', '0')}毫米。",
        f"Rain near {where_en}: {number(facts.measured)} mm/h; {sums.get('mm_3h', '0')}, "
        f"{sums.get('mm_6h', '0')}, {sums.get('mm_12h', '0')} mm in the last 3, 6, 12 h.",
    )


def _crash_risk(facts: Facts, where_zh: str, where_en: str) -> tuple[str, str]:
    first = datetime.fromtimestamp(facts.start_s, SHANGHAI)
    last = datetime.fromtimestamp(facts.end_s, SHANGHAI)
    span = f"{first:%m-%d %H:%M}–{last:%H:%M}"
    ratio = number(facts.measured)
    because = f"（{facts.said}）" if facts.said else ""
    return (
        f"{where_zh} {span} 预报事故风险为平常同一时段的{ratio}倍{because}。",
        f"{where_en}, {span}: the forecast risk of crashes is {ratio} times the usual of these "
        f"hours{' (' + facts.said + ')' if facts.said else ''}.",
    )


def _by_name(facts: Facts, where_zh: str, where_en: str) -> tuple[str, str]:
    zh, en = CAUSES.get(facts.rule, (facts.rule, facts.rule))
    said = f"：{facts.said}" if facts.said else ""
    said_en = f": {facts.said}" if facts.said else ""
    return f"{where_zh}{zh}{said}。", f"{where_en}: {en}{said_en}."


_SENTENCES: Mapping[str, Sentence] = {
    "low_visibility": _visibility,
    "road_ice": _ice,
    "rain": _rain,
    "crash_risk": _crash_risk,
}
