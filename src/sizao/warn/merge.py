"""Repeats join, worse ones refer back, the rest are new. A published warning is never edited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sizao.core.levels import WarningLevel
from sizao.warn.nearness import Spot, together

_FAMILIES = (
    frozenset({"speeding", "section_speed"}),
    frozenset({"fatigue", "coach_night_fatigue", "dsm_fatigue"}),
    frozenset({"over_capacity", "capacity_alarm"}),
)
"""Rules that see one thing by different means: speeding told from positions and over a section are
the same foot on the same pedal, and punished once; hours at the wheel and closed eyes are one tired
driver; a terminal that counts heads and an officer who does are one full coach."""


def family(kind: str) -> frozenset[str]:
    """Rules whose detections join one warning with those of this rule, itself included."""
    return next((rules for rules in _FAMILIES if kind in rules), frozenset({kind}))


NOWHERE = Spot()


@dataclass(frozen=True)
class Detected:
    """A graded detection that asks what becomes of it."""

    detection: str
    vehicle: str
    """Empty for a fact about a place."""
    kind: str
    """Rule id, or kind of fact."""
    level: WarningLevel
    at_s: float
    """The last observation of the episode so far: ``Facts.end_s``."""
    merge_s: float
    """``Decision.merge_s``."""
    spot: Spot = NOWHERE
    gather_m: float = 0.0
    """``Decision.gather_m``: above 0, others of its kind this near are the same event."""


@dataclass(frozen=True)
class OpenWarning:
    """A warning whose case is still open (``CaseState.is_open``)."""

    id: str
    case: str
    detection: str
    """The detection it was made from."""
    vehicle: str
    kind: str
    level: WarningLevel
    last_s: float
    """The last moment counted to it: its own detection's end or a repeat's, whichever is later."""
    issued_s: float = 0.0
    repeats: tuple[str, ...] = ()
    """Detections counted to it as repeats, so that their later revisions are known again."""
    spots: tuple[Spot, ...] = ()
    """Where it and its repeats were seen."""
    vehicles: tuple[str, ...] = ()
    """Further vehicles counted to it, where a replay needs their number."""

    def knows(self, detection: str) -> bool:
        """It was made from this detection or has counted it."""
        return detection == self.detection or detection in self.repeats


@dataclass(frozen=True)
class New:
    """A new warning with a case of its own."""


@dataclass(frozen=True)
class Update:
    """A new warning that refers to an earlier one and joins its case: things got worse."""

    refers_to: str
    case: str
    before: WarningLevel


@dataclass(frozen=True)
class Repeat:
    """No new warning: counted to an open one."""

    of: str
    case: str
    counts: bool
    """False for a later revision of a detection that was counted or made the warning."""


def decide(detected: Detected, open_warnings: Iterable[OpenWarning]) -> New | Update | Repeat:
    """What becomes of a graded detection.

    It joins an open warning of its family of rules, of the same vehicle or (with ``gather_m``) near
    it, if it is a later revision of
    the same detection or of one counted to it, or if it comes within the merge window of that
    warning's last moment. Several may fit, because an update joins the case of the one
    before: the worst of them speaks for the case, and of equals the latest. A higher level makes
    an update, the rest are repeats.
    """
    fitting = [
        known
        for known in open_warnings
        if known.kind in family(detected.kind)
        and _same_subject(detected, known)
        and (
            known.knows(detected.detection) or abs(detected.at_s - known.last_s) <= detected.merge_s
        )
    ]
    if not fitting:
        return New()
    speaks = max(fitting, key=lambda known: (known.level, known.issued_s, known.id))
    if detected.level > speaks.level:
        return Update(speaks.id, speaks.case, speaks.level)
    same = [known for known in fitting if known.knows(detected.detection)]
    of = same[0] if same else speaks
    return Repeat(of.id, of.case, counts=not same)


def _same_subject(detected: Detected, known: OpenWarning) -> bool:
    """The same vehicle; or a place that belongs to it, if such things gather by place."""
    if detected.vehicle and detected.vehicle == known.vehicle:
        return True
    if known.knows(detected.detection):
        return True
    if detected.vehicle and detected.gather_m <= 0:
        return False
    return any(together(detected.spot, spot, detected.gather_m) for spot in known.spots)
