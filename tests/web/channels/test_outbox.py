"""The outbox: at least once, retry, fall back, receipts, a kill between leaving and the record."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.sim.sign import SimulatedSign
from sizao.web.channels import outbox, sender
from sizao.web.channels.models import Attempt, Delivery, Notice
from sizao.web.channels.telling import tell
from sizao.web.writing import write
from tests.web.conftest import World

from .conftest import Gateway, set_up
from .test_partners import EXPRESSWAY


def told(world: World, *channels: str, key: str = "x", **more: Any) -> Notice:
    with write():
        return tell(world.unit("gs"), key=(key,), title=(f"通报{key}", f"Notice {key}"),
                    channels=channels, **more)  # fmt: skip


def delivery(channel: str) -> Delivery:
    return Delivery.objects.get(channel=channel)


def robots(world: World, gateway: Gateway, **more: dict[str, Any]) -> None:
    base = {"party": "gs", "url": f"{gateway.url}/send?key=K"}
    set_up(world, group={"channel": "wecom", **base}, ding={"channel": "dingtalk", **base},
           gw={"channel": "sms", **base, "phones": ["10000000001"], "secret": "rk",
               "answer": {"receipt": "id"}}, **more)  # fmt: skip


def test_it_leaves_once_and_is_recorded(world: World, gateway: Gateway):
    robots(world, gateway)
    told(world, "wecom", "sms")
    assert delivery("wecom").state == "waiting"
    assert delivery("sms").state == "held", "the next channel waits in reserve"
    assert sender.run_once(world.ports) == 1
    assert sender.run_once(world.ports) == 0
    assert len(gateway.taken) == 1
    assert (delivery("wecom").state, delivery("wecom").sent_at) == ("sent", world.now)
    assert Attempt.objects.get().ok


def test_what_is_not_set_up_is_passed_over(world: World, gateway: Gateway):
    set_up(world)
    notice = told(world, "wecom", "sms", "browser")
    assert list(notice.deliveries.values_list("channel", "state")) == [
        ("inbox", "delivered"), ("browser", "waiting"),
    ]  # fmt: skip


def test_a_failure_is_tried_again_later_and_later_then_by_the_next_channel(
    world: World, gateway: Gateway
):
    robots(world, gateway)
    gateway.answers = [(503, {})]
    told(world, "wecom", "sms")
    waits = []
    for _ in range(12):
        before = len(gateway.taken)
        sender.run_once(world.ports)
        if len(gateway.taken) > before and delivery("wecom").next_at:
            waits.append((delivery("wecom").next_at - world.now).total_seconds())
        if delivery("wecom").state == "failed":
            break
        world.clock.advance(waits[-1])
    assert waits == [5, 30, 120, 600, 1800]
    assert delivery("wecom").detail == "HTTP 503"
    assert delivery("sms").state == "waiting", "falls back"
    gateway.answers = [(200, {"id": 9})]
    sender.run_once(world.ports)
    assert (delivery("sms").state, delivery("sms").receipt) == ("sent", "9")


def test_what_cannot_help_is_not_tried_again(world: World, gateway: Gateway):
    robots(world, gateway)
    gateway.answers = [(200, {"errcode": 93000, "errmsg": "invalid webhook url"})]
    told(world, "wecom", "sms")
    sender.run_once(world.ports)
    assert (delivery("wecom").state, delivery("wecom").attempts) == ("failed", 1)
    assert delivery("sms").state == "waiting"


class Killed(BaseException):
    """The process ends: no handler runs."""


def test_a_kill_between_leaving_and_the_record_loses_nothing_and_is_told_by_the_key(
    world: World, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
):
    robots(world, gateway)
    told(world, "sms")

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "conclude", die)
        with pytest.raises(Killed):
            sender.run_once(world.ports)
    assert delivery("sms").state == "sending", "marked before it left"
    assert sender.run_once(world.ports) == 0, "and not sent by whoever else looks"
    with write():
        assert outbox.recover() == 1  # the process starts again
    sender.run_once(world.ports)
    assert delivery("sms").state == "sent"
    keys = [taken.headers["Idempotency-Key"] for taken in gateway.taken]
    assert len(keys) == 2
    assert len(set(keys)) == 1, "the receiver tells the second from a new one"
    assert Attempt.objects.get().perhaps_twice, "and the record says so"


def test_control_without_the_mark_a_kill_before_leaving_would_lose_it(
    world: World, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
):
    """Were it recorded as sent first, a kill before leaving would lose the message."""
    robots(world, gateway)
    told(world, "sms")

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sender, "_send", die)
        with pytest.raises(Killed):
            sender.run_once(world.ports)
    assert gateway.taken == []
    Delivery.objects.filter(channel="sms").update(state="sent")  # the wrong order, by hand
    with write():
        outbox.recover()
    sender.run_once(world.ports)
    assert gateway.taken == [], "lost: nobody would have been told"


def test_a_flood_for_one_robot_is_one_message(world: World, gateway: Gateway):
    robots(world, gateway)
    for number in range(40):
        told(world, "wecom", key=str(number), level=4 if number == 33 else 2)
    sender.run_once(world.ports)
    (taken,) = gateway.taken
    text = taken.json["text"]["content"]
    assert text.startswith("40 条通报\n1. 通报33\n"), "the worst first"
    assert "另有 35 条" in text
    assert Delivery.objects.filter(channel="wecom", state="sent").count() == 40


def test_a_robot_is_sent_no_more_than_it_takes_in_a_minute_and_the_rest_then(
    world: World, gateway: Gateway
):
    set_up(world, group={"channel": "wecom", "party": "gs", "url": f"{gateway.url}/?key=K",
                         "per_minute": 5})  # fmt: skip
    for number in range(9):
        told(world, "wecom", key=str(number))
        sender.run_once(world.ports)
        world.clock.advance(1)
    assert len(gateway.taken) == 5
    assert Delivery.objects.filter(channel="wecom", state="waiting", attempts=0).count() == 4
    world.clock.advance(60)
    sender.run_once(world.ports)
    assert len(gateway.taken) == 6, "what waited goes as one"
    assert Delivery.objects.filter(channel="wecom", state="sent").count() == 9


def test_nobody_acknowledged_so_every_channel_in_turn_and_then_the_unit_above(
    world: World, gateway: Gateway
):
    robots(world, gateway)
    told(world, "wecom", "sms", acknowledge_s=600)
    sender.run_once(world.ports)
    world.clock.advance(601)
    world.round()
    assert delivery("sms").state == "waiting"
    notice = Notice.objects.get(party__code="gs")
    assert (notice.missed_at, (notice.acknowledge_by - world.now).seconds) == (world.now, 600)
    world.clock.advance(601)
    world.round()
    above = Notice.objects.get(party__code="zd")
    assert above.title_zh.startswith("高速公路公司未确认")
    for _ in range(3):
        world.clock.advance(601)
        world.round()
    assert Notice.objects.count() == 2, "once"


def test_a_gateways_receipt_moves_the_delivery_and_a_failure_falls_back(
    world: World, gateway: Gateway
):
    robots(world, gateway)
    gateway.answers = [(200, {"id": "m1"})]
    told(world, "sms", "wecom")
    sender.run_once(world.ports)
    client = world.client("op-zd")
    client.logout()

    def receipt(body: Any, key: str = "rk", name: str = "gw") -> Any:
        return client.post(f"/channels/receipts/{name}/", body, "application/json",
                           headers={"X-Sizao-Key": key})  # fmt: skip

    assert receipt({"receipt": "m1", "state": "delivered"}, key="wrong").status_code == 403
    assert receipt({"receipt": "m1", "state": "delivered"}, name="nope").status_code == 403
    assert receipt({"receipt": "m1", "state": "delivered"}, key="", name="group").status_code == 403
    assert delivery("sms").state == "sent"
    assert receipt([{"receipt": "m1", "state": "delivered"}, {"receipt": "?"}]).json() == {
        "taken": 1, "of": 2,
    }  # fmt: skip
    assert (delivery("sms").state, delivery("sms").delivered_at) == ("delivered", world.now)
    assert receipt({"receipt": "m1", "state": "delivered"}).json()["taken"] == 0, "again"
    assert receipt("{").status_code == 422
    assert receipt({"receipt": "m1", "state": "expired"}).json()["taken"] == 1
    assert (delivery("sms").state, delivery("sms").detail) == ("failed", "网关回执：expired")
    assert delivery("wecom").state == "waiting"


def test_a_browser_that_shows_it_says_so_and_one_that_does_not_is_passed_over(
    world: World, gateway: Gateway
):
    robots(world, gateway)
    first = told(world, "browser", "wecom")
    sender.run_once(world.ports)
    url = f"/partner/{first.pk}/shown/"
    assert world.client("op-zd").post(url).status_code == 403, "not addressed to the police"
    assert world.client("pa-jt").post(url).status_code == 404
    assert world.client("pa-gs").post(url, {"state": "delivered"}).status_code == 204
    assert delivery("browser").state == "delivered"
    world.clock.advance(61)
    sender.run_once(world.ports)
    assert delivery("wecom").state == "held"
    second = told(world, "browser", "wecom", key="y")
    sender.run_once(world.ports)
    world.clock.advance(61)
    sender.run_once(world.ports)
    states = dict(second.deliveries.values_list("channel", "state"))
    assert (states["browser"], states["wecom"]) == ("failed", "waiting")


def test_an_exercise_never_leaves_the_house(world: World, gateway: Gateway):
    robots(world, gateway)
    notice = told(world, "wecom", "sms", "browser", exercise=True)
    assert set(notice.deliveries.values_list("channel", flat=True)) == {"inbox", "browser"}


def test_a_sign_near_a_warning_is_set_and_cleared_with_its_case(world: World):
    from sizao.web.cases.services import act

    with SimulatedSign(secret="s") as sign:
        near = {
            "channel": "sign",
            "url": sign.url,
            "secret": "s",
            "road": "G5",
            "at": [26.6, 101.86],
        }
        set_up(world, near=near, far={**near, "at": [27.6, 101.8]},
               other={**near, "road": "G353"})  # fmt: skip
        case = world.raise_case(**EXPRESSWAY)
        found = Delivery.objects.filter(channel="sign")
        assert list(found.values_list("endpoint", flat=True)) == ["near"]
        sender.run_once(world.ports)
        assert sign.board.shown()[1][0] == "前方路况异常"
        assert found.get().state == "delivered"
        world.clock.advance(25 * 60)
        assert sender.run_once(world.ports) == 1, "renewed while it holds"
        user = world.user("op-zd")
        for action in ("sign", "dismiss"):
            case.refresh_from_db()
            act(user, case.pk, action, case.version, reason="误报")
        assert found.get().state == "clearing"
        sender.run_once(world.ports)
        assert sign.board.shown() == ("", [])
        assert found.get().state == "cancelled"


def test_a_sign_that_cannot_be_cleared_is_never_given_up(world: World):
    sign = SimulatedSign()
    with sign:
        set_up(world, near={"channel": "sign", "url": sign.url, "at": [26.6, 101.86]})
        world.raise_case(**EXPRESSWAY)
        sender.run_once(world.ports)
    with write():
        outbox.clear_signs(Notice.objects.get(deliveries__channel="sign"), world.now)
    for _ in range(12):
        sender.run_once(world.ports)
        world.clock.advance(1800)
    assert Delivery.objects.get(channel="sign").state == "clearing"
    assert sender.run_once(world.ports) == 1, "it is still tried"


def test_the_page_says_what_failed_and_tries_again_but_shows_no_secret(
    world: World, gateway: Gateway
):
    set_up(world, group={"channel": "wecom", "party": "gs", "url": f"{gateway.url}/?key=TOPSECRET",
                         "secret": "HUSH"})  # fmt: skip
    gateway.answers = [(404, {})]
    told(world, "wecom")
    sender.run_once(world.ports)
    client = world.client("op-zd")
    page = client.get("/deliveries/").content.decode()
    assert "HTTP 404" in page
    assert "TOPSECRET" not in page
    assert "HUSH" not in page
    assert "已设置" in page
    assert client.post(f"/deliveries/{delivery('wecom').pk}/retry/").status_code == 302
    gateway.answers = [(200, {"errcode": 0})]
    sender.run_once(world.ports)
    assert delivery("wecom").state == "sent"
    assert "TOPSECRET" not in str(list(Attempt.objects.values()))
    assert (
        "http"
        not in world.client("lead-xd")
        .get("/deliveries/")
        .content.decode()
        .split("没有送达记录")[0]
        .split("<main")[1]
    ), "the west brigade was not concerned"
    world.data.channels.chmod(0o644)
    world.data.channels.write_text(world.data.channels.read_text() + "\n")
    assert "chmod 600" in client.get("/deliveries/").content.decode()
