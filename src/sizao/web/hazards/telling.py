"""Who has to know of a step: the accounts that worked it, the duty body, the unit in command.

A notice is a row that somebody reads. Units and partner agencies are told by their channels too,
with receipts; a party without an account here cannot sign in, so that its notice waits until
somebody has told them and says so. The sender of a report sees it on the page they kept.
"""

from __future__ import annotations

from django.db.models import Q

from sizao.core.rulebook import entry
from sizao.govern.hazards.records import Event
from sizao.web import audit
from sizao.web.channels import outbox
from sizao.web.channels.models import Notice
from sizao.web.channels.telling import announce
from sizao.web.channels.telling import tell as send_notice
from sizao.web.clock import feed_now
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.projection import moment
from sizao.web.reports import services as report_services
from sizao.web.reports.models import Report
from sizao.web.reports.privacy import scrub
from sizao.web.units.models import Unit, User
from sizao.web.writing import write

ACKNOWLEDGED = frozenset({"assign", "list", "reopen", "escalate"})
"""Steps that the duty body has to acknowledge, within the time of the rule ``hazard.notice``."""

TOLD = {
    "assign": ("duty",),
    "remind": ("duty", "command"),
    "escalate": ("duty", "command", "people"),
    "extend": ("duty",),
    "ask": ("command",),
    "deny": ("duty",),
    "rectify": ("command",),
    "return": ("duty", "people"),
    "delist": ("duty", "people"),
    "reopen": ("duty", "command", "people"),
    "list": ("duty", "command", "people"),
    "unlist": ("duty", "command", "people"),
}
"""Step to the groups that are told of it."""


def tell(hazard: Hazard, event: Event) -> int:
    """Write the notices of an event, within the caller's transaction. Returns how many."""
    groups = TOLD.get(event.action, ())
    common = {
        "hazard": hazard, "seq": event.seq, "at": moment(event.at_s), "action": event.action,
        "text_zh": event.zh, "text_en": event.en,
    }  # fmt: skip
    rows = []
    units = set()
    if "duty" in groups:
        if hazard.duty_unit is not None:
            units.add(hazard.duty_unit)
        elif hazard.duty_party is not None:
            units.add(hazard.duty_party)
        elif hazard.duty_name:
            rows.append(HazardNotice(party=hazard.duty_name, **common))
    if "command" in groups:
        units.add(hazard.unit)
    rows += [
        HazardNotice(unit=unit, sent=_send(hazard, event, unit), **common)
        for unit in sorted(units, key=lambda one: one.path)
    ]
    if "people" in groups:
        names = [name for name in hazard.machine["people"] if name != event.actor]
        # Whoever is of a unit that is told reads it there: once is enough.
        people = User.objects.filter(username__in=names).exclude(unit__in=units)
        rows += [HazardNotice(user=user, **common) for user in people]
    HazardNotice.objects.bulk_create(rows)
    return len(rows)


def _send(hazard: Hazard, event: Event, unit: Unit) -> Notice:
    """The same by the channels of the unit or agency. What leaves the house holds no names."""
    duty = unit in (hazard.duty_unit, hazard.duty_party)
    kind = hazard.about
    asked = duty and event.action in ACKNOWLEDGED
    return send_notice(
        unit,
        key=("hazard", hazard.number, event.seq),
        title=(
            f"隐患 {hazard.number}：{hazard.place} {kind.zh}",
            f"Hazard {hazard.number}: {kind.en}, {hazard.place}",
        ),
        text=(scrub(event.zh), scrub(event.en)),
        about=f"hazard:{hazard.number}",
        place=hazard.place,
        at=(hazard.lat, hazard.lon),
        channels=("inbox", "browser", "wecom", "dingtalk", "sms"),
        acknowledge_s=float(entry("hazard.notice").value("acknowledge")) * 3600 if asked else None,
    )


def acknowledged(hazard: Hazard, user: User) -> None:
    """The duty body acknowledged on the hazard's page: that answers its notices too."""
    now = feed_now()
    waiting = Notice.objects.filter(
        about=f"hazard:{hazard.number}", party=user.unit, acknowledge_by__isnull=False,
        acknowledged_at=None, lifted_at=None,
    )  # fmt: skip
    for notice in waiting:
        notice.acknowledged_at, notice.acknowledged_by = now, user
        notice.version += 1
        notice.save(update_fields=["acknowledged_at", "acknowledged_by", "version"])
        outbox.seen(notice, now)
        outbox.withdraw(notice)


def lift(hazard: Hazard) -> None:
    """The hazard is gone: its notices leave the lists of what is open, and no clock of theirs runs
    on. What tells of the end comes after."""
    now = feed_now()
    rows = Notice.objects.filter(about=f"hazard:{hazard.number}", lifted_at=None)
    for notice in rows.select_related("party"):
        notice.lifted_at = now
        notice.save(update_fields=["lifted_at"])
        outbox.withdraw(notice)
        announce(notice, "lifted")


def for_user(user: User) -> Q:
    """Notices that are this account's: addressed to it, to its unit, or for it to pass on."""
    mine = Q(user=user)
    if user.party is not None:
        return Q(unit=user.party)
    if user.acts and user.unit_id is not None:
        mine |= Q(unit_id=user.unit_id) | (~Q(party="") & Q(hazard__unit_id=user.unit_id))
    return mine


def read(user: User, notice_id: int) -> HazardNotice:
    """Somebody concerned has read it, or told the party outside. Raises DoesNotExist if not theirs.

    The first to read a unit's notice stands for the unit.
    """
    with write():
        notice = (
            HazardNotice.objects.filter(for_user(user)).select_related("hazard").get(pk=notice_id)
        )
        if notice.read_at is None:
            notice.read_at, notice.read_by = feed_now(), user.username
            notice.save(update_fields=["read_at", "read_by"])
            if notice.sent is not None:
                outbox.seen(notice.sent, notice.read_at)
            audit.record(
                user, "hazard.notice_read", "hazard", notice.hazard.number,
                {"notice": notice.pk, "party": notice.party, "action": notice.action},
            )  # fmt: skip
    return notice


CLOSED_ZH = "您反映的隐患已整改并经验收合格，现已销号。"
CLOSED_EN = "The hazard you reported has been put right and accepted by another."
AGAIN_ZH = "您反映的隐患经复查需要再次整改，已重新打开。"
AGAIN_EN = "The hazard you reported needs further work and was reopened."


def tell_senders(hazard: Hazard, action: str) -> int:
    """Answer the senders of the reports behind a hazard, merged ones with it. Returns how many."""
    rows = Report.objects.select_related("case", "merged_into").filter(
        Q(hazards=hazard) | Q(hazards__merged_into=hazard)
    )
    told = 0
    for report in rows.distinct():
        if action == "delist" and report.state == Report.State.ACCEPTED:
            report.state, report.outcome = Report.State.CLOSED, f"{CLOSED_ZH} {CLOSED_EN}"
            zh, en = CLOSED_ZH, CLOSED_EN
        elif action == "reopen" and report.state == Report.State.CLOSED:
            report.state, report.outcome = Report.State.ACCEPTED, ""
            zh, en = AGAIN_ZH, AGAIN_EN
        else:
            continue
        report_services.keep(
            report, "close" if action == "delist" else "reopen",
            f"隐患 {hazard.number}，答复：{zh}", f"Hazard {hazard.number}, answer: {en}", None,
        )  # fmt: skip
        told += 1
    return told
