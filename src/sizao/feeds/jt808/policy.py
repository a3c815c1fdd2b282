"""How a terminal's connection is treated: every limit of a session in one place."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from sizao.feeds.jt808.positions import DEFAULT_LIMITS, SOURCE, Limits
from sizao.feeds.jt808.reassembly import ReassemblyLimits

AlarmNumber = Callable[[str, bytes], str]
"""Phone and identity bytes of an alarm to the platform's name of it, up to 32 characters."""


def derived_numbers(secret: bytes) -> AlarmNumber:
    """Names that only this platform can have given: whoever receives files under one can check
    it without remembering what was asked for."""

    def number(phone: str, alarm_key: bytes) -> str:
        return hmac.new(secret, phone.encode() + b"/" + alarm_key, "sha256").hexdigest()[:32]

    return number


@dataclass(frozen=True)
class EvidencePolicy:
    """When files of an active-safety alarm are asked for (0x9208), and where they shall go."""

    server: str
    """Address of the attachment server, as terminals reach it."""
    tcp_port: int
    number: AlarmNumber
    kinds: tuple[str, ...] = ("",)
    """Beginnings of the kinds wanted, such as ``dsm.``; "" is all."""
    remember: int = 256
    """Alarms of a connection that are not asked for twice."""

    def wants(self, kinds: list[str]) -> bool:
        """Whether any of an alarm's kinds is wanted."""
        return any(kind.startswith(self.kinds) for kind in kinds)


@dataclass(frozen=True)
class SessionParams:
    """Limits and choices of a :class:`.session.Session`."""

    require_auth: bool = True
    """Refuse everything before a good 0x0102. False for replaying captured frames."""
    max_auth_failures: int = 3
    max_refused: int = 50
    """Messages refused before authentication until the connection is closed."""
    idle_s: float = 600.0
    """Silence after which :meth:`.Session.tick` closes; a terminal beats every minute or so."""
    max_pending_commands: int = 64
    answer_s: float = 60.0
    """A text not answered in this time is reported as expired; a later answer still counts."""
    limits: Limits = DEFAULT_LIMITS
    reassembly: ReassemblyLimits = field(default_factory=ReassemblyLimits)
    evidence: EvidencePolicy | None = None
    """None: no files are asked for."""
    source: str = SOURCE
    """``source`` column of the rows."""
