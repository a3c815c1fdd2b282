"""Grading: each row by hand on both sides of its edges, and what a wrong file says."""

from __future__ import annotations

import copy
from datetime import date
from importlib import resources
from itertools import product
from pathlib import Path

import pytest
import yaml

from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASSES
from sizao.core.rulebook import entry
from sizao.core.vehicles import KINDS
from sizao.detect.emit import QUALITIES as DETECT_QUALITIES
from sizao.detect.over_limit import band
from sizao.detect.record_rules.mass import band as mass_band
from sizao.detect.registry import RECORD_RULES, ROAD_RULES
from sizao.detect.registry import RULES as DETECT_RULES
from sizao.warn.table import grade, load, read_table
from sizao.warn.words import QUALITIES, ROAD_CLASSES_EN, RULES, SEVERITIES, VEHICLE_KINDS_EN
from tests.warn.facts import alarm, fatigue, local, speeding

TODAY = date(2026, 11, 23)


def night_fatigue(measured: float):
    return fatigue(rule="coach_night_fatigue", vehicle_kind="tour_coach", measured=measured)


def curfew(severity: str):
    return fatigue(rule="coach_curfew", vehicle_kind="tour_coach", severity=severity, measured=30.0)


def total(measured: float, severity: str = "over_limit"):
    return fatigue(rule="coach_day_total", severity=severity, measured=measured)


def night_speed(severity: str):
    return speeding(rule="coach_night_speed", vehicle_kind="tour_coach", severity=severity)


