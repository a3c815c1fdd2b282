"""Pages of sources and quarantine: what they show, to whom, and what they let people do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import POSITION, QUARANTINE, WEIGHING
from sizao.core.source_access import load_access, switch_off, switch_on
from sizao.core.source_book import ACCESS_FILE
from sizao.feeds.jt808.encode import encode_frame
from sizao.runtime.embedded.quarantine import Order, Replayer
from sizao.web.audit.models import AuditEntry
from sizao.web.imports.models import Batch
from sizao.web.sources import quarantine, services, watch
from sizao.web.sources.models import QuarantineOrder, SourceEvent
from sizao.web.sources.quarantine import Wanted
from tests.runtime.terminal import location
from tests.web.conftest import NOON, World

REGISTRY = """
sources:
  - id: jt808
    name_zh: 车载终端直连
    name_en: Terminals
    owner: {party: 科技科, role: 值班员, contact: "2101"}
    contract:
      - {topic: positions, interval_s: 30, per: vehicle, complete: 0.9, max_delay_s: 60,
         silence_s: 600}
  - id: weigh:ws1
    name_zh: 云岭治超站
    name_en: Yunling weigh station
    owner: {party: 公路局}
    contract: [{topic: weighings, per_hour: 60, complete: 0.9, silence_s: 1200}]
    quota: {records_per_hour: 2000, bytes_per_hour: 2000000}
  - id: weather:city
    name_zh: 气象台
    name_en: Weather service
    owner: {party: 气象局}
"""


def frame(ago_s: float) -> bytes:
    return encode_frame(0x0200, "13800000001", 7, location(50.0, ago_s))[1:-1]


@pytest.fixture
def feeds(world: World) -> World:
    """Two hours of positions, half the weighings that were promised, and some of it unusable."""
    import time

    (world.data.root / "sources.yaml").write_text(REGISTRY)
    services.forget()
    rows: list[dict[str, Any]] = []
    for minute in range(120):
        at = NOON - timedelta(minutes=minute)
        rows += [
            {"vehicle": f"1000000000{n}", "time": at - timedelta(seconds=3 + half), "received": at,
             "source": "jt808", "status": 3}
            for n in range(3)
            for half in (0, 30)
        ]  # fmt: skip
    world.feeds_log.append({"positions": pa.RecordBatch.from_pylist(rows, schema=POSITION)})
    weighed = [
        {"weighing": f"w{n}", "station": "ws1", "time": NOON - timedelta(minutes=2 * n, hours=1),
         "received": NOON - timedelta(minutes=2 * n, hours=1), "source": "weigh:ws1"}
        for n in range(30)
    ]  # fmt: skip
    world.feeds_log.append({"weighings": pa.RecordBatch.from_pylist(weighed, schema=WEIGHING)})
    good = frame(time.time() - NOON.timestamp() + 1800)
    spoilt = [
        {"received": NOON - timedelta(minutes=n), "source": "jt808", "peer": "13800000001",
         "reason": "unsupported" if n < 12 else "bad_checksum", "detail": f"no {n}",
         "raw": good if n < 12 else b"\x02\x00\x00<script>"}
        for n in range(20)
    ]  # fmt: skip
    spoilt.reverse()
    for start in range(0, 20, 6):
        batch = pa.RecordBatch.from_pylist(spoilt[start : start + 6], schema=QUARANTINE)
        world.feeds_log.append({"quarantine": batch})
    return world


def page(world: World, address: str, name: str = "op-zd") -> str:
    answer = world.client(name).get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def rows_of(html: str) -> list[str]:
    return re.findall(r'data-source="([^"]+)"', html)


def test_the_list_says_how_each_source_is(feeds: World) -> None:
    html = page(feeds, "/sources/")
    assert set(rows_of(html)) == {"jt808", "weigh:ws1", "weather:city"}
    states = dict(re.findall(r'data-source="([^"]+)"\s+data-state="(\w+)"', html))
    assert states == {"jt808": "ok", "weigh:ws1": "poor", "weather:city": "waiting"}
    assert "720" in html, "accepted positions of today"
    assert "科技科" in html
    assert rows_of(html)[0] == "weigh:ws1", "the most pressing first"
    assert "3.5 / " in html or "4.0 / " in html or " / 33" in html


def test_a_young_installation_needs_no_action_until_something_is_overdue(world: World) -> None:
    """Nobody has sent anything: only what should have come by now is to be dealt with."""
    (world.data.root / "sources.yaml").write_text(
        REGISTRY.replace(
            "owner: {party: 气象局}",
            "owner: {party: 气象局}\n    contract: [{topic: weather_readings, interval_s: 300}]",
        )
    )
    services.forget()

    def states_after(minutes: float) -> tuple[int, dict[str, str]]:
        world.clock.advance(60 * minutes)
        watch.watch([], services.book().registry, world.now)
        html = page(world, "/sources/")
        lead = re.search(r"<b>(\d+)</b> 个数据源需要处理", html)
        pressing = int(lead[1]) if lead else 0
        return pressing, dict(re.findall(r'data-source="([^"]+)"\s+data-state="(\w+)"', html))

    young = {"jt808": "waiting", "weigh:ws1": "waiting", "weather:city": "waiting"}
    assert states_after(0) == (0, young)
    assert states_after(9) == (0, young), "each may be silent for ten minutes at the least"
    assert states_after(2)[1] == young | {"jt808": "silent"}
    count, found = states_after(5)
    assert (count, found) == (2, young | {"jt808": "silent", "weather:city": "never"})
    # Refused and taken again: its time begins anew.
    switch_off(world.data.root / ACCESS_FILE, "weather:city", reason="x", by="x", at_s=0)
    services.forget()
    assert states_after(1)[1]["weather:city"] == "off"
    switch_on(world.data.root / ACCESS_FILE, "weather:city")
    services.forget()
    assert states_after(1)[1]["weather:city"] == "waiting"


def test_files_that_were_imported_count_as_heard(world: World) -> None:
    (world.data.root / "sources.yaml").write_text(
        """
