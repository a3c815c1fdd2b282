"""What happened, in one sentence of each language: a function a rule.

Each gets the facts and the subject (place and kind of vehicle) and gives the whole sentence. A
rule without one is told by its name and severity (:func:`by_name`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sizao.warn.facts import Facts
from sizao.warn.words import QUALITIES, RULES, SEVERITIES, duration, number

Sentence = Callable[[Facts, str, str], tuple[str, str]]


def sentence(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    """The sentence for these facts, Chinese and English."""
    return _SENTENCES.get(facts.rule, by_name)(facts, subject_zh, subject_en)


def quality(code: str, facts: Facts) -> tuple[str, str]:
    """A data quality code in words. ``unknown_min=N`` gives the bounds of what was measured."""
    name, _, value = code.partition("=")
    if name == "rest_min":
        return (
            f"其间停车合计{value}分钟（含停车时终端离线），每次均不足20分钟，不算休息",
            f"stops of {value} min in all on the way (the terminal off or on), each too short to "
            "be a rest",
        )
    if name == "driver_unknown_min":
        zh, en = duration(float(value) * 60)
        return (
            f"其中{zh}没有驾驶人刷卡信息",
            f"for {en} of it no driver's card was in the reader",
        )
    if name == "length_km":
        return f"涉及约{value}公里", f"over some {value} km"
    if name == "limit_temporary":
        return (
            f"限速由临时管制措施{value}设定",
            f"the limit is a temporary one, put up by measure {value}",
        )
    if name != "unknown_min" or not value.isdigit():
        return QUALITIES.get(code, (code, code))
    least_zh, least_en = duration(facts.measured * 60)
    most_zh, most_en = duration((facts.measured + int(value)) * 60)
    return (
        f"最多有{value}分钟没有数据，既不算驾驶也不算休息：实际在{least_zh}至{most_zh}之间",
        f"up to {value} min are unknown, neither driving nor rest: "
        f"the true value lies between {least_en} and {most_en}",
    )


def by_name(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    """The rule's name and the severity's, with the fence gone by if there is one."""
    name_zh, name_en = RULES.get(facts.rule, (facts.rule, facts.rule))
    severity_zh, severity_en = SEVERITIES.get(facts.severity, (facts.severity, facts.severity))
    by_zh, by_en = _fence(facts)
    return (
        f"{subject_zh}{name_zh}：{severity_zh}{by_zh}。",
        f"{subject_en}, {name_en}: {severity_en}{by_en}.",
    )


def _fence(facts: Facts) -> tuple[str, str]:
    if facts.fence is None:
        return "", ""
    return f"（电子围栏{facts.fence}号）", f" (electronic fence {facts.fence})"


def _area_limit(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    by_zh, by_en = _fence(facts)
    return _speeding(facts, f"{subject_zh}在限速区域{by_zh}内", f"{subject_en}{by_en}")


def _speeding(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    # The worst moment is the one furthest over its limit, not always the fastest one.
    zh, en = duration(facts.end_s - facts.start_s)
    speed, limit = number(facts.measured), number(facts.limit)
    return (
        f"{subject_zh}超速行驶{zh}，超速最多时{speed} km/h，限速{limit} km/h"
        f"（超速{_excess(facts)}%）。",
        f"{subject_en} over the limit for {en}, at worst {speed} km/h "
        f"where {limit} km/h is allowed ({_excess(facts)} % over).",
    )


def _excess(facts: Facts) -> int:
    """Percent over, rounded down, so that the words never claim a band that the severity does
    not."""
    return int((facts.measured / facts.limit - 1) * 100 + 1e-6) if facts.limit > 0 else 0


def _coach_night_speed(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    zh, en = duration(facts.end_s - facts.start_s)
    speed, limit = number(facts.measured), number(facts.limit)
    return (
        f"{subject_zh}夜间车速超过日间限速的80%，持续{zh}，最多时{speed} km/h，"
        f"夜间应不超过{limit} km/h（超出{_excess(facts)}%）。",
        f"{subject_en} above 80 % of the day's limit at night for {en}, at worst {speed} km/h "
        f"where {limit} km/h is allowed at night ({_excess(facts)} % over).",
    )


def _fatigue(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    if facts.severity == "withdrawn":
        return by_name(facts, subject_zh, subject_en)
    zh, en = duration(facts.measured * 60)
    limit_zh, limit_en = duration(facts.limit * 60)
    return (
        f"{subject_zh}连续驾驶{zh}，其间没有满20分钟的停车休息（限{limit_zh}）。",
        f"{subject_en} driven for {en} without a rest of 20 min (limit {limit_en}).",
    )


def _coach_night_fatigue(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    zh, en = duration(facts.measured * 60)
    limit_zh, limit_en = duration(facts.limit * 60)
    return (
        f"{subject_zh}夜间连续驾驶{zh}，其间没有满20分钟的停车休息（夜间限{limit_zh}）。",
        f"{subject_en} driven for {en} of one night without a rest of 20 min "
        f"(limit at night {limit_en}).",
    )


def _total(span_zh: str, span_en: str) -> Sentence:
    def say(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
        zh, en = duration(facts.measured * 60)
        limit_zh, limit_en = duration(facts.limit * 60)
        who_zh, who_en = "驾驶人", "its driver was at the wheel"
        if facts.severity == "unknown_driver":
            who_zh, who_en = "（驾驶人未知，按车辆累计）", "driven by somebody unknown"
        return (
            f"{subject_zh}{who_zh}{span_zh}累计驾驶至少{zh}（限{limit_zh}）。",
            f"{subject_en}: {who_en} for {en} at least in {span_en} (limit {limit_en}).",
        )

    return say


def _coach_curfew(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    zh, en = duration(facts.measured * 60)
    unknown = facts.severity == "service_unknown"
    but_zh = "台账没有登记其客运服务类型，是否豁免须核实" if unknown else "不属豁免的班线"
    but_en = (
        "the register does not say its service, so whether it is exempt must be checked"
        if unknown
        else "its service is not exempt"
    )
    return (
        f"{subject_zh}凌晨2时至5时之间至少行驶{zh}，{but_zh}。",
        f"{subject_en} driven for {en} at least between 02:00 and 05:00; {but_en}.",
    )


def _over_capacity(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    counted, seats = number(facts.measured), number(facts.limit)
    return (
        f"{subject_zh}核定载{seats}人，计{counted}人（超员{_excess(facts)}%）。",
        f"{subject_en}: {counted} persons counted on {seats} seats ({_excess(facts)} % over).",
    )


def _drink_driving(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    if facts.severity == "refusal":
        return by_name(facts, subject_zh, subject_en)
    value = number(facts.measured)
    severity_zh, severity_en = SEVERITIES.get(facts.severity, (facts.severity, facts.severity))
    test_zh, test_en = (
        ("血液检验", "blood") if "by_blood" in facts.quality else ("呼气检测", "breath")
    )
    return (
        f"{subject_zh}{test_zh}{value} mg/100mL：{severity_zh}。",
        f"{subject_en}: {test_en} test {value} mg/100 mL, {severity_en}.",
    )


def _section_speed(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    if facts.severity != "withdrawn":
        return by_name(facts, subject_zh, subject_en)
    return (
        f"{subject_zh}区间测速超速的结论已撤回：该号牌疑似被套用，两次过车可能不是同一辆车。",
        f"{subject_en}: speed over the section withdrawn; its plate seems to be cloned, so "
        "that the two passages may be of two vehicles.",
    )


def _slow_traffic(facts: Facts, subject_zh: str, subject_en: str) -> tuple[str, str]:
    # The subject is a stretch of road and no vehicle, so its kind is left out.
    where_zh = subject_zh.rpartition("，")[0] or "高速公路"
    where_en = subject_en.rpartition(":")[0] or "An expressway"
    speed, usual = number(facts.measured), number(facts.limit)
    zh, en = duration(facts.end_s - facts.start_s)
    if facts.severity == "queue_end":
        return (
            f"{where_zh}排队末端，车速{speed} km/h，后方车辆高速驶近。",
            f"{where_en}: the end of a queue at {speed} km/h, traffic coming up at speed.",
        )
    severity_zh, severity_en = SEVERITIES.get(facts.severity, (facts.severity, facts.severity))
    return (
        f"{where_zh}{severity_zh}{zh}，重型车辆平均车速低至{speed} km/h（平常限速{usual} km/h）。",
        f"{where_en}: {severity_en} for {en}, heavy vehicles down to {speed} km/h on average "
        f"(usual limit {usual} km/h).",
    )


_SENTENCES: Mapping[str, Sentence] = {
    "speeding": _speeding,
    "fatigue": _fatigue,
    "section_speed": _section_speed,
    "slow_traffic": _slow_traffic,
    "drink_driving": _drink_driving,
    "over_capacity": _over_capacity,
    "area_limit": _area_limit,
    "coach_night_speed": _coach_night_speed,
    "coach_curfew": _coach_curfew,
    "coach_day_total": _total("24小时内", "24 h"),
    "coach_week_total": _total("7日内", "7 days"),
    "coach_night_fatigue": _coach_night_fatigue,
}
