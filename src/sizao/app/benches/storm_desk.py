"""An operator's browser in the storm, without the browser: it signs in, listens, asks again.

It does what ``frontend/src/live.js`` does: gathers what it hears, asks for the inbox again once in
a while however much happens, and is done when the answer is there.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

GATHER_S = 0.35
"""As ``GATHER_MS`` of ``live.js``."""


@dataclass
class Seen:
    """What the operator's screen went through. Times are of the wall clock."""

    updates_s: list[float] = field(default_factory=list)
    """For each warning that was heard of: from its commit to the page that shows it."""
    shown: list[tuple[int, float]] = field(default_factory=list)
    """For each page: how many warnings had been heard of when it was asked for, and when it was
    there."""
    pages_s: list[float] = field(default_factory=list)
    bytes: int = 0
    messages: int = 0
    warnings: int = 0
    last_page: str = ""
    broken: int = 0


class OpenInbox(threading.Thread):
    """A signed-in operator with the inbox open, until ``stop`` is set."""

    def __init__(self, port: int, account: str, password: str) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.seen = Seen()
        self.stop = threading.Event()
        self._cookies: dict[str, str] = {}
        self._heard: list[tuple[float, int]] = []
        self._turn = threading.Lock()
        self._sign_in(account, password)

    def _ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Cookie": self._cookie(), "Referer": f"http://127.0.0.1:{self.port}{path}"}
        body = urlencode(form) if form is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST" if form is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        for value in answer.msg.get_all("Set-Cookie") or ():
            name, _, rest = value.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, text

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def _sign_in(self, account: str, password: str) -> None:
        _, page = self._ask("/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, "the sign-in page has no form"
        status, _ = self._ask(
            "/login/",
            {"username": account, "password": password, "csrfmiddlewaretoken": token[1]},
        )
        assert status == 302, f"signing in answered {status}"

    def page(self, path: str = "/inbox/?part=rows") -> str:
        """The page as it is now."""
        began = time.time()
        status, text = self._ask(path)
        assert status == 200, f"{path} answered {status}"
        self.seen.pages_s.append(time.time() - began)
        self.seen.bytes += len(text)
        return text

    def run(self) -> None:
        listener = threading.Thread(target=self._listen, daemon=True)
        listener.start()
        while not self.stop.is_set():
            with self._turn:
                heard = bool(self._heard)
            if not heard:
                time.sleep(0.02)
                continue
            time.sleep(GATHER_S)
            with self._turn:
                heard_now, self._heard = self._heard, []
                heard_of = self.seen.warnings
            self.seen.last_page = self.page()
            shown = time.time()
            self.seen.shown.append((heard_of, shown))
            for at, many in heard_now:
                self.seen.updates_s += [shown - at] * many

    def _listen(self) -> None:
        """Read the stream, coming back after a break where it was."""
        last = ""
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                path = "/stream/events?gather=1" + (f"&last={last}" if last else "")
                connection.request("GET", path, headers={"Cookie": self._cookie()})
                answer = connection.getresponse()
                name = ""
                while (line := answer.readline()) and not self.stop.is_set():
                    text = line.decode().rstrip("\n")
                    if text.startswith("id: "):
                        last = text[4:]
                    elif text.startswith("event: "):
                        name = text[7:]
                    elif text.startswith("data: "):
                        self._take(name, json.loads(text[6:]))
            except OSError:
                self.seen.broken += 1
            finally:
                connection.close()
            self.stop.wait(1)

    def _take(self, name: str, data: dict[str, Any]) -> None:
        self.seen.messages += 1
        if name == "warning":
            self._note(datetime.fromisoformat(data["at"]).timestamp(), 1)
        elif name == "flood":
            for at_s, many in data["warnings"]:
                self._note(at_s, many)

    def _note(self, at_s: float, many: int) -> None:
        with self._turn:
            self.seen.warnings += many
            self._heard.append((at_s, many))
