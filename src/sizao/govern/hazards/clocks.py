"""The clocks of a hazard, in working days: deadline, reminders, and going up a level when late.

A deadline is a day, and the whole day counts. Reminders come at nine in the morning of the day
with so many working days left. A hazard that is late goes up one level at the first moment of the
next day, and once more after each further span, until the city; each time once, also when the
process was down meanwhile. Numbers are data (``hazard.clock``, proposed).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.core.levels import CommandLevel
from sizao.core.rulebook import entry
from sizao.core.workdays import Workdays
from sizao.govern.hazards.life import RULE, evolve, system_event
from sizao.govern.hazards.records import DUE, Event, HazardState

_MORNING = time(9)


@dataclass(frozen=True)
class Moments:
    """What runs from a deadline."""

    deadline_s: float
    reminders: tuple[tuple[int, float], ...]
    escalate_s: float

    def to_details(self) -> dict[str, Any]:
        """For the event that sets them."""
        return {
            "deadline_s": self.deadline_s,
            "reminders": [list(pair) for pair in self.reminders],
            "escalate_s": self.escalate_s,
        }


def end_of(day: date) -> float:
    """The last second of a day in China, as seconds since the epoch."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).timestamp() - 1


def day_of(at_s: float) -> date:
    """The day in China of a moment."""
    return datetime.fromtimestamp(at_s, SHANGHAI).date()


def due_day(grade: str, at_s: float, days: Workdays) -> date:
    """The day a grade gives, counted from now. Raises KeyError for no grade."""
    return days.after(day_of(at_s), int(entry(RULE).value("deadline")[grade]))


def longest_extension(deadline_s: float, days: Workdays) -> date:
    """The last day an extension may give."""
    return days.after(day_of(deadline_s), int(entry(RULE).value("extension_longest")))


def command_level(grade: str) -> CommandLevel:
    """Who commands a hazard of a grade at first."""
    return CommandLevel.parse(str(entry(RULE).value("command")[grade]))


def moments(day: date, at_s: float, days: Workdays) -> Moments:
    """The clocks of a deadline that is set now.

    Reminders of today and before are left out: who was just given the deadline knows it.
    """
    deadline_s = end_of(day)
    reminders = []
    for left in entry(RULE).value("remind_before"):
        on = days.before(day, int(left))
        if on > day_of(at_s):
            reminders.append((int(left), datetime.combine(on, _MORNING, SHANGHAI).timestamp()))
    return Moments(deadline_s, tuple(sorted(reminders, key=lambda pair: pair[1])), deadline_s)


def next_s(hazard: HazardState) -> float | None:
    """When the next clock of a hazard rings; None if none runs. For an indexed column."""
    if hazard.state not in DUE:
        return None
    ahead = [moment for _, moment in hazard.reminders]
    if hazard.escalate_s is not None:
        ahead.append(hazard.escalate_s)
    return min(ahead, default=None)


def ring(
    hazard: HazardState, at_s: float, days: Workdays
) -> tuple[HazardState, Event] | None:  # fmt: skip
    """The first thing that is due by ``at_s``; None if nothing is.

    After a pause the reminders that were missed become one, with the days that are left now, and
    none at all once the deadline is behind. Call again until None.
    """
    if hazard.state not in DUE or hazard.deadline_s is None:
        return None
    if hazard.escalate_s is not None and at_s > hazard.escalate_s:
        return _escalate(hazard, at_s, days)
    missed = [moment for _, moment in hazard.reminders if moment < at_s]
    if at_s <= hazard.deadline_s and missed:
        left = days.between(day_of(at_s), day_of(hazard.deadline_s))
        event = system_event(
            hazard, "remind", at_s,
            f"提醒：距整改期限还有 {left} 个工作日" if left else "提醒：今天是整改期限",
            f"Reminder: {left} working day(s) left" if left else "Reminder: the deadline is today",
            {"left": left, "missed_s": min(missed)},
        )  # fmt: skip
        return evolve(hazard, event), event
    return None


def _escalate(hazard: HazardState, at_s: float, days: Workdays) -> tuple[HazardState, Event]:
    upper = hazard.command_level.up()
    details: dict[str, Any] = {
        "from_level": hazard.command_level.code,
        "command_level": upper.code,
        "missed_s": hazard.escalate_s,
    }
    if upper is hazard.command_level:
        zh = f"仍未整改，已在{upper.zh}，继续督办"
        en = f"Still not rectified; it is at the top ({upper.code}) already"
    else:
        zh = f"逾期未整改，由{hazard.command_level.zh}升至{upper.zh}督办"
        en = f"Overdue: from {hazard.command_level.code} up to {upper.code}"
        span = int(entry(RULE).value("escalate_again_after"))
        details["escalate_s"] = end_of(days.after(day_of(at_s), span))
    event = system_event(hazard, "escalate", at_s, zh, en, details)
    return evolve(hazard, event), event
