"""How a terminal's connection is treated: every limit of a session in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from sizao.feeds.jt808.positions import DEFAULT_LIMITS, SOURCE, Limits
from sizao.feeds.jt808.reassembly import ReassemblyLimits


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
    source: str = SOURCE
    """``source`` column of the rows."""
