"""What people see of evidence, and that small pictures are small."""

from __future__ import annotations

import io
import re
import struct
import zlib

import pytest
from PIL import Image

from sizao.log import evidence as store_module
from sizao.log.evidence import EvidenceStore
from sizao.web.audit.models import AuditEntry
from sizao.web.evidence import thumbs
from sizao.web.evidence.follow import follow
from sizao.web.evidence.models import Hold
from sizao.web.evidence.retention import Sweep
from sizao.web.evidence.rounds import EvidenceRounds, look
from sizao.web.live.models import OutboxEvent
from tests.web.conftest import TRUCK, World

from .conftest import age, send


def picture(width: int = 1600, height: int = 1200, kind: str = "JPEG") -> bytes:
    output = io.BytesIO()
    noise = Image.effect_noise((width, height), 60).convert("RGB")
    noise.save(output, kind, **({"quality": 90} if kind == "JPEG" else {}))
    return output.getvalue()


def test_the_case_and_the_vehicle_show_what_the_terminal_sent(world: World):
    case = world.raise_case()
    name = send(world, picture(), refers_to="aa")
    send(world, b"clip", refers_to="aa", kind="video", name="02_1_6501_1_x.mp4")
    follow(world.ports.evidence)
    client = world.client("op-dd")
    for address in (f"/cases/{case.pk}/", f"/vehicles/{TRUCK}/"):
        html = client.get(address).content.decode()
        [small] = re.findall(r'<img src="([^"]+small=1)"', html)
        assert name in small
        assert "疲劳驾驶" in html, "the file's name says what the device saw"
        data = client.get(small).content
        assert len(data) < 30_000
        assert Image.open(io.BytesIO(data)).size == (320, 240)
        whole = client.get(small.removesuffix("?small=1"))
        assert len(whole.content) == len(EvidenceStore(world.data.evidence).read(name))
    reads = AuditEntry.objects.filter(action="evidence.read", object_id=name)
    assert [one.data["where"] for one in reads.order_by("seq")] == ["case", "vehicle"]


def test_a_deleted_piece_says_so_where_it_was(world: World):
    case = world.raise_case()
    name = send(world, picture(64, 48), refers_to="aa")
    follow(world.ports.evidence)
    client = world.client("op-dd")
    assert client.get(f"/cases/{case.pk}/evidence/{name}/?small=1").status_code == 200
    thumb = EvidenceStore(world.data.evidence).thumb_path(name)
    assert thumb.is_file()
    type(case).objects.filter(pk=case.pk).update(vehicle="other")
    Sweep(world.data.evidence, world.ports.evidence, world.now, wall_s=age(world, 200)).step()
    type(case).objects.filter(pk=case.pk).update(vehicle=TRUCK)
    assert not thumb.exists(), "the small copy goes with the picture"
    html = client.get(f"/cases/{case.pk}/").content.decode()
    assert "已按期删除（" in html
    for tail in ("", "?small=1"):
        answer = client.get(f"/cases/{case.pk}/evidence/{name}/{tail}")
        assert (answer.status_code, "已按期删除" in answer.content.decode()) == (410, True)


def test_the_page_says_use_periods_holds_and_what_comes(world: World):
    case = world.raise_case()
    send(world, b"x" * 1000, source="gat1400:c", refers_to="p1", subject="c")
    follow(world.ports.evidence)
    client = world.client("op-zd")
    client.post(f"/cases/{case.pk}/hold/", {"reason": "伤亡事故", "days": "30"})
    html = client.get("/evidence/").content.decode()
    row = html[html.index('data-what="passage"') :]
    row = re.sub(r"\s+", " ", row[: row.index("</tr>")])
    assert ">1<" in row
    assert "30 天" in row
    assert "视频图像信息系统管理条例" in row
    assert "待核实" in row
    assert case.number in html
    assert "伤亡事故" in html
    hold = Hold.objects.get()
    assert client.post(f"/evidence/holds/{hold.pk}/release/", {"reason": ""}).status_code == 422
    client.post(f"/evidence/holds/{hold.pk}/release/", {"reason": "结案"})
    assert "结案" in client.get("/evidence/").content.decode()
    assert client.post("/evidence/hold/", {"evidence": "00", "reason": "x", "days": "3"}
                       ).status_code == 422  # fmt: skip


def test_deletions_that_come_are_shown_by_day(world: World):
    send(world, b"x", source="gat1400:c", refers_to="p1", subject="c")
    follow(world.ports.evidence)
    from datetime import timedelta

    from sizao.web.evidence.models import Day

    day = Day.objects.get()
    Day.objects.update(day=day.day - timedelta(days=25))
    html = world.client("op-zd").get("/evidence/").content.decode()
    assert f'data-due="{day.day + timedelta(days=6):%Y-%m-%d}"' in html


def test_a_full_disk_is_an_alarm_and_its_end_too(world: World, monkeypatch: pytest.MonkeyPatch):
    client = world.client("op-dd")
    look(world.ports)
    assert "data-evidence-full" not in client.get("/inbox/").content.decode()
    monkeypatch.setenv(store_module.FLOOR, "1e9")
    for _ in range(3):
        look(world.ports)
    assert "data-evidence-full" in client.get("/inbox/").content.decode()
    monkeypatch.delenv(store_module.FLOOR)
    monkeypatch.setenv(store_module.FLOOR, "0")
    look(world.ports)
    assert "data-evidence-full" not in client.get("/inbox/").content.decode()
    said = AuditEntry.objects.filter(object_type="evidence").order_by("seq")
    assert [one.action for one in said] == ["evidence.full", "evidence.room"]
    told = OutboxEvent.objects.filter(name="source", data__source="evidence")
    assert [one.data["state"] for one in told.order_by("pk")] == ["full", "room"]


def test_a_report_with_a_photo_is_refused_clearly_when_the_disk_is_full(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    from sizao.web.reports.errors import SubmissionError
    from sizao.web.reports.submit import Given, submit

    monkeypatch.setenv(store_module.FLOOR, "1e9")
    given = Given("hazard", "26.585", "101.716", text="护栏", photos=[picture(8, 8, "PNG")])
    with pytest.raises(SubmissionError, match="照片暂时无法保存"):
        submit(given, channel="citizen", source="reports")


def test_the_desk_sweeps_hourly_and_one_helping_a_round(world: World):
    rounds = EvidenceRounds(world.ports)
    send(world, b"x", source="gat1400:c", refers_to="p1", subject="c")
    rounds(0.0)
    assert rounds._sweep is None
    rounds(10.0)
    rounds(3700.0)
    assert rounds._sweep is None, "nothing was due: one step ended it"


# Small copies


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 60,000 by 60,000 dots."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data", [b"", b"no picture", bomb(), picture(64, 48)[:200], b"\xff\xd8\xff", b"%PDF-1.4"]
)
def test_what_is_no_picture_has_no_small_copy(data: bytes):
    assert thumbs.shrink(data) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_small_copy_is_small_and_plain(kind: str):
    data = thumbs.shrink(picture(900, 1600, kind))
    small = Image.open(io.BytesIO(data))
    assert small.format == "JPEG"
    assert small.size == (135, 240)
    assert len(data) < 20_000
    assert not small.getexif()


def test_a_small_copy_is_the_right_way_up():
    output = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (400, 200)).save(output, "JPEG", exif=exif)
    assert Image.open(io.BytesIO(thumbs.shrink(output.getvalue()))).size == (120, 240)
