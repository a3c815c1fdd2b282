"""WeCom group robot (企业微信群机器人).

``POST URL`` with ``{"msgtype": "text", "text": {"content": ...}}``; at most 2,048 bytes of UTF-8;
the answer is HTTP 200 with ``errcode`` 0. Twenty messages a minute; no receipts.

Source: WeCom developer centre, 群机器人配置说明 (recalled, not checked against the live service).
"""

from __future__ import annotations

from sizao.web.channels.adapters.base import Message, Outcome, call
from sizao.web.channels.adapters.dingtalk import judged
from sizao.web.channels.endpoints import Endpoint

LONGEST = 2048
TOO_OFTEN = {45009, 45033, -1}


def cut(text: str) -> str:
    """As much as the robot takes, without half a character."""
    return text.encode()[:LONGEST].decode(errors="ignore")


def send(endpoint: Endpoint, message: Message) -> Outcome:
    """Send to the group."""
    data = {"msgtype": "text", "text": {"content": cut(message.words)}}
    return judged(call(endpoint, endpoint.url, data=data), retried=TOO_OFTEN)
