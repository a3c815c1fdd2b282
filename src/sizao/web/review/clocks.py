"""The clock of what a review wants done: each action by its day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from sizao.core.clock import SHANGHAI
from sizao.web.cases.services import add_note
from sizao.web.channels.telling import tell
from sizao.web.clocks.ledger import unfired
from sizao.web.clocks.services import Ran
from sizao.web.review.models import Finding


class FindingClocks:
    """An action that nobody has reported done by the end of its day: the unit of the case is told,
    and the timeline says so."""

    clocks = ("review.finding",)

    def overdue(self, now: datetime) -> Iterable[int]:
        return unfired(_late(now), "review.finding", "finding", "pk", "due", moves=False)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        one = _late(now).select_related("case__unit").filter(pk=key).first()
        if one is None or one.due is None:
            return []
        case = one.case
        zh = f"复盘整改逾期：{one.action[:80]}（{one.owner}，{one.due}前）"
        en = f"Not done by {one.due}: what the review wanted ({one.owner})"
        add_note(case, "finding", zh, en, details={"finding": one.pk})
        tell(
            case.unit, key=("finding-late", one.pk), title=(f"{case.number} {zh}", en), case=case,
            about=f"finding:{one.pk}", exercise=case.drill_id is not None,
        )  # fmt: skip
        midnight = datetime.combine(one.due + timedelta(days=1), time(), SHANGHAI)
        due = (midnight - timedelta(seconds=1)).astimezone(UTC)
        return [Ran("review.finding", f"finding:{one.pk}", due)]


def _late(now: datetime) -> QuerySet[Finding]:
    return Finding.objects.filter(done_at=None, due__lt=timezone.localtime(now).date())
