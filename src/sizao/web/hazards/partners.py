"""What a partner agency sees of a hazard that it has to put right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sizao.web.hazards.models import Hazard
from sizao.web.hazards.projection import moment
from sizao.web.pages.words import pick
from sizao.web.reports.privacy import scrub
from sizao.web.units.models import User

__all__ = ["Line", "lines", "may_look", "moment"]


@dataclass(frozen=True)
class Line:
    """One line of the hazard's timeline; people of other houses are not named."""

    action: str
    at: datetime
    text: str
    who: str


def may_look(user: User) -> bool:
    """The page is a partner's; the police have the ledger."""
    return user.party is not None


HIDDEN = frozenset({"merge", "unmerge", "absorb", "release"})
"""Steps about other hazards, which may be somebody else's."""


def lines(user: User, hazard: Hazard) -> list[Line]:
    """The timeline, newest first, without phones, plates and the names of police officers."""
    own = set(User.objects.filter(unit=user.party).values_list("username", flat=True))
    return [
        Line(
            event.action,
            event.at,
            scrub(pick(event.text_zh, event.text_en)),
            event.actor_name if event.actor in own else pick("交警", "Traffic police"),
        )
        for event in hazard.events.exclude(action__in=HIDDEN).order_by("-seq")
    ]
