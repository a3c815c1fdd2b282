"""Words of crash records: code to Chinese, English and other spellings.

Only words are known, no numeric codes: systems number the same list differently, so a file of
codes needs ``values`` in its mapping.
"""

from __future__ import annotations

from sizao.core.severity import classes_1991, grades_2007

Spellings = dict[str, tuple[str, ...]]

GRADES: Spellings = {
    code: (zh, code.replace("_", " "), f"{zh}事故", f"{zh}道路交通事故")
    for code, zh in grades_2007().items()
}
CLASSES: Spellings = {
    code: (zh, code.replace("_", " "), f"{zh}事故", f"{zh}道路交通事故")
    for code, zh in classes_1991().items()
}
PROCEDURES: Spellings = {
    "fatal": ("死亡", "fatal", "死亡事故", "亡人", "亡人事故"),
    "injury": ("伤人", "injury", "伤人事故", "受伤", "受伤事故"),
    "property_damage": (
        "财产损失", "property damage", "财产损失事故", "物损", "物损事故", "财损", "仅财产损失",
    ),
}  # fmt: skip
"""道路交通事故处理程序规定 (2017) art. 3."""

WEATHER: Spellings = {
    "clear": ("晴", "clear", "晴天"),
    "cloudy": ("阴", "cloudy", "多云", "阴天", "overcast"),
    "rain": ("雨", "rain", "小雨", "中雨", "大雨", "raining"),
    "snow": ("雪", "snow", "降雪", "snowing"),
    "fog": ("雾", "fog", "团雾", "霾"),
    "wind": ("大风", "wind", "强风"),
    "dust": ("沙尘", "dust", "扬沙", "沙尘暴"),
    "hail": ("冰雹", "hail"),
    "other": ("其他", "other", "其它"),
}
LIGHT: Spellings = {
    "day": ("白天", "daylight", "昼间", "day"),
    "dawn": ("黎明", "dawn", "凌晨"),
    "dusk": ("黄昏", "dusk", "傍晚"),
    "night_lit": (
        "夜间有路灯", "night, lit", "夜间有路灯照明", "夜间有照明", "有路灯照明", "dark lit",
    ),
    "night_unlit": (
        "夜间无路灯", "night, unlit", "夜间无路灯照明", "夜间无照明", "无路灯照明", "dark unlit",
    ),
    "night": ("夜间", "night", "夜晚", "dark"),
}  # fmt: skip
SURFACE: Spellings = {
    "dry": ("干燥", "dry", "干"),
    "wet": ("潮湿", "wet", "湿滑", "积水", "湿"),
    "snow": ("积雪", "snow"),
    "ice": ("结冰", "ice", "冰", "薄冰", "icy"),
    "muddy": ("泥泞", "muddy", "油污"),
    "other": ("其他", "other", "其它"),
}
COLLISIONS: Spellings = {
    "head_on": ("正面碰撞", "head-on", "正面相撞", "对向碰撞", "正面"),
    "rear_end": ("追尾", "rear-end", "尾随相撞", "追尾碰撞", "追尾相撞"),
    "side": ("侧面碰撞", "side", "侧面相撞", "直角碰撞", "侧碰", "broadside", "同向刮擦", "刮擦",
             "对向刮擦", "sideswipe"),
    "pedestrian": ("碾撞行人", "pedestrian", "撞行人", "刮撞行人", "碾压"),
    "rollover": ("翻车", "rollover", "侧翻", "翻滚", "overturned"),
    "off_road": ("驶出路外", "off road", "坠车", "坠崖", "坠落", "冲出路外"),
    "fixed_object": ("撞固定物", "fixed object", "撞护栏", "撞树", "hit object"),
    "parked": ("撞静止车辆", "parked vehicle", "撞停驶车辆"),
    "fire": ("失火", "fire", "燃烧", "自燃"),
    "other": ("其他", "other", "其它"),
}  # fmt: skip
PARTIES: Spellings = {
    "car": ("小型汽车", "car", "小型客车", "小客车", "轿车", "小车", "面包车", "客车（小型）"),
    "bus": ("大中型客车", "bus", "大客车", "大型客车", "中型客车", "客车", "公交车", "校车"),
    "truck": ("货车", "truck", "重型货车", "轻型货车", "中型货车", "牵引车", "半挂车", "载货汽车"),
    "motorcycle": ("摩托车", "motorcycle", "摩托", "普通摩托车", "轻便摩托车"),
    "tricycle": ("三轮汽车", "tricycle", "三轮车", "低速货车", "农用车"),
    "tractor": ("拖拉机", "tractor", "农机"),
    "e_bike": ("电动自行车", "e-bike", "电动车", "电瓶车"),
    "bicycle": ("自行车", "bicycle", "非机动车"),
    "pedestrian": ("行人", "pedestrian", "步行"),
    "other": ("其他", "other", "其它"),
}
