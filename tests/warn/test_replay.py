"""What a changed table would have raised, against the one in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib import resources

import yaml

from sizao.warn.replay import Raised, compare, simulate
from sizao.warn.table import Table, load, read_table
from tests.warn.facts import local, speeding

IN_FORCE = load(date(2026, 11, 23))


def text() -> str:
    return (resources.files("sizao.warn") / "tables" / f"{IN_FORCE.start}.yaml").read_text("utf-8")


def changed(row_id: str, **over: object) -> Table:
    raw = yaml.safe_load(text())
    (row,) = [one for one in raw["rows"] if one["id"] == row_id]
    row.update(over)
    return read_table(yaml.safe_dump(raw, allow_unicode=True), name="draft")


def unit(_one: Raised) -> str:
    return "unit"


def day(count: int) -> list:
    """A truck 25 % over each hour of a day, each time another detection."""
    return [
        speeding(detection=f"d{n}", start_s=local(n) - 30, end_s=local(n), fired_s=local(n))
        for n in range(count)
    ]


def test_a_day_is_graded_merged_and_counted_as_at_the_desk() -> None:
    found = simulate(day(3), IN_FORCE)
    assert [one.row_id for one in found] == [
        "speeding-20", "speeding-20", "speeding-20-repeated",
    ]  # fmt: skip
    near = [*day(1), speeding(detection="x", end_s=local(0, 20), fired_s=local(0, 20))]
    assert len(simulate(near, IN_FORCE)) == 1


def test_nothing_differs_from_itself() -> None:
    found = compare(day(5), IN_FORCE, read_table(text(), name="same"), unit)
    assert found["differ"] == {"added": 0, "removed": 0, "changed": 0}
    assert found["before"] == found["after"]


def test_a_longer_window_removes_and_another_level_changes() -> None:
    longer = compare(day(5), IN_FORCE, changed("speeding-20", merge_min=90), unit)
    assert longer["differ"]["removed"] == 4
    assert longer["after"]["total"] == 1
    graver = compare(day(2), IN_FORCE, changed("speeding-20", level="orange"), unit)
    assert graver["differ"] == {"added": 0, "removed": 0, "changed": 2}
    assert graver["changed"][0]["was"]["level"] == "yellow"
    assert graver["after"]["level"] == {"orange": 2}


def test_several_vehicles_in_one_place_are_counted_by_the_table_at_trial() -> None:
    standing = [
        replace(
            speeding(rule="stopped_on_expressway", severity="standing", measured=5.0),
            detection=f"s{n}", vehicle=f"v{n}", stake_m=120_000.0 + n * 100, end_s=local(9, n),
            fired_s=local(9, n),
        )
        for n in range(4)
    ]  # fmt: skip
    found = simulate(standing, IN_FORCE)
    assert [one.row_id for one in found] == ["stopped", "stopped-several"]
    assert found[1].update
    alone = simulate(standing, changed("stopped", gather_m=0))
    assert len(alone) >= len(found)


def test_lists_are_cut_and_numbers_are_not() -> None:
    many = [
        speeding(detection=f"d{n}", vehicle=f"v{n}", fired_s=local(9) + n, end_s=local(9) + n)
        for n in range(300)
    ]
    found = compare(many, IN_FORCE, changed("speeding-20", level="red"), unit)
    assert found["differ"]["changed"] == 300
    assert len(found["changed"]) == 200
    assert found["changed"][0]["at_s"] > found["changed"][-1]["at_s"]
