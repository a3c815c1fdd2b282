"""DingTalk custom robot (钉钉自定义机器人).

``POST URL&timestamp=MS&sign=...`` with ``{"msgtype": "text", "text": {"content": ...}}``; the
answer is HTTP 200 with ``errcode`` 0. The signature is HMAC-SHA256 of ``"{ms}\\n{secret}"`` under
the secret, base64, URL-quoted. A robot takes twenty messages a minute and gives no receipt beyond
that it took the message.

Source: DingTalk open platform, 自定义机器人接入 and 自定义机器人安全设置. The signature is checked
against the published recipe; error codes are recalled; nothing was tried on the live service.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import quote_plus

from sizao.web.channels.adapters.base import Message, Outcome, call
from sizao.web.channels.endpoints import Endpoint

TOO_OFTEN = {130101, 660026}
"""Error codes of the rate limit: worth trying again."""
BUSY = {-1}


def signature(secret: str, ms: int) -> str:
    """The ``sign`` parameter, URL-quoted."""
    digest = hmac.new(secret.encode(), f"{ms}\n{secret}".encode(), hashlib.sha256).digest()
    return quote_plus(base64.b64encode(digest))


def send(endpoint: Endpoint, message: Message) -> Outcome:
    """Send to the group."""
    url = endpoint.url
    if endpoint.secret:
        ms = round(time.time() * 1000)  # the other side checks it against the real time
        url += f"&timestamp={ms}&sign={signature(endpoint.secret, ms)}"
    answer = call(
        endpoint, url, data={"msgtype": "text", "text": {"content": message.words}}
    )  # fmt: skip
    return judged(answer, retried=TOO_OFTEN | BUSY)


def judged(answer, *, retried: set[int]) -> Outcome:
    """What DingTalk and WeCom mean by their answers: both say ``errcode`` and ``errmsg``."""
    failed = answer.failed
    if failed is not None:
        return failed
    body = answer.body if isinstance(answer.body, dict) else {}
    code = body.get("errcode")
    if code == 0:
        return Outcome(True, status=answer.status, receipt=str(body.get("messageId", "")))
    detail = f"{code} {str(body.get('errmsg', '答复无法识别'))[:200]}"
    return Outcome(
        False, retry=code in retried or code is None, status=answer.status, detail=detail
    )  # fmt: skip
