"""Enterprises in service: counted from the logs, assessed each night, shown with intervals."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from sizao.core.errors import ConfigError
from sizao.core.schemas import PLATFORM_MESSAGE, WEIGHING
from sizao.risk.duties import duties
from sizao.web.audit.models import AuditEntry
from sizao.web.enterprises import compute, counting, jobs, services, supervision
from sizao.web.enterprises.models import Review
from sizao.web.fleet.models import Vehicle
from tests.web.conftest import World
from tests.web.enterprises.conftest import (
    ALONE,
    FIRMS,
    TINY,
    driven,
    episodes,
    fleets,
    reviewed,
    vehicle,
)


def rows(review: Review, duty: str) -> dict[str, dict]:
    return {row["enterprise"]: row for row in review.rows if row["duty"] == duty}


def test_a_review_rests_on_kilometres_and_episodes_of_the_same_days(world: World) -> None:
    review = reviewed(world)
    found = rows(review, "speeding")
    assert found["f00"]["events"] == 1
    assert found["f00"]["exposure"] == pytest.approx(8 * 60 / 1000)
    assert found["f11"]["events"] == 9
    assert found["f11"]["rank"] == 1
    assert review.summary["firms"]["f00"] == {
        "name": "虚构货运f00公司", "kind": "freight", "area": "510402", "vehicles": 8,
        "km": 480.0, "vehicle_days": 8, "seen": 8,
    }  # fmt: skip
    assert ALONE not in review.summary["firms"], "one person's truck is not assessed"
    assert review.summary["left_out"] >= 1
    assert "川DI" not in json.dumps([review.rows, review.summary], ensure_ascii=False)
    assert AuditEntry.objects.filter(action="enterprises_assessed").count() == 1


def test_three_trucks_never_outrank_by_a_raw_rate(world: World) -> None:
    review = reviewed(world)
    found = rows(review, "speeding")
    # The control: raw, the three trucks lead by ten times.
    assert max(found.values(), key=lambda row: row["raw_rate"])["enterprise"] == TINY
    assert found[TINY]["rank"] is None
    client = world.client("op-zd")
    for sort in ("rank", "probability", "lower", "ratio", "nonsense"):
        page = client.get(f"/risk/enterprises/?duty=speeding&sort={sort}").content.decode()
        order = [part.split('"')[0] for part in page.split('data-enterprise="')[1:]]
        assert order.index("f11") == 0
        assert order.index(TINY) >= 11, "below all that have a rank, however it is sorted"
    assert "车辆太少，不排名" in page
    assert "等同个人，不作评估" in page


def test_what_several_rules_say_of_one_drive_is_one_episode(world: World) -> None:
    fleets(world)
    start = world.now - timedelta(hours=2)
    world.append(world.detection(vehicle=vehicle(1), start=start))
    world.append(world.detection(vehicle=vehicle(1), start=start, rule="area_limit"))
    later = start + timedelta(minutes=10)
    world.append(world.detection(vehicle=vehicle(1), start=later, revision=0))
    gone = start + timedelta(minutes=20)
    world.append(world.detection(vehicle=vehicle(1), start=gone))
    world.append(world.detection(vehicle=vehicle(1), start=gone, revision=1, severity="withdrawn"))
    of = {vehicle(1): "f01"}
    found = counting.episodes(world.ports.detections, start, of)
    assert counting.driving(found, duties()["speeding"], of) == {"f01": 2}
    assert counting.driving(found, duties()["fatigue"], of) == {}


def test_weighings_count_out_of_all_of_the_enterprise(world: World) -> None:
    fleets(world)
    base = {**dict.fromkeys(WEIGHING.names), "station": "s", "received": world.now,
            "source": "weigh:s"}  # fmt: skip
    weighed = [
        {**base, "weighing": f"w{n}", "plate": "川D·I0100" if n else "川DX9999",
         "time": world.now - timedelta(hours=n + 1)}
        for n in range(4)
    ]  # fmt: skip
    world.feeds_log.append({"weighings": pa.RecordBatch.from_pylist(weighed, schema=WEIGHING)})
    start = world.now - timedelta(hours=2)
    world.append(
        world.detection(
            rule="over_road_limit", vehicle=vehicle(1), start=start, evidence=["weighings:w1"]
        )
    )
    since = world.now - timedelta(days=1)
    found = counting.episodes(world.ports.detections, since, {vehicle(1)})
    firms = counting.firms()
    assert counting.weighed(
        world.feeds_log, found, duties()["overload"], since, counting.plates(firms.values())
    ) == {"f01": (1.0, 3.0)}


def test_an_order_that_ran_out_counts_unless_it_was_dealt_with_in_time(world: World) -> None:
    now = world.now

    def message(kind: str, key: str, at: float, **body: object) -> dict:
        return {
            **dict.fromkeys(PLATFORM_MESSAGE.names), "message": f"{kind}{key}{at}",
            "time": now - timedelta(hours=at), "received": now, "link": "province",
            "direction": "out", "kind": f"0x9400/{kind}", "vehicle": vehicle(1), "plate": "川DI",
            "refers_to": key, "body": json.dumps(body), "source": "jt809:province",
        }  # fmt: skip

    def until(hours: float) -> str:
        return (now - timedelta(hours=hours)).isoformat()

    sent = [
        message("0x9401", "in-time", 9, supervision_deadline=until(5)),
        message("0x1401", "in-time", 6, result=1),
        message("0x9401", "late", 9, supervision_deadline=until(5)),
        message("0x1401", "late", 4, result=1),
        message("0x9401", "in-progress", 9, supervision_deadline=until(5)),
        message("0x1401", "in-progress", 8, result=0),
        message("0x9401", "running", 9, supervision_deadline=until(-2)),
        message("0x9401", "no-deadline", 9),
    ]
    batch = pa.RecordBatch.from_pylist(sent, schema=PLATFORM_MESSAGE)
    found = list(supervision.ended([batch], now - timedelta(days=1), now))
    assert sorted(late for _, late in found) == [False, True, True]


def test_vehicles_past_their_inspection_count_out_of_those_known(world: World) -> None:
    fleets(world)
    Vehicle.objects.filter(pk=vehicle(1)).update(inspection_until=date(2026, 11, 22))
    Vehicle.objects.filter(pk=vehicle(1, 1)).update(inspection_until=date(2027, 1, 1))
    firms = counting.firms()
    assert counting.uninspected(firms.values(), date(2026, 11, 23)) == {"f01": (1.0, 2.0)}


def test_nights_once_and_hours_while_young(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(jobs.line, "submit", sent.append)
    monkeypatch.setattr(jobs.line, "busy", set())
    monkeypatch.setattr(jobs, "_tried", {})
    assert jobs.tick(world.now) is None, "no archive yet"
    fleets(world)
    driven(world)
    episodes(world)
    slot = jobs.tick(world.now)
    assert slot == "night:2026-11-23"
    assert jobs.tick(world.now) is None, "it was tried a moment ago"
    world.clock.advance(700)
    assert jobs.tick(world.now) == slot, "a kill leaves no row, and it is tried again"
    made = services.run(slot, compute.compute)
    assert made is not None
    assert services.run(slot, compute.compute) is None, "two at once make one"
    hour = jobs.tick(world.now)
    assert hour is not None
    assert hour.startswith("hour:")
    Review.objects.update(summary={**made.summary, "days": 9})
    monkeypatch.setattr(jobs, "_tried", {})
    assert jobs.tick(world.now) is None
    world.clock.advance(24 * 3600)
    assert jobs.tick(world.now) == "night:2026-11-24"


def test_a_failure_leaves_nothing(world: World) -> None:
    fleets(world)
    driven(world)

    def broken(_: Path) -> None:
        raise ConfigError("no")

    with pytest.raises(ConfigError):
        services.run("night:2026-11-23", broken)
    assert not Review.objects.exists()


def test_old_reviews_thin_out_to_a_month_s_first(world: World) -> None:
    for day in range(0, 120, 10):
        made = world.now - timedelta(days=day)
        Review.objects.create(
            slot=f"x{day}", made=made, first_day=made.date(), last_day=made.date()
        )
    services.prune(world.now)
    kept = sorted(int(one.slot[1:]) for one in Review.objects.all())
    assert kept == [0, 10, 20, 30, 50, 80, 110]


def test_the_page_of_one_says_what_it_rests_on_and_what_changed(world: World) -> None:
    first = reviewed(world)
    Review.objects.filter(pk=first.pk).update(made=world.now - timedelta(days=30))
    services.run("night:2026-12-23", compute.compute)
    page = world.client("op-zd").get("/risk/enterprises/f11/").content.decode()
    assert "第 1 名，共 12 家参加排名" in page, page[page.index("sz-lead") :][:900]
    assert "全市 13 家道路货运企业" in page
    assert "没有可确认的变化" in page
    assert "教育培训台账尚未接入，暂不评估" in page
    assert "期间没有登记号牌的称重记录" in page
    assert "待核实" in page
    assert AuditEntry.objects.filter(action="enterprise.read", object_id="f11").count() == 1
    form = world.client("op-dd").get("/hazards/new/?firm=f00").content.decode()
    assert "虚构货运f00公司" in form
    other = world.client("op-dd").get("/hazards/new/?firm=f01").content.decode()
    assert "虚构货运f01公司" not in other


def test_who_sees_which(world: World) -> None:
    reviewed(world)
    expected = {
        "op-zd": FIRMS + 1, "audit": FIRMS + 1, "admin": FIRMS + 1, "op-dd": 7, "off-dd1": 7,
        "lead-xd": 6,
    }  # fmt: skip
    for name, number in expected.items():
        page = world.client(name).get("/risk/enterprises/?duty=speeding").content.decode()
        assert page.count("data-enterprise=") == number, name
    east, west = world.client("off-dd1"), world.client("lead-xd")
    assert east.get("/risk/enterprises/f00/").status_code == 200
    assert west.get("/risk/enterprises/f00/").status_code == 404
    assert east.get(f"/risk/enterprises/{ALONE}/").status_code == 404
    assert world.client("nobody").get("/risk/enterprises/").status_code == 403
    assert world.client("pa-jt").get("/risk/enterprises/").status_code == 403
    # The vehicle's page leads there, for who may read it.
    world.board({"vehicle": vehicle(0)})
    shown = world.client("op-zd").get(f"/vehicles/{vehicle(0)}/").content.decode()
    assert "/risk/enterprises/f00/" in shown


def test_the_export_holds_what_is_filtered_and_is_written_down(world: World) -> None:
    reviewed(world)
    answer = world.client("op-zd").get("/risk/enterprises/?duty=speeding&only=unranked&format=csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [line["企业编号"] for line in lines] == [TINY]
    assert lines[0]["不排名原因"] == "车辆太少，不排名"
    assert lines[0]["名次"] == ""
    assert AuditEntry.objects.filter(action="export", object_type="enterprises").count() == 1


def test_an_empty_installation_says_what_is_missing(world: World) -> None:
    page = world.client("op-zd").get("/risk/enterprises/").content.decode()
    assert "还没有评估" in page
    Vehicle.objects.update(enterprise=None)
    page = world.client("op-zd").get("/risk/enterprises/").content.decode()
    assert "还没有登记企业和车辆" in page
