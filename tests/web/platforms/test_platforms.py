"""Orders to other platforms, and texts of the platform above for our vehicles."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.ids import content_id
from sizao.core.schemas import PLATFORM_MESSAGE
from sizao.feeds.jt809.dialect import PLAIN
from sizao.feeds.jt809.encode import encode_body
from sizao.web.audit.models import AuditEntry
from sizao.web.platforms import rounds
from sizao.web.platforms.models import Message, Order, VehicleText
from sizao.web.sources import services as sources
from tests.web.conftest import TRUCK, World

REGISTRY = """
sources:
  - {id: "jt809:county", name_zh: 县级平台, name_en: County, owner: {party: 县交警}}
  - {id: "jt809:province", name_zh: 省级平台, name_en: Province, owner: {party: 省交警}}
"""


@pytest.fixture
def linked(world: World) -> World:
    (world.data.root / "sources.yaml").write_text(REGISTRY)
    sources.forget()
    world.ports.platform_links = {"county": "upper", "province": "lower"}
    return world


def heard(world: World, kind: str, fields: dict[str, Any], **over: Any) -> None:
    """What the gateway appends of a message."""
    row = {
        "message": content_id(kind, json.dumps(fields, sort_keys=True)),
        "time": world.now, "received": world.now, "link": "province", "direction": "in",
        "kind": f"{kind[:4]}00/{kind}", "state": "received", "vehicle": None, "plate": None,
        "plate_colour": None, "refers_to": None,
        "body": json.dumps(fields), "source": "jt809:province",
    }  # fmt: skip
    batch = pa.RecordBatch.from_pylist([row | over], schema=PLATFORM_MESSAGE)
    world.feeds_log.append({"platform_messages": batch})


def orders(world: World) -> list[dict[str, Any]]:
    return [row for one in world.commands_log.read("platform_orders", 0)
            for row in one.batch.to_pylist()]  # fmt: skip


def texts(world: World) -> list[dict[str, Any]]:
    return [row for one in world.commands_log.read("commands", 0)
            for row in one.batch.to_pylist()]  # fmt: skip


def say(world: World, link: str, who: str = "op-zd", **given: str) -> Any:
    return world.client(who).post(f"/sources/jt809:{link}/platform/", given)


def page(world: World, link: str) -> str:
    return world.client("op-zd").get(f"/sources/jt809:{link}/").content.decode()


def test_a_duty_check_goes_down_and_its_answer_is_shown(linked: World):
    assert say(linked, "county", action="duty", content="谁在值班？").status_code == 302
    linked.round()
    [order] = orders(linked)
    assert (order["link"], order["kind"]) == ("county", "0x9301")
    fields = json.loads(order["body"])
    assert fields["content"] == "谁在值班？"
    for edition in ("2011", "2019"):
        assert encode_body(0x9301, fields, edition, PLAIN), "the link can send it as it is"
    assert "待发送" in page(linked, "county")
    sent = fields | {"msg_sn": 17}
    heard(linked, "0x9301", sent, message=order["order"], direction="out", state="sent",
          link="county")  # fmt: skip
    linked.round()
    assert "已发送" in page(linked, "county")
    answer = {"info_id": fields["info_id"], "responder": "张三", "content": "张三在岗"}
    heard(linked, "0x1301", answer, link="county", state="answered")
    linked.round()
    html = page(linked, "county")
    assert "张三：张三在岗" in html
    assert "已应答" in html
    [entry] = AuditEntry.objects.filter(action="platform.order")
    assert (entry.actor, entry.data["content"]) == ("op-zd", "谁在值班？")


def test_a_missed_check_is_shown_and_a_late_answer_still_counts(linked: World):
    say(linked, "county", action="duty", content="?")
    linked.round()
    fields = json.loads(orders(linked)[0]["body"])
    about = {"info_id": fields["info_id"], "content": "?"}
    heard(linked, "0x1301", about | {"missed": True}, link="county", state="missed")
    linked.round()
    assert "未应答" in page(linked, "county")
    heard(linked, "0x1301", about | {"responder": "李四"}, link="county", state="late")
    linked.round()
    assert "超时应答" in page(linked, "county")


def test_a_message_goes_down_and_2019_answers_by_the_serial(linked: World):
    say(linked, "county", action="text", content="今夜有雾")
    linked.round()
    [order] = orders(linked)
    fields = json.loads(order["body"])
    for edition in ("2011", "2019"):
        assert encode_body(0x9302, fields, edition, PLAIN)
    heard(linked, "0x9302", fields | {"msg_sn": 5}, message=order["order"], direction="out",
          state="sent", link="county")  # fmt: skip
    heard(linked, "0x1302", {"source_data_type": "0x9302", "source_msg_sn": 5}, link="county")
    linked.round()
    assert Order.objects.get().answer_state == "taken"
    assert "对方已收到" in page(linked, "county")


def test_a_check_from_above_is_answered_once_by_who_is_signed_in(linked: World):
    asked = {"info_id": 71, "object_type": 1, "object_id": "51", "content": "谁在值班？"}
    heard(linked, "0x9301", asked)
    linked.round()
    message = Message.objects.get()
    assert "待应答" in page(linked, "province")
    given = {"action": "answer", "message": message.pk, "content": "在岗"}
    assert say(linked, "province", **given).status_code == 302
    assert say(linked, "province", **given).status_code == 422
    linked.round()
    [order] = orders(linked)
    assert order["kind"] == "0x1301"
    assert json.loads(order["body"])["info_id"] == 71
    assert "待应答" not in page(linked, "province")


def test_only_the_desk_of_the_detachment_speaks_and_only_down(linked: World):
    for who in ("op-dd", "off-dd1", "audit", "admin", "nobody"):
        assert say(linked, "county", who, action="text", content="x").status_code == 403
    assert say(linked, "province", action="text", content="x").status_code == 422
    assert say(linked, "county", action="text", content=" ").status_code == 422
    assert say(linked, "elsewhere", action="text", content="x").status_code == 404
    assert not Order.objects.exists()


def text_from_above(world: World, vehicle: str | None = TRUCK) -> None:
    fields = {
        "msg_id": 9,
        "msg_sn": 44,
        "priority": 1,
        "content": "前方事故，减速",
        "plate_color": 2,
    }
    heard(world, "0x9503", fields, vehicle=vehicle, plate="川D·A0001", plate_colour=2)
    world.round()


def test_a_text_from_above_reaches_the_terminal_and_is_answered(linked: World):
    text_from_above(linked)
    [command] = texts(linked)
    assert (command["vehicle"], command["text"]) == (TRUCK, "前方事故，减速")
    linked.result(command["command"], "sent")
    linked.round()
    assert orders(linked) == [], "not answered before it is known"
    linked.result(command["command"], "acknowledged")
    linked.round()
    [answer] = orders(linked)
    assert (answer["link"], answer["kind"], answer["plate"]) == ("province", "0x1503", "川D·A0001")
    fields = json.loads(answer["body"]) | {"plate": "川D·A0001", "plate_color": 2}
    assert (fields["msg_id"], fields["source_msg_sn"], fields["result"]) == (9, 44, 0)
    for edition in ("2011", "2019"):
        assert encode_body(0x1503, fields, edition, PLAIN)
    assert "终端已确认" in page(linked, "province")


@pytest.mark.parametrize("state", ["refused", "expired"])
def test_a_text_that_does_not_arrive_is_answered_as_failed(linked: World, state: str):
    text_from_above(linked)
    linked.result(texts(linked)[0]["command"], "offline")
    linked.round()
    assert orders(linked) == []
    linked.result(texts(linked)[0]["command"], state)
    linked.round()
    [answer] = orders(linked)
    assert json.loads(answer["body"])["result"] == 1


@pytest.mark.parametrize("vehicle", [None, "plate:2:川DI9999"])
def test_a_text_for_a_vehicle_we_do_not_know_fails_at_once(linked: World, vehicle: str | None):
    text_from_above(linked, vehicle)
    linked.round()
    assert texts(linked) == []
    [answer] = orders(linked)
    assert json.loads(answer["body"])["result"] == 1
    assert VehicleText.objects.get().detail == "登记表中没有这个号牌"


def test_a_desk_that_dies_between_its_steps_says_nothing_twice(
    linked: World, monkeypatch: pytest.MonkeyPatch
):
    say(linked, "county", action="text", content="x")
    real = rounds.write

    def die() -> Any:
        raise RuntimeError("killed")

    monkeypatch.setattr(rounds, "write", die)
    with pytest.raises(RuntimeError, match="killed"):
        rounds.flush(linked.commands_log)
    monkeypatch.setattr(rounds, "write", real)
    rounds.flush(linked.commands_log)
    ids = [row["order"] for row in orders(linked)]
    assert len(ids) == 2
    assert len(set(ids)) == 1, "the gateway carries out an id once"
    text_from_above(linked)
    text_from_above(linked)
    assert len(texts(linked)) == 1
