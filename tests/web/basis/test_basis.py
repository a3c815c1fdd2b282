"""What a warning rested on goes away or changes: the case says so, and a person decides."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from sizao.core.errors import TransitionError
from sizao.web.basis import record, services
from sizao.web.basis.models import BasisAnswer, BasisChange
from sizao.web.cases import timeline
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.services import act
from sizao.web.channels.models import Notice
from sizao.web.channels.telling import tell
from sizao.web.desk.services import deliver_rows
from sizao.web.warnings.models import Warning
from tests.web.conftest import COACH, HAZMAT, World
from tests.web.places.conftest import Sky, sky  # noqa: F401 (a fixture)


def tired(world: World, **over: Any) -> dict[str, Any]:
    """A fatigue episode of 262 min."""
    start = over.pop("start", world.now - timedelta(minutes=265))
    return world.detection(
        rule="fatigue", vehicle=HAZMAT, vehicle_kind="hazmat", start=start,
        end=start + timedelta(minutes=262), fired=start + timedelta(minutes=241),
        received=start + timedelta(minutes=241), measured=262.0, limit=240.0,
        measured_unit="min", severity="over_limit", quality="gap", **over,
    )  # fmt: skip


def again(row: dict[str, Any], **over: Any) -> dict[str, Any]:
    """The next revision, made by late points."""
    return {**row, "revision": row["revision"] + 1, "quality": "gap,corrected", **over}


def raised(world: World, row: dict[str, Any]) -> Case:
    world.append(row)
    world.round()
    return Case.objects.get()


def test_a_withdrawn_detection_marks_case_warning_inbox_and_closes_nothing(world: World) -> None:
    row = tired(world)
    case = raised(world, row)
    state, version = case.state, case.version
    world.append(again(row, severity="withdrawn"))
    world.round()
    case.refresh_from_db()
    assert (case.state, case.closed, case.version) == (state, False, version + 1)
    change = BasisChange.objects.get()
    assert (change.kind, change.left, change.of, change.asks) == ("withdrawn", 0, 1, True)
    assert (change.before["level"], change.after["level"]) == (case.level, 0)
    event = case.events.last()
    assert event.action == "basis"
    assert "依据已撤回" in event.text_zh
    assert "不会自动办结" in event.text_zh
    assert timeline.check(case).intact
    page = world.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert 'data-basis="withdrawn"' in page
    assert "不预警" in page
    assert "依据已撤回" in world.client("op-zd").get("/inbox/").content.decode()
    own = world.client("op-zd").get(f"/detections/{row['id']}/")
    assert "这条检测已撤回" in own.content.decode()
    assert [one["change"].kind for one in own.context["changes"]] == ["withdrawn"]
    told = world.client("op-zd").get("/api/v1/warnings", **world.bearer("op-zd")).json()
    assert [one["kind"] for one in told["items"][0]["basis"]] == ["withdrawn"]
    assert Warning.objects.count() == 1
    # Each leads to the other, and the list finds what no longer holds.
    assert f'href="/detections/{row["id"]}/"' in page
    assert f'href="/cases/{case.pk}/"' in own.content.decode()
    other = world.detection(vehicle=COACH, vehicle_kind="line_coach")
    world.append(other)
    world.round()
    for changed, found in (
        ("withdrawn", [row["id"]]),
        ("corrected", []),
        ("x", [other["id"], row["id"]]),
    ):
        listed = world.client("op-zd").get(f"/detections/?changed={changed}").content.decode()
        assert re.findall(r'data-row="(\w+)"', listed) == found
    assert "data-change>已撤回<" in listed


def test_without_the_mark_the_case_stands_as_if_nothing_had_happened(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: this is how it was."""
    monkeypatch.setattr(record, "detection", lambda *given: [])
    row = tired(world)
    case = raised(world, row)
    world.append(again(row, severity="withdrawn"))
    world.round()
    assert not case.events.filter(action="basis").exists()
    assert "依据已撤回" not in world.client("op-zd").get(f"/cases/{case.pk}/").content.decode()


def test_the_same_revision_again_adds_nothing(world: World) -> None:
    row = tired(world)
    case = raised(world, row)
    for _ in range(3):
        deliver_rows([again(row, severity="withdrawn")], 0)
    assert BasisChange.objects.count() == 1
    assert case.events.filter(action="basis").count() == 1


