"""The clocks of cases: sign, first action, feedback, verify."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sizao.respond.clocks import CLOCKS
from sizao.web.cases.models import Case
from sizao.web.cases.projection import moment
from sizao.web.cases.services import escalate
from sizao.web.clocks.services import Ran


class CaseClocks:
    """A case whose clock ran out goes one command level up, once a clock."""

    clocks = tuple(f"case.{name}" for name in CLOCKS)

    def overdue(self, now: datetime) -> Iterable[int]:
        rows = Case.objects.open().filter(escalate_at__lt=now)
        return rows.order_by("escalate_at").values_list("pk", flat=True)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        number = Case.objects.values_list("number", flat=True).get(pk=key)
        return [
            Ran(
                f"case.{event.details['clock']}",
                f"case:{number}",
                moment(event.details["missed_s"]),
            )
            for event in escalate(key, now)
        ]
