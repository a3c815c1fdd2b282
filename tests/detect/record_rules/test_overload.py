"""Permitted mass, payload, dimensions, repetition: each denominator on both sides of its edge."""

from __future__ import annotations

import pytest

from sizao.core.errors import ConfigError
from sizao.core.rulebook import rulebook
from sizao.detect import registry
from sizao.detect.records import Facts
from tests.detect.weighings import judge, register_of, weighing

TRUCK = {
    "vehicle": "100000001",
    "plate": "川DI0001",
    "plate_colour": 2,
    "kind": "heavy_truck",
    "enterprise": "E1",
    "gross_kg": 25_000.0,
    "payload_kg": 15_000.0,
}
TRACTOR = {**TRUCK, "kind": "semi_tractor", "payload_kg": None, "towed_kg": 15_000.0}


def alone(**values):
    return weighing(**{"combination": False, "axles": 3, **values})


def facts(*rows):
    return Facts(register_of(*rows))


@pytest.mark.parametrize(
    ("gross", "band"),
    [
        (25_000.0, None),
        (25_001.0, "lt30"),
        (32_499.0, "lt30"),
        (32_500.0, "30-50"),
        (37_499.0, "30-50"),
        (37_500.0, "ge50"),
    ],
)
def test_permitted_gross_mass(gross, band):
    found = judge("over_permitted_mass", alone(gross_kg=gross), facts=facts(TRUCK))
    assert [row["severity"] for row in found] == ([band] if band else [])
    assert all((row["measured"], row["limit"]) == (gross, 25_000) for row in found)


def test_a_combination_may_weigh_what_both_may():
    rule = "over_permitted_mass"
    assert judge(rule, weighing(gross_kg=40_000.0), facts=facts(TRACTOR)) == []
    (found,) = judge(rule, weighing(gross_kg=40_001.0), facts=facts(TRACTOR))
    assert (found["limit"], found["quality"]) == (40_000, None)
    unknown = weighing(gross_kg=40_001.0, combination=None)
    (found,) = judge(rule, unknown, facts=facts(TRACTOR))
    assert found["quality"] == "combination_unknown"
    # Without the trailer's mass in the register a combination cannot be judged.
    assert judge(rule, weighing(gross_kg=90_000.0), facts=facts(TRUCK)) == []


@pytest.mark.parametrize("rule", ["over_permitted_mass", "over_rated_payload"])
def test_without_a_register_nothing_is_known(rule):
    assert judge(rule, alone(gross_kg=90_000.0)) == []
    other = facts({**TRUCK, "plate_colour": 1})
    assert judge(rule, alone(gross_kg=90_000.0), facts=other) == []
    bare = facts({**TRUCK, "gross_kg": None, "payload_kg": None})
    assert judge(rule, alone(gross_kg=90_000.0), facts=bare) == []


@pytest.mark.parametrize(
    ("gross", "load", "band"),
    [
        # Empty 10,000 kg, so that 25,000 kg is 15,000 kg of load and 29,500 kg is 30 % more.
        (25_000.0, None, None),
        (25_001.0, 15_001, "lt30"),
        (29_499.0, 19_499, "lt30"),
        (29_500.0, 19_500, "ge30"),
    ],
)
def test_rated_payload(gross, load, band):
    found = judge("over_rated_payload", alone(gross_kg=gross), facts=facts(TRUCK))
    assert [(row["measured"], row["severity"]) for row in found] == ([(load, band)] if band else [])


def test_the_three_denominators_give_three_answers():
    """32,500 kg: 30 % over the permitted mass and the road's limit, 50 % over the payload."""
    row = alone(gross_kg=32_500.0)
    found = {
        rule: judge(rule, row, facts=facts(TRUCK))[0]
        for rule in ("over_road_limit", "over_permitted_mass", "over_rated_payload")
    }
    percents = {
        rule: round(one["measured"] / one["limit"] * 100 - 100) for rule, one in found.items()
    }
    assert percents == {"over_road_limit": 30, "over_permitted_mass": 30, "over_rated_payload": 50}
    assert len({one["id"] for one in found.values()}) == 3


@pytest.mark.parametrize(
    ("name", "lawful", "over"),
    [("length", 18.15, 18.16), ("width", 2.6, 2.61), ("height", 4.05, 4.06)],
)
def test_dimensions(name, lawful, over):
    assert judge("over_dimensions", weighing(**{f"{name}_m": lawful})) == []
    (found,) = judge("over_dimensions", weighing(**{f"{name}_m": over}))
    assert (found["severity"], found["measured"], found["measured_unit"]) == (name, over, "m")


def test_two_dimensions_are_two_detections():
    found = judge("over_dimensions", weighing(length_m=20.0, height_m=4.5))
    assert {row["severity"] for row in found} == {"length", "height"}
    assert len({row["id"] for row in found}) == 2


DAY = 24 * 60
HEAVY = {"gross_kg": 60_000.0}


def days(*numbers, **values):
    return [weighing(number * DAY, **HEAVY, **values) for number in numbers]


def test_the_fourth_case_within_a_year_is_more_than_three():
    assert judge("overload_repeat", *days(0, 2, 4)) == []
    (found,) = judge("overload_repeat", *days(0, 2, 4, 364))
    assert (found["severity"], found["measured"], found["limit"]) == ("vehicle", 4, 3)
    # 365 days after the first, that one no longer counts.
    assert judge("overload_repeat", *days(0, 2, 4, 365)) == []


def test_one_journey_is_one_case():
    within = [weighing(minutes, **HEAVY) for minutes in (0, 60, 1439, 2 * DAY, 4 * DAY)]
    assert judge("overload_repeat", *within) == []
    # At 24 h sharp it is another.
    apart = [weighing(minutes, **HEAVY) for minutes in (0, 1440, 3 * DAY, 5 * DAY)]
    assert len(judge("overload_repeat", *apart)) == 1


def test_a_high_speed_weighing_is_no_case():
    assert judge("overload_repeat", *days(0, 2, 4, 6, method="high_speed")) == []
    assert len(judge("overload_repeat", *days(0, 2, 4, 6, method="low_speed"))) == 1


def test_more_than_a_tenth_of_a_fleet():
    fleet = [{**TRUCK, "vehicle": f"10000{n:04d}", "plate": f"川DI{n:04d}"} for n in range(20)]
    rows = [weighing(n, plate=f"川DI{n:04d}", **HEAVY) for n in range(3)]
    assert judge("overload_repeat", *rows[:2], facts=facts(*fleet)) == []
    (found,) = judge("overload_repeat", *rows, facts=facts(*fleet))
    assert (found["vehicle"], found["severity"]) == ("enterprise:E1", "enterprise")
    assert (found["measured"], found["limit"]) == (3, 2)
    # While it stays above, it is said once.
    more = [*rows, weighing(5, plate="川DI0005", **HEAVY)]
    assert len(judge("overload_repeat", *more, facts=facts(*fleet))) == 1


def test_stragglers_change_nothing():
    rows = days(0, 2, 4, 6)
    late = [rows[1], rows[0], rows[3], rows[2]]
    for row in late:
        row["received"] = max(one["received"] for one in rows)
    assert len(judge("overload_repeat", *late)) == 1


def test_a_rule_book_of_another_form_is_refused():
    book = dict(rulebook())
    del book["load.gross_by_axle"].parameters["limits"][0]
    try:
        for rule in registry.RECORD_RULES:
            if rule.id == "over_road_limit":
                with pytest.raises(ConfigError, match=r"load\.gross_by_axle"):
                    rule.params_from(book)
    finally:
        rulebook.cache_clear()
