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


def ladder(case: Case) -> list[Rung]:
    """Warned to verified. A step that was passed over is shown as such, never as done."""
    moments = [
        (words.pick("预警", "Warned"), case.raised_at),
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
    rungs = []
    for index, (name, at) in enumerate(moments):
        if at is not None:
            standing = "done"
        elif index < reached:
            standing = "skipped"
        elif index == reached + 1:
            standing = "now"
        else:
            standing = "ahead"
        rungs.append(Rung(name, standing, at))
    return rungs
