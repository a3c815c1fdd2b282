"""Who is registered: digest at the door, then DeviceID and address of the sender.

After registration the standard's devices only name themselves (``User-Identify``). A name is
believed from the address that registered it and from no other; digest on any other request is
taken as a registration too.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from sizao.core.sources import ID
from sizao.feeds.gat1400.digest import Nonces, challenge, check
from sizao.runtime.intake.refusal import Refusal
from sizao.runtime.intake.senders import Senders

logger = logging.getLogger(__name__)

REALM = "viid"
LOST_S = 270.0
"""Three keepalives of 90 s missed: the device is lost and must register again."""


@dataclass
class Session:
    """A registered device or platform; ``heard`` is monotonic wall time."""

    source: str
    device: str
    host: str
    heard: float


class Sessions:
    """All registered senders."""

    def __init__(
        self,
        senders: Senders,
        now: Callable[[], float] = time.monotonic,
        nonce_life_s: float = 300.0,
    ) -> None:
        self._senders = senders
        self._now = now
        self._nonces = Nonces(lambda: secrets.token_hex(16), nonce_life_s)
        self._by_device: dict[str, Session] = {}
        self.outcomes: Counter[str] = Counter()
        """Attempts to prove who one is, by outcome; devices lost."""

    def __len__(self) -> int:
        return len(self._by_device)

    def register(self, request: Request, device: str) -> Session:
        """Prove by digest that the sender is a device. Raises Refusal with a challenge."""
        source = f"gat1400:{device}"
        known = ID.fullmatch(source) is not None
        user = (self._senders.secret(source, "user") or device) if known else device

        def password_of(claimed: str) -> str | None:
            return self._senders.secret(source, "password") if known and claimed == user else None

        verdict = check(
            request.headers.get("authorization"),
            request.method,
            request.url.path,
            realm=REALM,
            nonces=self._nonces,
            password_of=password_of,
            now_s=self._now(),
        )
        self.outcomes[verdict.code] += 1
        if verdict.code != "ok":
            if verdict.code in ("wrong", "replayed"):
                logger.warning("%s from %s: digest %s", device, host_of(request), verdict.code)
            words = _WHY[verdict.code]
            code = "challenged" if verdict.code == "none" else verdict.code
            raise Refusal(401, code, words, challenge=self._challenge(verdict.code))
        self._senders.admit(source)
        session = Session(source, device, host_of(request), self._now())
        if device not in self._by_device:
            logger.info("%s registered from %s", device, session.host)
        self._by_device[device] = session
        return session

    def identify(self, request: Request) -> Session:
        """The sender of a request after registration. Raises Refusal."""
        device = re.sub(r"[^\x20-\x7e]", "?", request.headers.get("user-identify", "")).strip()
        if not device:
            raise self._ask("name yourself: User-Identify, after POST /VIID/System/Register")
        if request.headers.get("authorization", "").strip():
            return self.register(request, device)
        session = self._by_device.get(device)
        if session is None or self._now() - session.heard > LOST_S:
            self._by_device.pop(device, None)
            raise self._ask(f"{device[:64]} is not registered, or was silent for {LOST_S:g} s")
        if session.host != host_of(request):
            raise self._ask(f"{device[:64]} is registered from another address")
        self._senders.admit(session.source)
        session.heard = self._now()
        return session

    def forget(self, device: str) -> None:
        """The device has said good-bye."""
        self._by_device.pop(device, None)

    def sweep(self) -> list[str]:
        """Drop who has been silent too long; returns their DeviceIDs."""
        edge = self._now() - LOST_S
        lost = [name for name, session in self._by_device.items() if session.heard < edge]
        for name in lost:
            del self._by_device[name]
            self.outcomes["lost"] += 1
            logger.warning("%s lost: nothing heard for %g s", name, LOST_S)
        return lost

    def is_registered(self, device: str) -> bool:
        return device in self._by_device

    def _ask(self, detail: str) -> Refusal:
        self.outcomes["not_registered"] += 1
        return Refusal(401, "not_registered", detail, challenge=self._challenge("none"))

    def _challenge(self, code: str) -> str:
        nonce = self._nonces.give(self._now())
        return challenge(REALM, nonce, stale=code == "stale")


_WHY = {
    "none": "authenticate with digest, qop auth",
    "malformed": "the Authorization header is no digest with qop auth for this address",
    "wrong": "unknown device, or wrong user or password",
    "stale": "the nonce is too old or not ours; take the new one",
    "replayed": "this nonce count was used before",
}


def host_of(request: Request) -> str:
    return request.client.host if request.client else ""
