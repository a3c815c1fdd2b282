"""The clock of a hold: what it keeps may go when it ends, so somebody hears of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from sizao.web import audit
from sizao.web.channels.telling import tell
from sizao.web.clocks.ledger import unfired
from sizao.web.clocks.services import Ran
from sizao.web.evidence.models import Hold


class HoldClocks:
    """A hold that nobody released has run out: the unit that set it is told."""

    clocks = ("evidence.hold",)

    def overdue(self, now: datetime) -> Iterable[int]:
        return unfired(_over(now), "evidence.hold", "hold", "pk", "until")

    def fire(self, key: int, now: datetime) -> list[Ran]:
        hold = _over(now).select_related("case", "set_by__unit").filter(pk=key).first()
        if hold is None:
            return []
        about = hold.case.number if hold.case is not None else hold.evidence[:16]
        if hold.set_by.unit is not None:
            tell(
                hold.set_by.unit,
                key=("hold", hold.pk, hold.until.isoformat()),
                title=(f"证据保留到期：{about}", f"A hold has run out: {about}"),
                text=(
                    "超过保存期限的将被删除；仍需要的，请重新设定保留。",
                    "What is past its time goes; set a new hold for what is needed still.",
                ),
                case=hold.case,
                about=f"hold:{hold.pk}",
            )
        audit.record(None, "evidence.hold_over", "evidence", about, {"hold": hold.pk})
        return [Ran("evidence.hold", f"hold:{hold.pk}", hold.until)]


def _over(now: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(released_at=None, until__lt=now)
