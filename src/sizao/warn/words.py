"""Names of codes in both languages, as warnings say them."""

from __future__ import annotations

from collections.abc import Mapping

from sizao.warn.causes import CAUSE_UNITS

RULES: Mapping[str, tuple[str, str]] = {
    "speeding": ("超速", "speeding"),
    "fatigue": ("疲劳驾驶", "fatigued driving"),
    "terminal_alarm": ("车载终端报警", "terminal alarm"),
    "area_forbidden": ("闯禁行区域", "driving in a closed area"),
    "area_limit": ("区域内超速", "too fast for the area"),
    "route_departure": ("偏离规定路线", "off the prescribed route"),
    "coach_night_speed": ("客车夜间超过限速80%", "coach above 80 % of the limit at night"),
    "coach_curfew": ("客车凌晨未停运", "coach driven during the curfew"),
    "coach_day_total": ("客车驾驶人日驾驶超时", "coach driver over the day's hours"),
    "coach_week_total": ("客车驾驶人周驾驶超时", "coach driver over the week's hours"),
    "coach_night_fatigue": ("客车夜间疲劳驾驶", "fatigued driving of a coach at night"),
    "long_downgrade": ("长下坡制动发热", "hot brakes on a long downgrade"),
    "stopped_on_expressway": ("高速公路停车", "standing on an expressway"),
    "wrong_way": ("高速公路逆行", "against the traffic of an expressway"),
    "terminal_fault": ("终端故障", "terminal fault"),
    "impossible_jump": ("位置突变", "impossible change of place"),
    "offline_moving": ("行驶中离线", "silent while moving"),
    "terminal_moved": ("卫星与记录仪速度不符", "satellite and wheels disagree"),
    "over_road_limit": ("车货总质量超限", "over the road's mass limit"),
    "over_permitted_mass": ("超过核定总质量", "over the permitted gross mass"),
    "over_rated_payload": ("超过核定载质量", "over the rated payload"),
    "over_dimensions": ("外廓尺寸超限", "over the outline limits"),
    "overload_repeat": ("一年内多次超限", "overloaded again and again"),
    "cloned_plate": ("疑似套牌", "one plate in two places"),
    "hot_list": ("布控车辆经过", "a vehicle looked for"),
    "slow_traffic": ("高速公路缓行", "slow traffic on an expressway"),
    "capacity_alarm": ("客车超员报警", "too many passengers by the coach's own terminal"),
    "dsm_fatigue": ("主动安全疲劳报警", "fatigue seen by the driver camera"),
    "drink_driving": ("酒驾检查", "alcohol test"),
    "over_capacity": ("超员", "more persons than seats"),
    "passage_unreported": ("过车无定位", "passed a checkpoint without reporting"),
    "section_speed": ("区间测速超速", "too fast over a section"),
}
"""Detection rule to its names; a test holds it against the registry of detection rules."""