sources:
  - id: crashes:122
    name_zh: 事故台账
    name_en: Crash records
    owner: {party: 事故科}
    contract: [{topic: crashes, silence_s: 600}]
"""
    )
    services.forget()
    Batch.objects.create(
        kind="crash", source="事故台账", file_name="a.csv", size=1, sha256="0", by="x",
        at=world.now, ended_at=world.now, state=Batch.State.DONE,
    )  # fmt: skip
    [row] = services.source_rows()
    assert (row.state, row.last) == ("ok", world.now)
    Batch.objects.update(state=Batch.State.UNDONE)
    assert services.source_rows()[0].state == "waiting"


def test_sort_filter_and_export(feeds: World) -> None:
    assert rows_of(page(feeds, "/sources/?sort=-received"))[0] == "jt808"
    assert rows_of(page(feeds, "/sources/?kind=weigh")) == ["weigh:ws1"]
    assert rows_of(page(feeds, "/sources/?q=气象局")) == ["weather:city"]
    assert rows_of(page(feeds, "/sources/?state=silent")) == []
    answer = feeds.client("op-zd").get("/sources/?format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert len(answer.content.decode().splitlines()) == 4


def test_an_unregistered_source_is_shown_as_that(feeds: World) -> None:
    row = {"weighing": "x", "station": "s", "time": NOON, "received": NOON, "source": "weigh:who"}
    feeds.feeds_log.append({"weighings": pa.RecordBatch.from_pylist([row], schema=WEIGHING)})
    services.forget()
    assert 'data-source="weigh:who"' in page(feeds, "/sources/?state=unregistered")
    assert "没有登记" in page(feeds, "/sources/weigh:who/")


def test_a_registry_with_a_mistake_is_told_and_nothing_breaks(feeds: World) -> None:
    (feeds.data.root / "sources.yaml").write_text("sources: [{id: nonsense}]")
    services.forget()
    html = page(feeds, "/sources/")
    assert "sources.yaml 有误" in html
    assert "nonsense" in html


def test_a_source_s_page_has_its_hours_reasons_and_contract(feeds: World) -> None:
    for period in ("48h", "7d", "30d", "nonsense"):
        html = page(feeds, f"/sources/jt808/?period={period}")
        assert re.findall(r'data-figure="(\w+)"', html) == [
            "accepted", "quarantined", "complete", "delay",
        ]  # fmt: skip
    assert "bad_checksum" in html
    assert "完整率不低于 90%" in html
    assert feeds.client("op-zd").get("/sources/jt808:none/").status_code == 404


def test_a_key_is_shown_once_after_a_second_look(feeds: World) -> None:
    client = feeds.client("op-zd")
    refused = client.post("/sources/weigh:ws1/act/", {"action": "key", "confirm": "weigh"})
    assert refused.status_code == 422
    assert load_access(feeds.data.source_access).keys == {}
    answer = client.post(
        "/sources/weigh:ws1/act/", {"action": "key", "confirm": "weigh:ws1", "keep": "24"}
    )
    assert answer["Cache-Control"] == "no-store"
    found = re.search(r"data-key>([^<]+)<", answer.content.decode())
    assert found is not None
    now_s = feeds.now.timestamp()
    assert load_access(feeds.data.source_access).source_of(found[1], now_s) == "weigh:ws1"
    again = page(feeds, "/sources/weigh:ws1/")
    assert found[1] not in again
    assert found[1].partition(".")[0] in again, "its fingerprint stays"
    entry = AuditEntry.objects.get(action="source.key")
    assert found[1].partition(".")[2] not in str(entry.data)
    client.post("/sources/weigh:ws1/act/", {"action": "revoke", "confirm": "weigh:ws1"})
    assert load_access(feeds.data.source_access).source_of(found[1], now_s) is None


def test_switching_off_needs_a_reason_and_shows(feeds: World) -> None:
    client = feeds.client("op-zd")
    assert client.post("/sources/jt808/act/", {"action": "off", "reason": " "}).status_code == 422
    client.post("/sources/jt808/act/", {"action": "off", "reason": "平台割接"})
    html = page(feeds, "/sources/jt808/")
    assert "平台割接" in html
    assert 'data-source-state="off"' in html
    client.post("/sources/jt808/act/", {"action": "on", "reason": "割接完成"})
    assert 'data-source-state="ok"' in page(feeds, "/sources/jt808/")
    actions = list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))
    assert [one for one in actions if one.startswith("source.")] == ["source.off", "source.on"]


def test_a_silence_shows_everywhere_until_somebody_takes_note(feeds: World) -> None:
    watch.watch(feeds.ports.tallies, services.book().registry, feeds.now)
    feeds.clock.advance(1500)
    watch.watch(feeds.ports.tallies, services.book().registry, feeds.now)
    assert SourceEvent.objects.filter(ended=None).count() == 2
    client = feeds.client("op-zd")
    for address in ("/", "/?part=live", "/inbox/", "/inbox/?part=rows"):
        assert "data-silent-notice" in page(feeds, address), address
        assert "data-silent-notice" not in page(feeds, address, "off-dd1"), "not the road's concern"
    html = page(feeds, "/sources/")
    assert 'data-silent="2"' in html
    assert html.count('data-silence="') == 2
    for event in SourceEvent.objects.all():
        client.post(
            f"/sources/{event.source}/act/",
            {"action": "acknowledge", "event": event.pk, "from": "list"},
        )
    html = page(feeds, "/sources/")
    assert 'data-silent="0"' in html
    assert html.count('data-source-state="silent"') == 2, "it is still silent"
    assert "data-silent-notice" not in page(feeds, "/")


def test_quarantine_is_listed_newest_first_and_filtered(feeds: World) -> None:
    html = page(feeds, "/quarantine/")
    refs = re.findall(r'data-quarantine="([^"]+)"', html)
    assert len(refs) == 20
    seen = [quarantine.find(ref) for ref in refs]
    times = [one.received for one in seen if one]
    assert times == sorted(times, reverse=True)
    only = page(feeds, "/quarantine/?reason=bad_checksum&span=24h")
    assert only.count("data-quarantine=") == 8
    assert page(feeds, "/quarantine/?q=no+15").count("data-quarantine=") == 1
    assert page(feeds, "/quarantine/?q=3c7363").count("data-quarantine=") == 8, "hexadecimal"
    assert page(feeds, "/quarantine/?source=weigh:ws1").count("data-quarantine=") == 0
    assert "&lt;script&gt;" not in html


def test_pages_of_quarantine_go_on_where_they_ended(feeds: World) -> None:
    seen: list[str] = []
    before = ""
    for _ in range(8):
        found = quarantine.browse(Wanted(), before=before, limit=3)
        seen += [one.ref for one in found.records]
        before = found.before
        if not before:
            break
    assert len(seen) == len(set(seen)) == 20
    late = quarantine.browse(Wanted(until=NOON - timedelta(minutes=9, seconds=30)))
    assert len(late.records) == 10
    early = quarantine.browse(Wanted(since=NOON - timedelta(minutes=4, seconds=30)))
    assert len(early.records) == 5


def test_a_record_shows_bytes_fields_and_whether_it_decodes_now(feeds: World) -> None:
    refs = {one.kept.reason: one.ref for one in quarantine.browse(Wanted()).records}
    html = page(feeds, f"/quarantine/{refs['bad_checksum']}/")
    assert "|...&lt;script&gt;" in html
    assert "&quot;kind&quot;: &quot;bad_checksum&quot;" in html or "bad_checksum" in html
    assert "仍不能解" in html
    good = page(feeds, f"/quarantine/{refs['unsupported']}/")
    assert "能解。" in good
    assert "13800000001" in good
    raw = feeds.client("op-zd").get(f"/quarantine/{refs['bad_checksum']}/?format=raw")
    assert raw.content == b"\x02\x00\x00<script>"
    reads = AuditEntry.objects.filter(action="quarantine.read").order_by("seq")
    assert [one.data["how"] for one in reads] == ["page", "page", "download"]
    for ref in ("feeds-999-0", "feeds-1-99", "other-1-0", "nonsense", "feeds--1-0"):
        assert feeds.client("op-zd").get(f"/quarantine/{ref}/").status_code == 404


def test_the_auditor_sees_that_and_not_what(feeds: World) -> None:
    assert page(feeds, "/quarantine/?q=no+15", "audit").count("data-quarantine=") == 20
    html = page(feeds, "/quarantine/", "audit")
    assert html.count("data-quarantine=") == 20
    assert "13800000001" not in html
    assert "no 15" not in html
    ref = re.findall(r'data-quarantine="([^"]+)"', html)[0]
    assert feeds.client("audit").get(f"/quarantine/{ref}/").status_code == 403


def test_a_trial_changes_nothing_and_an_order_is_carried_out_once(feeds: World) -> None:
    html = page(feeds, "/quarantine/?reason=unsupported&check=1")
    assert "试解 <b>12</b> 条，现在能解 <b>12</b> 条" in html
    assert QuarantineOrder.objects.count() == 0
    client = feeds.client("op-zd")
    client.post("/quarantine/replay/", {"reason": "unsupported", "source": "jt808", "span": "24h"})
    order = QuarantineOrder.objects.get()
    feeds.round()
    [segment] = feeds.commands_log.read("quarantine_orders", 0)
    [row] = segment.batch.to_pylist()
    assert (row["order"], row["by"], row["reason"]) == (order.pk, "op-zd", "unsupported")
    assert "等待执行" in page(feeds, "/quarantine/")
    replayer = Replayer(feeds.feeds_log)
    one = Order.of(row)
    while replayer.commit(replayer.prepare(one), round(feeds.now.timestamp() * 1e6)):
        pass
    feeds.round()
    order.refresh_from_db()
    assert order.result["taken"] == 12
    html = page(feeds, "/quarantine/?check=1")
    assert "补入 12 条" in html
    assert html.count("已补入") >= 12
    assert "现在能解 <b>0</b> 条" in html
    assert len(feeds.commands_log.read("quarantine_orders", 0)) == 1, "ordered once"
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"quarantine.replay", "quarantine.replayed"} <= actions


def test_the_api_has_the_same_figures(feeds: World) -> None:
    found = feeds.client("op-zd").get("/api/v1/sources?hours=3").json()
    by_id = {one["id"]: one for one in found["items"]}
    assert found["count"] == 3
    assert by_id["jt808"]["day"]["accepted"] == {"positions": 720}
    assert by_id["jt808"]["day"]["quarantined"] == {"unsupported": 12, "bad_checksum": 8}
    assert by_id["weigh:ws1"]["day"]["completeness"] is not None
    assert by_id["weather:city"]["day"]["completeness"] is None, "unknown is not zero"
    assert len(by_id["jt808"]["hours"]) == 3
    assert feeds.client("op-zd").get("/api/v1/sources?kind=weather").json()["count"] == 1


def test_metrics_of_each_source(feeds: World, client: Any) -> None:
    text = client.get("/metrics").content.decode()
    assert 'sizao_source_accepted_24h{source="jt808"} 720.0' in text
    assert 'sizao_source_quarantined_24h{reason="bad_checksum",source="jt808"} 8.0' in text
    assert 'sizao_source_completeness_ratio{source="weather:city"}' not in text
    assert "13800000001" not in text


def test_no_source_at_all_is_said_with_what_to_do(world: World) -> None:
    html = page(world, "/sources/")
    assert "还没有登记数据源" in html
    assert "sizao sources add" in html
    assert "没有符合条件的隔离数据" in page(world, "/quarantine/")


@pytest.mark.parametrize("address", ["/sources/", "/sources/jt808/", "/quarantine/?check=1"])
def test_english_has_no_chinese_left(feeds: World, address: str) -> None:
    user = feeds.user("op-zd")
    user.language = "en"
    user.save()
    watch.watch(feeds.ports.tallies, services.book().registry, feeds.now)
    feeds.clock.advance(1500)
    watch.watch(feeds.ports.tallies, services.book().registry, feeds.now)
    html = page(feeds, address)
    text = re.sub(r"<[^>]+>", " ", html)
    left = set(re.findall(r"[一-鿿]+", text)) - {"四早", "简体中文", "科技科", "值班员"}
    assert left - {"公路局", "气象局"} == set()
