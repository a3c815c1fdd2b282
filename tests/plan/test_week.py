"""Shifts and slots: every minute is in one place, and hours are shared out without loss."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from sizao.core.errors import ConfigError
from sizao.plan.week import hours_of, lay_out

from .worlds import MONDAY, force


def test_slots_lie_in_their_shift_one_after_the_other() -> None:
    shifts, slots = lay_out(force(shifts=[]), MONDAY, 7)
    assert len(shifts) == 21
    assert len(slots) == 84  # 8 h without handover and break are four rounds of 106 min
    for shift in shifts:
        own = [slot for slot in slots if slot.shift == shift.number]
        assert shift.start <= own[0].start
        assert own[-1].end == shift.end
        pause = sum((b.start - a.end for a, b in itertools.pairwise(own)), dt.timedelta())
        assert pause == dt.timedelta(minutes=45)


def test_hours_add_up_and_a_night_on_sunday_runs_into_monday() -> None:
    _, slots = lay_out(force(shifts=[]), MONDAY, 7)
    share = hours_of(slots)
    assert share.sum() * 60 == pytest.approx(sum(slot.minutes for slot in slots))
    assert share.max() <= 1.0
    assert share[-1, :8].sum() > 0


def test_a_shift_without_room_is_refused() -> None:
    with pytest.raises(ConfigError, match="no room for a round"):
        lay_out(
            force(shifts=[{"id": "x", "start": "08:00", "hours": 2, "break_min": 90}]), MONDAY, 1
        )
    with pytest.raises(ConfigError, match="1 to 31 days"):
        lay_out(force(), MONDAY, 32)
