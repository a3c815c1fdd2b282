"""How a case, or all of them, stood at a past moment: the events up to it, played again.

Nothing else is asked: what the screens show is a copy of the same events, so at any moment both are
equal (a property test takes every moment of random days).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sizao.respond.case import replay
from sizao.respond.records import CaseState, Event, State


def as_of(events: Iterable[Event], at_s: float) -> CaseState | None:
    """The case after the last event at or before a moment; None before the first.

    events : of one case, in order
    """
    until = [event for event in events if event.at_s <= at_s]
    return replay(until) if until else None


def board(timelines: Mapping[str, Iterable[Event]], at_s: float) -> list[CaseState]:
    """The cases that were not closed at a moment, the worst and then the oldest first."""
    states = [state for one in timelines.values() if (state := as_of(one, at_s)) is not None]
    shown = [state for state in states if state.state is not State.VERIFIED]
    return sorted(shown, key=lambda one: (-one.level, one.raised_s, one.id))
