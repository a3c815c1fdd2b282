"""Fences: drawn by one person, in force by another, and read by the pipeline as they were drawn."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import transaction

from sizao.core.errors import TransitionError
from sizao.roads.fences import load, read_fence
from sizao.web.audit.models import AuditEntry
from sizao.web.fences import forms, services, words
from sizao.web.fences.models import FenceChange

from ..conftest import World

EMPTY = {"type": "Polygon", "coordinates": [[]]}

SCHOOL: dict[str, Any] = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [101.72, 26.58]},
    "properties": {
        "name": "一小",
        "kind": "limit",
        "radius_m": 200,
        "limit_kmh": 30,
        "times": [{"days": [1, 2, 3, 4, 5], "from": "07:20", "to": "08:10"}],
        "except_dates": [["2027-01-18", "2027-02-28"]],
        "legal_basis": "学校周边限速公告〔2026〕2号",
    },
}

FORM = {
    "name": "一小",
    "kind": "limit",
    "geometry": json.dumps(SCHOOL["geometry"]),
    "reach": "200",
    "limit_kmh": "30",
    "legal_basis": "学校周边限速公告〔2026〕2号",
    "w0-days": ["1", "2", "3", "4", "5"],
    "w0-from": "07:20",
    "w0-to": "08:10",
    "w1-from": "",
    "w1-to": "",
    "except_dates": "2027-01-18 ~ 2027-02-28",
    "reason": "新学期",
}


def asked(world: World, number: int | None = None, feature: Any = SCHOOL) -> FenceChange:
    return services.ask(world.user("op-zd"), number, feature, "新学期")


def in_force(world: World) -> dict[int, str]:
    path = world.ports.data.fences
    return {fence.number: fence.name for fence in load(path)} if path.exists() else {}


def test_a_fence_takes_two_people_and_the_pipeline_reads_it(world: World):
    change = asked(world)
    with pytest.raises(TransitionError, match="不能批准自己"):
        services.decide(world.user("op-zd"), change, True)
    assert in_force(world) == {}
    services.decide(world.user("lead-zd"), change, True, "同意")
    assert in_force(world) == {1: "一小"}
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert actions.count("fence.ask") == actions.count("fence.accepted") == 1


def test_a_change_replaces_it_whole_and_an_end_takes_it_out(world: World):
    leader = world.user("lead-zd")
    services.decide(leader, asked(world), True)
    slower = {**SCHOOL, "properties": {**SCHOOL["properties"], "limit_kmh": 20}}
    services.decide(leader, asked(world, 1, slower), True)
    assert [fence.limit_kmh for fence in load(world.ports.data.fences)] == [20]
    services.decide(leader, asked(world, 1, None), True)
    assert in_force(world) == {}
    # Its number is its own for ever: detections name it.
    assert asked(world).number == 2


def test_fences_of_a_file_stay_until_somebody_changes_them_here(world: World):
    old = {**SCHOOL, "properties": {**SCHOOL["properties"], "number": 7, "name": "二小"}}
    path = world.ports.data.fences
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [old]}), encoding="utf-8")
    assert not services.publish(world.ports.data)
    services.decide(world.user("lead-zd"), asked(world), True)
    assert in_force(world) == {7: "二小", 8: "一小"}
    services.decide(world.user("lead-zd"), asked(world, 7, None), True)
    assert in_force(world) == {8: "一小"}


def test_a_copy_that_could_not_be_written_is_made_later(world: World, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(
            services.durable, "replace", lambda *_: (_ for _ in ()).throw(OSError("full"))
        )
        with pytest.raises(OSError, match="full"):
            services.decide(world.user("lead-zd"), asked(world), True)
    assert in_force(world) == {}
    assert services.publish(world.ports.data)
    assert in_force(world) == {1: "一小"}
    assert not services.publish(world.ports.data), "once"


def test_one_change_of_a_fence_waits_at_a_time(world: World):
    services.decide(world.user("lead-zd"), asked(world), True)
    asked(world, 1, None)
    with pytest.raises(TransitionError, match="等待批准"), transaction.atomic():
        asked(world, 1, None)


@pytest.mark.parametrize(
    ("who", "number", "feature", "reason", "said"),
    [
        ("op-dd", None, SCHOOL, "新学期", "只有支队"),
        ("op-zd", None, SCHOOL, " ", "理由"),
        ("op-zd", 9, None, "新学期", "没有这个围栏"),
        ("op-zd", None, {**SCHOOL, "geometry": EMPTY}, "新", "有误"),
        (
            "op-zd", None,
            {**SCHOOL, "properties": {**SCHOOL["properties"], "limit_kmh": 500}}, "新", "有误",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(world: World, who, number, feature, reason, said):
    with pytest.raises(TransitionError, match=said):
        services.ask(world.user(who), number, feature, reason)
    assert not FenceChange.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "said", "english"),
    [
        ("geometry", "", "请在图上画出围栏", "Draw the fence on the map."),
        ("reach", "", "请填写半径或半宽", "Fill in the radius or half width."),
        (
            "reach",
            "2",
            "半径或半宽只能填 5 至 100000",
            "The radius or half width takes 5 to 100000.",
        ),
        ("limit_kmh", "500", "限速只能填 5 至 120", "The limit takes 5 to 120."),
        ("legal_basis", " ", "请填写依据", "Fill in the order it goes by."),
        ("w0-to", "", "时段须写明起止时间", "A time of day needs a beginning and an end."),
        ("w0-from", "25:00", "时刻“25:00”无法识别", "25:00 is no time of day; write 22:30."),
        ("dates", "2026-13-01", "日期“2026-13-01”无法识别", "2026-13-01 is no date"),
        ("except_dates", "2026-12-31 ~ 2026-12-01", "止早于起", "ends before it begins."),
        ("valid_until", "2026-01-01T00:00", "失效时间须晚于生效时间", "cannot end before"),
    ],
)
def test_each_mistake_is_told_in_one_language(world: World, field, typed, said, english):
    """A person who typed a date the wrong way read a Python list of it once."""
    given = {**FORM, "valid_from": "2026-06-01T00:00", field: typed}
    client = world.client("op-zd")
    for language, wanted, other in (("zh-hans", said, english), ("en", english, said)):
        client.cookies["django_language"] = language
        answer = client.post("/fences/new/", given)
        page = unescape(answer.content.decode())
        assert answer.status_code == 422
        assert wanted in page
        assert other not in page
    assert not FenceChange.objects.exists()


def test_times_and_dates_are_taken_as_people_type_them(world: World):
    """A night of hazardous goods, over midnight, with full-width marks and Chinese dates."""
    night = {**FORM, "w0-from": "2200", "w0-to": "５：００", "w1-from": "18:00", "w1-to": "24:00",
             "dates": "2026年9月1日 至 2026/12/31\n2027.1.5"}  # fmt: skip
    assert world.client("op-zd").post("/fences/new/", night).status_code == 302
    told = FenceChange.objects.get().feature["properties"]
    assert told["times"] == [
        {"days": [1, 2, 3, 4, 5], "from": "22:00", "to": "05:00"},
        {"days": [1, 2, 3, 4, 5, 6, 7], "from": "18:00", "to": "00:00"},
    ]
    assert told["dates"] == [["2026-09-01", "2026-12-31"], ["2027-01-05", "2027-01-05"]]


def test_the_form_says_what_the_file_says(world: World):
    client = world.client("op-zd")
    answer = client.post("/fences/new/", FORM)
    assert answer.status_code == 302
    change = FenceChange.objects.get()
    assert change.feature == {**SCHOOL, "properties": {**SCHOOL["properties"], "number": 1}}
    assert read_fence(change.feature).windows[0].days == 0b11111
    # And back into the form.
    fields = forms.fields_of(change.feature)
    assert (fields["reach"], fields["limit_kmh"]) == (200, 30)
    assert fields["except_dates"] == "2027-01-18 ~ 2027-02-28"
    assert fields["windows"][0] == {"days": [1, 2, 3, 4, 5], "from": "07:20", "to": "08:10"}


def test_a_form_with_a_mistake_keeps_what_was_filled_in(world: World):
    answer = world.client("op-zd").post("/fences/new/", {**FORM, "geometry": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请在图上画出围栏" in page
    assert 'value="07:20"' in page
    assert 'value="一小"' in page


def test_pages_show_it_to_who_may_look_and_change_it_for_who_may(world: World):
    change = asked(world)
    page = world.client("lead-zd").get(f"/fences/{change.number}/").content.decode()
    assert "尚未生效" in page
    assert "周一至周五 07:20–08:10" in page
    drawn = re.search(r'data-fence-shapes="([^"]+)"', page)[1]
    assert unescape(drawn).count('"wanted": true') == unescape(drawn).count('"wanted"') == 1
    answer = world.client("lead-zd").post(
        f"/fences/changes/{change.pk}/decide/", {"decision": "accept"}
    )
    assert answer.status_code == 302
    assert 'data-fence="1"' in world.client("off-dd1").get("/fences/").content.decode()
    assert world.client("off-dd1").get("/fences/new/").status_code == 403
    assert world.client("off-dd1").post("/fences/1/end/", {"reason": "x"}).status_code == 403
    shapes = world.client("off-dd1").get("/fences/shapes.geojson").json()["features"]
    assert [one["properties"]["name"] for one in shapes] == ["一小"]
    # Decided meanwhile: the second sees it.
    again = world.client("lead-zd").post(
        f"/fences/changes/{change.pk}/decide/", {"decision": "refuse"}
    )
    assert again.status_code == 409


def test_a_circle_is_drawn_as_wide_as_it_is():
    fence = read_fence({**SCHOOL, "properties": {**SCHOOL["properties"], "number": 1}})
    corners = words.outline(SCHOOL, fence)["coordinates"][0]
    north = (max(lat for _, lat in corners) - 26.58) * 111_195
    assert north == pytest.approx(200, abs=1)


def test_the_fence_that_was_judged_by_stands_on_the_evidences_map(world: World):
    services.decide(world.user("lead-zd"), asked(world), True)
    judged = world.detection(rule="area_limit", fence=1)
    other = world.detection(rule="area_limit", fence=2, start=world.now - timedelta(hours=1))
    world.append(judged, other)
    world.round()

    def drawn(row: dict[str, Any]) -> Any:
        return world.client("op-zd").get(f"/detections/{row['id']}/").context["player"]["fence"]

    ring = drawn(judged)["coordinates"][0]
    assert len(ring) > 20, "a circle, as wide as it is"
    assert drawn(other) is None, "none of that number is in force"