GOLDEN = [
    (alarm(vehicle_kind="hazmat"), "alarm-passengers-hazmat", "red", "detachment"),
    (
        alarm(vehicle_kind="school_bus", severity="rollover"),
        "alarm-passengers-hazmat",
        "red",
        "detachment",
    ),
    (alarm(severity="collision"), "alarm-other", "orange", "brigade"),
    (
        alarm(severity="fatigue", vehicle_kind="tour_coach"),
        "terminal-claim-passengers-hazmat",
        "yellow",
        "squadron",
    ),
    (alarm(severity="overspeed"), "otherwise", "blue", "squadron"),
    (
        speeding(severity="50-70", vehicle_kind="line_coach"),
        "speeding-50-passengers-hazmat-fast",
        "red",
        "detachment",
    ),
    (
        speeding(severity="ge70", vehicle_kind="hazmat", road_class="urban_expressway"),
        "speeding-50-passengers-hazmat-fast",
        "red",
        "detachment",
    ),
    (
        speeding(severity="ge70", vehicle_kind="hazmat", road_class="national"),
        "speeding-50",
        "orange",
        "brigade",
    ),
    (speeding(severity="50-70"), "speeding-50", "orange", "brigade"),
    (speeding(severity="20-50"), "speeding-20", "yellow", "squadron"),
    (speeding(repeats=1), "speeding-20", "yellow", "squadron"),
    (speeding(repeats=2), "speeding-20-repeated", "orange", "brigade"),
    (
        speeding(vehicle_kind="hazmat", fired_s=local(21, 59)),
        "speeding-20",
        "yellow",
        "squadron",
    ),
    (
        speeding(vehicle_kind="hazmat", fired_s=local(22)),
        "speeding-20-passengers-hazmat-night",
        "orange",
        "brigade",
    ),
    (
        speeding(vehicle_kind="hazmat", fired_s=local(5, 59)),
        "speeding-20-passengers-hazmat-night",
        "orange",
        "brigade",
    ),
    (speeding(vehicle_kind="hazmat", fired_s=local(6)), "speeding-20", "yellow", "squadron"),
    (speeding(severity="10-20"), "speeding-10", "blue", "squadron"),
    (speeding(severity="lt10"), "speeding-under-10", "blue", "squadron"),
    (
        fatigue(vehicle_kind="line_coach", fired_s=local(23)),
        "fatigue-passengers-hazmat-night",
        "red",
        "detachment",
    ),
    (
        fatigue(vehicle_kind="hazmat", measured=300.0),
        "fatigue-five-hours-passengers-hazmat",
        "red",
        "detachment",
    ),
    (
        fatigue(vehicle_kind="hazmat", measured=299.9),
        "fatigue-passengers-hazmat",
        "orange",
        "brigade",
    ),
    (fatigue(fired_s=local(3)), "fatigue-night", "orange", "brigade"),
    (fatigue(measured=300.0), "fatigue-five-hours", "orange", "brigade"),
    (fatigue(), "fatigue", "yellow", "squadron"),
    (
        speeding(rule="stopped_on_expressway", severity="standing", vehicles=3),
        "stopped-several",
        "red",
        "detachment",
    ),
    *[
        (speeding(rule=rule, severity=severity, vehicle_kind=kind), row, level, command)
        for rule, severity, kind, row, level, command in [
            ("area_forbidden", "closed", "hazmat", "forbidden-hazmat", "orange", "brigade"),
            ("route_departure", "off_route", "hazmat", "forbidden-hazmat", "orange", "brigade"),
            ("area_forbidden", "closed", "heavy_truck", "forbidden", "yellow", "squadron"),
            ("area_limit", "20-50", "minivan", "area-limit-20", "orange", "brigade"),
            ("area_limit", "10-20", "minivan", "area-limit", "blue", "squadron"),
            ("long_downgrade", "brake_heat", "hazmat", "long-downgrade", "orange", "brigade"),
            ("stopped_on_expressway", "standing", "hazmat", "stopped-grave", "red", "detachment"),
            ("stopped_on_expressway", "standing", "heavy_truck", "stopped", "orange", "brigade"),
            ("wrong_way", "wrong_way", "minivan", "wrong-way", "red", "detachment"),
            ("impossible_jump", "jump", "hazmat", "integrity", "yellow", "squadron"),
            ("terminal_fault", "power_cut", "hazmat", "terminal-cut", "yellow", "squadron"),
            ("terminal_fault", "camera", "hazmat", "otherwise", "blue", "squadron"),
            ("hot_list", "exact", "other", "hot-list", "orange", "brigade"),
            ("hot_list", "probable", "other", "hot-list-probable", "yellow", "squadron"),
            ("cloned_plate", "impossible", "other", "cloned-plate", "yellow", "brigade"),
            ("fatigue", "withdrawn", "hazmat", "fatigue-withdrawn", "blue", "squadron"),
            (
                "capacity_alarm",
                "device_over_capacity",
                "tour_coach",
                "capacity-alarm",
                "yellow",
                "squadron",
            ),
            ("dsm_fatigue", "dsm_level_2", "hazmat", "dsm-fatigue-2", "yellow", "squadron"),
            ("dsm_fatigue", "dsm_level_1", "hazmat", "dsm-fatigue-1", "blue", "squadron"),
            ("slow_traffic", "queue_end", "other", "queue-end", "orange", "brigade"),
            ("slow_traffic", "standing_traffic", "other", "traffic-standing", "yellow", "brigade"),
            ("slow_traffic", "congested", "other", "traffic-slow", "blue", "squadron"),
            ("drink_driving", "refusal", "hazmat", "drunk-passengers-hazmat", "red", "detachment"),
            ("drink_driving", "drunk", "other", "drunk", "orange", "brigade"),
            (
                "drink_driving",
                "drink",
                "tour_coach",
                "drink-passengers-hazmat",
                "orange",
                "brigade",
            ),
            ("drink_driving", "drink_again", "other", "drink", "yellow", "squadron"),
            ("drink_driving", "cleared", "hazmat", "otherwise", "blue", "squadron"),
            (
                "over_capacity",
                "seats_20_50",
                "school_bus",
                "over-capacity-coach",
                "orange",
                "brigade",
            ),
            ("over_capacity", "seats_lt20", "school_bus", "over-capacity", "yellow", "squadron"),
            ("over_capacity", "seats_ge100", "minivan", "over-capacity-100", "orange", "brigade"),
            ("over_capacity", "seats_50_100", "minivan", "over-capacity", "yellow", "squadron"),
            ("passage_unreported", "silent", "hazmat", "passage-unreported", "yellow", "squadron"),
            ("section_speed", "50-70", "hazmat", "section-speed-50", "orange", "brigade"),
            ("section_speed", "20-50", "hazmat", "section-speed-20", "yellow", "squadron"),
            ("section_speed", "10-20", "other", "section-speed", "blue", "squadron"),
            ("over_road_limit", "ge100", "heavy_truck", "overload-100", "orange", "brigade"),
            ("over_road_limit", "50-100", "hazmat", "overload-road", "yellow", "squadron"),
            ("over_permitted_mass", "ge50", "other", "overload-vehicle", "yellow", "squadron"),
            ("over_rated_payload", "ge30", "other", "overload-payload", "yellow", "squadron"),
            ("over_dimensions", "height", "other", "dimensions", "yellow", "squadron"),
            ("overload_repeat", "enterprise", "other", "overload-repeat", "yellow", "detachment"),
        ]
    ],
    (night_fatigue(180.0), "coach-night-fatigue-three-hours", "red", "detachment"),
    (night_fatigue(179.9), "coach-night-fatigue", "orange", "brigade"),
    (total(480.25, "unknown_driver"), "coach-total-driver-unknown", "blue", "squadron"),
    (total(600.0), "coach-day-total-ten-hours", "orange", "brigade"),
    (total(599.9), "coach-total", "yellow", "squadron"),
    (curfew("curfew"), "coach-curfew", "orange", "brigade"),
    (curfew("service_unknown"), "coach-curfew-service-unknown", "yellow", "squadron"),
    (night_speed("ge70"), "coach-night-speed-50", "orange", "brigade"),
    (night_speed("50-70"), "coach-night-speed-50", "orange", "brigade"),
    (night_speed("20-50"), "coach-night-speed-20", "yellow", "squadron"),
    (night_speed("10-20"), "coach-night-speed", "blue", "squadron"),
    (speeding(rule="rule_of_tomorrow"), "otherwise", "blue", "squadron"),
]


