"""Requests to another platform: JSON, digest where it asks for it. Blocking; call in a thread."""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
from typing import Any
from urllib.parse import urlsplit

from sizao.feeds.gat1400.digest import Client as Digest
from sizao.feeds.gat1400.status import CONTENT_TYPE

WAIT_S = 8.0
MAX_ANSWER = 4 << 20


class PlatformError(Exception):
    """The other platform cannot be reached or answers nothing sensible; says which and why."""


class PlatformClient:
    """One other platform, as ``own`` with a password."""

    def __init__(self, url: str, own: str, password: str | None) -> None:
        self.url = url
        self.own = own
        self._digest = Digest(own, password or "", lambda: secrets.token_hex(8))
        self._may_answer = password is not None

    def request(self, method: str, path: str, sent: Any = None) -> tuple[int, Any]:
        """HTTP status and the JSON of the answer (None if it is none). Raises PlatformError."""
        status, headers, answer = self._once(method, path, sent, None)
        if status == 401 and self._may_answer:
            if not self._digest.challenged(headers.get("www-authenticate")):
                raise PlatformError(f"{self.url}: asks for something else than digest with auth")
            target = urlsplit(self.url).path.rstrip("/") + path
            header = self._digest.authorization(method, target)
            status, headers, answer = self._once(method, path, sent, header)
        return status, answer

    def _once(
        self, method: str, path: str, sent: Any, authorization: str | None
    ) -> tuple[int, dict[str, str], Any]:
        parts = urlsplit(self.url)
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(
                parts.hostname or "", parts.port, timeout=WAIT_S, context=context
            )
        else:
            connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=WAIT_S
            )
        headers = {"Content-Type": CONTENT_TYPE, "User-Identify": self.own, "Connection": "close"}
        if authorization is not None:
            headers["Authorization"] = authorization
        body = None if sent is None else json.dumps(sent, ensure_ascii=False).encode()
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            data = answer.read(MAX_ANSWER)
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, _json(data)
        except (OSError, http.client.HTTPException) as error:
            raise PlatformError(f"{self.url}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
