"""The explanation: read as an operator would, and never claiming more than the facts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pyarrow as pa
import pytest

from sizao.core.places import FAST_CLASSES, ROAD_CLASSES
from sizao.core.rulebook import entry
from sizao.core.schemas import DETECTION
from sizao.core.vehicles import HEAVY, KINDS
from sizao.warn.explain import explain, what_happened
from sizao.warn.facts import Facts
from sizao.warn.rule_text import rule_text
from sizao.warn.table import grade
from sizao.warn.words import duration, number
from tests.warn.facts import alarm, fatigue, local, speeding


def explained(facts: Facts, **place: str):
    return explain(facts, grade(facts), **place)


def test_a_speeding_lorry_in_plain_words() -> None:
    facts = speeding(
        vehicle_kind="semi_tractor",
        measured=128.4,
        severity="50-70",
        start_s=local(14) - 95,
        quality=("gps_only", "limit_default"),
    )
    said = explained(facts, place="G5 K2650+300 下行", place_en="G5 K2650+300 southbound")
    assert said.what_zh == (
        "G5 K2650+300 下行，半挂牵引车超速行驶95秒，超速最多时128.4 km/h，限速80 km/h（超速60%）。"
    )
    assert said.what_en == (
        "G5 K2650+300 southbound: semi-trailer tractor over the limit for 95 s, "
        "at worst 128.4 km/h where 80 km/h is allowed (60 % over)."
    )
    assert said.grade_zh == "定为橙色预警，由大队处置：超速50%以上，属最重的超速幅度。"
    assert said.because_zh == ("类型：超速", "程度：超速50%以上不到70%")
    assert said.quality_zh == (
        "只有卫星速度，没有行驶记录仪速度",
        "限速取道路等级默认值，没有标志数据",
    )
    assert said.caution_zh == "本预警是供民警核实的线索，不作为处罚依据。"
    assert (said.row_id, said.table_date, said.rule_version) == (
        "speeding-50",
        "2026-01-01",
        "1-abc",
    )
    assert (said.certainty, said.certainty_zh) == ("proposed", "项目默认")


def test_rules_come_with_text_source_and_certainty_of_the_part_that_applies() -> None:
    facts = speeding(measured=128.4, severity="50-70")
    rules = {rule.id: rule for rule in explained(facts).rules}
    assert set(rules) == {
        "speed.enforcement_codes",
        "speed.points",
        "speed.heavy_penalty",
        "detect.speeding",
    }
    points = rules["speed.points"]
    assert points.text_zh == (
        "中型以上载客载货汽车、校车、危险货物运输车在高速公路、城市快速路上超速20%以上，记12分"
    )
    assert points.certainty == "recalled", "the entry is found, this band of it is not"
    assert points.citation.startswith("《道路交通安全违法行为记分管理办法")
    assert rules["speed.heavy_penalty"].certainty_zh == "待核实"
    assert rules["detect.speeding"].certainty_zh == "项目默认"
    assert "持续30秒以上" in rules["detect.speeding"].text_zh


def test_the_coach_rules_of_the_night_in_plain_words() -> None:
    fast = explained(
        speeding(
            rule="coach_night_speed",
            vehicle_kind="line_coach",
            measured=75.0,
            limit=64.0,
            severity="10-20",
            start_s=local(23) - 60,
            end_s=local(23),
            fired_s=local(23),
        )
    )
    assert fast.what_zh == (
        "G5 K2650+300，班线客车夜间车速超过日间限速的80%，持续60秒，最多时75 km/h，"
        "夜间应不超过64 km/h（超出17%）。"
    )
    assert {rule.id for rule in fast.rules} == {
        "fatigue.coach_night_speed",
        "fatigue.night_definition",
        "detect.speeding",
    }
    tired = explained(
        fatigue(rule="coach_night_fatigue", vehicle_kind="tour_coach", measured=150.0, limit=120.0)
    )
    assert tired.what_zh == (
        "G5 K2650+300，旅游包车夜间连续驾驶2小时30分钟，其间没有满20分钟的停车休息（夜间限2小时）。"
    )
    assert "detect.fatigue" in {rule.id for rule in tired.rules}


def test_hours_of_a_day_come_with_their_bounds_and_without_a_name() -> None:
    facts = fatigue(
        rule="coach_day_total",
        vehicle_kind="line_coach",
        measured=500.0,
        limit=480.0,
        driver="999999199000000001",
        quality=("gap", "unknown_min=20"),
    )
    said = explained(facts)
    assert said.what_zh == (
        "G5 K2650+300，班线客车驾驶人24小时内累计驾驶至少8小时20分钟（限8小时）。"
    )
    assert said.what_en == (
        "G5 K2650+300: line coach: its driver was at the wheel for 8 h 20 min at least in 24 h "
        "(limit 8 h)."
    )
    assert said.quality_zh == (
        "轨迹有中断",
        "最多有20分钟没有数据，既不算驾驶也不算休息：实际在8小时20分钟至8小时40分钟之间",
    )
    (law,) = (rule for rule in said.rules if rule.id == "fatigue.coach")
    assert law.text_zh == "客运驾驶员24小时内累计驾驶不超过8小时，任意连续7日内不超过44小时"
    assert facts.driver not in said.what_zh + said.what_en


def test_the_curfew_says_whether_an_exemption_is_known() -> None:
    unknown = fatigue(
        rule="coach_curfew", vehicle_kind="line_coach", severity="service_unknown", measured=30.0
    )
    assert explained(unknown).what_zh == (
        "G5 K2650+300，班线客车凌晨2时至5时之间至少行驶30分钟，"
        "台账没有登记其客运服务类型，是否豁免须核实。"
    )
    rules = {rule.id: rule for rule in explained(unknown).rules}
    assert "单程100公里以下" in rules["fatigue.coach_curfew"].text_zh
    assert "满5分钟" in rules["detect.coach_curfew"].text_zh


def test_fatigue_says_hours_and_the_law() -> None:
    said = explained(fatigue(vehicle_kind="line_coach", measured=271.0))
    assert said.what_zh == (
        "G5 K2650+300，班线客车连续驾驶4小时31分钟，其间没有满20分钟的停车休息（限4小时）。"
    )
    texts = {rule.id: rule.text_zh for rule in said.rules}
    assert (
        texts["fatigue.continuous_any"] == "不得连续驾驶超过4小时未停车休息，或者停车休息少于20分钟"
    )
    assert texts["fatigue.coach"] == "客运驾驶员日间连续驾驶不超过4小时，夜间不超过2小时"
    assert texts["fatigue.points"].endswith("记9分")
    lorry = {rule.id: rule.text_zh for rule in explained(fatigue()).rules}
    assert lorry["fatigue.points"] == "载货汽车疲劳驾驶，记3分"
    van = rule_text(entry("fatigue.points"), fatigue(vehicle_kind="minivan"))
    assert van[0] == "此车型疲劳驾驶未列记分"


def test_a_rule_for_coaches_is_not_claimed_for_others() -> None:
    night = explained(speeding(vehicle_kind="hazmat", fired_s=local(23)))
    text = {rule.id: rule.text_zh for rule in night.rules}["fatigue.coach_night_speed"]
    assert text == "客运车辆夜间车速不超过日间限速的80%（仅约束客运，供参考）"
    coach = explained(speeding(vehicle_kind="tour_coach", fired_s=local(23)))
    text = {rule.id: rule.text_zh for rule in coach.rules}["fatigue.coach_night_speed"]
    assert text.endswith("80%")


def test_an_alarm_and_a_rule_nobody_knows_yet() -> None:
    assert what_happened(alarm())[0] == "G5 K2650+300，重型载货汽车车载终端报警：紧急报警。"
    rules = explained(alarm(severity="rollover")).rules
    assert [rule.text_zh for rule in rules] == ["终端位置报告的报警标志第30位由0变为1"]
    unknown = explained(speeding(rule="harsh_braking", severity="hard", road="", stake_m=None))
    assert unknown.what_zh == "重型载货汽车harsh_braking：hard。"
    assert unknown.because_zh == ("没有其他条目适用",)


@pytest.mark.parametrize(
    ("measured", "shown"), [(119.9, "49%"), (119.99, "49%"), (120.0, "50%"), (80.5, "0%")]
)
def test_the_excess_is_rounded_down(measured: float, shown: str) -> None:
    """49.99 % must not read as 50 %, which is another band with another penalty."""
    assert f"（超速{shown}）" in what_happened(speeding(measured=measured))[0]


# Points by excess in percent, from mission.md's table of the 2022 order; None is no points.
POINTS = {
    (True, True): {5: 6, 15: 6, 30: 12, 60: 12},
    (True, False): {5: None, 15: 1, 30: 6, 60: 9},
    (False, True): {5: None, 15: None, 30: 6, 60: 12},
    (False, False): {5: None, 15: None, 30: 3, 60: 6},
}


@pytest.mark.parametrize(("kind", "road"), list(product(KINDS, ROAD_CLASSES)))
def test_points_are_those_of_the_order(kind: str, road: str) -> None:
    for excess, points in POINTS[kind in HEAVY, road in FAST_CLASSES].items():
        facts = speeding(measured=100.0 + excess, limit=100.0, vehicle_kind=kind, road_class=road)
        text, _, _ = rule_text(entry("speed.points"), facts)
        assert text.endswith("不记分" if points is None else f"记{points}分"), (excess, text)


@pytest.mark.parametrize(
    ("measured", "points", "band"),
    [
        (95.9, 1, "10%以上不到20%"),
        (96.0, 6, "20%以上不到50%"),
        (119.9, 6, "20%以上不到50%"),
        (120.0, 9, "50%以上不到70%"),
        (135.9, 9, "50%以上不到70%"),
        (136.0, 9, "70%以上"),
    ],
)
def test_a_band_begins_at_its_lower_edge(measured: float, points: int, band: str) -> None:
    facts = speeding(measured=measured, limit=80.0, road_class="national")
    assert rule_text(entry("speed.points"), facts)[0].endswith(f"记{points}分")
    bands = rule_text(entry("speed.enforcement_codes"), facts)[0]
    assert bands == f"超速按10%、20%、50%、70%分级，本次属{band}一级"


def test_it_never_names_a_person_or_a_plate() -> None:
    said = json.dumps(explained(speeding(driver="510402199001011234")).to_dict())
    assert "510402199001011234" not in said
    assert "13800000001" not in said


def test_facts_come_from_a_detection_row_as_the_log_has_it() -> None:
    moment = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    row = {
        "id": "d9",
        "revision": 0,
        "rule": "speeding",
        "rule_version": "1-abc",
        "vehicle": "13800000001",
        "start": moment,
        "end": moment,
        "fired": moment,
        "measured": 99.5,
        "limit": 80.0,
        "measured_unit": "km/h",
        "severity": "20-50",
        "final": False,
        "evidence": ["a"],
    }
    full = {**row, "road": "G5", "stake_m": 10.0, "quality": "gap,gps_only"}
    batch = pa.RecordBatch.from_pylist([row, full], schema=DETECTION)
    bare, rich = (Facts.from_row(one, repeats=2) for one in batch.to_pylist())
    assert (bare.vehicle_kind, bare.road_class, bare.place, bare.quality) == ("other", "", "", ())
    assert bare.local.hour == 14
    assert bare.repeats == 2
    assert (rich.place, rich.quality) == ("G5 K0+010", ("gap", "gps_only"))
    assert what_happened(bare)[0].startswith("其他车辆超速行驶0秒")


def test_numbers_and_spans_read_well() -> None:
    assert [number(value) for value in (80.0, 80.04, 80.05001, 0.0)] == ["80", "80", "80.1", "0"]
    assert [duration(s)[0] for s in (0, 119, 120, 3599, 3600, 14_460)] == [
        "0秒",
        "119秒",
        "2分钟",
        "59分钟",
        "1小时",
        "4小时1分钟",
    ]


def test_a_fence_is_named():
    zh, en = what_happened(
        speeding(rule="area_limit", severity="20-50", measured=40.0, limit=30.0, fence=7)
    )
    assert "在限速区域（电子围栏7号）内超速行驶" in zh
    assert "(electronic fence 7) over the limit" in en
    zh, en = what_happened(speeding(rule="area_forbidden", severity="closed", fence=7))
    assert zh.endswith("闯禁行区域：在禁行时段、禁行区域内行驶（电子围栏7号）。")


def test_a_rule_over_records_says_its_numbers_and_not_its_name() -> None:
    heavy = replace(speeding(), rule="over_road_limit", measured=47_040.0, limit=31_000.0)
    assert rule_text(entry("load.gross_by_axle"), heavy)[0].endswith("不得超过31,000 kg")
    zh, en, _ = rule_text(entry("load.band_100"), heavy)
    assert "30%至50%" in zh, "the bands, not only the gravest"
    assert "30 to 50 %" in en
    assert "0/O/D/Q" in rule_text(entry("detect.hot_list"), heavy)[0]
    assert "满3次" in rule_text(entry("detect.dsm_fatigue"), heavy)[0]