@pytest.mark.parametrize(("facts", "row", "level", "command"), GOLDEN)
def test_rows_on_both_sides_of_their_edges(facts, row: str, level: str, command: str) -> None:
    decision = grade(facts)
    assert (decision.row_id, decision.level.code, decision.command_level.code) == (
        row,
        level,
        command,
    )
    assert decision.table_date == date(2026, 1, 1)


def test_every_row_is_the_answer_to_something() -> None:
    """A row that no facts can reach is dead: an earlier one shadows it or a code is wrong."""
    assert {row for _, row, _, _ in GOLDEN} == {row.id for row in load(TODAY).rows}


def test_whatever_comes_gets_a_grade_and_worse_is_never_graded_lower() -> None:
    bands = ["lt10", "10-20", "20-50", "50-70", "ge70"]
    hours = [0, 6, 14, 22]
    for kind, road, hour, repeats in product(KINDS, ["", *ROAD_CLASSES], hours, [0, 5]):
        graded = [
            grade(
                speeding(
                    severity=band,
                    vehicle_kind=kind,
                    road_class=road,
                    fired_s=local(hour),
                    repeats=repeats,
                )
            )
            for band in bands
        ]
        levels = [one.level for one in graded]
        assert levels == sorted(levels)
        assert [one.command_level for one in graded] == sorted(one.command_level for one in graded)


def test_the_decision_says_what_it_saw() -> None:
    decision = grade(speeding(vehicle_kind="hazmat", fired_s=local(22, 5)))
    assert [match.zh for match in decision.matched] == [
        "类型：超速",
        "程度：超速20%以上不到50%",
        "车型：危险货物运输车",
        "时间：22:05，在22:00–06:00内",
    ]
    assert [match.condition for match in decision.matched] == [
        "rules",
        "severities",
        "vehicle_kinds",
        "hours",
    ]
    repeated = grade(speeding(repeats=3)).matched[-1]
    assert repeated.zh == "24小时内此前已有：3次同类预警"
    assert grade(fatigue(measured=312.4)).matched[-1].zh == "测得值：312.4分钟，不低于300分钟"


