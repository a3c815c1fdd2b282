"""Cases as records for ``govern``, by period and unit, and the indicators over them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.govern.indicator import Definition, Indicator
from sizao.govern.indicators import KPIS, definition
from sizao.govern.records import CaseRecord
from sizao.respond.records import State
from sizao.web.cases.access import concerning
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.units.models import Unit, User


@dataclass(frozen=True)
class Row:
    """An indicator with what it means: the page shows both or neither."""

    definition: Definition
    indicator: Indicator

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {**asdict(self.definition), **self.indicator.to_dict()}


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def records(
    user: User, start: datetime, end: datetime, *, unit: Unit | None = None, kind: str = "",
    level: WarningLevel | None = None,
) -> list[CaseRecord]:  # fmt: skip
    """The cases that the user may see, raised in ``start <= t < end``, as records.

    ``unit`` narrows to the cases that concern its subtree, so that a case which a brigade let
    escalate still counts for the brigade.
    """
    cases = Case.objects.for_user(user).filter(raised_at__gte=start, raised_at__lt=end)
    if unit is not None:
        cases = cases.filter(concerning(unit))
    if kind:
        cases = cases.filter(kind=kind)
    if level is not None:
        cases = cases.filter(level=level.value)
    # Columns only: a case's row carries its whole state, and a day has thousands of cases.
    return [_record(*row) for row in cases.order_by("raised_at").values_list(*_COLUMNS)]


_COLUMNS = (
    *("number", "level", "kind", "unit__code", "onset_at", "fired_at", "raised_at"),
    *("signed_at", "controlled_at", "resolved_at", "verified_at", "first_deadlines"),
    *("state", "machine__false_alarm"),
)


def _record(
    number: str, level: int, kind: str, unit: str, onset: datetime, fired: datetime,
    raised: datetime, signed: datetime | None, controlled: datetime | None,
    resolved: datetime | None, verified: datetime | None, promised: dict[str, float],
    state: str, false_alarm: bool | None,
) -> CaseRecord:  # fmt: skip
    """A record from the values of ``_COLUMNS``, in that order."""
    return CaseRecord(
        case=number,
        level=WarningLevel(level),
        kind=kind,
        unit=unit,
        onset_s=onset.timestamp(),
        fired_s=fired.timestamp(),
        issued_s=raised.timestamp(),
        signed_s=_seconds(signed),
        controlled_s=_seconds(controlled),
        resolved_s=_seconds(resolved),
        verified_s=_seconds(verified),
        sign_deadline_s=promised.get("sign"),
        resolve_deadline_s=promised.get("feedback"),
        false_alarm=state == State.DISMISSED or bool(false_alarm),
    )


def compute(found: Iterable[CaseRecord], at: datetime) -> list[Row]:
    """Every indicator of the registry over the records, as known at ``at``."""
    listed = list(found)
    return [Row(definition(kpi), kpi.compute(listed, at_s=at.timestamp())) for kpi in KPIS]


def indicators(
    user: User, start: datetime | None = None, end: datetime | None = None, **narrow: Any
) -> list[Row]:
    """Every indicator over what the user may see; without times, the last 24 hours."""
    now = feed_now()
    end = end or now + timedelta(microseconds=1)  # a case of this very moment counts
    start = start or end - timedelta(hours=24)
    return compute(records(user, start, end, **narrow), min(end, now))


def series(
    user: User, start: datetime, end: datetime, step: timedelta = timedelta(hours=1), **narrow: Any
) -> list[tuple[datetime, list[Row]]]:
    """The indicators of each span of ``step`` from ``start``, by when the case was raised."""
    every = records(user, start, end, **narrow)
    spans = []
    begin = start
    while begin < end:
        stop = min(begin + step, end)
        inside = [one for one in every if begin.timestamp() <= one.issued_s < stop.timestamp()]
        spans.append((begin, compute(inside, end)))
        begin = stop
    return spans
