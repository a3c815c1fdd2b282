"""GeoReport v2 by its own examples: the shapes of the specification's answers, method by method.

The specification (wiki.open311.org/GeoReport_v2) shows an answer for each method in XML and JSON.
Here each is held against ours with made-up data: the same elements, the same nesting, the same
types; beside them the constraints of the community's validator (open311/schema-validation), in
our own words. What clients rely on and the text only says in passing is here too.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from sizao.web.reports.models import Report

from ..conftest import EAST, World
from .test_open311 import APP, V2, post

W3C = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)")
"""The specification's subset of ISO 8601: always with a zone."""

Shape = dict[str, tuple[type, ...]]

SERVICE: Shape = {
    "service_code": (str,), "service_name": (str,), "description": (str,), "metadata": (bool,),
    "type": (str,), "keywords": (str,), "group": (str,),
}  # fmt: skip
ATTRIBUTE: Shape = {
    "variable": (bool,), "code": (str,), "datatype": (str,), "required": (bool,),
    "datatype_description": (str, type(None)), "order": (int,), "description": (str,),
}  # fmt: skip
CREATED: Shape = {
    "service_request_id": (str,), "service_notice": (str,), "account_id": (str, type(None)),
}  # fmt: skip
REQUEST: Shape = {
    "service_request_id": (str,), "status": (str,), "status_notes": (str, type(None)),
    "service_name": (str,), "service_code": (str,), "description": (str, type(None)),
    "agency_responsible": (str, type(None)), "service_notice": (str, type(None)),
    "requested_datetime": (str,), "updated_datetime": (str,),
    "expected_datetime": (str, type(None)), "address": (str, type(None)),
    "address_id": (str, type(None)), "zipcode": (str, type(None)), "lat": (float, type(None)),
    "long": (float, type(None)), "media_url": (str, type(None)),
}  # fmt: skip
DATATYPES = {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}


def fits(row: dict[str, Any], shape: Shape) -> None:
    assert set(row) == set(shape)
    for name, kinds in shape.items():
        assert isinstance(row[name], kinds), (name, row[name])
        # bool is an int to Python, and a number where the text says true or false is wrong.
        assert bool in kinds or not isinstance(row[name], bool), name


def xml(address: str, **query: str) -> ElementTree.Element:
    answer = Client().get(f"{V2}/{address}", query)
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    head, _, body = answer.content.partition(b"\n")
    assert head == b'<?xml version="1.0" encoding="utf-8"?>'
    return ElementTree.fromstring(body)


def json_of(address: str, **query: str) -> Any:
    answer = Client().get(f"{V2}/{address}", query)
    assert answer["Content-Type"] == "application/json; charset=utf-8"
    return answer.json()


def same(element: ElementTree.Element, row: dict[str, Any]) -> None:
    """The same answer in both forms: elements in the order of the members, nothing as text that
    is empty, booleans as true and false."""
    assert [one.tag for one in element] == list(row)
    for one in element:
        value = row[one.tag]
        if value is None:
            assert (one.text, len(one)) == (None, 0)
        elif isinstance(value, bool):
            assert one.text == ("true" if value else "false")
        elif not isinstance(value, list):
            assert (one.text or "") == str(value)


def test_get_service_list(world: World) -> None:
    rows = json_of("services.json")
    for row in rows:
        fits(row, SERVICE)
        assert row["type"] in {"realtime", "batch", "blackbox"}
        # "metadata: true" promises a definition, which must then be there, and the other way.
        definition = Client().get(f"{V2}/services/{row['service_code']}.json")
        assert definition.status_code == 200
        assert bool(definition.json()["attributes"]) is row["metadata"]
    root = xml("services.xml")
    assert root.tag == "services"
    for element, row in zip(root, rows, strict=True):
        assert element.tag == "service"
        same(element, row)


@pytest.mark.parametrize("code", ["crash", "obstruction", "persuasion"])
def test_get_service_definition(world: World, code: str) -> None:
    found = json_of(f"services/{code}.json")
    assert list(found) == ["service_code", "attributes"]
    orders = []
    for attribute in found["attributes"]:
        values = attribute.pop("values", None)
        fits(attribute, ATTRIBUTE)
        assert attribute["datatype"] in DATATYPES
        assert (values is not None) is attribute["datatype"].endswith("valuelist")
        for value in values or ():
            fits(value, {"key": (str,), "name": (str,)})
        orders.append(attribute["order"])
    assert orders == sorted(orders)
    assert orders[0] == 1
    root = xml(f"services/{code}.xml")
    assert (root.tag, [one.tag for one in root]) == (
        "service_definition",
        ["service_code", "attributes"],
    )
    for element, attribute in zip(root.find("attributes"), found["attributes"], strict=True):
        assert element.tag == "attribute"
        listed = element.find("values")
        if listed is not None:
            assert {one.tag for one in listed} == {"value"}
            assert {tuple(part.tag for part in one) for one in listed} == {("key", "name")}
            element.remove(listed)
        same(element, attribute)


