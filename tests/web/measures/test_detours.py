"""A closure's way round: computed on the page, taken over once as a measure, shown on the map."""

from __future__ import annotations

from sizao.web.measures import exports, services
from sizao.web.measures.models import ControlMeasure
from tests.respond.wzdx_schema import check_feed

from ..conftest import TRUCK, World
from .test_dispatch import close


def test_computed_taken_over_once_and_exported(roads: World):
    one = close(roads, 119_500, 120_500)
    client = roads.client("op-dd")
    page = client.get(f"/measures/{one.pk}/detour/").content.decode()
    assert 'data-class="small" data-way="yes"' in page
    assert "按道路等级缺省值" in page
    assert "项目默认" in page
    answer = client.post(f"/measures/{one.pk}/detour/")
    assert answer.status_code == 302
    taken = ControlMeasure.objects.get(kind="diversion")
    assert (taken.plan["closure"], taken.approval) == (one.number, "waiting")
    page = client.get(answer.headers["Location"]).content.decode()
    assert "绕行方案" in page
    again = client.post(f"/measures/{one.pk}/detour/")
    assert again.status_code == 422
    assert "已有分流措施" in again.content.decode()
    services.act(roads.user("lead-dd"), taken.pk, "approve", taken.version)
    feed = exports.wzdx(roads.now)
    check_feed(feed)
    kinds = {item["properties"]["core_details"]["event_type"] for item in feed["features"]}
    assert kinds == {"work-zone", "detour"}


def test_another_closure_on_the_way_round_counts(roads: World):
    one = close(roads, 119_500, 120_500)
    ways = roads.client("op-dd").get(f"/measures/{one.pk}/detour/").content.decode()
    assert "X101" in ways or "南村路" in ways
    from sizao.web.measures.places import locate

    for lat, lon in ((26.595, 101.716), (26.579, 101.716)):
        where = locate("closure", lat=lat, lon=lon)
        services.order(roads.user("op-dd"), "closure", where, reason="塌方", urgent=True)
    page = roads.client("op-dd").get(f"/measures/{one.pk}/detour/").content.decode()
    assert 'data-way="yes"' not in page
    assert "须滞留、入口管制或劝返" in page
    assert roads.client("op-dd").post(f"/measures/{one.pk}/detour/").status_code == 422


def test_terminals_that_tell_of_more_traffic_are_believed(roads: World):
    one = close(roads, 119_500, 120_500)
    roads.board(
        *[{"vehicle": f"{TRUCK[:-3]}{n:03d}", "stake_m": 118_000.0 + 20 * n, "speed_kmh": 60.0}
          for n in range(200)]
    )  # fmt: skip
    page = roads.client("op-dd").get(f"/measures/{one.pk}/detour/").content.decode()
    assert "按车载终端推算" in page


def test_lanes_and_what_is_over_have_no_detour(roads: World):
    some = close(roads, 119_500, 120_500, lanes="1")
    over = close(roads, 119_500, 120_500)
    services.act(roads.user("op-dd"), over.pk, "lift", over.version, reason="通")
    for one in (some, over):
        assert roads.client("op-dd").get(f"/measures/{one.pk}/detour/").status_code == 422
