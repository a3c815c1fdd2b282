"""What may be done with a report, when. ``services.act`` reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NEW, ACCEPTED, REJECTED, MERGED, CLOSED = "new", "accepted", "rejected", "merged", "closed"


@dataclass(frozen=True)
class Step:
    """One row."""

    action: str
    zh: str
    en: str
    key: str
    before: tuple[str, ...]
    after: str
    needs_reason: bool = False
    needs_target: str = ""
    """``report`` to merge into, ``case`` to join."""
    with_case: bool | None = None
    """Only with (true) or without (false) a case; None does not matter."""


STEPS: Mapping[str, Step] = {
    step.action: step
    for step in (
        Step("accept", "受理", "Accept", "s", (NEW,), ACCEPTED),
        Step("raise", "立案", "Raise a case", "d", (NEW, ACCEPTED), ACCEPTED, with_case=False),
        Step(
            "join", "并入案件", "Join a case", "", (NEW, ACCEPTED), ACCEPTED,
            needs_target="case", with_case=False,
        ),
        Step(
            "merge", "合并到另一上报", "Merge into another report", "m", (NEW, ACCEPTED), MERGED,
            needs_target="report", with_case=False,
        ),
        Step(
            "close", "办结答复", "Close with an answer", "r", (NEW, ACCEPTED), CLOSED,
            needs_reason=True, with_case=False,
        ),
        Step(
            "reject", "不受理", "Reject", "", (NEW, ACCEPTED), REJECTED,
            needs_reason=True, with_case=False,
        ),
        Step(
            "reopen", "重新打开", "Reopen", "", (REJECTED, MERGED, CLOSED), NEW,
            needs_reason=True, with_case=False,
        ),
    )
}  # fmt: skip
"""Every step by its action."""

PRIMARY = {NEW: "accept", ACCEPTED: "raise"}
"""The step that should come next, by state."""
