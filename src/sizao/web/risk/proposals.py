"""What to look for at a site, by what it has more of than its like.

Leads for a visit, not designs: the engineer on the spot decides. Which measure has which effect
is in the CMF library (``sizao effects``), with sources.
"""

from __future__ import annotations

from collections.abc import Sequence

PROPOSALS: dict[tuple[str, str], tuple[str, str]] = {
    ("collision", "rear_end"): (
        "核查跟车与限速：能否提前看到排队、路口或弯道，标志标线是否提前告知",
        "Check distances and speed limit: is a queue, junction or bend seen in time",
    ),
    ("collision", "head_on"): (
        "核查对向隔离、中心线和超车视距，弯道内侧是否有会车余地",
        "Check separation, centre line and overtaking sight, and room to meet inside the bend",
    ),
    ("collision", "side"): (
        "核查路口视距、让行标志、相位与左转通行空间",
        "Check sight at the junction, give-way signs, phases and room for left turns",
    ),
    ("collision", "pedestrian"): (
        "核查过街设施、照明和人行道是否连续，周边学校、集市的出行时段",
        "Check crossings, lighting and footways, and the hours of schools and markets",
    ),
    ("collision", "rollover"): (
        "核查超高、弯道半径和路侧高差，载货车辆限速是否合适",
        "Check superelevation, radius and the drop beside the road, and the limit for lorries",
    ),
    ("collision", "off_road"): (
        "核查护栏、线形诱导标和弯道警示，路面抗滑",
        "Check guard rail, delineation, bend warning and skid resistance",
    ),
    ("collision", "fixed_object"): (
        "核查路侧净区、护栏端头和反光标识",
        "Check the clear zone, ends of guard rails and reflectors",
    ),
    ("collision", "parked"): (
        "核查违停与占道施工，夜间停车的警示和照明",
        "Check illegal parking and works on the road, and their warning and light at night",
    ),
    ("light_condition", "night_unlit"): (
        "核查照明和反光标线、轮廓标，夜间巡逻时段",
        "Check lighting, reflecting markings and delineators, and patrol hours at night",
    ),
    ("light_condition", "night_lit"): (
        "核查灯具是否损坏、照度是否够",
        "Check for dead lamps and whether it is bright enough",
    ),
    ("surface", "wet"): (
        "核查排水、积水点和抗滑性能，雨天预警与限速",
        "Check drainage, standing water and skid resistance; warning and limit in rain",
    ),
    ("surface", "ice"): (
        "核查背阴、桥面结冰，凌晨巡查与撒布",
        "Check shade and bridge decks for ice; rounds and gritting before dawn",
    ),
    ("parties", "pedestrian"): (
        "核查行人横穿的原因和过街间距",
        "Check why people cross here and how far apart crossings are",
    ),
    ("parties", "e_bike"): (
        "核查非机动车通行空间和路口二次过街",
        "Check room for e-bikes and two-stage crossing at the junction",
    ),
    ("parties", "motorcycle"): (
        "核查支路接入和坡道视距，头盔检查时段",
        "Check side roads and sight on the slope; helmet checks",
    ),
    ("parties", "truck"): (
        "核查长下坡、避险与货车靠右，联合治超时段",
        "Check long downgrades, escape ramps and lorries keeping right; joint overload checks",
    ),
    ("hours", "00:00–06:00"): (
        "凌晨时段疲劳驾驶、酒驾检查",
        "Fatigue and drink-driving checks before dawn",
    ),
    ("hours", "20:00–24:00"): (
        "夜间酒驾检查与照明核查",
        "Drink-driving checks and a look at the lighting at night",
    ),
    ("hours", "06:00–09:00"): (
        "早高峰上学通勤勤务",
        "Duty in the morning peak and on the way to school",
    ),
    ("hours", "17:00–20:00"): (
        "晚高峰勤务与路口指挥",
        "Duty in the evening peak and at junctions",
    ),
}
"""Factor and value to the lead, Chinese and English."""


def proposals(found: Sequence[tuple[str, str]], most: int = 3) -> list[tuple[str, str]]:
    """Leads for the patterns of a site, the surest pattern first."""
    leads = [PROPOSALS[one] for one in found if one in PROPOSALS]
    return list(dict.fromkeys(leads))[:most]