SEVERITIES: Mapping[str, tuple[str, str]] = {
    "lt10": ("超速不到10%", "under 10 % over"),
    "10-20": ("超速10%以上不到20%", "10 % to under 20 % over"),
    "20-50": ("超速20%以上不到50%", "20 % to under 50 % over"),
    "50-70": ("超速50%以上不到70%", "50 % to under 70 % over"),
    "ge70": ("超速70%以上", "70 % and more over"),
    "unknown_driver": (
        "超过累计驾驶时间，驾驶人未知，按车辆累计",
        "over the hours allowed; the driver is unknown, so they are the vehicle's",
    ),
    "curfew": ("凌晨2时至5时仍在运行", "driven between 02:00 and 05:00"),
    "service_unknown": (
        "凌晨2时至5时仍在运行，是否属豁免班线未知",
        "driven between 02:00 and 05:00, whether its service is exempt is unknown",
    ),
    "over_limit": ("超过法定连续驾驶时间", "over the legal driving time"),
    "emergency": ("紧急报警", "emergency"),
    "overspeed": ("终端自报超速", "speeding, by the terminal itself"),
    "fatigue": ("终端自报疲劳驾驶", "fatigue, by the terminal itself"),
    "collision": ("碰撞报警", "collision"),
    "rollover": ("侧翻报警", "rollover"),
    "closed": ("在禁行时段、禁行区域内行驶", "driving there while it is closed"),
    "off_route": ("在规定路线以外行驶", "driving outside the route"),
    "brake_heat": ("推算制动器过热", "the brakes must be too hot"),
    "wrong_way": ("逆向行驶", "driving the wrong way"),
    "standing": ("停在行车道或应急车道上", "standing on the carriageway or hard shoulder"),
    "gnss_module": ("卫星定位模块故障", "satellite module fault"),
    "gnss_antenna_open": ("卫星天线未接或被剪断", "satellite aerial missing or cut"),
    "gnss_antenna_short": ("卫星天线短路", "satellite aerial shorted"),
    "power_low": ("主电源欠压", "supply voltage low"),
    "power_cut": ("主电源断电", "supply cut"),
    "camera": ("摄像头故障", "camera fault"),
    "moved": ("车辆非法位移", "towed away, by the terminal itself"),
    "jump": ("短时间内出现在不可能到达的位置", "at a place it cannot have reached"),
    "offline": ("行驶中失去联系后在别处恢复", "fell silent under way and came back elsewhere"),
    "speeds_differ": ("一方显示行驶、另一方显示停车", "one drives while the other stands"),
    "lt30": ("超出不到30%", "under 30 % over"),
    "ge30": ("超出30%以上", "30 % and more over"),
    "30-50": ("超出30%以上不到50%", "30 % to under 50 % over"),
    "ge50": ("超出50%以上", "50 % and more over"),
    "50-100": ("超出50%以上不到100%", "50 % to under 100 % over"),
    "ge100": ("超出100%以上", "100 % and more over"),
    "length": ("长度超限", "too long"),
    "width": ("宽度超限", "too wide"),
    "height": ("高度超限", "too high"),
    "vehicle": ("同一车辆一年内超限超过3次", "one vehicle more than three times a year"),
    "enterprise": ("企业超限车辆超过其总数的10%", "more than a tenth of an enterprise's vehicles"),
    "impossible": (
        "同一号牌在两地出现，一辆车不可能到达",
        "in two places that one vehicle cannot reach",
    ),
    "withdrawn": ("后续数据表明不成立，已撤回", "withdrawn: later data show otherwise"),
    "device_over_capacity": (
        "终端连续上报超员，须人工清点",
        "the terminal says so again and again; a person is to count",
    ),
    "dsm_level_1": ("驾驶人状态监测多次一级疲劳报警", "several fatigue alarms of level 1"),
    "dsm_level_2": ("驾驶人状态监测二级疲劳报警", "a fatigue alarm of level 2"),
    "slow": ("重型车辆缓慢行驶", "heavy vehicles well below free flow"),
    "congested": ("拥堵", "congested"),
    "standing_traffic": ("车流停滞", "traffic at a standstill"),
    "queue_end": (
        "排队末端，后方有车辆高速驶近",
        "the end of a queue, with traffic coming up at speed",
    ),
    "drink": ("饮酒后驾驶（20以上不到80 mg/100mL）", "20 to under 80 mg/100 mL"),
    "drink_again": (
        "饮酒后驾驶，同一车辆规定期限内曾查获，是否同一驾驶人须核实",
        "20 to under 80 mg/100 mL, the same vehicle was found before; whether the same person "
        "drove must be checked",
    ),
    "drunk": ("醉酒驾驶（80 mg/100mL以上）", "80 mg/100 mL and more"),
    "refusal": ("拒绝检测", "the test was refused"),
    "cleared": ("检验结果低于20 mg/100mL，排除", "under 20 mg/100 mL after all: cleared"),
    "seats_lt20": ("超员不到20%", "under 20 % over the seats"),
    "seats_20_50": ("超员20%以上不到50%", "20 % to under 50 % over the seats"),
    "seats_50_100": ("超员50%以上不到100%", "50 % to under 100 % over the seats"),
    "seats_ge100": ("超员100%以上", "100 % and more over the seats"),
    "silent": (
        "经过卡口前后终端未上传定位，数据来源正常",
        "its terminal sent no position around the passing, though its source did",
    ),
    "never_heard": (
        "应当接入动态监控，但从未上传过定位",
        "must be supervised, but has never sent a position",
    ),
    "exact": ("号牌完全一致", "the same plate"),
    "probable": (
        "号牌相近，仅一个易混字符不同，须核对照片",
        "one easily confused character differs",
    ),
}
"""Severity code to its names."""

