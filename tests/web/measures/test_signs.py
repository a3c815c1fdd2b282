"""Texts on roadside signs: by a real adapter with receipts, by hand where none is, off again."""

from __future__ import annotations

import pytest

from sizao.core.errors import TransitionError
from sizao.sim.sign import SimulatedSign
from sizao.web.channels import sender
from sizao.web.channels.models import Delivery, Notice
from sizao.web.measures import services, signs
from sizao.web.measures.models import ControlMeasure

from ..channels.conftest import set_up
from ..conftest import EAST, World
from .test_services import put

TEXT = "前方塌方，请从X101绕行"


@pytest.fixture
def sign(roads: World):
    with SimulatedSign(secret="s") as made:
        here = {"channel": "sign", "url": made.url, "secret": "s", "at": list(EAST), "reach_km": 5}
        set_up(
            roads, near={**here, "road": "G353"}, other={**here, "road": "G5"},
            far={**here, "at": [EAST[0] + 1, EAST[1]]},
        )  # fmt: skip
        yield made


def ordered(world: World, **given) -> ControlMeasure:
    return put(world, "op-dd", "sign_text", text=TEXT, **{"urgent": False, **given})


def again(one: ControlMeasure) -> ControlMeasure:
    return ControlMeasure.objects.get(pk=one.pk)


def test_shown_on_the_signs_of_the_stretch_and_in_force_by_their_receipt(
    roads: World, sign: SimulatedSign
):
    one = ordered(roads)
    roads.round()
    assert again(one).state == "ordered", "nobody has said that it is up"
    sender.run_once(roads.ports)
    assert sign.board.shown()[1] == ["前方塌方", "请从X101绕行"]
    roads.round()
    assert again(one).state == "in_force"
    assert "情报板已显示：near" in again(one).events.order_by("seq").last().text_zh
    assert [row["delivery"].endpoint for row in signs.shown_on(one)] == ["near"]
    page = roads.client("op-dd").get(f"/measures/{one.pk}/").content.decode()
    assert 'data-sign="delivered"' in page


def test_lifted_it_leaves_the_sign(roads: World, sign: SimulatedSign):
    one = ordered(roads)
    for _ in range(2):
        roads.round()
        sender.run_once(roads.ports)
    roads.round()
    one = again(one)
    services.act(roads.user("op-dd"), one.pk, "lift", one.version, reason="抢通")
    roads.round()
    sender.run_once(roads.ports)
    assert sign.board.shown() == ("", [])
    assert Delivery.objects.get(channel="sign").state == "cancelled"


def test_a_kill_after_the_lifting_leaves_nothing_on_the_road(
    roads: World, sign: SimulatedSign, monkeypatch: pytest.MonkeyPatch
):
    """The lifting is committed and the process ends before its round: the next round clears the
    sign. Control: without that round the text stays."""
    one = ordered(roads)
    roads.round()
    sender.run_once(roads.ports)
    one = again(one)
    with monkeypatch.context() as patch:
        patch.setattr(signs, "follow", lambda now: None)
        services.act(roads.user("op-dd"), one.pk, "lift", one.version, reason="抢通")
        roads.round()
        sender.run_once(roads.ports)
        assert sign.board.shown()[1], "the control: still there"
    roads.round()
    sender.run_once(roads.ports)
    assert sign.board.shown() == ("", [])


def test_told_once_however_many_rounds(roads: World, sign: SimulatedSign):
    ordered(roads)
    for _ in range(3):
        roads.round()
    assert Notice.objects.filter(about__startswith="measure:").count() == 1
    assert Delivery.objects.filter(channel="sign").count() == 1


def test_no_sign_there_and_the_unit_is_told_to_show_it_by_hand_and_to_take_it_down(roads: World):
    one = ordered(roads)
    roads.round()
    told = Notice.objects.get(about=f"measure-by-hand:{one.pk}")
    assert (told.party.code, told.acknowledge_by is not None) == ("dd", True)
    assert TEXT in told.text_zh
    one = again(one)
    services.act(roads.user("op-dd"), one.pk, "lift", one.version, reason="抢通")
    roads.round()
    roads.round()
    assert Notice.objects.filter(about=f"lifted-measure:{one.pk}").count() == 1
    assert Notice.objects.get(pk=told.pk).lifted_at is not None


def test_a_sign_that_does_not_answer_is_shown_by_hand(roads: World):
    set_up(roads, near={"channel": "sign", "url": "http://127.0.0.1:9", "at": list(EAST)})
    one = ordered(roads)
    roads.round()
    for _ in range(8):
        sender.run_once(roads.ports)
        roads.clock.advance(1800)
    roads.round()
    assert Delivery.objects.get(channel="sign").state == "failed"
    told = Notice.objects.get(about=f"measure-by-hand:{one.pk}")
    assert "near" in told.text_zh
    assert again(one).state == "ordered"


def test_words_that_no_sign_holds_are_refused(roads: World):
    with pytest.raises(TransitionError, match="3 行"):
        put(roads, "op-dd", "sign_text", text="前方道路施工" * 5)


def test_what_waits_for_approval_or_its_time_is_not_shown(roads: World, sign: SimulatedSign):
    from datetime import timedelta

    ordered(roads, from_at=roads.now + timedelta(hours=1))
    roads.round()
    assert not Delivery.objects.filter(channel="sign").exists()
    roads.clock.advance(3700)
    roads.round()
    assert Delivery.objects.filter(channel="sign").count() == 1
