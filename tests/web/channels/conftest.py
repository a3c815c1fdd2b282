"""A real HTTP server that plays robots and gateways, and a way to set up channels."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import yaml

from tests.web.conftest import World


@dataclass
class Taken:
    """One request that the server was sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Gateway:
    """Answers with ``answers`` in turn, then with the last of them for ever."""

    url: str
    answers: list[tuple[int, Any]] = field(default_factory=lambda: [(200, {"errcode": 0})])
    taken: list[Taken] = field(default_factory=list)
    before: Callable[[], None] | None = None
    """Called when a request has arrived and before it is answered."""

    def next(self) -> tuple[int, Any]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.taken.append(Taken(self.command, self.path, dict(self.headers), body))
            if made.before is not None:
                made.before()
            status, answer = made.next()
            data = json.dumps(answer).encode()
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", f"{made.url}/elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made = Gateway(f"http://127.0.0.1:{server.server_address[1]}")
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def set_up(world: World, **endpoints: dict[str, Any]) -> None:
    """Write channels.yaml as its owner would."""
    path = world.data.channels
    path.write_text(yaml.safe_dump({"endpoints": endpoints}, allow_unicode=True))
    path.chmod(0o600)
