"""The steps of a case as a ladder: done, now, ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sizao.respond.records import State
from sizao.web.cases.models import Case
from sizao.web.pages import words


@dataclass(frozen=True)
class Rung:
    """One step of the ladder. ``standing`` is done, now, skipped or ahead."""

    name: str
    standing: str
    at: datetime | None


_RUNG_OF = {"sign": 1, "dispatch": 2, "arrive": 3, "control": 4, "resolve": 5, "verify": 6}
"""Step to the place of its rung."""


def ladder(case: Case, next_step: str = "") -> list[Rung]:
    """Warned to verified. A step that was passed over is shown as such, never as done.

    ``next_step`` is what should come next for the reader; without one, the rung above the last.
    """
    moments = [
        (
            words.pick("立案", "Raised")
            if case.origin in ("report", "call")
            else words.pick("预警", "Warned"),
            case.raised_at,
        ),
        (words.pick("签收", "Signed"), case.signed_at),
        (words.pick("派警", "Dispatched"), case.dispatched_at),
        (words.pick("到场", "On scene"), case.on_scene_at),
        (words.pick("控制", "Controlled"), case.controlled_at),
        (
            words.pick("误报", "False alarm")
            if case.state == State.DISMISSED or case.machine.get("false_alarm")
            else words.pick("处置", "Resolved"),
            case.resolved_at,
        ),
        (words.pick("核实", "Verified"), case.verified_at),
    ]
    reached = max(index for index, (_, at) in enumerate(moments) if at is not None)
    ahead = max(_RUNG_OF.get(next_step, reached + 1), reached + 1)
    rungs = []
    for index, (name, at) in enumerate(moments):
        if at is not None:
            standing = "done"
        elif index < reached:
            standing = "skipped"
        elif index == ahead:
            standing = "now"
        else:
            standing = "ahead"
        rungs.append(Rung(name, standing, at))
    return rungs
