"""Each adapter against a real HTTP server: what it sends, what it makes of the answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from sizao.core.errors import ConfigError
from sizao.sim.sign import Board, SimulatedSign
from sizao.web.channels.adapters import ADAPTERS
from sizao.web.channels.adapters.base import Message
from sizao.web.channels.adapters.dingtalk import signature
from sizao.web.channels.endpoints import Endpoint, read

from .conftest import Gateway

MESSAGE = Message(key="ab" * 16, title="红色预警：G5 K120", text="请减速", level="red",
                  lines=("前方浓雾", "减速慢行"))  # fmt: skip


def endpoint(channel: str, url: str, **more: object) -> Endpoint:
    return Endpoint(name="x", channel=channel, party="*", url=url, **more)


def test_dingtalk_is_signed_as_published(gateway: Gateway):
    """The published recipe, computed here a second time and by hand."""
    found = ADAPTERS["dingtalk"](
        endpoint("dingtalk", f"{gateway.url}/robot/send?access_token=T", secret="SECx"), MESSAGE
    )
    assert found.ok
    (taken,) = gateway.taken
    query = parse_qs(urlsplit(taken.path).query)
    ms = query["timestamp"][0]
    digest = hmac.new(b"SECx", f"{ms}\nSECx".encode(), hashlib.sha256).digest()
    assert query["sign"] == [base64.b64encode(digest).decode()]
    assert query["access_token"] == ["T"]
    text = taken.json["text"]["content"]
    assert taken.json["msgtype"] == "text"
    assert text.splitlines() == ["红色预警：G5 K120", "请减速", "编号 abababab"]
    assert "%" in signature("SECx", 1577262236757) or "=" not in signature("SECx", 1577262236757)


def test_wecom_takes_no_more_than_it_can(gateway: Gateway):
    long = Message(key="k", title="题", text="雾" * 2000)
    assert ADAPTERS["wecom"](endpoint("wecom", f"{gateway.url}/send?key=K"), long).ok
    content = gateway.taken[0].json["text"]["content"]
    assert 2040 < len(content.encode()) <= 2048


@pytest.mark.parametrize(
    ("channel", "answer", "ok", "retry"),
    [
        ("dingtalk", (200, {"errcode": 0, "errmsg": "ok"}), True, True),
        ("dingtalk", (200, {"errcode": 130101, "errmsg": "send too fast"}), False, True),
        ("dingtalk", (200, {"errcode": 310000, "errmsg": "sign not match"}), False, False),
        ("dingtalk", (200, "what?"), False, True),
        ("dingtalk", (502, {}), False, True),
        ("wecom", (200, {"errcode": 45009, "errmsg": "api freq out of limit"}), False, True),
        ("wecom", (200, {"errcode": 93000, "errmsg": "invalid webhook url"}), False, False),
        ("wecom", (404, {}), False, False),
        ("wecom", (429, {}), False, True),
        ("wecom", (302, {}), False, False),
        ("sms", (500, {}), False, True),
    ],
)
def test_what_an_answer_means(gateway: Gateway, channel: str, answer: tuple, ok: bool, retry: bool):
    gateway.answers = [answer]
    given = endpoint(channel, f"{gateway.url}/?key=SECRET", phones=("10000000001",))
    found = ADAPTERS[channel](given, MESSAGE)
    assert (found.ok, found.ok or found.retry) == (ok, ok or retry)
    assert len(gateway.taken) == 1, "a redirect is not followed: the address is a secret"
    assert "SECRET" not in found.detail


def test_nobody_answers():
    found = ADAPTERS["wecom"](endpoint("wecom", "http://127.0.0.1:9/?key=SECRET"), MESSAGE)
    assert (found.ok, found.retry, found.status) == (False, True, None)
    assert "ConnectionRefusedError" in found.detail
    assert "SECRET" not in found.detail


def test_a_text_message_by_template(gateway: Gateway):
    gateway.answers = [(200, {"code": "0", "data": [{"msgid": 77}]})]
    given = endpoint(
        "sms", f"{gateway.url}/sms", phones=("10000000001", "10000000002"),
        request={"headers": {"X-App": "a"}, "json": {"to": "{phones}", "body": {"t": "{text}"},
                                                     "id": "{key}", "tpl": "{nothing}"}},
        answer={"ok": {"path": "code", "value": "0"}, "receipt": "data.0.msgid"},
    )  # fmt: skip
    found = ADAPTERS["sms"](given, MESSAGE)
    assert (found.ok, found.receipt) == (True, "77")
    (taken,) = gateway.taken
    assert taken.json == {
        "to": "10000000001,10000000002", "id": MESSAGE.key, "tpl": "{nothing}",
        "body": {"t": "红色预警：G5 K120 请减速 编号 abababab"},
    }  # fmt: skip
    assert taken.headers["Idempotency-Key"] == MESSAGE.key
    gateway.answers = [(200, {"code": "7", "why": "余额不足"})]
    refused = ADAPTERS["sms"](
        endpoint("sms", gateway.url, phones=("1",), request={"form": {"m": "{text}"}},
                 answer={"ok": {"path": "code", "value": "0"}, "why": "why"}), MESSAGE,
    )  # fmt: skip
    assert (refused.ok, refused.detail) == (False, "网关未接受：余额不足")
    assert gateway.taken[1].body.startswith(b"m=%E7")


def test_a_sign_shows_the_worst_and_is_cleared():
    now = [1_800_000_000.0]
    with SimulatedSign(secret="s", board=Board(clock=lambda: now[0])) as sign:
        given = endpoint("sign", sign.url, secret="s")
        until = datetime.fromtimestamp(now[0], UTC) + timedelta(hours=1)
        yellow = Message(key="y", title="", text="", level="yellow", lines=("前方拥堵",),
                         until=until)  # fmt: skip
        red = Message(key="r", title="", text="", level="red", lines=("前方浓雾", "减速慢行"),
                      until=until + timedelta(hours=1))  # fmt: skip
        assert ADAPTERS["sign"](given, yellow).delivered
        assert ADAPTERS["sign"](given, red).delivered
        again = ADAPTERS["sign"](given, yellow)
        assert (again.ok, again.delivered, again.detail) == (True, False, "标志上有更急的内容")
        assert sign.board.shown() == ("r", ["前方浓雾", "减速慢行"])
        gone = Message(key="r", title="", text="", withdrawn=True)
        assert ADAPTERS["sign"](given, gone).ok
        assert ADAPTERS["sign"](given, gone).ok, "clearing again is as good"
        assert sign.board.shown()[0] == "y"
        now[0] += 3601
        assert sign.board.shown() == ("", []), "a sign nobody clears goes dark by itself"
        wrong = ADAPTERS["sign"](endpoint("sign", sign.url, secret="x"), red)
        assert (wrong.ok, wrong.retry, wrong.status) == (False, False, 403)


def test_the_file_of_endpoints(tmp_path: Path):
    path = tmp_path / "channels.yaml"
    assert read(path) == {}
    path.write_text("endpoints: {a: {channel: wecom, party: dd, url: 'https://h/?key=SECRET'}}")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        read(path)
    path.chmod(0o600)
    found = read(path)["a"]
    assert (found.host, found.serves("dd"), found.serves("xd")) == ("h", True, False)
    assert "SECRET" not in repr(found)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{channel: fax, party: a, url: 'http://h'}", "must be one of"),
        ("{channel: wecom, party: a, url: h}", "http://"),
        ("{channel: wecom, url: 'http://h'}", "say whom"),
        ("{channel: sms, party: a, url: 'http://h'}", "needs `phones`"),
        ("{channel: sign, url: 'http://h'}", "latitude"),
        ("{channel: wecom, party: a, url: 'http://h', tel: 1}", "unknown key 'tel'"),
        ("{channel: wecom, url: 'SECRET", "not YAML, line"),
    ],
)
def test_a_mistake_in_the_file_is_named_without_its_secret(
    tmp_path: Path, entry: str, message: str
):
    path = tmp_path / "channels.yaml"
    path.write_text(f"endpoints:\n  a: {entry}\n")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=message) as caught:
        read(path)
    assert "SECRET" not in str(caught.value)
