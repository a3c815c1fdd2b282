"""What the page of a hazard shows of its listing, and who may do what there now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from sizao.govern.hazards import life
from sizao.govern.hazards import listing as rules
from sizao.govern.hazards.records import DUE, State
from sizao.web.clock import feed_now
from sizao.web.hazards.access import may_act
from sizao.web.hazards.models import Hazard
from sizao.web.hazards.projection import actor_of, state_of
from sizao.web.hazards.words import level_word
from sizao.web.listings.models import Listing
from sizao.web.pages.words import pick
from sizao.web.units.models import User

STATES = {
    "asked": ("待决定", "to be decided"),
    "in_force": ("督办中", "in force"),
    "lifted": ("已解除", "lifted"),
    "refused": ("未同意", "refused"),
}


def state_word(state: str) -> str:
    return pick(*STATES[state])


def section_of(user: User, hazard: Hazard) -> dict[str, Any]:
    """The context of ``listings/_section.html``."""
    actor, mine = actor_of(user), may_act(user, hazard)
    listings = list(
        hazard.listings.select_related("unit", "asked_by", "decided_by", "panel_by")
        .prefetch_related("interims", "documents")
        .order_by("-asked_at")
    )
    present = next((one for one in listings if one.state in ("asked", "in_force")), None)
    today = timezone.localtime(feed_now()).date()
    askable = [
        (level, pick(zh, en.capitalize()), today + timedelta(days=rules.default_days(level)))
        for level, (zh, en) in rules.LEVELS.items()
        if mine and rules.may_ask(actor, level) is None
    ]
    in_force = present is not None and present.state == Listing.State.IN_FORCE
    accepting = in_force and mine and life.refusal(
        state_of(hazard), "accept", actor, details={"panel": 3}
    ) is None  # fmt: skip
    by = present.panel_by.username if present and present.panel_by else ""
    return {
        "listings": [
            (one, state_word(one.state), level_word(one.level), _interims(one, today))
            for one in listings
        ],
        "present": present,
        "may_ask_listing": bool(askable) and present is None and State(hazard.state) in DUE,
        "ask_levels": askable,
        "may_decide_listing": present is not None
        and present.state == Listing.State.ASKED
        and rules.may_decide(actor, present.level, present.asked_by.username) is None,
        "may_report_interim": in_force and mine,
        "may_accept_listing": accepting,
        "may_lift_listing": in_force
        and hazard.state == State.ACCEPTED
        and bool(by)
        and rules.may_decide(actor, present.level, by) is None,
        "panel_rows": range(5),
        "panel_min": 3,
    }


def _interims(listing: Listing, today) -> list[dict[str, Any]]:
    return [
        {"one": one, "late": one.at is None and one.due < today and listing.state == "in_force"}
        for one in listing.interims.all()
    ]