QUALITIES: Mapping[str, tuple[str, str]] = {
    "gps_only": (
        "只有卫星速度，没有行驶记录仪速度",
        "speed by satellite only, none from the recorder",
    ),
    "recorder_differs": (
        "行驶记录仪速度与卫星速度不一致",
        "the recorder's speed differs from the satellite's",
    ),
    "gap": ("轨迹有中断", "the track has a gap"),
    "unmatched": ("位置未能匹配到道路", "the position could not be matched to a road"),
    "limit_default": (
        "限速取道路等级默认值，没有标志数据",
        "the limit is the default of the road class, not of a sign",
    ),
    "limit_doubtful": (
        "定位误差范围内另有更高限速，已按较高限速判定",
        "a higher limit lies within the error of the position and was the one applied",
    ),
    "weighed_in_motion": (
        "高速动态称重，须静态复核",
        "weighed at speed; to be weighed again standing",
    ),
    "method_unknown": ("称重方式未知", "how it was weighed is not known"),
    "combination_unknown": (
        "是否汽车列车未知，按较宽的限值判定",
        "not known whether it is a combination: the more lenient limit is taken",
    ),
    "colour_unknown": ("卡口未报号牌颜色", "the checkpoint did not tell the plate's colour"),
    "blood_pending": ("已抽血，结果未出", "a blood sample was taken, its result is awaited"),
    "by_blood": ("以血液检验结果为准", "by the blood test"),
    "calibration_expired": (
        "呼气检测仪检定过期或日期不符，结果须另行核实",
        "the breath tester's verification had run out: the result needs other proof",
    ),
    "calibration_unknown": ("未报呼气检测仪检定日期", "the tester's verification was not told"),
    "refers_unknown": ("所更正的检查记录未找到", "the check it corrects is not known"),
    "refused_and_blown": ("同时记有拒检和呼气结果", "both a refusal and a breath result"),
    "blood_contradicts": ("血检待出，却记有结果", "blood is awaited, yet a result is given"),
    "children_exceed_persons": ("免票儿童多于实载人数", "more children than persons"),
    "children_unknown": (
        "未报免票儿童人数，未扣减",
        "children who travel free were not told and not taken off",
    ),
    "counted_by_device": (
        "由设备计数，须人工清点",
        "counted by a device: a person is to count again",
    ),
    "corrected": ("根据后续数据更正", "corrected by data that came later"),
    "kind_unknown": (
        "车辆未登记，按区间内最高限速判定",
        "the vehicle is not in the register: the section's highest limit is taken",
    ),
    "night": ("按客车夜间限速（日间限速的80%）判定", "judged by the night limit of coaches"),
    "service_area": (
        "区间内有服务区，如曾停车，实际行驶速度更高",
        "a service area lies on the way: whoever stopped there drove faster",
    ),
    "plate_doubtful": (
        "同一号牌有一辆车不可能完成的两次过车，疑似套牌或识读有误，须核对照片，不能认定该车超速",
        "its plate made two passages that one vehicle cannot both have made: a cloned or misread "
        "plate, so compare the pictures and do not hold the speed against its driver",
    ),
    "passed_again": (
        "同一号牌接连两次同向通过区间终点，分不清哪一次属于该行程，按用时较长的不超速，须核对照片，"
        "不能认定该车超速",
        "its plate passed the section's end twice in a row the same way: nobody knows which of the "
        "two ended this journey, and by the later one it was lawful, so compare the pictures and "
        "do not hold the speed against its driver",
    ),
    "instant_too": (
        "卡口单点测速也超速，属同一行为，不重复认定",
        "a camera measured more than the limit as well: the same offence, not a second one",
    ),
    "sum_differs": ("轴荷之和与总质量不一致", "the axle loads do not add up to the gross mass"),
    "axles_differ": ("轴数与轴荷个数不一致", "the axle count differs from the axle loads"),
    "gross_from_axles": ("总质量由轴荷相加得出", "the gross mass is the sum of the axle loads"),
}
"""Data quality code of a detection to its names."""

VEHICLE_KINDS_EN: Mapping[str, str] = {
    "line_coach": "line coach",
    "tour_coach": "tour coach",
    "highway_passenger": "highway passenger vehicle",
    "hazmat": "hazmat vehicle",
    "semi_tractor": "semi-trailer tractor",
    "heavy_truck": "heavy truck",
    "school_bus": "school bus",
    "minivan": "minivan",
    "rural_tricycle": "rural tricycle",
    "police": "police vehicle",
    "other": "other vehicle",
}

ROAD_CLASSES_EN: Mapping[str, str] = {
    "expressway": "expressway",
    "urban_expressway": "urban expressway",
    "national": "national road",
    "provincial": "provincial road",
    "county": "county road",
    "village": "village road",
    "urban": "urban street",
    "ramp": "ramp",
}

_UNITS = {
    "min": ("分钟", "min"),
    "bit": ("", ""),
    "count": ("", ""),
    "mg/100mL": (" mg/100mL", "mg/100 mL"),
    "s": ("秒", "s"),
    "h": ("小时", "h"),
    "km": ("公里", "km"),
    **CAUSE_UNITS,
}


def unit(code: str) -> tuple[str, str]:
    """A unit's Chinese and English form: ``min`` is 分钟, ``km/h`` stays."""
    return _UNITS.get(code, (f" {code}" if code else "", code))


def number(value: float) -> str:
    """At most one decimal, and none if it is zero.

    >>> number(80.0), number(128.46)
    ('80', '128.5')
    """
    return f"{value:.1f}".removesuffix(".0")


def duration(seconds: float) -> tuple[str, str]:
    """A span in words.

    >>> duration(95)
    ('95秒', '95 s')
    >>> duration(4 * 3600 + 120)
    ('4小时2分钟', '4 h 2 min')
    """
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole}秒", f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes}分钟", f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if not rest:
        return f"{hours}小时", f"{hours} h"
    return f"{hours}小时{rest}分钟", f"{hours} h {rest} min"