def test_post_service_request(world: World, keys: dict[str, str]) -> None:
    """The example's arguments, whole: what we have no use for is no error."""
    given = {
        "jurisdiction_id": "example.org", "address_string": "云岭路口", "address_id": "",
        "email": "somebody@example.org", "device_id": "tt222111", "account_id": "123456",
        "first_name": "三", "last_name": "张", "phone": "13800000000",
        "media_url": "https://example.org/photos/1.jpg",
    }  # fmt: skip
    answer = post(keys, "xml", **given)
    assert answer.status_code == 201
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, [one.tag for one in root]) == ("service_requests", ["request"])
    assert [one.tag for one in root[0]] == list(CREATED)
    [row] = post(keys, **given, description="另一处").json()
    fits(row, CREATED)
    assert "token" not in row, "realtime: one of the two, never both"


def test_get_service_requests_and_one_of_them(world: World, keys: dict[str, str]) -> None:
    first = post(keys).json()[0]["service_request_id"]
    second = post(keys, service_code="weather", description="团雾").json()[0]["service_request_id"]
    rows = json_of("requests.json", service_request_id=f"{first},{second}", status="closed")
    assert {row["service_request_id"] for row in rows} == {first, second}, (
        "service_request_id overrides all other arguments"
    )
    for row in rows:
        fits(row, REQUEST)
        assert row["status"] in {"open", "closed"}
        for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
            assert row[name] is None or W3C.fullmatch(row[name]), row[name]
    [row] = json_of(f"requests/{first}.json", api_key=keys[APP])
    fits(row, REQUEST)
    assert (row["lat"], row["long"]) == EAST
    root = xml(f"requests/{first}.xml", api_key=keys[APP])
    assert (root.tag, root[0].tag) == ("service_requests", "request")
    same(root[0], row)
    assert [one.tag for one in xml("requests.xml")] == ["request", "request"]


def test_a_list_of_nothing_is_a_list(world: World) -> None:
    assert json_of("requests.json") == []
    root = xml("requests.xml")
    assert (root.tag, len(root)) == ("service_requests", 0)


def test_get_service_request_id_from_a_token(world: World, keys: dict[str, str]) -> None:
    number = post(keys).json()[0]["service_request_id"]
    token = Report.objects.get(number=number).token
    [row] = json_of(f"tokens/{token}.json")
    fits(row, {"service_request_id": (str,), "token": (str,)})
    assert (row["service_request_id"], row["token"]) == (number, token)
    root = xml(f"tokens/{token}.xml")
    assert (root.tag, root[0].tag) == ("service_requests", "request")
    same(root[0], row)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("services/none", 404),
        ("requests/none", 404),
        ("tokens/none", 404),
        ("requests", 400),
        ("services", 404),
    ],
)
def test_errors_in_both_forms(
    world: World, monkeypatch: pytest.MonkeyPatch, address: str, status: int
) -> None:
    query = {"requests": {"start_date": "yesterday"}, "services": {"jurisdiction_id": "x"}}
    monkeypatch.setenv("SIZAO_JURISDICTION", "example.org")
    given = query.get(address, {})
    answer = Client().get(f"{V2}/{address}.json", given)
    assert answer.status_code == status
    [fault] = answer.json()
    fits(fault, {"code": (int,), "description": (str,)})
    assert fault["code"] == status
    answer = Client().get(f"{V2}/{address}.xml", given)
    assert answer.status_code == status
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, root[0].tag) == ("errors", "error")
    same(root[0], fault)


def test_service_discovery(world: World) -> None:
    found = Client().get("/open311/discovery.json").json()
    assert set(found) == {"changeset", "contact", "key_service", "endpoints"}
    assert W3C.fullmatch(found["changeset"])
    [endpoint] = found["endpoints"]
    fits(
        endpoint,
        {"specification": (str,), "url": (str,), "changeset": (str,), "type": (str,),
         "formats": (list,)},
    )  # fmt: skip
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["type"] in {"production", "test"}
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert (
        Client().get(endpoint["url"].split("testserver")[-1] + "/services.xml").status_code == 200
    )
    root = ElementTree.fromstring(Client().get("/open311/discovery.xml").content)
    assert root.tag == "discovery"
    assert [one.tag for one in root] == list(found)
    assert [one.text for one in root.findall("endpoints/endpoint/formats/format")] == [
        "text/xml",
        "application/json",
    ]