@pytest.mark.parametrize(
    "path",
    list((resources.files("sizao.warn") / "tables").iterdir()),
    ids=lambda path: path.name,
)
def test_every_table_in_the_package_is_sound(path) -> None:
    table = load(date.fromisoformat(path.name.removesuffix(".yaml")))
    assert table.certainty == "proposed", "no source was found for levels and routing"
    for row in table.rows:
        for rule_id in row.rules:
            assert entry(rule_id).id == rule_id
        assert not row.reason_zh.endswith(("。", ".")), "explain() ends the sentence"
        assert not row.reason_en.endswith(".")


def test_words_cover_what_detection_emits() -> None:
    assert set(RULES) == {rule.id for rule in (*DETECT_RULES, *ROAD_RULES, *RECORD_RULES)}
    assert set(DETECT_QUALITIES.values()) <= set(QUALITIES)
    assert set(VEHICLE_KINDS_EN) == set(KINDS)
    assert set(ROAD_CLASSES_EN) == set(ROAD_CLASSES)


def test_words_cover_every_severity_that_detection_emits() -> None:
    """A band or alarm without a word could not stand in a row and would read as a code."""
    edges = entry("speed.enforcement_codes").value("edges")
    bands = {band(100.0 + excess, 100.0, edges) for excess in (*edges, 99)}
    alarms = set(entry("detect.terminal_alarm").value("bits"))
    alarms |= set(entry("detect.terminal_fault").value("bits"))
    single = {"over_limit", "closed", "off_route", "brake_heat", "standing", "jump", "offline"}
    single |= {"speeds_differ", "wrong_way"}
    masses = {
        mass_band(100.0 + excess, 100.0, edges)
        for edges in (
            entry("load.band_100").value("edges"),
            [line["from"] for line in entry("load.points").value("bands") if line["from"]],
            [30],
        )
        for excess in (1, *edges)
    }
    single |= {"length", "width", "height", "vehicle", "enterprise"}
    single |= {"impossible", "exact", "probable", "silent", "never_heard"}
    single |= {"drink", "drink_again", "drunk", "refusal", "cleared"}
    single |= {"slow", "congested", "standing_traffic", "queue_end"}
    single |= {"device_over_capacity", "dsm_level_1", "dsm_level_2", "withdrawn"}
    single |= {"seats_lt20", "seats_20_50", "seats_50_100", "seats_ge100"}
    single |= {"curfew", "service_unknown", "unknown_driver"}
    assert bands | alarms | masses | single == set(SEVERITIES)


def test_the_newest_table_that_has_started_is_in_force(tmp_path: Path) -> None:
    for day, merge in (("2026-01-01", 10), ("2026-12-01", 20)):
        (tmp_path / f"{day}.yaml").write_text(written({"from": date.fromisoformat(day)}, merge))
    assert load(date(2026, 11, 30), tmp_path).rows[-1].merge_s == 600
    assert load(date(2026, 12, 1), tmp_path).rows[-1].merge_s == 1200
    assert load(date(2019, 5, 1), tmp_path).rows[-1].merge_s == 600, "an old recording"


def test_no_table_at_all_and_a_misnamed_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no decision table"):
        load(TODAY, tmp_path)
    wrong_day = tmp_path / "2026-02-01.yaml"
    wrong_day.write_text(written({}))
    with pytest.raises(ConfigError, match="`from` says 2026-01-01"):
        load(date(2026, 3, 1), tmp_path)
    (tmp_path / "new.yaml").write_text(written({}))
    with pytest.raises(ConfigError, match=r"new\.yaml: name it"):
        load(date(2026, 3, 2), tmp_path)


ROW = {
    "id": "a",
    "when": {"rules": ["speeding"]},
    "level": "red",
    "command_level": "city",
    "merge_min": 10,
    "reason_zh": "因为",
    "reason_en": "because",
}
LAST = {**ROW, "id": "z", "when": {}}
GOOD = {"from": date(2026, 1, 1), "certainty": "proposed", "rows": [ROW, LAST]}


def written(changes: dict, merge_min: int = 10) -> str:
    table = copy.deepcopy({**GOOD, **changes})
    table["rows"][-1]["merge_min"] = merge_min
    return yaml.safe_dump(table, allow_unicode=True)


