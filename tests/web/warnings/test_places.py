"""A warning and a case need no vehicle: raised from facts, shown, exported, streamed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.feeds.cap import Read, read
from sizao.feeds.cap.tables import in_force
from sizao.warn.causes import CAUSES
from sizao.warn.explain import PlaceGrade, explain_place
from tests.feeds.cap.alerts import schema


def notice(world: Any, **over: Any) -> Any:
    from sizao.web.desk.raising import Notice

    grade = PlaceGrade(
        over.get("level", WarningLevel.ORANGE),
        CommandLevel.BRIGADE,
        "能见度不足100米",
        "visibility is below 100 m",
        because=(("测得值：80米", "Measured: 80 m"),),
    )
    what = ("G5 K120附近能见度降至80米。", "Visibility near G5 K120 fell to 80 m.")
    facts = {
        "origin": "weather",
        "origin_ref": "station-1@2026",
        "kind": "low_visibility",
        "level": grade.level,
        "command_level": grade.command_level,
        "onset": world.now - timedelta(minutes=3),
        "place": "G5 K120+300",
        "road": "G5",
        "area": "510402",
        "lat": 26.585,
        "lon": 101.716,
        "measured": 80.0,
        "limit": 100.0,
        "measured_unit": "m",
        "explanation": explain_place(what, grade).to_dict(),
        "outline": {
            "type": "Polygon",
            "coordinates": [[[101.70, 26.57], [101.73, 26.57], [101.73, 26.60], [101.70, 26.57]]],
        },
    }
    return Notice(**{**facts, **over})


def raised(world: Any, **over: Any) -> Any:
    from sizao.web.desk.raising import raise_warning
    from sizao.web.writing import write

    with write():
        return raise_warning(notice(world, **over), world.now)


def test_a_notice_becomes_one_warning_with_a_case_however_often_it_is_delivered(world: Any) -> None:
    from sizao.web.cases.models import Case
    from sizao.web.live.models import OutboxEvent
    from sizao.web.warnings.models import Warning

    first = raised(world)
    again = raised(world)
    assert again.pk == first.pk
    assert (Warning.objects.count(), Case.objects.count()) == (1, 1)
    case = first.case
    assert (case.origin, case.vehicle, case.plate) == ("weather", "", "")
    assert (case.unit.code, case.local_unit.code) == ("dd", "dd1")
    told = OutboxEvent.objects.get(name="warning").data
    assert told["origin"] == "weather"
    assert told["number"] == case.number


def test_a_worse_notice_joins_the_case_and_refers_back(world: Any) -> None:
    from sizao.web.desk.raising import raise_warning
    from sizao.web.writing import write

    first = raised(world)
    with write():
        second = raise_warning(
            notice(world, level=WarningLevel.RED),
            world.now,
            refers_to=first.pk,
            case=first.case,
        )
    assert second.case_id == first.case_id
    assert second.refers_to_id == first.pk
    assert second.case.level_code == "red"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_and_api_show_it_without_an_empty_plate(world: Any, language: str) -> None:
    warning = raised(world)
    client = world.client("op-zd")
    for path in ("/", "/cases/", f"/cases/{warning.case_id}/"):
        page = client.get(path, headers={"accept-language": language}).content.decode()
        assert "sz-plate" not in page, path
        assert "G5 K120+300" in page, path
    page = client.get(f"/cases/{warning.case_id}/").content.decode()
    assert "能见度降至80米" in page
    assert "速度过程" not in page
    answer = client.get("/api/v1/warnings").json()["items"][0]
    assert (answer["origin"], answer["vehicle"], answer["plate"]) == ("weather", "", "")
    assert answer["outline"]["type"] == "Polygon"
    assert client.get(f"/api/v1/cases/{warning.case_id}").json()["origin"] == "weather"


def test_cap_has_the_polygon_and_no_measured_value_where_there_is_none(world: Any) -> None:
    warning = raised(world, measured=None, limit=None, measured_unit="")
    answer = world.client("op-zd").get(f"/api/v1/warnings/{warning.pk}/cap")
    schema().validate(answer.content)
    found = read(answer.content)
    assert isinstance(found, Read)
    alert = found.alert
    info = alert.infos[0]
    assert info.areas[0].polygons[0][0] == (26.57, 101.70)
    assert "能见度降至80米" in info.description
    assert {pair.name for pair in info.parameters} == {"sizao:level", "sizao:origin", "sizao:rule"}


def test_an_old_vehicle_warning_and_a_call_tell_their_origin(world: Any) -> None:
    from sizao.web.cases import services
    from sizao.web.writing import write

    case = world.raise_case()
    assert (case.origin, case.warnings.get().origin) == ("detection", "detection")
    with write():
        call = services.open_case(
            world.user("op-zd"),
            origin="call",
            origin_ref="122-1",
            level=WarningLevel.YELLOW,
            command_level=CommandLevel.SQUADRON,
            now=world.now,
            unit=world.unit("dd1"),
            local_unit=world.unit("dd1"),
            facts={"kind": "crash", "place": "G5 K1", "onset_at": world.now,
                   "fired_at": world.now},
        )  # fmt: skip
    assert call.events.get().text_zh == "接警 122-1 立案，定为黄色，由中队处置"
    page = world.client("op-zd").get(f"/cases/{call.pk}/").content.decode()
    assert "交通事故" in page


def test_every_cause_has_words_for_partners() -> None:
    kinds = in_force("outgoing", date(2026, 11, 26))["kinds"]
    assert set(CAUSES) <= set(kinds)
