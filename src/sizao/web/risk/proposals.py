"""What to look for at a site, by what it has more of than its like.

Leads for a visit, not designs: the engineer on the spot decides. Which measure has which effect
is in the CMF library (``sizao effects``), with sources.
"""

from __future__ import annotations

from collections.abc import Sequence

PROPOSALS: dict[tuple[str, str], str] = {
    ("collision", "rear_end"): "核查跟车与限速：能否提前看到排队、路口或弯道，标志标线是否提前告知",
    ("collision", "head_on"): "核查对向隔离、中心线和超车视距，弯道内侧是否有会车余地",
    ("collision", "side"): "核查路口视距、让行标志、相位与左转通行空间",
    ("collision", "pedestrian"): "核查过街设施、照明和人行道是否连续，周边学校、集市的出行时段",
    ("collision", "rollover"): "核查超高、弯道半径和路侧高差，载货车辆限速是否合适",
    ("collision", "off_road"): "核查护栏、线形诱导标和弯道警示，路面抗滑",
    ("collision", "fixed_object"): "核查路侧净区、护栏端头和反光标识",
    ("collision", "parked"): "核查违停与占道施工，夜间停车的警示和照明",
    ("light_condition", "night_unlit"): "核查照明和反光标线、轮廓标，夜间巡逻时段",
    ("light_condition", "night_lit"): "核查灯具是否损坏、照度是否够",
    ("surface", "wet"): "核查排水、积水点和抗滑性能，雨天预警与限速",
    ("surface", "ice"): "核查背阴、桥面结冰，凌晨巡查与撒布",
    ("parties", "pedestrian"): "核查行人横穿的原因和过街间距",
    ("parties", "e_bike"): "核查非机动车通行空间和路口二次过街",
    ("parties", "motorcycle"): "核查支路接入和坡道视距，头盔检查时段",
    ("parties", "truck"): "核查长下坡、避险与货车靠右，联合治超时段",
    ("hours", "00:00–06:00"): "凌晨时段疲劳驾驶、酒驾检查",
    ("hours", "20:00–24:00"): "夜间酒驾检查与照明核查",
    ("hours", "06:00–09:00"): "早高峰上学通勤勤务",
    ("hours", "17:00–20:00"): "晚高峰勤务与路口指挥",
}
"""Factor and value to the lead."""


def proposals(found: Sequence[tuple[str, str]], most: int = 3) -> list[str]:
    """Leads for the patterns of a site, the surest pattern first."""
    leads = [PROPOSALS[one] for one in found if one in PROPOSALS]
    return list(dict.fromkeys(leads))[:most]