def broken(**row_changes) -> dict:
    return {"rows": [{**ROW, **row_changes}, LAST]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": []}, "`rows` must be a list with at least one row"),
        ({"rows": ["x", LAST]}, "row 1 is not a mapping"),
        ({"rows": [ROW]}, "the last row, 'a', must match everything"),
        ({"rows": [LAST, ROW, {**LAST, "id": "y"}]}, "row 'z' matches everything"),
        ({"rows": [ROW, ROW, LAST]}, "row id 'a' appears twice"),
        ({"from": "soon"}, "`from` must be a day"),
        ({"certainty": "sure"}, "`certainty` must be"),
        ({"colour": "red"}, "unknown key 'colour'"),
        (broken(level="purple"), "row 'a': unknown level 'purple'"),
        (broken(command_level="province"), "row 'a': unknown level 'province'"),
        (broken(merge_min=0), "row 'a': `merge_min` must be minutes above zero, got 0"),
        (broken(merge_min="10"), "`merge_min` must be minutes above zero"),
        (broken(reason_zh=" "), "row 'a': `reason_zh` must be a sentence"),
        (broken(color=1), "row 'a': unknown key 'color'"),
        (broken(when=None), "row 'a': `when` must be a mapping"),
        (broken(when={"moon": "full"}), "unknown condition 'moon'; known: origins"),
        (
            broken(when={"vehicle_kinds": ["bus"]}),
            "`vehicle_kinds` has no 'bus'; known: line_coach",
        ),
        (broken(when={"rules": ["spedding"]}), "`rules` has no 'spedding'; known: speeding"),
        (broken(when={"severities": "20-50"}), "`severities` must be a list of codes"),
        (broken(when={"road_classes": []}), "`road_classes` must be a list of codes"),
        (broken(when={"hours": [22]}), "`hours` must be two different hours"),
        (broken(when={"hours": [22, 25]}), "`hours` must be two different hours"),
        (broken(when={"hours": [6, 6]}), "`hours` must be two different hours"),
        (broken(when={"min_repeats": "two"}), "`min_repeats` must be a number"),
    ],
)
def test_a_wrong_file_says_where(changes: dict, message: str) -> None:
    text = yaml.safe_dump({**GOOD, **changes}, allow_unicode=True)
    with pytest.raises(ConfigError) as refused:
        read_table(text, name="t.yaml")
    assert str(refused.value).startswith("t.yaml: ")
    assert message in str(refused.value)


@pytest.mark.parametrize("key", list(ROW))
def test_a_row_without_one_of_its_keys_is_refused(key: str) -> None:
    short = {name: value for name, value in ROW.items() if name != key}
    with pytest.raises(ConfigError, match=f"`{key}` is missing"):
        read_table(yaml.safe_dump({**GOOD, "rows": [short, LAST]}), name="t.yaml")


@pytest.mark.parametrize("text", ["", "- a", "a: [", "5"])
def test_what_is_no_table_at_all_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"t\.yaml"):
        read_table(text, name="t.yaml")


def test_groups_stand_for_their_codes() -> None:
    rows = [{**ROW, "when": {"vehicle_kinds": ["big"]}}, LAST]
    groups = {"vehicle_kinds": {"big": ["hazmat", "heavy_truck"]}}
    table = read_table(yaml.safe_dump({**GOOD, "rows": rows, "groups": groups}), name="t.yaml")
    assert grade(speeding(vehicle_kind="hazmat"), table).row_id == "a"
    assert grade(speeding(vehicle_kind="minivan"), table).row_id == "z"


@pytest.mark.parametrize(("hour", "inside"), [(6, False), (7, True), (8, True), (9, False)])
def test_hours_within_a_day(hour: int, inside: bool) -> None:
    """The morning peak, 07:00 to 09:00: from inclusive, to exclusive."""
    rows = [{**ROW, "when": {"hours": [7, 9]}}, LAST]
    table = read_table(yaml.safe_dump({**GOOD, "rows": rows}), name="t.yaml")
    assert grade(speeding(fired_s=local(hour)), table).row_id == ("a" if inside else "z")
