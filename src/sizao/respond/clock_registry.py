"""Every clock there is: what must happen by when, and what follows when it does not.

An explicit list, like the other registries. A domain that gives somebody a deadline adds its clocks
here, and to ``web/clocks/registry.py`` what finds the overdue ones and what happens then. The
suite ``tests/web/clocks`` puts each of them through the same trials: kept at the very moment, fired
after it, fired once however often the desk looks, fired once at restart after the process was down,
killed or not.

A column that holds a moment to come is either watched by one of these or stands, with the reason,
among ``web.clocks.columns.NO_CLOCKS``: a test knows every column.

``docs/reference/clocks.md`` shows this list and is checked against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """One clock. Names are of the deadline, as a person reads it beside the digits."""

    id: str
    """``domain.clock``."""
    zh: str
    en: str
    starts: str
    """From when it runs, in English, for the reference."""
    follows: str
    """What happens when it runs out."""
    source: str
    """Where its length stands: an entry of the rule book, a table."""


CLOCKS: Mapping[str, Clock] = {
    clock.id: clock
    for clock in (
        Clock(
            "case.sign", "签收时限", "sign", "the warning is issued; a reopening does not",
            "one command level up", "`warning.handling_clock`",
        ),
        Clock(
            "case.first_action", "首次行动时限", "first action", "the warning is issued",
            "one command level up", "`warning.handling_clock`",
        ),
        Clock(
            "case.feedback", "处置反馈时限", "resolve", "the warning is issued",
            "one command level up", "`warning.handling_clock`",
        ),
        Clock(
            "case.verify", "核实时限", "verify", "the case is reported resolved",
            "one command level up", "`warning.handling_clock`",
        ),
        Clock(
            "task.acknowledge", "任务接收时限", "acknowledge a task", "the task is ordered",
            "the unit above is told; the task stays with whoever has it",
            "`minutes` of the [response plan](plans.md)",
        ),
        Clock(
            "task.finish", "任务完成时限", "finish a task", "the task is ordered",
            "the unit above is told; the task stays with whoever has it",
            "`minutes` of the [response plan](plans.md)",
        ),
        Clock(
            "measure.approve", "管制批准时限", "approve a measure", "the measure is ordered",
            "one command level up, and again each review span", "`control.clock`",
        ),
        Clock(
            "measure.begin", "管制实施时限", "put a measure up",
            "the later of order, approval and planned start",
            "one command level up, and again each review span", "`control.clock`",
        ),
        Clock(
            "measure.lift", "管制解除时限", "lift a measure", "the measure is up",
            "one command level up, and again each review span; it stands on",
            "the expected end that was ordered",
        ),
        Clock(
            "call.report", "事故上报时限", "report a crash upward",
            "it becomes known that a crash must be reported; the level below was receipted",
            "the unit above is told; the report stays due", "`severity.reporting`",
        ),
        Clock(
            "call.receipt", "事故上报签收时限", "receipt of a report", "the report is sent",
            "the unit above is told; the report stays unsigned",
            "`receipt_min` of the [grading table](calls.md)",
        ),
        Clock(
            "call.tell", "联动通知时限", "tell who must know", "the call is graded so",
            "the unit above is told; who must know is still to be told",
            "`tell_min` of the [grading table](calls.md)",
        ),
        Clock(
            "call.callback", "回访时限", "call back", "the call is closed",
            "the unit above is told; the call back stays due",
            "`callback_h` of the [grading table](calls.md)",
        ),
        Clock(
            "notice.acknowledge", "通报确认时限", "acknowledge a notice", "the party is told",
            "the next channel with the whole time anew; after the last one, the unit above is told",
            "`acknowledge_min` of the [routing table](routing.md)",
        ),
        Clock(
            "hazard.remind", "整改提醒", "reminder of a hazard's deadline",
            "nine in the morning, so many working days before the deadline",
            "duty body and unit in command are told; missed ones become one",
            "`hazard.clock`",
        ),
        Clock(
            "hazard.rectify", "整改期限", "rectify a hazard", "the hazard is assigned; whole days",
            "one command level up, and again each further span of working days",
            "`hazard.clock`, or the day that was set",
        ),
        Clock(
            "hazard.protect", "临时防护期限", "interim protection", "the day that was set",
            "the unit in command is told, and whoever has to do the work and can sign in",
            "the day that was set",
        ),
        Clock(
            "listing.interim", "进展报送期限", "interim report of a listing",
            "the hazard is listed; whole days", "the unit in command is told",
            "`supervision.deadline_default`",
        ),
        Clock(
            "review.finding", "复盘整改期限", "what a review wants done", "the day that was set",
            "the unit of the case is told, and the timeline says so", "the day that was set",
        ),
        Clock(
            "report.answer", "上报答复期限", "answer a report", "the report is handed in",
            "the unit above is told; the answer stays due",
            "`expected_h` of the kinds of reports",
        ),
        Clock(
            "evidence.hold", "证据保留期限", "end of a hold on evidence", "the days that were set",
            "the unit that set it is told; what is past its time goes",
            "the days that were set",
        ),
    )
}  # fmt: skip
"""Clock id to clock, in the order of the work."""
