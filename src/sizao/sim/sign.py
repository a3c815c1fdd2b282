"""A simulated roadside sign: takes messages over HTTP, shows the worst, drops what is over.

It keeps the contract of ``docs/reference/sign-interface.md``. ``GET /`` is what a driver sees, as
text; ``GET /messages`` is what it holds, as JSON.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LEVELS = ("", "blue", "yellow", "orange", "red")
LINES, LENGTH = 3, 8
LONGEST = 16_384


@dataclass
class Board:
    """What one sign holds. The worst message is shown; among equals the newest."""

    clock: Callable[[], float] = time.time
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def put(self, key: str, message: dict[str, Any]) -> str:
        """Take a message. Returns ``shown`` or ``queued``; the same key again moves its end."""
        with self._turn:
            known = self.held.setdefault(key, {**message, "since": self.clock()})
            known["until_s"] = message["until_s"]
        return "shown" if self.shown()[0] == key else "queued"

    def drop(self, key: str) -> bool:
        with self._turn:
            return self.held.pop(key, None) is not None

    def shown(self) -> tuple[str, list[str]]:
        """Key and lines on the road now; an empty key and no lines when dark."""
        with self._turn:
            now = self.clock()
            for key in [key for key, one in self.held.items() if one["until_s"] <= now]:
                del self.held[key]
            worst = max(
                self.held.items(),
                key=lambda item: (LEVELS.index(item[1]["level"]), item[1]["since"]),
                default=None,
            )
        return (worst[0], worst[1]["lines"]) if worst else ("", [])


class SimulatedSign:
    """A board behind an HTTP server on this machine. Port 0 lets the system choose."""

    def __init__(self, port: int = 0, secret: str = "", board: Board | None = None) -> None:
        self.board = board or Board()
        self.secret = secret
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> SimulatedSign:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _read(body: bytes) -> dict[str, Any] | None:
    """The message of a PUT; None if it is no such thing."""
    try:
        given = json.loads(body)
        lines = [str(line)[:LENGTH] for line in given["lines"]][:LINES]
        until = given.get("until")
        until_s = datetime.fromisoformat(until).timestamp() if until else float("inf")
        level = str(given.get("level", ""))
        return {"lines": lines, "level": level if level in LEVELS else "", "until_s": until_s}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _handler(sign: SimulatedSign) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            key, lines = sign.board.shown()
            if self.path == "/messages":
                self._json(200, {"shown": key, "messages": sorted(sign.board.held)})
            else:
                self._answer(200, "\n".join(lines).encode(), "text/plain; charset=utf-8")

        def do_PUT(self) -> None:
            message = _read(self.rfile.read(min(int(self.headers["Content-Length"] or 0), LONGEST)))
            if self._refused():
                return
            if message is None:
                self._json(422, {"error": "lines, level and until are needed"})
                return
            state = sign.board.put(self.path.rpartition("/")[2], message)
            self._json(200 if state == "shown" else 202, {"state": state})

        def do_DELETE(self) -> None:
            if not self._refused():
                known = sign.board.drop(self.path.rpartition("/")[2])
                self._json(200 if known else 404, {"state": "cleared"})

        def _refused(self) -> bool:
            wrong = self.headers.get("Authorization", "") != f"Bearer {sign.secret}"
            if sign.secret and wrong:
                self._json(403, {"error": "wrong key"})
            return bool(sign.secret and wrong)

        def _json(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body, ensure_ascii=False).encode()
            self._answer(status, data, "application/json")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
