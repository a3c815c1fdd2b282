"""Notices to a duty officer change hands with the shift."""

from __future__ import annotations

from datetime import datetime

from sizao.web import audit
from sizao.web.channels import duty
from sizao.web.channels.models import Notice
from sizao.web.channels.telling import announce, tell_duty_again
from sizao.web.writing import write


def waiting():
    """Notices to a duty officer that nobody has acknowledged."""
    return Notice.objects.filter(role=duty.ROLE, acknowledged_at=None, lifted_at=None)


def follow_shifts(now: datetime) -> int:
    """Hand on what the officer before has left, each round. Returns how many were handed on."""
    handed = 0
    for notice in waiting().select_related("party", "person", "case"):
        found = duty.officer(notice.party, now)
        if found.unit == notice.party and found.person is not None:
            if found.person.pk == notice.person_id:
                continue
            with write():
                before = notice.person
                notice.person = found.person
                notice.save(update_fields=["person"])
                audit.record(
                    None, "notice.shift", "notice", notice.pk,
                    {"before": before.username if before else "", "now": found.person.username},
                )  # fmt: skip
                announce(notice, "told")
            handed += 1
        elif notice.person_id is not None:
            with write():
                audit.record(None, "notice.unmanned", "notice", notice.pk,
                             {"party": notice.party.code})  # fmt: skip
                notice.person = None
                notice.save(update_fields=["person"])
                tell_duty_again(notice, found)
            handed += 1
    return handed
