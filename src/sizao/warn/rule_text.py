"""What a rule of the rule book says for one detection, in words, with how sure that is.

One function a rule; a rule without one is shown by its name. The numbers come out of the rule
book, never out of this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from sizao.core.places import FAST_CLASSES
from sizao.core.rulebook import Entry
from sizao.core.vehicles import COACHES, HEAVY
from sizao.warn.facts import Facts
from sizao.warn.place_rule_text import PLACE_TEXTS
from sizao.warn.record_rule_text import RECORD_TEXTS
from sizao.warn.words import duration, number

Text = tuple[str, str, str]
"""Chinese, English, certainty of the part that applies."""


def rule_text(rule: Entry, facts: Facts) -> Text:
    """The rule in words for these facts."""
    say = _TEXTS.get(rule.id)
    if rule.id in PLACE_TEXTS:
        return *PLACE_TEXTS[rule.id](rule), rule.certainty
    if rule.id in RECORD_TEXTS:
        return *RECORD_TEXTS[rule.id](rule, facts), rule.certainty
    return (rule.name_zh, rule.name_en, rule.certainty) if say is None else say(rule, facts)


def _excess(facts: Facts) -> float:
    """Percent over the limit; 96 at 80 is 20 and not 19.999999999999996, a band lower."""
    return round((facts.measured / facts.limit - 1) * 100, 9) if facts.limit > 0 else 0.0


def _speed_points(rule: Entry, facts: Facts) -> Text:
    heavy = facts.vehicle_kind in HEAVY
    fast = facts.road_class in FAST_CLASSES
    zh = "中型以上载客载货汽车、校车、危险货物运输车" if heavy else "其他机动车"
    en = "heavy class" if heavy else "other vehicle"
    zh += "在高速公路、城市快速路上" if fast else "在其他道路上"
    en += ", fast road" if fast else ", other road"
    classes = ("heavy_class" if heavy else "other", "fast_road" if fast else "other_road")
    for band in rule.value("bands"):
        if (band["class"], band["road"]) == classes and _within(_excess(facts), band):
            span_zh, span_en = _span(band["from"], band["to"])
            return (
                f"{zh}超速{span_zh}，记{band['points']}分",
                f"{en}, {span_en} over the limit: {band['points']} points",
                str(band["certainty"]),
            )
    return f"{zh}，这一超速幅度不记分", f"{en}: no points for this band", "recalled"


def _within(excess: float, band: Mapping[str, Any]) -> bool:
    return bool(band["from"] <= excess) and (band["to"] is None or bool(excess < band["to"]))


def _span(low: float, high: float | None) -> tuple[str, str]:
    if high is None:
        return f"{number(low)}%以上", f"{number(low)} % and more"
    if not low:
        return f"不到{number(high)}%", f"under {number(high)} %"
    return (
        f"{number(low)}%以上不到{number(high)}%",
        f"{number(low)} % to under {number(high)} %",
    )


def _speed_bands(rule: Entry, facts: Facts) -> Text:
    edges = list(rule.value("edges"))
    spans = [*pairwise(edges), (edges[-1], None)]
    excess = max(_excess(facts), edges[0])
    low, high = next(span for span in spans if span[1] is None or excess < span[1])
    span_zh, span_en = _span(low, high)
    listed = [number(edge) for edge in edges[1:]]
    return (
        f"超速按{'、'.join(f'{edge}%' for edge in listed)}分级，本次属{span_zh}一级",
        f"Reporting bands at {', '.join(listed)} %; this one is {span_en}",
        rule.certainty,
    )


def _heavy_penalty(rule: Entry, facts: Facts) -> Text:
    low, high = number(rule.value("fine_min")), number(rule.value("fine_max"))
    start = number(rule.value("from"))
    return (
        f"超速{start}%以上，可处{low}元以上{high}元以下罚款，可以并处吊销驾驶证",
        f"{start} % and more over the limit: a fine of CNY {low} to {high}, "
        "and the licence may be revoked",
        rule.certainty,
    )


def _continuous(rule: Entry, facts: Facts) -> Text:
    zh, en = duration(rule.value("max_continuous") * 60)
    rest = number(rule.value("min_rest"))
    return (
        f"不得连续驾驶超过{zh}未停车休息，或者停车休息少于{rest}分钟",
        f"No driving for more than {en} without a stop of at least {rest} min",
        rule.certainty,
    )


def _coach_hours(rule: Entry, facts: Facts) -> Text:
    day_zh, day_en = duration(rule.value("day_max_continuous") * 60)
    night_zh, night_en = duration(rule.value("night_max_continuous") * 60)
    if facts.rule in ("coach_day_total", "coach_week_total"):
        total_zh, total_en = duration(rule.value("max_driving_24h") * 60)
        week_zh, week_en = duration(rule.value("max_driving_7d") * 60)
        return (
            f"客运驾驶员24小时内累计驾驶不超过{total_zh}，任意连续7日内不超过{week_zh}",
            f"Coach drivers: at most {total_en} of driving in 24 h, {week_en} in any 7 days",
            rule.certainty,
        )
    zh = f"客运驾驶员日间连续驾驶不超过{day_zh}，夜间不超过{night_zh}"
    en = f"Coach drivers: at most {day_en} at a stretch by day, {night_en} by night"
    if facts.vehicle_kind not in COACHES:
        return f"{zh}（仅约束客运，供参考）", f"{en} (binds coaches only)", rule.certainty
    return zh, en, rule.certainty


def _night(rule: Entry, facts: Facts) -> Text:
    start, stop = rule.value("start"), rule.value("end")
    return (
        f"夜间指{start}至次日{stop}，规则触发于{facts.local:%H:%M}",
        f"Night is {start} to {stop}; the rule fired at {facts.local:%H:%M}",
        rule.certainty,
    )


def _coach_curfew(rule: Entry, facts: Facts) -> Text:
    start, stop = rule.value("start"), rule.value("end")
    length = number(rule.value("exempt_max_one_way"))
    return (
        f"长途客运车辆凌晨{start}至{stop}停止运行或实行接驳；单程{length}公里以下、机场固定班线、"
        "高铁快线和接驳运输短途驳载除外",
        f"Long-distance coaches stop or relay from {start} to {stop}; exempt are lines of up to "
        f"{length} km one way, airport lines, rail express and the short leg of a relay",
        rule.certainty,
    )


def _detect_curfew(rule: Entry, facts: Facts) -> Text:
    least = number(rule.value("min_driving"))
    return (
        f"当夜累计行驶满{least}分钟才触发；只有前后两次报告都在行驶的时间才计入",
        f"Fires after {least} min of driving in one night; only time between two moving reports "
        "counts",
        rule.certainty,
    )


def _coach_night_speed(rule: Entry, facts: Facts) -> Text:
    share = number(rule.value("ratio") * 100)
    zh = f"客运车辆夜间车速不超过日间限速的{share}%"
    en = f"Coaches at night: at most {share} % of the day limit"
    if facts.vehicle_kind not in COACHES:
        return f"{zh}（仅约束客运，供参考）", f"{en} (binds coaches only)", rule.certainty
    return zh, en, rule.certainty


def _fatigue_points(rule: Entry, facts: Facts) -> Text:
    if facts.vehicle_kind in COACHES | {"hazmat", "school_bus"}:
        points = number(rule.value("medium_plus_bus_or_hazmat"))
        zh, en = "中型以上载客汽车、危险货物运输车疲劳驾驶", "bus of medium size or more, or hazmat"
    elif facts.vehicle_kind in HEAVY:
        points = number(rule.value("truck"))
        zh, en = "载货汽车疲劳驾驶", "truck"
    else:
        return "此车型疲劳驾驶未列记分", "No points are listed for this vehicle kind", "recalled"
    return f"{zh}，记{points}分", f"Fatigued driving, {en}: {points} points", rule.certainty


def _detect_speeding(rule: Entry, facts: Facts) -> Text:
    least, margin = number(rule.value("min_duration")), number(rule.value("margin"))
    share = number(100 + rule.value("tolerance"))
    return (
        f"车速高于限速的{share}%加{margin} km/h，持续{least}秒以上，规则才触发",
        f"Fires above {share} % of the limit plus {margin} km/h, held for {least} s or more",
        rule.certainty,
    )


def _detect_fatigue(rule: Entry, facts: Facts) -> Text:
    still, gap = number(rule.value("moving_above")), number(rule.value("max_gap") / 60)
    return (
        f"车速不高于{still} km/h视为停车；轨迹中断超过{gap}分钟的时间不计入驾驶时间",
        f"At {still} km/h and below it stands; gaps of more than {gap} min are not counted",
        rule.certainty,
    )


def _detect_alarm(rule: Entry, facts: Facts) -> Text:
    bit = rule.value("bits").get(facts.severity)
    if bit is None:
        return rule.name_zh, rule.name_en, rule.certainty
    return (
        f"终端位置报告的报警标志第{bit}位由0变为1",
        f"Bit {bit} of the terminal's alarm word went from 0 to 1",
        rule.certainty,
    )


def _detect_spell(rule: Entry, facts: Facts) -> Text:
    least, gap = number(rule.value("min_duration")), number(rule.value("max_gap"))
    return (
        f"持续{least}秒以上且至少连续两个定位点符合，规则才触发；定位中断超过{gap}秒即重新计算",
        f"Fires when it has lasted {least} s or more over two positions in a row; "
        f"a pause of more than {gap} s begins anew",
        rule.certainty,
    )


def _detect_section(rule: Entry, facts: Facts) -> Text:
    clock, error = number(rule.value("clock")), number(rule.value("length_error"))
    doubt, sure = number(rule.value("doubt")), number(rule.value("plate_reliability"))
    return (
        f"按两卡口间最短里程减{error}%、用时加{clock}秒（两处时钟误差）计算平均速度，误差均作有利于当事人的计算；"
        f"前后{doubt}小时内号牌疑似被套用的、设备号牌识别可信度低于{sure}%的，不作认定",
        f"Average of the shortest way less {error} % over the time plus {clock} s, so that every "
        f"error speaks for the driver; "
        f"nothing is held of a plate that seems cloned within {doubt} h, or of which a camera was "
        f"less than {sure} % sure",
        rule.certainty,
    )


def _detect_unreported(rule: Entry, facts: Facts) -> Text:
    window = number(rule.value("window"))
    return (
        f"过车前{window}分钟至后{window}分钟内没有该车任何定位，且其数据来源同时段正常",
        f"No position of the vehicle from {window} min before to {window} min after the passing, "
        "while its source went on",
        rule.certainty,
    )


def _supervised(rule: Entry, facts: Facts) -> Text:
    tonnes = number(rule.value("heavy_truck_min_gross") / 1000)
    return (
        f"道路旅客运输、危险货物运输、半挂牵引车和总质量{tonnes}吨以上重型载货汽车应当接入动态监督管理",
        f"Passenger and dangerous goods transport, tractors and trucks of {tonnes} t and more are "
        "to be under dynamic supervision",
        rule.certainty,
    )


def _alcohol(rule: Entry, facts: Facts) -> Text:
    low, high = number(rule.value("min")), rule.parameters.get("max")
    if high is None:
        return (
            f"血液酒精含量{low} mg/100mL以上为醉酒",
            f"{low} mg/100 mL and more: drunk",
            rule.certainty,
        )
    most = number(rule.value("max"))
    return (
        f"血液酒精含量{low} mg/100mL以上不到{most} mg/100mL为饮酒后驾驶",
        f"{low} to under {most} mg/100 mL: driving after drinking",
        rule.certainty,
    )


def _occupancy_points(rule: Entry, facts: Facts) -> Text:
    coach = facts.vehicle_kind in COACHES | {"school_bus"}
    minibus = not coach and facts.limit >= 7
    name, zh, en = "other_passenger", "其他载客汽车", "other vehicle"
    if coach:
        name, en = "school_bus_or_line_or_tour_coach", "school bus or coach"
        zh = "校车、公路客运、旅游客运汽车"
    elif minibus:
        name, zh, en = "seven_seats_plus", "七座以上载客汽车", "seven seats and more"
    # The bands of other_passenger go on where those of seven_seats_plus end.
    for band in rule.value("bands"):
        fits = band["class"] == name or (minibus and band["class"] == "other_passenger")
        if fits and _within(_excess(facts), band):
            span_zh, span_en = _span(band["from"], band["to"])
            return (
                f"{zh}超员{span_zh}，记{band['points']}分",
                f"{en}, {span_en} over the seats: {band['points']} points",
                rule.certainty,
            )
    return f"{zh}，这一超员幅度不记分", f"{en}: no points for this band", "recalled"


def _detect_capacity(rule: Entry, facts: Facts) -> Text:
    share = number(rule.value("free_children"))
    return (
        f"载客不得超过核定人数；公路载客汽车满员时，免票儿童可另加，但不超过核定人数的{share}%",
        f"No more persons than seats; on a full public coach children who travel free may come on "
        f"top, up to {share} % of the seats",
        rule.certainty,
    )


def _detect_slow(rule: Entry, facts: Facts) -> Text:
    kept = 1 - rule.value("margin") / 100
    least, share = number(rule.value("min_vehicles")), number(rule.value("slow") * kept * 100)
    minutes = number(rule.value("min_duration"))
    return (
        f"同一公里内每分钟{least}辆以上重型车辆，平均车速不超过限速的{share}%，累计{minutes}分钟触发",
        f"{least} heavy vehicles or more in one kilometre and minute, on average at {share} % of "
        f"their limit or less, in {minutes} minutes",
        rule.certainty,
    )


def _detect_jump(rule: Entry, facts: Facts) -> Text:
    far, fast = number(rule.value("min_jump")), number(rule.value("max_speed"))
    return (
        f"两个定位点相距{far}米以上、所需车速超过{fast} km/h，且下一点证实，规则才触发",
        f"Fires when two fixes are over {far} m apart, would have taken more than {fast} km/h, "
        "and the next fix confirms it",
        rule.certainty,
    )


def _detect_offline(rule: Entry, facts: Facts) -> Text:
    least, far = number(rule.value("silence")), number(rule.value("displacement"))
    return (
        f"行驶中失联超过{least}分钟且恢复时相距{far}米以上；隧道和已知盲区除外",
        f"Silent for more than {least} min and back over {far} m away; "
        "tunnels and known blind spots excepted",
        rule.certainty,
    )


_TEXTS: Mapping[str, Callable[[Entry, Facts], Text]] = {
    "speed.points": _speed_points,
    "speed.enforcement_codes": _speed_bands,
    "speed.heavy_penalty": _heavy_penalty,
    "fatigue.continuous_any": _continuous,
    "fatigue.coach": _coach_hours,
    "fatigue.night_definition": _night,
    "fatigue.coach_night_speed": _coach_night_speed,
    "fatigue.coach_curfew": _coach_curfew,
    "detect.coach_curfew": _detect_curfew,
    "fatigue.points": _fatigue_points,
    "detect.speeding": _detect_speeding,
    "detect.fatigue": _detect_fatigue,
    "detect.terminal_alarm": _detect_alarm,
    "detect.area_forbidden": _detect_spell,
    "detect.area_limit": _detect_spell,
    "detect.route_departure": _detect_spell,
    "detect.long_downgrade": _detect_spell,
    "detect.stopped_on_expressway": _detect_spell,
    "detect.terminal_moved": _detect_spell,
    "detect.wrong_way": _detect_spell,
    "detect.terminal_fault": _detect_alarm,
    "detect.impossible_jump": _detect_jump,
    "detect.offline_moving": _detect_offline,
    "detect.section_speed": _detect_section,
    "detect.slow_traffic": _detect_slow,
    "alcohol.drink": _alcohol,
    "alcohol.drunk": _alcohol,
    "occupancy.points": _occupancy_points,
    "detect.over_capacity": _detect_capacity,
    "detect.passage_unreported": _detect_unreported,
    "vehicle.supervised_scope": _supervised,
}
