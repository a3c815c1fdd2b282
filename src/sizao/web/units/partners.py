"""What a partner agency's account may open: an explicit list, everything else is closed.

Pages are added to this site every week by people who do not think of partners. So a partner's
account is not kept out page by page: it is let in address by address, here, and the middleware, the
API's authentication, the streams and the CAP list all ask this one function.
"""

from __future__ import annotations

from typing import Any

ADDRESSES = frozenset(
    {
        # Its own pages.
        "partner",
        "partner-notice",
        "partner-act",
        "partner-shown",
        # Its tasks of response plans.
        "tasks",
        "task-act",
        # Hazards that it has to put right.
        "partner-hazards",
        "partner-hazard",
        "partner-hazard-act",
        "partner-hazard-photo",
        # Changes of its own notices, as they happen.
        "stream-events",
        # Warnings addressed to it, without plates.
        "cap-feed",
        "api:cap",
        # What marks and keys mean: on everybody's rail.
        "help",
        # What belongs to an account.
        "login",
        "logout",
        "preferences",
    }
)
"""Names of addresses. Whatever a stranger may open without signing in is open to a partner too."""

HOME = "partner"
"""Where a partner that asks for the front page is sent."""


def may_open(user: Any, match: Any) -> bool:
    """Whether an account may open what a request resolved to; the police's own rules come after."""
    if not getattr(user, "is_partner", False):
        return True
    return match is not None and match.view_name in ADDRESSES
