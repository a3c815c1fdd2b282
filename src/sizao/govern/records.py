"""What indicators are computed from: one record a warning's case, nothing about people."""

from __future__ import annotations

from dataclasses import dataclass

from sizao.core.levels import WarningLevel


@dataclass(frozen=True)
class CaseRecord:
    """One case, reduced to its moments. Seconds since the epoch of the feed clock; None: not yet.

    There is no driver, plate, officer or number of fines here, on purpose: an indicator measures
    how well the loop closes, and a quota on fines or stops is refused.
    """

    case: str
    level: WarningLevel
    kind: str
    """Detection rule, e.g. ``speeding``."""
    unit: str
    """Code of the unit that the case was routed to."""
    onset_s: float
    """First observation of the episode."""
    fired_s: float
    """Event time at which the rule could first tell: its own minimum duration is over."""
    issued_s: float
    """When the warning was issued and the clocks began."""
    signed_s: float | None = None
    controlled_s: float | None = None
    resolved_s: float | None = None
    """Reported resolved, or dismissed as a false alarm."""
    verified_s: float | None = None
    sign_deadline_s: float | None = None
    """As promised when the warning was issued: an escalation does not move it."""
    resolve_deadline_s: float | None = None
    false_alarm: bool = False
