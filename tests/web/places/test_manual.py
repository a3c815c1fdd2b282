"""A warning issued by a person: preview first, sent once, only for the own places."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sizao.web.audit.models import AuditEntry
from sizao.web.cases.models import Case
from sizao.web.warnings.models import Warning
from tests.web.conftest import EAST, WEST, World

GIVEN = {
    "kind": "landslide", "level": "orange", "command_level": "brigade",
    "text": "边坡落石占一条车道", "text_en": "Rocks on one lane",
    "reason": "占道且有继续塌落危险", "lat": EAST[0], "lon": EAST[1],
    "radius_km": "1.5", "hours": "4", "place": "",
}  # fmt: skip


def key(client: Any) -> str:
    page = client.get("/warnings/new/").content.decode()
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def test_nothing_goes_out_before_the_preview_is_confirmed_and_then_once(world: World) -> None:
    client = world.client("op-zd")
    given = {**GIVEN, "key": key(client)}
    preview = client.post("/warnings/new/", given)
    said = preview.content.decode()
    assert preview.status_code == 200
    assert "data-recipients" in said
    assert "东区大队" in said
    assert "data-outline=" in said
    assert not Warning.objects.exists()
    for _ in range(2):  # a double click
        sent = client.post("/warnings/new/", {**given, "step": "issue"})
        assert sent.status_code == 302
    warning = Warning.objects.get()
    assert (warning.origin, warning.level_code, warning.unit.code) == ("manual", "orange", "dd")
    assert warning.outline["type"] == "Polygon"
    assert (warning.until - warning.issued).total_seconds() == 4 * 3600
    case = Case.objects.get()
    assert case.events.get().actor == "op-zd"
    assert AuditEntry.objects.filter(action="warning.issue").count() == 1
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "边坡落石占一条车道" in page
    assert "人工发布" in page


@pytest.mark.parametrize(
    "over",
    [{"kind": "crash_risk"}, {"kind": ""}, {"level": "purple"}, {"text": " "}, {"reason": ""},
     {"lat": "x"}, {"radius_km": "500"}, {"hours": "0"}, {"key": "forged"}],
)  # fmt: skip
def test_a_mistake_is_said_and_the_form_keeps_what_was_written(world: World, over: Any) -> None:
    client = world.client("op-zd")
    answer = client.post("/warnings/new/", {**GIVEN, "key": key(client), "step": "issue", **over})
    assert answer.status_code == 422
    assert "data-notice" in answer.content.decode()
    assert not Warning.objects.exists()


def test_a_brigade_warns_of_its_own_places_only(world: World) -> None:
    client = world.client("op-dd")
    given = {**GIVEN, "key": key(client), "step": "issue"}
    away = client.post("/warnings/new/", {**given, "lat": WEST[0], "lon": WEST[1]})
    assert away.status_code == 422
    assert "西区一中队" in away.content.decode()
    assert client.post("/warnings/new/", given).status_code == 302


@pytest.mark.parametrize("who", ["off-dd1", "audit", "admin", "nobody"])
def test_others_cannot(world: World, who: str) -> None:
    assert world.client(who).get("/warnings/new/").status_code == 403
    assert world.client(who).post("/warnings/new/", GIVEN).status_code == 403
