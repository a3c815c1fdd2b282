"""The clocks of control measures: approve, put up, lift."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sizao.respond.measures import CLOCKS
from sizao.web.cases.projection import moment
from sizao.web.clocks.services import Ran
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.services import escalate


class MeasureClocks:
    """A measure whose clock ran out goes one command level up, and again each review span."""

    clocks = tuple(f"measure.{name}" for name in CLOCKS)

    def overdue(self, now: datetime) -> Iterable[int]:
        rows = ControlMeasure.objects.open().filter(deadline__lt=now)
        return rows.order_by("deadline").values_list("pk", flat=True)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        found = escalate(key, now)
        if found is None:
            return []
        measure, clock = found
        due = moment(clock.at_s)
        return [Ran(f"measure.{clock.name}", f"measure:{measure.number}", due)]
