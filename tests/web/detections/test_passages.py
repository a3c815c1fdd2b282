"""The passages that a detection rests on: found in the intake's log, shown, compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from django.utils import timezone

from sizao.core.schemas import PASSAGE
from sizao.log.evidence import EvidenceStore
from sizao.sim.pictures import picture
from sizao.web.audit.models import AuditEntry
from sizao.web.detections import passages
from tests.web.conftest import World

RED, WHITE = picture("heavy_truck", "红", 1), picture("heavy_truck", "白", 1)


class Road:
    """A road with cameras whose passages lie in a real log."""

    def __init__(self, world: World, log: Any) -> None:
        self.world, self.log = world, log
        self.store = EvidenceStore(world.data.evidence)
        self.start = world.now - timedelta(hours=2)

    def passage(self, name: str, at: datetime, **over: Any) -> dict[str, Any]:
        row = dict.fromkeys(PASSAGE.names)
        row |= {
            "passage": name, "checkpoint": "kk-1", "time": at, "plate": "川DI0001",
            "received": at + timedelta(seconds=2), "plate_colour": 2, "source": "gat1400:kk-1",
        }  # fmt: skip
        return row | over

    def came(self, *rows: dict[str, Any]) -> None:
        self.log.append({"passages": pa.RecordBatch.from_pylist(list(rows), schema=PASSAGE)})

    def others(self, first: datetime, seconds: int) -> None:
        """A segment a second of vehicles that are no matter."""
        for second in range(seconds):
            at = first + timedelta(seconds=second)
            self.came(self.passage(f"other-{at:%H%M%S}", at, plate=f"川D{second:05}"))

    def detection(self, *names: str, **over: Any) -> dict[str, Any]:
        row = self.world.detection(
            rule="section_speed", severity="10-20", start=self.start, quality=None,
            end=self.start + timedelta(minutes=10), evidence=[f"passages:{one}" for one in names],
            received=self.start + timedelta(minutes=10, seconds=2),
            **over,
        )  # fmt: skip
        self.world.append(row)
        return row


@pytest.fixture
def road(world: World, intake_log: Any) -> Road:
    return Road(world, intake_log)


def two(road: Road) -> dict[str, Any]:
    """A journey over a section whose end another vehicle may have made."""
    end = road.start + timedelta(minutes=10)
    road.others(road.start - timedelta(minutes=30), 20)
    first = road.passage(
        "M1", road.start, images=[road.store.put(RED)], plate_reliability=97.0,
        vehicle_colour="4", vehicle_class="H11", speed_kmh=92.4, lane=2,
    )  # fmt: skip
    road.came(first)
    road.others(road.start + timedelta(minutes=1), 20)
    road.came(road.passage("M2", end, checkpoint="kk-2", images=[road.store.put(WHITE)]))
    road.others(end + timedelta(minutes=1), 20)
    return road.detection("M1", "M2")


def test_both_ends_can_be_compared(road: Road, world: World) -> None:
    row, client = two(road), world.client("op-zd")
    page = client.get(f"/detections/{row['id']}/").content.decode()
    assert [page.count(f'data-passage="{name}"') for name in ("M1", "M2")] == [1, 1]
    assert "号牌可信度 97% · 车身红色 · 车型 H11 · 92 km/h · 车道 2" in page
    assert page.count("川DI0001") >= 2
    assert f"{timezone.localtime(road.start):%Y-%m-%d %H:%M:%S}</span>" in page
    assert "没有找到" not in page
    for data in (RED, WHITE):
        name = road.store.put(data)
        address = f"/detections/{row['id']}/pictures/{name}/"
        assert page.count(f'href="{address}"') == 1
        small = client.get(f"{address}?small=1")
        assert (small.status_code, small["Content-Type"]) == (200, "image/jpeg")
        before = AuditEntry.objects.filter(action="evidence.read").count()
        whole = client.get(address)
        assert (whole.content, whole["Content-Type"]) == (data, "image/png")
        assert AuditEntry.objects.filter(action="evidence.read").count() == before + 1


def test_only_its_own_pictures(road: Road, world: World) -> None:
    row, client = two(road), world.client("op-zd")
    other = road.store.put(b"\x89PNG of somebody else")
    road.came(road.passage("M9", road.start, images=[other]))
    assert client.get(f"/detections/{row['id']}/pictures/{other}/").status_code == 404
    assert client.get(f"/detections/none/pictures/{road.store.put(RED)}/").status_code == 404


def test_who_reads_no_whole_plate_gets_no_picture(road: Road, world: World) -> None:
    row, client = two(road), world.client("audit")
    page = client.get(f"/detections/{row['id']}/").content.decode()
    assert page.count("data-passage=") == 2
    assert "川DI0001" not in page
    assert "图片仅供处置人员核对" in page
    assert "/pictures/" not in page
    name = road.store.put(RED)
    assert client.get(f"/detections/{row['id']}/pictures/{name}/").status_code == 404


def test_what_is_not_found_is_said(
    road: Road, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passages, "ROWS", 1)
    late = road.start + timedelta(minutes=40)
    road.came(road.passage("M1", road.start))
    road.others(late - timedelta(minutes=1), 2)
    road.came(road.passage("M2", road.start + timedelta(minutes=10), received=late))
    row = road.detection("M1", "M2")
    page = world.client("op-zd").get(f"/detections/{row['id']}/").content.decode()
    assert page.count("data-passage=") == 1
    assert "没有图片" in page
    assert "1 条过车没有找到" in page


def test_other_detections_have_no_such_card(road: Road, world: World) -> None:
    world.append(row := world.detection())
    page = world.client("op-zd").get(f"/detections/{row['id']}/").content.decode()
    assert "data-passages" not in page


def test_a_log_without_an_intake(world: World) -> None:
    world.append(row := world.detection(rule="section_speed", evidence=["passages:M1"]))
    page = world.client("op-zd").get(f"/detections/{row['id']}/").content.decode()
    assert "1 条过车没有找到" in page


def test_the_log_is_read_from_just_before_a_moment(road: Road) -> None:
    road.others(road.start, 37)
    for second in range(-3, 42):
        moment = road.start + timedelta(seconds=second)
        earlier = passages._before(road.log, moment)
        received = [
            (one.seq, one.batch.column("received")[0].as_py())
            for one in road.log.read("passages", 0)
        ]
        assert all(when < moment for seq, when in received if seq <= earlier)
        assert all(when >= moment for seq, when in received if seq > earlier + 1)
    road.log.prune("passages", 1e12, at_most=30)
    assert passages._before(road.log, road.start) < 37