def test_a_correction_that_keeps_the_grade_is_told_and_asks_nobody(world: World) -> None:
    row = tired(world)
    case = raised(world, row)
    world.append(again(row, measured=271.0))
    world.round()
    change = BasisChange.objects.get()
    assert (change.kind, change.asks) == ("corrected", False)
    assert "测得值由4 小时 22 分改为4 小时 31 分" in case.events.last().text_zh
    assert services.open_questions(case) == []
    page = world.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert "无须确认" in page
    assert f"/cases/{case.pk}/basis/" not in page
    own = world.client("op-zd").get(f"/detections/{row['id']}/").content.decode()
    assert "已按后到的数据更正" in own
    assert re.search(r"<s[^>]*>4 小时 22 分</s> → <b>4 小时 31 分</b>", own)


def test_what_was_withdrawn_can_come_back(world: World) -> None:
    row = tired(world)
    case = raised(world, row)
    gone = again(row, severity="withdrawn")
    world.append(gone)
    world.append(again(gone, severity="over_limit"))
    world.round()
    kinds = list(BasisChange.objects.values_list("kind", "asks"))
    assert kinds == [("withdrawn", True), ("restored", False)]
    assert "恢复成立" in case.events.last().text_zh


def test_an_ordinary_end_of_an_episode_is_no_change_of_the_ground(world: World) -> None:
    row = tired(world)
    raised(world, row)
    world.append({**row, "revision": 1, "measured": 280.0})
    world.round()
    assert not BasisChange.objects.exists()


def test_the_first_to_answer_answers_and_the_other_is_told(world: World) -> None:
    row = tired(world)
    case = raised(world, row)
    world.append(again(row, severity="withdrawn"))
    world.round()
    upto = BasisChange.objects.get().pk
    services.answer(world.user("op-zd"), case, upto, "stand_down", "补传核实确已停车休息")
    with pytest.raises(TransitionError) as late:
        services.answer(world.user("op-dd"), case, upto, "continue", "仍有疲劳迹象")
    assert late.value.code == "state"
    assert "op-zd" in late.value.zh
    assert BasisAnswer.objects.count() == 1
    case.refresh_from_db()
    assert case.state == "raised"  # the usual steps are still to be taken
    assert timeline.check(case).intact
    # The question does not stand in the way of a step taken from the page as it was before.
    act(world.user("op-zd"), case.pk, "sign", case.version - 2)


def test_what_came_in_after_the_page_was_opened_stays_open(world: World) -> None:
    row = tired(world)
    case = raised(world, row)
    world.append(again(row, severity="withdrawn"))
    world.round()
    first = BasisChange.objects.get()
    back = again(again(row), severity="over_limit")
    world.append(back)
    world.append(again(back, severity="withdrawn"))
    world.round()
    services.answer(world.user("op-zd"), case, first.pk, "continue", "另有卡口记录")
    assert [one.revision for one in services.open_questions(case)] == [3]


@pytest.mark.parametrize(
    ("choice", "remark", "code"), [("close", "x", "choice"), ("continue", "  ", "reason")]
)
def test_an_answer_needs_choice_and_reason(
    world: World, choice: str, remark: str, code: str
) -> None:
    row = tired(world)
    case = raised(world, row)
    world.append(again(row, severity="withdrawn"))
    world.round()
    upto = BasisChange.objects.get().pk
    with pytest.raises(TransitionError) as refused:
        services.answer(world.user("op-zd"), case, upto, choice, remark)
    assert refused.value.code == code
    with pytest.raises(NotAllowedError):
        services.answer(world.user("audit"), case, upto, "continue", "x")
    assert not BasisAnswer.objects.exists()


def test_what_went_out_is_named_and_says_so_itself(world: World) -> None:
    row = tired(world)
    case = raised(world, row)
    with_notice = tell(
        world.unit("gs"), key=("warning", "x"), title=("高速有险情", "danger"),
        text=("请协助", "please help"), warning=Warning.objects.get(), case=case,
        channels=("inbox",),
    )  # fmt: skip
    act(world.user("op-zd"), case.pk, "sign", case.version)
    case.refresh_from_db()
    act(world.user("op-zd"), case.pk, "control", case.version, text="请休息")
    world.append(again(row, severity="withdrawn"))
    world.round()
    change = BasisChange.objects.get()
    kinds = {one["kind"] for one in change.documents}
    assert {"notice", "text"} <= kinds
    assert with_notice is None or Notice.objects.filter(case=case).exists()
    notice = Notice.objects.filter(party=world.unit("gs")).get()
    page = world.client("pa-gs").get(f"/partner/{notice.pk}/").content.decode()
    assert "依据已撤回" in page
    page = world.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert "data-basis-documents" in page


