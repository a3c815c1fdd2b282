"""Permission to read one vehicle's track over one span, with the ground on which it was given.

Pages that show a track (playback, the evidence of a detection, who was there) decide first and
then hand the browser a grant: a signed text with account, vehicle, span, purpose and case. The
address that gives tracks takes nothing else, so a span cannot be widened afterwards, and the audit
log has the ground beside every reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing
from django.urls import reverse

from sizao.core.errors import ConfigError
from sizao.web.cases.models import Case
from sizao.web.units.models import User

VALID = timedelta(hours=8)
"""A working shift: a page left open overnight asks again."""

LONGEST = timedelta(hours=48)
_SALT = "sizao.track"

PURPOSES = {
    "crash": ("事故调查", "Crash investigation"),
    "violation": ("违法核查", "Checking a violation"),
    "pursuit": ("查缉布控", "Watch-list hit"),
    "rescue": ("救援寻人", "Rescue"),
    "complaint": ("投诉复核", "Review of a complaint"),
}
"""Why somebody may look up where a vehicle was."""


class NoGround(ConfigError):
    """Purpose or case is missing or not valid. ``reason``: purpose, case."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a track needs a valid {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Ground:
    """Why a track is read."""

    purpose: str
    case: str


@dataclass(frozen=True)
class Grant:
    """One vehicle, one span, one ground."""

    vehicle: str
    start: datetime
    end: datetime
    ground: Ground


def ground_of(user: User, purpose: str, case: str) -> Ground:
    """A checked ground. Raises NoGround unless the purpose is one of ``PURPOSES`` and the case is
    one that the user sees."""
    if purpose not in PURPOSES:
        raise NoGround("purpose")
    number = case.strip()
    if not number or not Case.objects.for_user(user).filter(number=number).exists():
        raise NoGround("case")
    return Ground(purpose, number)


def track_url(user: User, grant: Grant) -> str:
    """The address that gives this track to this user for ``VALID``."""
    token = signing.dumps(
        {
            "user": user.pk,
            "vehicle": grant.vehicle,
            "start": grant.start.timestamp(),
            "end": grant.end.timestamp(),
            "purpose": grant.ground.purpose,
            "case": grant.ground.case,
        },
        salt=_SALT,
        compress=True,
    )
    return reverse("track", args=[token])


def redeem(user: User, token: str) -> Grant | None:
    """The grant, or None if it was changed, has run out or is another account's."""
    try:
        found: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=VALID)
    except signing.BadSignature:
        return None
    if found["user"] != user.pk:
        return None
    start, end = (datetime.fromtimestamp(found[name], UTC) for name in ("start", "end"))
    return Grant(found["vehicle"], start, end, Ground(found["purpose"], found["case"]))
