"""Control measures: ordered on the network, never forgotten, read by detection, told to drivers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sizao.core.errors import TransitionError
from sizao.roads.temporary_limits import load
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.cases import services as cases
from sizao.web.cases.errors import NotAllowedError
from sizao.web.measures import limits, services, texts
from sizao.web.measures.models import ControlMeasure, TerminalText
from sizao.web.measures.places import locate, stake_of

from ..conftest import COACH, EAST, HAZMAT, TRUCK, World


def put(world: World, who: str = "off-dd1", kind: str = "speed_limit", **given) -> ControlMeasure:
    """A measure on G353 K119 to K120."""
    where = locate(
        kind, road="G353", direction=given.pop("direction", ""),
        stake_from_m=119_000.0, stake_to_m=120_000.0, ring=given.pop("ring", ()),
        lat=EAST[0], lon=EAST[1],
    )  # fmt: skip
    known = {"reason": "路面结冰", "urgent": True}
    if kind == "speed_limit":
        known["limit_kmh"] = 40.0
    return services.order(world.user(who), kind, where, **known | given)


def test_a_limit_has_its_place_on_the_network_and_its_record(roads: World):
    one = put(roads, direction="下行")
    assert (one.number, one.state, one.command_level) == ("GZ20261123-001", "in_force", 1)
    assert one.place == "G353 K119+000–K120+000 下行"
    assert one.geometry["type"] == "MultiLineString"
    assert sum(high - low for _, low, high in one.segments) == pytest.approx(1000, rel=0.02)
    two = services.act(roads.user("op-dd"), one.pk, "lift", one.version, reason="融化")
    assert [event.action for event in two.events.order_by("seq")] == ["order", "lift"]
    audited = AuditEntry.objects.filter(object_type="measure", object_id=one.number)
    assert [entry.action for entry in audited.order_by("seq")] == [
        "measure.order", "measure.lift",
    ]  # fmt: skip
    assert verify_chain().intact


def test_detection_reads_the_limit_after_the_commit_and_until_it_is_lifted(roads: World):
    one = put(roads)
    (limit,) = load(limits.path())
    assert (limit.id, limit.limit_kmh, limit.until_us) == (one.number, 40.0, None)
    assert limit.network == roads.ports.network.digest()
    roads.clock.advance(600)
    services.act(roads.user("off-dd1"), one.pk, "lift", one.version, reason="融化")
    (limit,) = load(limits.path())
    assert limit.until_us == int(roads.now.timestamp() * 1e6)
    roads.clock.advance(3 * 86_400)
    put(roads)
    assert [found.id for found in load(limits.path())] == ["GZ20261126-001"]


def test_a_kill_between_commit_and_file_is_mended_by_the_next_round(
    roads: World, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(limits, "publish_if_stale", lambda: False)
        put(roads)
    assert load(limits.path()) == ()
    roads.round()
    assert len(load(limits.path())) == 1


def test_what_was_ordered_but_is_not_up_limits_nobody(roads: World):
    put(roads, urgent=False)
    assert load(limits.path()) == ()


def test_a_case_does_not_end_while_its_measure_stands(roads: World):
    case = roads.raise_case()
    case = cases.act(roads.user("op-dd"), case.pk, "sign", case.version)
    case = cases.act(roads.user("op-dd"), case.pk, "control", case.version)
    one = put(roads, "op-dd", case=case)
    with pytest.raises(TransitionError, match=one.number):
        cases.act(roads.user("op-dd"), case.pk, "resolve", case.version, reason="好")
    services.act(roads.user("op-dd"), one.pk, "lift", one.version, reason="好")
    case = cases.act(roads.user("op-dd"), case.pk, "resolve", case.version, reason="好")
    assert case.state == "resolved"


def test_control_without_the_check_the_measure_is_forgotten(
    roads: World, monkeypatch: pytest.MonkeyPatch
):
    """The same with the safeguard off: the case is over and its limit still stands."""
    case = roads.raise_case()
    case = cases.act(roads.user("op-dd"), case.pk, "sign", case.version)
    case = cases.act(roads.user("op-dd"), case.pk, "control", case.version)
    put(roads, "op-dd", case=case)
    monkeypatch.setattr(cases, "refuse_while_standing", lambda case: None)
    case = cases.act(roads.user("op-dd"), case.pk, "resolve", case.version, reason="好")
    case = cases.act(roads.user("lead-dd"), case.pk, "verify", case.version)
    assert case.closed
    assert ControlMeasure.objects.in_force().count() == 1


def test_past_its_end_it_climbs_once_a_span_also_after_a_pause(roads: World):
    one = put(roads, until_at=roads.now + timedelta(minutes=30))
    roads.clock.advance(5 * 3600)  # the desk was down
    roads.round()
    roads.round()
    one.refresh_from_db()
    assert (one.command_level, one.state) == (2, "in_force")
    assert one.events.filter(action="escalate").count() == 1
    assert f"|{roads.unit('dd').path}|" in one.reach
    roads.clock.advance(31 * 60)
    roads.round()
    one.refresh_from_db()
    assert one.command_level == 3


def test_two_at_once_the_second_is_told(roads: World):
    one = put(roads)
    services.act(roads.user("op-dd"), one.pk, "extend", 1, reason="未融化",
                 until_at=one.until_at + timedelta(hours=1))  # fmt: skip
    with pytest.raises(services.MeasureConflictError, match="未融化"):
        services.act(roads.user("off-dd1"), one.pk, "lift", 1, reason="好")


@pytest.mark.parametrize(
    ("name", "may"),
    [("op-zd", True), ("op-dd", True), ("off-dd1", True), ("off-dd2", False), ("lead-xd", False),
     ("audit", False), ("admin", False)],
)  # fmt: skip
def test_who_may_lift_what_a_squadron_put_up(roads: World, name: str, may: bool):
    one = put(roads)
    if may:
        assert services.act(roads.user(name), one.pk, "lift", 1, reason="x").state == "lifted"
    else:
        with pytest.raises(NotAllowedError):
            services.act(roads.user(name), one.pk, "lift", 1, reason="x")


def test_the_same_client_id_orders_once_and_is_nobody_elses(roads: World):
    assert put(roads, client_id="a").pk == put(roads, client_id="a").pk
    assert ControlMeasure.objects.count() == 1
    with pytest.raises(NotAllowedError):
        put(roads, "off-dd2", client_id="a")


def test_control_without_the_id_it_is_ordered_twice(roads: World):
    put(roads), put(roads)
    assert ControlMeasure.objects.count() == 2


RING = [(EAST[1] - 0.01, EAST[0] - 0.01), (EAST[1] + 0.01, EAST[0] - 0.01),
        (EAST[1] + 0.01, EAST[0] + 0.01), (EAST[1] - 0.01, EAST[0] + 0.01)]  # fmt: skip
FAR = {"lat": EAST[0] + 0.1, "lon": EAST[1]}


def area(world: World, **given) -> ControlMeasure:
    known = {"ring": RING, "text": "前方事故，请减速", "urgent": False}
    return put(world, "op-dd", "area_text", **known | given)


def test_those_inside_are_texted_once_and_those_who_enter_later(roads: World):
    roads.board({"vehicle": TRUCK}, {"vehicle": HAZMAT, **FAR}, {"vehicle": "1", "kind": "police"})
    one = area(roads)
    roads.round()
    assert [text.vehicle for text in one.texts.all()] == [TRUCK]
    roads.board({"vehicle": TRUCK}, {"vehicle": HAZMAT})
    for _ in range(3):
        roads.round()
    assert [text.vehicle for text in one.texts.order_by("pk")] == [TRUCK, HAZMAT]
    logged = roads.commands_log.read("commands", 0)
    assert sum(len(segment.batch) for segment in logged) == 2
    text = one.texts.first()
    roads.result(text.command, "acknowledged")
    roads.round()
    text.refresh_from_db()
    assert text.state == "acknowledged"


def test_who_enters_after_it_was_lifted_hears_nothing(roads: World):
    roads.board({"vehicle": HAZMAT, **FAR})
    one = area(roads)
    roads.round()
    services.act(roads.user("op-dd"), one.pk, "lift", one.version, reason="疏通")
    roads.board({"vehicle": HAZMAT})
    roads.round()
    assert not TerminalText.objects.exists()


def test_a_stale_position_is_not_taken_to_be_inside(roads: World):
    roads.board({"vehicle": TRUCK, "time": roads.now - timedelta(minutes=6)})
    area(roads)
    roads.round()
    assert not TerminalText.objects.exists()


def test_two_areas_do_not_talk_at_a_driver_together(roads: World):
    roads.board({"vehicle": TRUCK}, {"vehicle": COACH})
    area(roads)
    second = area(roads, text="另一条")
    roads.round()
    assert TerminalText.objects.count() == 2
    assert not second.texts.exists()
    roads.clock.advance(11 * 60)
    roads.board({"vehicle": TRUCK}, {"vehicle": COACH})
    roads.round()
    assert second.texts.count() == 2


def test_only_so_many_a_minute_and_the_rest_later(roads: World, monkeypatch: pytest.MonkeyPatch):
    from sizao.core.rulebook import entry as real

    class Few:
        def value(self, name):
            return 3 if name == "per_minute" else real(texts.RULE).value(name)

    monkeypatch.setattr(texts, "entry", lambda rule: Few())
    roads.board(*[{"vehicle": f"1980001{n:04d}"} for n in range(8)])
    area(roads)
    sent = []
    for _ in range(3):
        roads.round()
        roads.round()
        sent.append(TerminalText.objects.count())
        roads.clock.advance(61)
    assert sent == [3, 6, 8]


def test_a_text_for_some_kinds_only(roads: World):
    roads.board({"vehicle": TRUCK}, {"vehicle": HAZMAT, "kind": "hazmat"})
    one = area(roads, vehicles="hazmat")
    roads.round()
    assert [text.vehicle for text in one.texts.all()] == [HAZMAT]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"reason": " "}, "原因"),
        ({"limit_kmh": 300.0}, "限速"),
        ({"lanes": "1"}, "不分车道"),
        ({"kind": "closure", "lanes": "左"}, "车道"),
        ({"kind": "area_text", "ring": [(1, 1), (2, 2)], "text": "x"}, "三个角点"),
        ({"kind": "area_text", "ring": RING, "text": ""}, "文字"),
    ],
)
def test_what_is_missing_is_said_in_words(roads: World, given: dict, words: str):
    with pytest.raises(TransitionError, match=words):
        put(roads, **given)
    assert not ControlMeasure.objects.exists()


def test_a_place_off_the_network_is_refused_with_what_there_is(roads: World):
    with pytest.raises(TransitionError, match=r"K118\+000 to G353 K122"):
        locate("speed_limit", road="G353", stake_from_m=1.0, stake_to_m=2.0)
    with pytest.raises(TransitionError, match="米"):
        locate("closure", lat=EAST[0] + 0.1, lon=EAST[1])
    near = locate("closure", lat=EAST[0] + 0.0001, lon=EAST[1] + 0.002)
    assert near.columns["road"] == "G353"
    assert len(near.columns["segments"]) == 2


def test_stakes_as_people_write_them():
    assert [stake_of(text) for text in ("K120+300", "120+300", " k120 ", "")] == [
        120_300.0, 120_300.0, 120_000.0, None,
    ]  # fmt: skip
    with pytest.raises(TransitionError, match="桩号"):
        stake_of("桥头")
