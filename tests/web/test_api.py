"""The REST API: shapes, filters, paging, errors, tokens, CSRF, OpenAPI."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sizao.web.api.models import Token
from sizao.web.api.tokens import create_token
from sizao.web.cases.models import Case

from .conftest import COACH, HAZMAT, NOON, TRUCK, WEST, World

LISTS = ("warnings", "cases", "vehicles", "detections", "indicators")


@pytest.fixture
def busy(world: World) -> World:
    """Three cases ten minutes apart: yellow in the east, orange in the west, red on the G5."""
    world.board(
        {"vehicle": TRUCK, "active": "speeding", "speed_kmh": 75.0},
        {"vehicle": HAZMAT, "kind": "hazmat", "lat": WEST[0], "lon": WEST[1], "area": "510403",
         "time": world.now - timedelta(hours=1)},
    )  # fmt: skip
    world.append(world.detection())
    world.round()
    world.clock.advance(600)
    world.append(
        world.detection(
            vehicle=HAZMAT, area="510403", lat=WEST[0], lon=WEST[1], measured=95.0,
            severity="50-70",
        )
    )  # fmt: skip
    world.round()
    world.clock.advance(600)
    world.append(
        world.detection(
            vehicle=COACH, vehicle_kind="line_coach", rule="fatigue", measured=320.0, limit=240.0,
            measured_unit="min", severity="", road="G5", road_class="expressway",
        )
    )  # fmt: skip
    world.round()
    return world


def get(world: World, path: str, name: str = "op-zd") -> dict:
    answer = world.client(name).get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("name", LISTS)
def test_every_list_answers_items_and_count_and_pages(busy: World, name: str):
    whole = get(busy, name)
    assert set(whole) == {"items", "count"}
    assert whole["count"] == len(whole["items"]) >= 2
    second = get(busy, f"{name}?limit=1&offset=1")
    assert second == {"items": whole["items"][1:2], "count": whole["count"]}
    beyond = get(busy, f"{name}?offset=999")
    assert beyond == {"items": [], "count": whole["count"]}


def vehicles_of(world: World, path: str) -> list[str]:
    return [item["vehicle"] for item in get(world, path)["items"]]


@pytest.mark.parametrize("name", ["warnings", "cases", "detections"])
def test_filters(busy: World, name: str):
    assert vehicles_of(busy, name) == [COACH, HAZMAT, TRUCK], "newest first"
    assert vehicles_of(busy, f"{name}?level=red") == [COACH]
    assert vehicles_of(busy, f"{name}?level=red,yellow") == [COACH, TRUCK]
    assert vehicles_of(busy, f"{name}?kind=fatigue") == [COACH]
    late = (NOON + timedelta(minutes=9)).isoformat().replace("+", "%2B")
    assert vehicles_of(busy, f"{name}?since={late}") == [COACH, HAZMAT]
    assert vehicles_of(busy, f"{name}?unit=xd") == [HAZMAT]


def test_filters_of_vehicles(busy: World):
    def ids(query: str) -> set[str]:
        return {item["id"] for item in get(busy, f"vehicles?{query}")["items"]}

    assert ids("kind=hazmat") == {HAZMAT}
    assert ids("unit=xd") == {HAZMAT}
    assert ids("online=true") == set(), "the last reports are 20 minutes old"
    assert ids("level=yellow") == {TRUCK}
    assert ids("plate=a0002") == {HAZMAT}
    early = (NOON - timedelta(minutes=1)).isoformat().replace("+", "%2B")
    assert ids(f"since={early}") == {TRUCK}


def test_a_vehicle_with_its_last_state(busy: World):
    found = get(busy, f"vehicles/{TRUCK}")
    assert (found["speed_kmh"], found["limit_kmh"], found["active"]) == (75.0, 60.0, ["speeding"])
    assert found["place"] == "G353 K1+000"
    assert get(busy, f"vehicles/{COACH}")["time"] is None, "registered, never reported"
    assert busy.client("op-zd").get("/api/v1/vehicles/19812345678").status_code == 404


def test_a_track_in_time_order_without_nan(world: World):
    world.positions(
        *(
            {"vehicle": TRUCK, "time": world.now - timedelta(seconds=10 * n), "received": world.now,
             "lat": None if n == 1 else 26.5, "lon": None if n == 1 else 101.7, "speed_kmh": 40.0,
             "positioned": n != 1}
            for n in (3, 1, 2)
        )
    )  # fmt: skip
    found = get(world, f"vehicles/{TRUCK}/track")
    assert found["count"] == 3
    times = [item["time"] for item in found["items"]]
    assert times == sorted(times)
    assert found["items"][2]["lat"] is None
    backwards = world.client("op-zd").get(
        f"/api/v1/vehicles/{TRUCK}/track",
        {"start": "2026-11-23T05:00Z", "end": "2026-11-23T04:00Z"},
    )
    assert backwards.status_code == 422


def test_the_last_revision_of_a_detection_is_shown(world: World):
    row = world.detection()
    world.append(row)
    assert [item["final"] for item in get(world, "detections")["items"]] == [False]
    world.append({**row, "revision": 1, "final": True, "measured": 88.0})
    found = get(world, "detections")
    assert [(item["final"], item["measured"]) for item in found["items"]] == [(True, 88.0)]


def test_an_indicator_carries_what_it_was_computed_from(busy: World):
    found = {item["id"]: item for item in get(busy, "indicators")["items"]}
    signed = found["signed_on_time"]
    assert signed["denominator"] >= 0
    assert signed["value"] is None or 0 <= signed["value"] <= 1
    by_level = found["warnings_by_level"]
    assert by_level["value"] == 3
    assert by_level["parts"] == {"blue": 0, "yellow": 1, "orange": 1, "red": 1}


def test_a_case_can_be_worked_through_the_api(busy: World):
    client = Client()
    token = busy.bearer("op-zd")
    case = Case.objects.get(vehicle=TRUCK)
    found = client.get(f"/api/v1/cases/{case.pk}", **token).json()
    assert found["next_steps"][0]["action"] == "sign"
    url = f"/api/v1/cases/{case.pk}/actions"

    def act(**given):
        return client.post(url, json.dumps(given), "application/json", **token)

    version = found["version"]
    signed = act(action="sign", version=version)
    assert signed.status_code == 200
    assert signed.json()["state"] == "signed"
    assert signed.json()["next_steps"][0]["action"] == "control"

    stale = act(action="control", version=version)
    assert stale.status_code == 409
    error = stale.json()["error"]
    assert error["code"] == "conflict"
    assert error["detail"]["events"][0]["actor"] == "op-zd"

    version += 1
    assert act(action="verify", version=version).status_code == 409  # not from this state
    assert act(action="resolve", version=version).json()["error"]["code"] == "missing_reason"
    assert act(action="dance", version=version).status_code == 422
    assert act(version=version).status_code == 422
    controlled = act(action="control", version=version, text="请减速").json()
    assert controlled["controls"][0]["state"] == "queued"
    resolved = act(action="resolve", version=version + 1, reason="已减速")
    assert resolved.json()["state"] == "resolved"
    mine = act(action="verify", version=version + 2)
    assert (mine.status_code, mine.json()["error"]["code"]) == (403, "same_person")


def test_errors_have_one_shape(world: World):
    client = world.client("op-zd")
    answers = {
        401: Client().get("/api/v1/cases"),
        404: client.get("/api/v1/cases/999"),
        422: client.get("/api/v1/cases?level=purple"),
    }
    answers[403] = world.client("audit").post(
        f"/api/v1/cases/{world.raise_case().pk}/actions",
        json.dumps({"action": "sign", "version": 1}),
        "application/json",
    )
    for status, answer in answers.items():
        assert answer.status_code == status
        error = answer.json()["error"]
        assert set(error) >= {"code", "message", "message_en"}
        assert error["message"].endswith("。")
    for query in ("limit=0", "limit=9999", "offset=-1", "since=yesterday"):
        assert client.get(f"/api/v1/cases?{query}").status_code == 422
    assert client.get("/api/v1/cases?unit=nowhere").status_code == 404
    assert world.client("off-dd1").get("/api/v1/cases?unit=xd").status_code == 404


def test_tokens_are_kept_as_digests_and_expire(world: World):
    token = create_token("op-dd")
    kept = Token.objects.get()
    assert token not in (kept.digest, kept.hint)
    header = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert Client().get("/api/v1/cases", **header).status_code == 200
    wrong = {"HTTP_AUTHORIZATION": f"Bearer {token}x"}
    assert Client().get("/api/v1/cases", **wrong).status_code == 401
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get("/api/v1/cases", **header).status_code == 401
    Token.objects.update(expires_at=timezone.now() + timedelta(days=1))
    user = world.user("op-dd")
    user.is_active = False
    user.save()
    assert Client().get("/api/v1/cases", **header).status_code == 401


def test_a_session_needs_the_csrf_token_and_a_bearer_does_not(world: World):
    case = world.raise_case()
    given = json.dumps({"action": "sign", "version": 1})
    url = f"/api/v1/cases/{case.pk}/actions"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.user("op-zd"), "django.contrib.auth.backends.ModelBackend")
    assert strict.post(url, given, "application/json").status_code == 403
    bearer = Client(enforce_csrf_checks=True)
    answer = bearer.post(url, given, "application/json", **world.bearer("op-zd"))
    assert answer.status_code == 200


def test_openapi_names_every_list_and_the_version(client: Client, world: World):
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for name in LISTS:
        operation = document["paths"][f"/api/v1/{name}"]["get"]
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert names >= {"since", "level", "kind", "unit", "limit", "offset"}


def test_roads_are_cached_by_etag_and_packed(world: World):
    from sizao.roads.network import Network

    line = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[101.7, 26.5], [101.71, 26.51]]},
        "properties": {"road_class": "national", "ref": "G353"},
    }
    client = world.client("off-dd1")
    assert client.get("/api/v1/roads.geojson").status_code == 404
    world.ports.network = Network.from_features([line])
    answer = client.get("/api/v1/roads.geojson")
    assert answer["Content-Type"] == "application/geo+json"
    assert json.loads(answer.content)["features"][0]["properties"]["ref"] == "G353"
    packed = client.get("/api/v1/roads.geojson", HTTP_ACCEPT_ENCODING="gzip")
    assert gzip.decompress(packed.content) == answer.content
    again = client.get("/api/v1/roads.geojson", HTTP_IF_NONE_MATCH=answer["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_the_reference_names_every_address(client: Client, world: World):
    from pathlib import Path

    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "api.md"
    text = page.read_text(encoding="utf-8")
    for path in client.get("/api/v1/openapi.json").json()["paths"]:
        assert f"{path}`" in text, path
