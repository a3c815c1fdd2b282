"""Severity: the edges of both scales, and that their words do not mix."""

from __future__ import annotations

import pytest

from sizao.core.rulebook import entry
from sizao.core.severity import (
    _part_holds,
    class_1991,
    classes_1991,
    grade_2007,
    grades_2007,
)


@pytest.mark.parametrize(
    ("numbers", "grade"),
    [
        ({"dead": 0}, "ordinary"),
        ({"dead": 2, "serious": 9, "loss_cny": 9_999_999}, "ordinary"),
        ({"dead": 3}, "considerable"),
        ({"serious": 10}, "considerable"),
        ({"dead": 9}, "considerable"),
        ({"dead": 10}, "major"),
        ({"loss_cny": 50_000_000}, "major"),
        ({"dead": 0, "serious": 100}, "extraordinarily_serious"),
        ({"dead": 30}, "extraordinarily_serious"),
        ({}, None),
    ],
)
def test_order_493_takes_the_worst_and_includes_the_lower_bound(numbers, grade):
    assert grade_2007(**numbers) == grade


@pytest.mark.parametrize(
    ("numbers", "grade"),
    [
        ({"light": 2, "dead": 0, "serious": 0}, "minor"),
        ({"loss_cny": 999}, "minor"),
        ({"loss_cny": 1000}, "ordinary"),
        ({"light": 3}, "ordinary"),
        ({"serious": 2, "light": 1}, "ordinary"),
        ({"serious": 3}, "major"),
        ({"loss_cny": 30_000}, "major"),
        ({"loss_cny": 59_999.99}, "major"),
        ({"loss_cny": 60_000}, "extraordinary"),
        ({"dead": 1}, "major"),
        ({"dead": 1, "serious": 7}, "major"),
        ({"dead": 1, "serious": 8}, "extraordinary"),
        ({"dead": 2, "serious": 5}, "extraordinary"),
        ({"dead": 3}, "extraordinary"),
        ({"serious": 10}, "major"),
        ({"serious": 11}, "extraordinary"),
        ({"dead": 0}, None),
        ({}, None),
    ],
)
def test_classes_of_1991(numbers, grade):
    assert class_1991(**numbers) == grade


def test_every_condition_of_the_rule_is_understood():
    everything = dict.fromkeys(
        ("deaths", "serious_injuries", "light_injuries", "loss", "loss_motor", "loss_nonmotor"), 0
    )
    read = 0
    for grade in entry("severity.traffic_1991").value("grades"):
        for condition in grade["any_of"]:
            for part in condition.split(" and "):
                name = part.split()[0]
                assert name in everything, part
                assert any(
                    _part_holds(part, {**everything, name: value})
                    for value in (0, 1, 2, 3, 5, 8, 11, 30_000, 60_000)
                ), part
                read += 1
    assert read >= 14


def test_one_death_is_another_word_in_each():
    assert grades_2007()[grade_2007(dead=1)] == "一般"
    assert classes_1991()[class_1991(dead=1)] == "重大"
    assert list(grades_2007().values()) == ["一般", "较大", "重大", "特别重大"]
    assert list(classes_1991().values()) == ["轻微", "一般", "重大", "特大"]