def fog(sky: Sky, minutes: float, visibility_m: float, **over: Any) -> dict[str, Any]:  # noqa: F811 - a fixture
    at = sky.world.now + timedelta(minutes=minutes)
    return sky.reading(time=at, received=at, visibility_m=visibility_m, **over)


def test_a_station_that_recovers_asks_once(world: World, sky: Sky) -> None:  # noqa: F811 - a fixture
    sky.readings(fog(sky, 0, 40.0))
    case = Case.objects.get()
    sky.readings(fog(sky, 5, 9_000.0))
    assert not BasisChange.objects.exists(), "a gap between two swathes is no recovery"
    sky.readings(fog(sky, 10, 9_000.0), fog(sky, 15, 12_000.0))
    change = BasisChange.objects.get()
    assert (change.kind, change.asks, change.after["station"]) == ("cleared", True, "qx1")
    case.refresh_from_db()
    assert case.state == "raised"
    assert "测站已恢复正常" in case.events.last().text_zh
    # Fog again, then clear again: told of again.
    sky.readings(fog(sky, 20, 45.0))
    sky.readings(fog(sky, 35, 9_000.0))
    assert list(BasisChange.objects.values_list("revision", flat=True)) == [0, 1]
    case.refresh_from_db()
    assert timeline.check(case).intact


def test_one_of_two_stations_clear_is_told_but_asks_nobody(
    world: World,
    sky: Sky,  # noqa: F811 - a fixture
) -> None:
    sky.readings(fog(sky, 0, 150.0), fog(sky, 0, 151.0, station="qx2", lat=26.6))
    assert Warning.objects.count() == 1
    sky.readings(fog(sky, 12, 9_000.0))
    change = BasisChange.objects.get()
    assert (change.left, change.of, change.asks) == (1, 2, False)
    sky.readings(fog(sky, 13, 9_000.0, station="qx2", lat=26.6))
    last = BasisChange.objects.last()
    assert (last.left, last.of, last.asks) == (0, 2, True)


def test_a_station_without_the_instrument_never_clears(world: World, sky: Sky) -> None:  # noqa: F811 - a fixture
    sky.readings(fog(sky, 0, 40.0))
    sky.readings({**fog(sky, 30, 0.0), "visibility_m": None})
    assert not BasisChange.objects.exists()


def test_a_cancelled_notice_is_told_to_the_case(world: World, sky: Sky) -> None:  # noqa: F811 - a fixture
    sky.tell("weather_notices", sky.notice())
    world.round()
    case = Case.objects.get()
    sky.tell(
        "weather_notices",
        sky.notice(notice="n2", action="cancel", refers_to="n1", headline="解除大雾橙色预警"),
    )
    world.round()
    change = BasisChange.objects.get()
    assert (change.kind, change.asks) == ("cancelled", True)
    assert "解除大雾橙色预警" in case.events.last().text_zh


def test_an_exercise_cancels_nothing(world: World, sky: Sky) -> None:  # noqa: F811 - a fixture
    sky.tell("weather_notices", sky.notice())
    world.round()
    sky.tell(
        "weather_notices",
        sky.notice(notice="n2", action="cancel", refers_to="n1", status="exercise"),
    )
    world.round()
    assert not BasisChange.objects.exists()


def test_a_milder_notice_corrects_what_rests_on_the_first(world: World, sky: Sky) -> None:  # noqa: F811 - a fixture
    sky.tell("weather_notices", sky.notice())
    world.round()
    sky.tell(
        "weather_notices",
        sky.notice(notice="n2", action="update", refers_to="n1", level="yellow"),
    )
    world.round()
    change = BasisChange.objects.get()
    assert change.kind == "corrected"
    assert change.after["level"] < change.before["level"]
    assert change.asks
