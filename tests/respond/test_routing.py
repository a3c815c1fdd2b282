"""Who is told: the table's conditions, joined rows, dates, mistakes named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sizao.core.errors import ConfigError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.routing import Subject, load, read_routes, route

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
RED = Subject("speeding", WarningLevel.RED, CommandLevel.DETACHMENT, NOON)
TABLE = load(date(2026, 11, 23))


def told(subject: Subject) -> dict[str, float | None]:
    return {one.agency or f"{one.police}/{one.role}": one.acknowledge_s
            for one in route(subject, TABLE)}  # fmt: skip


def test_the_default_table():
    assert told(replace(RED, level=WarningLevel.BLUE)) == {}
    assert told(RED) == {
        "command/leader": 300, "command/duty": 180, "city": 1800, "emergency": 1800,
    }  # fmt: skip
    hazmat = replace(RED, vehicle_kind="hazmat", road_class="expressway")
    assert told(hazmat) == {
        "command/leader": 300, "command/duty": 180, "highway": 900, "city": 1800, "emergency": 900,
        "transport": 900, "fire": 900, "local/": None,
    }  # fmt: skip
    fog = replace(RED, kind="low_visibility", level=WarningLevel.YELLOW)
    assert told(fog) == {"weather": None, "transport": 1800}


def test_a_party_named_twice_is_told_once_by_all_channels_in_the_shortest_time():
    found = next(one for one in route(replace(RED, vehicle_kind="hazmat"), TABLE)
                 if one.agency == "emergency")  # fmt: skip
    assert found.rows == ("city_red", "hazmat")
    assert found.acknowledge_s == 900
    assert found.channels == ("inbox", "sms")


@pytest.mark.parametrize(("hour_utc", "at_night"), [(13, False), (14, True), (21, True),
                                                    (22, False)])  # fmt: skip
def test_hours_run_over_midnight(hour_utc: int, at_night: bool):
    at = NOON.replace(hour=hour_utc)
    subject = replace(RED, level=WarningLevel.ORANGE, at=at)
    assert ("command/duty" in told(subject)) == at_night


HEAD = "from: 2027-01-01\ncertainty: proposed\nrows:\n"
ROW = "  - {{id: a, when: {when}, tell: [{tell}], reason_zh: 甲, reason_en: b}}\n"


def text(when: str = "{}", tell: str = "{agency: fire}") -> str:
    return HEAD + ROW.format(when=when, tell=tell)


def test_an_installations_own_table_holds_from_its_day(tmp_path: Path):
    (tmp_path / "2027-01-01.yaml").write_text(text())
    assert load(date(2026, 12, 31), tmp_path).start == date(2026, 11, 1)
    assert [one.agency for one in route(RED, load(date(2027, 1, 1), tmp_path))] == ["fire"]
    assert load(date(2020, 1, 1)).start == date(2026, 11, 1), "a day before the first"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (text(when="{level: [red]}"), "unknown key 'level'"),
        (text(when="{levels: [pink]}"), "unknown level 'pink'"),
        (text(when='{kinds: ["@none"]}'), "unknown group '@none'"),
        (text(when='{hours: ["22:00"]}'), "two times"),
        (text(tell="{agency: navy}"), "unknown agency 'navy'"),
        (text(tell="{agency: fire, police: command}"), "either"),
        (text(tell="{agency: fire, channels: [pigeon]}"), "unknown channel 'pigeon'"),
        (text(tell="{agency: fire, acknowledge_min: 0}"), "above zero"),
        (text() + ROW.format(when="{}", tell="{agency: fire}"), "'a' appears twice"),
        ("from: x\nrows: []", "certainty|day"),
        ("a: [", "not YAML"),
    ],
)
def test_a_mistake_is_named(given: str, message: str):
    with pytest.raises(ConfigError, match=message):
        read_routes(given, name="test.yaml")


def test_a_file_must_be_named_for_its_day(tmp_path: Path):
    (tmp_path / "2028-01-01.yaml").write_text(text())
    with pytest.raises(ConfigError, match="another day"):
        load(date(2028, 1, 1), tmp_path)
