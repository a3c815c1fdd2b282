"""The values on a detection's page read as people say them."""

from __future__ import annotations

from datetime import timedelta

from sizao.web.warnings.models import Warning
from tests.web.conftest import World


def test_what_came_minutes_later_is_told_in_minutes(world: World) -> None:
    soon, late = (
        world.detection(start=start, fired=start, received=start + timedelta(seconds=seconds))
        for start, seconds in (
            (world.now - timedelta(hours=1), 1.2), (world.now - timedelta(hours=2), 320.8),
        )
    )  # fmt: skip
    world.append(soon, late)
    client = world.client("op-zd")
    assert "1.2 秒后收到" in client.get(f"/detections/{soon['id']}/").content.decode()
    assert "5 分 21 秒后收到" in client.get(f"/detections/{late['id']}/").content.decode()


def test_a_rule_that_waits_shows_no_negative_delay(world: World) -> None:
    start = world.now - timedelta(hours=1)
    row = world.detection(start=start, fired=start + timedelta(minutes=10), received=start)
    world.append(row)
    assert "秒后收到" not in world.client("op-zd").get(f"/detections/{row['id']}/").content.decode()


def test_what_is_forbidden_altogether_shows_no_limit_of_nothing(world: World) -> None:
    row = world.detection(
        rule="area_forbidden", measured=0.5, limit=0.0, measured_unit="min", severity="closed",
        quality="fence=2",
    )  # fmt: skip
    world.append(row, other := world.detection(start=world.now - timedelta(hours=1)))
    client = world.client("op-zd")
    page = client.get(f"/detections/{row['id']}/").content.decode()
    assert "30 秒" in page
    assert "当时限值" not in page
    assert "当时限值" in client.get(f"/detections/{other['id']}/").content.decode()


def test_it_leads_to_its_rule_and_shows_no_code_of_it(world: World) -> None:
    row = world.detection()
    world.append(row)
    page = world.client("op-zd").get(f"/detections/{row['id']}/").content.decode()
    assert 'href="/rules/speeding/"' in page
    assert ">speeding" not in page


def test_the_case_says_the_same_and_no_place_of_a_bit(world: World) -> None:
    """A grave alarm of the camera needs no second one; bit 29 of an alarm word is no amount."""
    for rule, unit, measured, limit, severity, shown in (
        ("dsm_fatigue", "count", 1.0, 2.0, "dsm_level_2", True),
        ("terminal_alarm", "bit", 29.0, 0.0, "collision", False),
    ):
        row = world.detection(
            rule=rule, measured_unit=unit, measured=measured, limit=limit, severity=severity,
            vehicle_kind="hazmat",
        )  # fmt: skip
        world.append(row)
        world.round()
        case = Warning.objects.get(detection=row["id"]).case
        client = world.client("op-zd")
        for page in (f"/detections/{row['id']}/", f"/cases/{case.pk}/"):
            told = client.get(page).content.decode()
            assert "当时限值" not in told, (rule, page)
            assert ("测得值" in told) == shown, (rule, page)
            assert ("1 次报警" in told) == shown, (rule, page)
