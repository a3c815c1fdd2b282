"""Listing a hazard and lifting it again: each decision by two people, each with its document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.govern.hazards import clocks, life
from sizao.govern.hazards import listing as rules
from sizao.govern.hazards.records import DUE, State
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.hazards.access import may_act
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.projection import actor_of, commander, keep, project, state_of
from sizao.web.hazards.telling import tell
from sizao.web.hazards.workdays import workdays
from sizao.web.listings.documents import content
from sizao.web.listings.models import Interim, Issued, Listing
from sizao.web.listings.numbers import office_of, take_number
from sizao.web.units.models import User
from sizao.web.wake import wake_desk
from sizao.web.writing import write


def ask(
    user: User, number: str, level: str, *, reason: str, requirements: str, deadline: date,
    addressee: str = "", copies: str = "", signer: str = "", outside_number: str = "",
    now: datetime | None = None,
) -> Listing:  # fmt: skip
    """Ask for a listing. Raises TransitionError if it is not possible or not theirs to ask."""
    now = now or feed_now()
    today = timezone.localtime(now).date()
    with write():
        hazard = _locked(user, number)
        refused = rules.may_ask(actor_of(user), level)
        if refused is not None:
            raise refused
        if State(hazard.state) not in DUE:
            raise TransitionError(
                "隐患交办后、整改完成前才能挂牌督办。",
                "Only a hazard that is assigned and not yet rectified is listed.",
                code="state",
            )
        if hazard.listings.filter(state__in=["asked", "in_force"]).exists():
            raise TransitionError(
                "这条隐患已提请或正在挂牌督办。", "It is asked for or listed already.",
                code="listed",
            )  # fmt: skip
        if not reason.strip() or not requirements.strip():
            raise TransitionError(
                "请写明挂牌理由和整改内容。", "Give the reason and what has to be done.",
                code="missing_reason",
            )  # fmt: skip
        if deadline <= today:
            raise TransitionError(
                "整改期限须在今天之后。", "The deadline must be after today.", code="deadline"
            )
        if level == "province" and not outside_number.strip():
            raise TransitionError(
                "省级挂牌由省里决定，请填省级文件的文号。",
                "The province decides: give the number of its document.",
                code="missing_number",
            )
        made = Listing.objects.create(
            hazard=hazard, level=level, reason=reason.strip(), requirements=requirements.strip(),
            deadline=deadline, addressee=addressee.strip() or hazard.duty_name,
            copies=copies.strip(), signer=signer.strip(), outside_number=outside_number.strip(),
            unit=_supervisor(hazard, level), asked_by=user, asked_at=now,
        )  # fmt: skip
        audit.record(
            user, "listing.ask", "hazard", hazard.number,
            {"listing": made.pk, "level": level, "deadline": deadline},
        )  # fmt: skip
    return made


def _supervisor(hazard: Hazard, level: str):
    wanted = CommandLevel.BRIGADE if level == "county" else CommandLevel.DETACHMENT
    return commander(hazard.local_unit, wanted)


def decide(
    user: User, listing_id: int, accept: bool, remark: str = "", *, now: datetime | None = None
) -> Listing:  # fmt: skip
    """Another leader decides. Accepted, the notice is issued and the deadline is the listing's.

    Raises TransitionError if the person may not or somebody decided before.
    """
    now = now or feed_now()
    day = timezone.localtime(now).date()
    with write():
        listing = _listing(user, listing_id)
        hazard = _locked(user, listing.hazard.number)
        listing.hazard = hazard
        if listing.state != Listing.State.ASKED:
            raise TransitionError(
                f"这次挂牌{listing.get_state_display()}。", f"The listing is {listing.state}.",
                code="state",
            )  # fmt: skip
        refused = rules.may_decide(actor_of(user), listing.level, listing.asked_by.username)
        if refused is not None:
            raise refused
        listing.decided_by, listing.decided_at, listing.remark = user, now, remark.strip()
        if not accept:
            listing.state = Listing.State.REFUSED
            listing.save()
            audit.record(user, "listing.refuse", "hazard", hazard.number, {"listing": listing.pk})
            return listing
        if State(hazard.state) not in DUE:
            raise TransitionError(
                "隐患已整改或不在账，不能再挂牌。", "It is rectified or closed meanwhile.",
                code="state",
            )  # fmt: skip
        office = office_of(listing.unit)
        own = take_number(office, day)
        listing.number = listing.outside_number or own
        listing.state = Listing.State.IN_FORCE
        listing.save()
        Interim.objects.bulk_create(
            Interim(listing=listing, due=due)
            for due in rules.interim_days(day, listing.deadline, workdays())
        )
        clock = clocks.moments(listing.deadline, now.timestamp(), workdays()).to_details()
        level_zh, level_en = rules.LEVELS[listing.level]
        _event(
            user, hazard, "list", now, f"{level_zh}挂牌督办，{listing.number}",
            f"Listed by the {level_en}, {listing.number}",
            {"level": listing.level, "number": listing.number, **clock},
        )  # fmt: skip
        _issue(user, listing, "notice", own, content.notice(listing, office, own, day), now)
    wake_desk()
    return listing


def report(user: User, listing_id: int, text: str, *, now: datetime | None = None) -> Interim:
    """An interim report came: it answers the oldest one that is due, else it is an extra one."""
    now = now or feed_now()
    with write():
        listing = _listing(user, listing_id)
        hazard = _locked(user, listing.hazard.number)
        if not may_act(user, hazard):
            raise TransitionError("您不能登记进展。", "You may not record reports.", code="role")
        if listing.state != Listing.State.IN_FORCE or not text.strip():
            raise TransitionError(
                "请写明进展；已解除的挂牌不再登记。",
                "Say how it stands; a lifted listing is over.",
                code="missing_reason",
            )  # fmt: skip
        waiting = listing.interims.filter(at=None).order_by("due").first()
        made = waiting or Interim(listing=listing, due=timezone.localtime(now).date())
        made.text, made.at, made.by = text.strip(), now, user
        made.save()
        _event(
            user, hazard, "interim", now, f"报送整改进展：{made.text}",
            f"Interim report: {made.text}", {"due": made.due.isoformat()},
        )  # fmt: skip
    return made


def accept(
    user: User,
    listing_id: int,
    experts: Sequence[rules.Expert],
    opinion: str,
    day: date,
    *,
    now: datetime | None = None,
) -> Listing:
    """The panel accepted on site. Recorded by another than who did the work or recorded it done."""
    now = now or feed_now()
    panel = [one for one in experts if one.name.strip()]
    with write():
        listing = _listing(user, listing_id)
        hazard = _locked(user, listing.hazard.number)
        if listing.state != Listing.State.IN_FORCE or not may_act(user, hazard):
            raise TransitionError(
                "这次挂牌不在督办中，或不由您办理。", "The listing is not in force or not yours.",
                code="state",
            )  # fmt: skip
        if day > timezone.localtime(now).date():
            raise TransitionError(
                "验收日期不能晚于今天。", "The day of acceptance cannot be to come.", code="day"
            )
        state = state_of(hazard)
        details = {"panel": len(panel), "day": day.isoformat()}
        taken, event = life.apply(
            state, "accept", actor_of(user), now.timestamp(), reason=opinion, details=details
        )
        fault = rules.panel_fault(panel, state, actor_of(user))
        if fault is not None:
            raise fault
        project(hazard, taken)
        hazard.save()
        keep(hazard, event, user)
        tell(hazard, event)
        listing.panel = {
            "day": day.isoformat(),
            "opinion": opinion.strip(),
            "experts": [
                {"name": one.name.strip(), "post": one.post.strip(), "opinion": one.opinion.strip()}
                for one in panel
            ],
        }
        listing.panel_by = user
        listing.save()
        audit.record(
            user, "listing.panel", "hazard", hazard.number,
            {"listing": listing.pk, "experts": len(panel)},
        )  # fmt: skip
    return listing


def lift(user: User, listing_id: int, *, now: datetime | None = None) -> Listing:
    """A leader lifts the listing, another than who recorded the panel; the document is issued."""
    now = now or feed_now()
    day = timezone.localtime(now).date()
    with write():
        listing = _listing(user, listing_id)
        hazard = _locked(user, listing.hazard.number)
        listing.hazard = hazard
        by = listing.panel_by.username if listing.panel_by else ""
        if listing.state != Listing.State.IN_FORCE or hazard.state != State.ACCEPTED or not by:
            raise TransitionError(
                "专家验收合格后才能解除挂牌。", "A listing is lifted after the panel accepted.",
                code="state",
            )  # fmt: skip
        refused = rules.may_decide(actor_of(user), listing.level, by)
        if refused is not None:
            raise refused
        office = office_of(listing.unit)
        number = take_number(office, day)
        listing.state, listing.lifted_by, listing.lifted_at = Listing.State.LIFTED, user, now
        listing.save()
        _event(
            user, hazard, "unlist", now, f"解除挂牌督办，{number}", f"Listing lifted, {number}",
            {"number": number},
        )  # fmt: skip
        _issue(user, listing, "lifting", number, content.lifting(listing, office, number, day), now)
    wake_desk()
    return listing


def remind(one: Interim, now: datetime) -> None:
    """Tell the unit in command of a report that did not come on its day, within the caller's
    transaction."""
    hazard = one.listing.hazard
    one.reminded_at = now
    one.save(update_fields=["reminded_at"])
    HazardNotice.objects.create(
        hazard=hazard, seq=hazard.version, at=now, unit=hazard.unit, action="interim",
        text_zh=f"{one.due} 应报的整改进展没有报送",
        text_en=f"The interim report due on {one.due} did not come",
    )  # fmt: skip
    audit.record(None, "listing.interim_late", "hazard", hazard.number, {"due": one.due})


def _locked(user: User, number: str) -> Hazard:
    return (
        Hazard.objects.for_user(user)
        .select_related("unit", "local_unit", "duty_unit")
        .select_for_update(of=("self",))
        .get(number=number)
    )


def _listing(user: User, listing_id: int) -> Listing:
    return (
        Listing.objects.filter(hazard__in=Hazard.objects.for_user(user))
        .select_related("hazard", "unit", "asked_by", "panel_by")
        .select_for_update(of=("self",))
        .get(pk=listing_id)
    )


def _event(
    user: User, hazard: Hazard, action: str, now: datetime, zh: str, en: str, details: dict
) -> None:
    state, event = life.note_event(
        state_of(hazard), action, actor_of(user), now.timestamp(), zh, en, details
    )
    project(hazard, state)
    hazard.save()
    keep(hazard, event, user)
    tell(hazard, event)


def _issue(
    user: User, listing: Listing, kind: str, number: str, document, now: datetime
) -> Issued:  # fmt: skip
    made = Issued(
        listing=listing, kind=kind, number=number, content=document.to_dict(), issued_at=now,
        issued_by=user,
    )  # fmt: skip
    made.save()
    audit.record(
        user, f"listing.{kind}", "hazard", listing.hazard.number,
        {"listing": listing.pk, "number": number},
    )  # fmt: skip
    return made
