"""Pages and API of control measures: order by form, act, filter, export, the feed with its ETag."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sizao.web.cases import services as cases
from sizao.web.measures.models import ControlMeasure
from tests.respond.wzdx_schema import check_feed

from ..conftest import World
from .test_services import area, put

FORM = {
    "kind": "speed_limit", "road": "G353", "direction": "下行", "stake_from": "K119+000",
    "stake_to": "K120+000", "limit_kmh": "40", "reason": "路面结冰", "until": "",
}  # fmt: skip


def test_ordered_by_form_seen_in_the_list_and_lifted(roads: World):
    client = roads.client("off-dd1")
    page = client.get("/measures/new/").content.decode()
    assert "二级管制（能见度 50–100 米，限速 40 km/h）" in page
    answer = client.post("/measures/new/", FORM)
    assert answer.status_code == 302
    page = client.get(answer.headers["Location"]).content.decode()
    assert "G353 K119+000–K120+000 下行" in page
    assert "待核实" in page  # the certainty of the law cited
    one = ControlMeasure.objects.get()
    client.post(f"/measures/{one.pk}/act/", {"action": "begin", "version": 1})
    listed = client.get("/measures/").content.decode()
    assert one.number in listed
    assert "40 km/h" in listed
    client.post(f"/measures/{one.pk}/act/", {"action": "lift", "version": 2, "reason": "融化"})
    assert one.number not in client.get("/measures/").content.decode()
    assert one.number in client.get("/measures/?state=lifted").content.decode()


def test_refusals_come_back_with_the_form_as_it_was(roads: World):
    client = roads.client("off-dd1")
    answer = client.post("/measures/new/", {**FORM, "stake_from": "桥头"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "无法识别" in page
    assert "路面结冰" in page


def test_a_stale_page_is_told_who_did_what(roads: World):
    one = put(roads)
    client = roads.client("op-dd")
    later = {"action": "lift", "version": 1, "reason": "好"}
    assert client.post(f"/measures/{one.pk}/act/", later).status_code == 302
    answer = client.post(f"/measures/{one.pk}/act/", later)
    assert answer.status_code == 409
    assert "解除：好" in answer.content.decode()


def test_the_case_shows_its_measures_and_offers_its_place(roads: World):
    case = roads.raise_case()
    case = cases.act(roads.user("op-dd"), case.pk, "sign", case.version)
    one = put(roads, "op-dd", case=case)
    client = roads.client("op-dd")
    assert one.place in client.get(f"/cases/{case.pk}/").content.decode()
    page = client.get(f"/measures/new/?case={case.pk}").content.decode()
    assert 'value="K119+300"' in page
    assert roads.client("off-dd2").get(f"/measures/new/?case={case.pk}").status_code == 404


def test_filters_and_export(roads: World):
    late = put(roads, until_at=roads.now + timedelta(minutes=1))
    waits = put(roads, kind="closure", urgent=False)
    roads.clock.advance(120)
    client = roads.client("op-zd")
    for query, wanted in (
        ("state=overrun", {late}), ("state=waiting", {waits}), ("kind=closure", {waits}),
        ("unit=xd", set()), ("unit=dd", {late, waits}), ("q=" + late.number, {late}),
        ("state=refused", set()),
    ):  # fmt: skip
        page = client.get(f"/measures/?{query}").content.decode()
        assert {one for one in (late, waits) if f">{one.number}<" in page} == wanted, query
    text = client.get("/measures/?format=csv").content.decode()
    assert late.number in text
    assert "已到期未解除" in text


def test_the_map_has_what_stands_and_marks_what_needs_a_person(roads: World):
    stands = put(roads, until_at=roads.now + timedelta(hours=1))
    put(roads, kind="closure", urgent=False)
    area(roads)
    found = roads.client("off-xd1").get("/measures/map.geojson").json()
    drawn = [(one["geometry"]["type"], one["properties"]["bright"]) for one in found["features"]]
    assert drawn == [
        ("Polygon", False), ("MultiLineString", True), ("MultiLineString", False),
    ]  # fmt: skip
    assert roads.client("nobody").get("/measures/map.geojson").json()["features"] == []
    only = roads.client("op-dd").get(f"/measures/map.geojson?id={stands.pk}").json()
    assert len(only["features"]) == 1


def test_the_feed_is_valid_changes_its_tag_only_with_a_measure_and_keeps_what_is_late(
    roads: World,
):
    bearer = roads.bearer("op-dd")
    client = roads.client("op-dd")
    empty = client.get("/api/v1/measures.geojson", **bearer)
    check_feed(empty.json())
    one = put(roads, until_at=roads.now + timedelta(minutes=5))
    put(roads, kind="closure", urgent=False)  # nobody has approved it
    area(roads)
    full = client.get("/api/v1/measures.geojson", **bearer)
    assert full.headers["ETag"] != empty.headers["ETag"]
    check_feed(full.json())
    assert {one["id"] for one in full.json()["features"]} == {f"{one.number}-1", f"{one.number}-2"}
    again = client.get(
        "/api/v1/measures.geojson", headers={"if-none-match": full.headers["ETag"]}, **bearer
    )
    assert (again.status_code, again.content) == (304, b"")
    roads.clock.advance(600)
    roads.round()
    late = client.get("/api/v1/measures.geojson", **bearer).json()
    check_feed(late)
    assert late["features"][0]["properties"]["end_date"] > "2026-11-23T04:10"


def test_the_api_lists_what_is_open_unless_asked_otherwise(roads: World):
    one = put(roads)
    client = roads.client("op-dd")
    bearer = roads.bearer("op-dd")
    found = client.get("/api/v1/measures", **bearer).json()
    assert (found["count"], found["items"][0]["number"]) == (1, one.number)
    assert found["items"][0]["state"] == "in_force"
    client.post(f"/measures/{one.pk}/act/", {"action": "lift", "version": 1, "reason": "好"})
    assert client.get("/api/v1/measures", **bearer).json()["count"] == 0
    assert client.get("/api/v1/measures?state=all", **bearer).json()["count"] == 1


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        ({"road": "G999"}, "没有带桩号的道路 G999", "no road G999"),
        (
            {"road": "G353", "stake_from": "K999", "stake_to": "K1000"},
            "不在路网内，路网里这条路是 G353 K118+000 至 G353 K122+000",
            "which has it from G353 K118+000 to G353 K122+000",
        ),
    ],
)
def test_a_place_that_is_not_there_is_refused_in_one_language(
    roads: World, given: dict[str, str], zh: str, en: str
) -> None:
    client = roads.client("off-dd1")
    for language, words, other in (("zh-hans", zh, "network"), ("en", en, "路网")):
        client.cookies["django_language"] = language
        answer = client.post("/measures/new/", {**FORM, **given})
        assert answer.status_code == 422
        told = answer.context["notice"]["text"]
        assert words in told
        assert other not in told
