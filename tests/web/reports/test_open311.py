"""GeoReport v2 as its documentation words it: six methods, two forms, errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sizao.core.source_access import switch_off
from sizao.log.evidence import EvidenceStore
from sizao.web.reports import senders
from sizao.web.reports.models import Report

from ..conftest import EAST, World
from .conftest import png

V2 = "/open311/v2"
APP, PERSUADER, STAFF = (
    "reports:app", "reports:persuader-yunling", "reports:road_staff-east",
)  # fmt: skip


def post(keys: dict[str, str], form: str = "json", source: str = APP, **over: Any) -> Any:
    given = {
        "api_key": keys[source], "service_code": "hazard", "lat": str(EAST[0]),
        "long": str(EAST[1]), "description": "护栏缺了一段",
    }  # fmt: skip
    given = {key: value for key, value in {**given, **over}.items() if value is not None}
    return Client().post(f"{V2}/requests.{form}", given)


def errors(answer: Any) -> list[dict[str, Any]]:
    found = json.loads(answer.content)
    assert [set(one) for one in found] == [{"code", "description"}]
    assert found[0]["code"] == answer.status_code
    return found


# GET services


def test_services_in_both_forms(world: World) -> None:
    answer = Client().get(f"{V2}/services.json")
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    rows = answer.json()
    assert {row["service_code"] for row in rows} >= {
        "crash", "hazard", "obstruction", "signal_fault", "weather", "persuasion",
    }  # fmt: skip
    for row in rows:
        assert set(row) == {
            "service_code", "service_name", "description", "metadata", "type", "keywords", "group",
        }  # fmt: skip
        assert row["type"] == "realtime"
        assert isinstance(row["metadata"], bool)
    answer = Client().get(f"{V2}/services.xml")
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "services"
    assert [one.tag for one in root] == ["service"] * len(rows)
    assert {one.find("metadata").text for one in root} == {"true", "false"}


def test_a_service_with_its_questions(world: World) -> None:
    found = Client().get(f"{V2}/services/crash.json").json()
    assert found["service_code"] == "crash"
    first = found["attributes"][0]
    assert (first["code"], first["datatype"], first["order"]) == ("injured", "singlevaluelist", 1)
    assert first["variable"] is True
    assert {value["key"] for value in first["values"]} == {"none", "some", "trapped", "unknown"}
    root = ElementTree.fromstring(Client().get(f"{V2}/services/crash.xml").content)
    assert root.tag == "service_definition"
    assert root.find("attributes/attribute/values/value/key").text == "none"
    assert root.find("attributes/attribute/datatype_description").text is None


def test_an_unknown_service_is_404_in_the_form_asked_for(world: World) -> None:
    answer = Client().get(f"{V2}/services/garbage.json")
    assert answer.status_code == 404
    assert "garbage" in errors(answer)[0]["description"]
    answer = Client().get(f"{V2}/services/garbage.xml")
    assert answer.status_code == 404
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, root.find("error/code").text) == ("errors", "404")


# POST requests


def test_a_request_is_kept_and_its_id_comes_back(world: World, keys: dict[str, str]) -> None:
    answer = post(keys)
    assert answer.status_code == 201
    (row,) = answer.json()
    assert set(row) == {"service_request_id", "service_notice", "account_id"}
    report = Report.objects.get(number=row["service_request_id"])
    assert (report.state, report.channel, report.source) == ("new", "citizen", APP)
    assert report.unit.code == "dd1"
    answer = post(keys, "xml", description="另一处")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "service_requests"
    assert root.find("request/service_request_id").text.startswith("R2026")


def test_the_same_request_sent_again_is_kept_once(world: World, keys: dict[str, str]) -> None:
    first, second = post(keys), post(keys)
    assert first.json()[0]["service_request_id"] == second.json()[0]["service_request_id"]
    world.clock.advance(3700)
    assert post(keys).json()[0]["service_request_id"] != first.json()[0]["service_request_id"]


@pytest.mark.parametrize(
    ("over", "status", "word"),
    [
        ({"api_key": None}, 403, "api_key"),
        ({"api_key": "0123abcd.wrong"}, 403, "api_key"),
        ({"service_code": None}, 400, "service_code"),
        ({"service_code": "nothing"}, 404, "service_code"),
        ({"lat": None, "long": None}, 400, "location"),
        ({"lat": "north"}, 400, "degrees"),
        ({"lat": "91"}, 400, "degrees"),
        ({"lat": "nan"}, 400, "degrees"),
        ({"lat": "0", "long": "0"}, 400, "degrees"),
        ({"long": None}, 400, "degrees"),
        ({"description": "字" * 4001}, 400, "4000"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
        ({"service_code": "crash", "attribute[injured]": "perhaps"}, 400, "attribute[injured]"),
        ({"service_code": "persuasion"}, 403, "not open"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    world: World, keys: dict[str, str], over: dict[str, Any], status: int, word: str
) -> None:
    answer = post(keys, **over)
    assert answer.status_code == status
    assert word in errors(answer)[0]["description"]
    assert not Report.objects.exists()


def test_an_address_will_do_for_a_place(world: World, keys: dict[str, str]) -> None:
    answer = post(keys, lat=None, long=None, address_string="G5 K120 服务区入口")
    report = Report.objects.get(number=answer.json()[0]["service_request_id"])
    assert (report.lat, report.unit.code) == (None, "zd")


def test_the_channel_follows_the_key(world: World, keys: dict[str, str]) -> None:
    answer = post(
        keys, source=PERSUADER, service_code="persuasion",
        **{"attribute[violation][]": ["overload", "helmet"], "attribute[result]": "corrected"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    report = Report.objects.get()
    assert report.channel == "persuader"
    assert report.attributes == {"violation": ["overload", "helmet"], "result": "corrected"}
    missing = post(keys, source=PERSUADER, service_code="persuasion")
    assert "attribute[violation]" in errors(missing)[0]["description"]


def test_photos_by_multipart_go_to_the_evidence_store(world: World, keys: dict[str, str]) -> None:
    files = [SimpleUploadedFile(f"{n}.png", png(shade=n), "image/png") for n in (1, 2)]
    assert post(keys, media=files).status_code == 201
    report = Report.objects.get()
    names = [photo.evidence for photo in report.photos.all()]
    store = EvidenceStore(world.data.evidence)
    assert [store.read(name) for name in names] == [png(shade=1), png(shade=2)]
    wrong = SimpleUploadedFile("a.png", b"<svg/>", "image/png")
    answer = post(keys, media=[wrong], description="x")
    assert answer.status_code == 400
    many = [SimpleUploadedFile(f"{n}.png", png(shade=n), "image/png") for n in range(6)]
    assert "At most 5" in errors(post(keys, media=many, description="y"))[0]["description"]
    assert Report.objects.count() == 1


def test_a_source_that_is_switched_off_is_refused(world: World, keys: dict[str, str]) -> None:
    switch_off(world.data.source_access, APP, reason="spam", by="op", at_s=0.0)
    senders._kept = None
    assert "spam" in errors(post(keys))[0]["description"]
    # A key of another kind of source is no key here.
    assert post(keys, source="weigh:one").status_code == 403


def test_a_key_has_its_number_of_reports_an_hour(
    world: World, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIZAO_REPORTS_PER_HOUR_KEY", "2")
    codes = [post(keys, description=str(n)).status_code for n in range(3)]
    assert codes == [201, 201, 429]
    answer = post(keys, description="4")
    assert int(answer["Retry-After"]) > 3000
    assert post(keys, source=STAFF).status_code == 201


# GET requests


def listed(query: str = "", form: str = "json") -> Any:
    answer = Client().get(f"{V2}/requests.{form}?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json() if form == "json" else ElementTree.fromstring(answer.content)


def test_who_sent_it_sees_all_of_it_others_little(world: World, keys: dict[str, str]) -> None:
    files = [SimpleUploadedFile("1.png", png(), "image/png")]
    post(keys, address_string="云岭路口", phone="13800000000", media=files)
    (own,) = listed(f"api_key={keys[APP]}")
    assert set(own) == {
        "service_request_id", "status", "status_notes", "service_name", "service_code",
        "description", "agency_responsible", "service_notice", "requested_datetime",
        "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat", "long",
        "media_url",
    }  # fmt: skip
    assert (own["description"], own["address"]) == ("护栏缺了一段", "云岭路口")
    assert (own["lat"], own["long"]) == EAST
    photo = Client().get(own["media_url"])
    assert (photo.status_code, photo.content) == (200, png())
    for query in ("", f"api_key={keys[STAFF]}"):
        (other,) = listed(query)
        assert (other["description"], other["address"], other["media_url"]) == (None, None, None)
        assert other["lat"] == round(EAST[0], 3)
        assert other["status"] == "open"
    assert "13800000000" not in json.dumps([own, other])


def test_filters(world: World, keys: dict[str, str]) -> None:
    first = post(keys).json()[0]["service_request_id"]
    world.clock.advance(3600)
    second = post(keys, service_code="weather", description="团雾").json()[0]["service_request_id"]
    Report.objects.filter(number=first).update(state="closed")

    def ids(query: str) -> list[str]:
        return [row["service_request_id"] for row in listed(query)]

    assert ids("") == [second, first]
    assert ids(f"service_request_id={first},{second}") == [second, first]
    assert ids("service_code=weather") == [second]
    assert ids("service_code=weather,hazard") == [second, first]
    assert ids("status=open") == [second]
    assert ids("status=closed") == [first]
    assert ids("status=open,closed") == [second, first]
    noon = (world.now - timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert ids(f"start_date={noon}") == [second]
    assert ids(f"end_date={noon}") == [first]
    # A given id overrides every other argument; an empty one is as if it were not there.
    assert ids(f"service_request_id={first}&status=open") == [first]
    assert ids("service_request_id=&status=open") == [second]
    assert len(listed("", "xml")) == 2


def test_a_list_spans_ninety_days(world: World, keys: dict[str, str]) -> None:
    old = post(keys).json()[0]["service_request_id"]
    Report.objects.update(reported_at=world.now - timedelta(days=100))
    new = post(keys, description="x").json()[0]["service_request_id"]
    assert [row["service_request_id"] for row in listed()] == [new]
    day = (world.now - timedelta(days=101)).date().isoformat()
    assert [row["service_request_id"] for row in listed(f"start_date={day}")] == [old]
    wide = Client().get(f"{V2}/requests.json?start_date=2026-01-01&end_date=2026-12-01")
    assert "90 days" in errors(wide)[0]["description"]
    assert wide.status_code == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [("status=lost", 400), ("start_date=yesterday", 400), ("api_key=wrong", 403)],
)
def test_wrong_arguments_of_a_list(world: World, query: str, status: int) -> None:
    assert Client().get(f"{V2}/requests.json?{query}").status_code == status


def test_one_request_and_one_token(world: World, keys: dict[str, str]) -> None:
    number = post(keys).json()[0]["service_request_id"]
    report = Report.objects.get()
    (row,) = Client().get(f"{V2}/requests/{number}.json").json()
    assert row["service_request_id"] == number
    (row,) = Client().get(f"{V2}/tokens/{report.token}.json").json()
    assert row == {"service_request_id": number, "token": report.token}
    for address in ("requests/R1.json", "tokens/none.json"):
        answer = Client().get(f"{V2}/{address}")
        assert answer.status_code == 404
        errors(answer)


def test_a_jurisdiction_that_is_not_ours(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIZAO_JURISDICTION", "police.example.cn")
    for query, status in (("", 200), ("jurisdiction_id=police.example.cn", 200),
                          ("jurisdiction_id=city.gov", 404)):  # fmt: skip
        assert Client().get(f"{V2}/services.json?{query}").status_code == status
    monkeypatch.setenv("SIZAO_JURISDICTION", "")
    assert Client().get(f"{V2}/services.json?jurisdiction_id=city.gov").status_code == 200


def test_other_methods_and_forms(world: World) -> None:
    answer = Client().put(f"{V2}/requests.json")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")
    assert Client().get(f"{V2}/services.yaml").status_code in (302, 404)
    assert Client().get("/open311/discovery.json").json()["endpoints"][0]["url"].endswith(V2)


def test_readers_without_a_key_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from sizao.web.reports.open311 import views

    monkeypatch.setattr(views, "ASKED_PER_HOUR", 2)
    codes = [Client().get(f"{V2}/requests.json").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_the_status_follows_the_case(
    world: World, keys: dict[str, str], hand_in: Callable[..., Report]
) -> None:
    from sizao.web.cases.models import Case
    from sizao.web.reports.services import act

    report = hand_in()

    def status() -> tuple[str, str]:
        (row,) = Client().get(f"{V2}/requests/{report.number}.json").json()
        return row["status"], row["status_notes"]

    assert status() == ("open", "已收到，等待受理。")
    act(world.user("op-dd"), report.number, "raise", 1)
    assert status() == ("open", "已立案处置。")
    Case.objects.update(closed=True)
    assert status()[0] == "closed"
    world.round()
    assert status() == (
        "closed", "有关情况已由交警处置办结。 The police have dealt with it.",
    )  # fmt: skip


def test_a_damaged_registry_closes_the_door_and_says_so(world: World, keys: dict[str, str]) -> None:
    world.data.sources.write_text("sources: {", encoding="utf-8")
    senders._kept = None
    answer = post(keys)
    assert answer.status_code == 503
    assert "sources.yaml" in errors(answer)[0]["description"]
    assert Client().get(f"{V2}/requests.json?api_key={keys[APP]}").status_code == 403
    # The page for everybody stays open.
    filled = {"service": "hazard", "lat": str(EAST[0]), "lon": str(EAST[1])}
    assert Client().post("/report/", filled).status_code == 302
