"""What every adapter gets and gives, and the one way they speak HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sizao.web.channels.endpoints import Endpoint

TIMEOUT_S = 5.0
LONGEST = 65_536
"""Bytes of an answer that are read."""


@dataclass(frozen=True)
class Message:
    """What is to be sent. ``key`` is the same however often it is sent."""

    key: str
    title: str
    text: str
    level: str = ""
    at: datetime | None = None
    lines: tuple[str, ...] = ()
    """For a sign."""
    until: datetime | None = None
    withdrawn: bool = False
    """A sign is to be cleared of it."""
    exercise: bool = False

    @property
    def words(self) -> str:
        """Title and text for a chat, with the short form of the key by which a reader sees that
        two messages are one."""
        mark = "【演练】" if self.exercise else ""
        parts = [f"{mark}{self.title}", self.text, f"编号 {self.key[:8]}"]
        return "\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt."""

    ok: bool
    delivered: bool = False
    """The other side says that it reached its reader, or is shown on the road."""
    retry: bool = True
    """Whether trying again can help."""
    receipt: str = ""
    status: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP, or ``status`` None and why there was none."""

    status: int | None
    body: Any = None
    detail: str = ""

    @property
    def failed(self) -> Outcome | None:
        """The outcome if it is no 2xx; None if the body has to be looked at."""
        if self.status is None:
            return Outcome(False, detail=self.detail)
        if 200 <= self.status < 300:
            return None
        # 4xx says that this request is wrong, except that it came too often or too slowly.
        retry = self.status >= 500 or self.status in (408, 425, 429)
        return Outcome(False, retry=retry, status=self.status, detail=f"HTTP {self.status}")


Adapter = Callable[[Endpoint, Message], Outcome]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A robot's address holds its secret; it is not handed on."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def call(
    endpoint: Endpoint,
    url: str,
    *,
    method: str = "POST",
    data: Any = None,
    form: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request with JSON or a form. Never raises for what the other side does."""
    sent = dict(headers or {})
    body = form
    if form is None and data is not None:
        body = json.dumps(data, ensure_ascii=False).encode()
        sent.setdefault("Content-Type", "application/json; charset=utf-8")
    proxy = {"http": endpoint.proxy, "https": endpoint.proxy} if endpoint.proxy else {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxy), _NoRedirect())
    request = urllib.request.Request(url, data=body, headers=sent, method=method)
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            return Answer(answer.status, _parsed(answer.read(LONGEST)))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _parsed(error.read(LONGEST)))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        # The address is left out: its query is a secret.
        return Answer(None, detail=f"连接失败：{type(reason).__name__}")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
