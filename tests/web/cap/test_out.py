"""Our warnings as CAP: valid, chained, bilingual, and with nothing about a person in them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from sizao.feeds.cap import Alert, Read, encode, read
from sizao.feeds.cap.feed import read_list
from sizao.feeds.cap.notices import rows
from sizao.feeds.cap.tables import in_force
from sizao.web.cap.document import alert_of, cancel_of
from sizao.web.cases.services import act
from sizao.web.warnings.models import Warning
from tests.feeds.cap.alerts import schema

from ..conftest import TRUCK, World


def document(world: World, warning: Warning, who: str = "op-zd", query: str = "") -> Alert:
    answer = world.client(who).get(f"/api/v1/warnings/{warning.pk}/cap{query}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/cap+xml"
    schema().validate(answer.content)
    found = read(answer.content)
    assert isinstance(found, Read)
    assert found.departures == ()
    return found.alert


def worsen(world: World, case: Any) -> Warning:
    """A graver speeding by the same truck within the merge window: an update."""
    world.clock.advance(120)
    world.append(world.detection(measured=130.0, severity="ge70"))
    world.round()
    return case.warnings.order_by("-issued").first()


def resolve(world: World, case: Any, action: str = "resolve") -> None:
    user = world.user("op-zd")
    for step, more in (("sign", {}), (action, {"reason": "已减速"})):
        case.refresh_from_db()
        world.clock.advance(10)
        act(user, case.pk, step, case.version, **more)
    case.refresh_from_db()


def test_one_document_a_warning(world: World) -> None:
    warning = world.raise_case().warnings.get()
    alert = document(world, warning)
    assert alert.identifier == f"sizao.{warning.pk}"
    assert (alert.status, alert.msg_type, alert.scope) == ("Actual", "Alert", "Restricted")
    assert alert.references == ()
    chinese, english = alert.infos
    assert (chinese.language, english.language) == ("zh-CN", "en-US")
    assert english.sender_name == "Detachment"
    assert "G353 K120+300" in chinese.headline
    assert english.areas[0].circles[0][:2] == (26.585, 101.716)
    assert english.areas[0].geocodes == (("GB/T 2260", "510402"),)
    assert dict(english.parameters)["sizao:measured"] == "75 km/h"
    assert english.onset == warning.onset.replace(microsecond=0)
    assert english.expires > alert.sent
    assert alert.sent.utcoffset() == timedelta(hours=8)


def test_nobody_is_named(world: World) -> None:
    warning = world.raise_case().warnings.get()
    text = encode(alert_of(warning)).decode()
    assert warning.plate
    assert warning.plate not in text
    assert TRUCK not in text
    assert "虚构货运一公司" not in text


def test_updates_and_the_end_refer_back(world: World) -> None:
    case = world.raise_case()
    first = case.warnings.get()
    second = worsen(world, case)
    assert second.refers_to_id == first.pk
    update = document(world, second)
    assert update.msg_type == "Update"
    assert [one.identifier for one in update.references] == [f"sizao.{first.pk}"]
    assert update.references[0].sent == document(world, first).sent
    assert cancel_of(second) is None
    resolve(world, case)
    cancel = document(world, second, query="?type=cancel")
    assert cancel.msg_type == "Cancel"
    assert [one.identifier for one in cancel.references] == [
        f"sizao.{first.pk}", f"sizao.{second.pk}",
    ]  # fmt: skip
    assert {info.response_types for info in cancel.infos} == {("AllClear",)}
    assert cancel.sent.timestamp() == case.resolved_at.timestamp() // 1


def test_a_false_alarm_is_called_one(world: World) -> None:
    case = world.raise_case()
    resolve(world, case, "dismiss")
    cancel = document(world, case.warnings.get(), query="?type=cancel")
    assert "误报" in cancel.infos[0].description
    assert "false alarm" in cancel.infos[1].description


def test_the_document_does_not_change_with_the_case(world: World) -> None:
    case = world.raise_case()
    warning = case.warnings.get()
    before = document(world, warning)
    resolve(world, case)
    assert document(world, warning) == before


def test_the_demonstration_is_an_exercise(world: World, settings: Any) -> None:
    settings.DEMO = True
    alert = document(world, world.raise_case().warnings.get())
    assert alert.status == "Exercise"
    assert "虚构" in alert.note
    assert "made up" in alert.note


def test_another_sizao_reads_it_as_an_exercise_only(world: World, settings: Any) -> None:
    settings.DEMO = True
    found = read(encode(alert_of(world.raise_case().warnings.get())))
    assert isinstance(found, Read)
    (row,) = rows(found, world.now, "weather:test")
    assert row["status"] == "exercise"


@pytest.mark.parametrize("who", ["off-dd2", "lead-xd", "nobody"])
def test_who_may_not_see_the_warning_gets_no_document(world: World, who: str) -> None:
    warning = world.raise_case().warnings.get()
    assert world.client(who).get(f"/api/v1/warnings/{warning.pk}/cap").status_code == 404


def test_the_list_for_partners(world: World) -> None:
    case = world.raise_case()
    first = case.warnings.get()
    second = worsen(world, case)
    resolve(world, case)
    answer = Client().get("/cap/feed.xml", **world.bearer("op-zd"))
    assert answer.status_code == 200
    found = read_list(answer.content, "http://testserver/")
    assert isinstance(found, list)
    assert [entry.url.rpartition("/warnings/")[2] for entry in found] == [
        f"{second.pk}/cap?type=cancel", f"{second.pk}/cap", f"{first.pk}/cap",
    ]  # fmt: skip
    for entry in found:
        document_ = Client().get(entry.url, **world.bearer("op-zd"))
        schema().validate(document_.content)
    ElementTree.fromstring(answer.content)
    again = Client().get(
        "/cap/feed.xml", HTTP_IF_NONE_MATCH=answer["ETag"], **world.bearer("op-zd")
    )
    assert again.status_code == 304


def test_the_list_is_for_who_may_see_it(world: World) -> None:
    world.raise_case()
    stranger = Client().get("/cap/feed.xml")
    assert stranger.status_code == 401
    assert "Bearer" in stranger["WWW-Authenticate"]
    assert Client().get("/cap/feed.xml", HTTP_AUTHORIZATION="Bearer no").status_code == 401
    west = Client().get("/cap/feed.xml", **world.bearer("lead-xd"))
    assert read_list(west.content, "http://testserver/") == []


def test_the_case_page_offers_it(world: World) -> None:
    case = world.raise_case()
    page = world.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert f"/api/v1/warnings/{case.warnings.get().pk}/cap" in page


def test_the_reference_shows_the_table_in_force() -> None:
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs/reference/cap.md").read_text(encoding="utf-8")
    for name, level in in_force("outgoing", date(2026, 11, 25))["levels"].items():
        row = f"| {name} | {level['urgency']} | {level['severity']} | {level['valid_min']} min |"
        assert row in page
