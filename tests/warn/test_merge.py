"""Repeats are counted, worse ones refer back, the rest are new."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

from sizao.core.levels import WarningLevel
from sizao.warn.merge import Detected, New, OpenWarning, Repeat, Update, decide

SEEN = Detected("d2", "v1", "speeding", WarningLevel.YELLOW, at_s=10_000.0, merge_s=1800.0)
OPEN = OpenWarning(
    "w1", "c1", "d1", "v1", "speeding", WarningLevel.YELLOW, last_s=9000.0, issued_s=8900.0
)


def test_alone_it_is_new() -> None:
    assert decide(SEEN, []) == New()


def test_another_vehicle_or_kind_is_none_of_its_business() -> None:
    assert decide(SEEN, [replace(OPEN, vehicle="v2")]) == New()
    assert decide(SEEN, [replace(OPEN, kind="fatigue")]) == New()


def test_one_offence_seen_by_two_rules_is_one_warning() -> None:
    section = replace(SEEN, kind="section_speed")
    assert decide(section, [OPEN]) == Repeat("w1", "c1", counts=True)
    assert decide(SEEN, [replace(OPEN, kind="section_speed")]) == Repeat("w1", "c1", counts=True)
    camera = replace(SEEN, kind="dsm_fatigue")
    assert decide(camera, [replace(OPEN, kind="fatigue")]) == Repeat("w1", "c1", counts=True)
    assert decide(camera, [OPEN]) == New()
    # A coach's night limit is an offence of its own.
    assert decide(replace(SEEN, kind="coach_night_speed"), [OPEN]) == New()


def test_both_sides_of_the_window() -> None:
    assert decide(SEEN, [replace(OPEN, last_s=8200.0)]) == Repeat("w1", "c1", counts=True)
    assert decide(SEEN, [replace(OPEN, last_s=8199.9)]) == New()


def test_worse_refers_back_equal_or_lesser_is_counted() -> None:
    worse = replace(SEEN, level=WarningLevel.RED)
    assert decide(worse, [OPEN]) == Update("w1", "c1", WarningLevel.YELLOW)
    lesser = replace(SEEN, level=WarningLevel.BLUE)
    assert decide(lesser, [OPEN]) == Repeat("w1", "c1", counts=True)


def test_a_later_revision_is_the_same_thing_however_long_it_took() -> None:
    """An episode of two hours ends far outside the window of its own first revision."""
    ended = replace(SEEN, detection="d1", at_s=9000.0 + 7200.0)
    assert decide(ended, [OPEN]) == Repeat("w1", "c1", counts=False)
    ended_worse = replace(ended, level=WarningLevel.ORANGE)
    assert decide(ended_worse, [OPEN]) == Update("w1", "c1", WarningLevel.YELLOW)


def test_a_later_revision_of_a_repeat_is_known_again() -> None:
    """d2 was counted to w1; its end two hours later must not make a warning of its own."""
    ended = replace(SEEN, at_s=9000.0 + 7200.0)
    assert decide(ended, [OPEN]) == New(), "without the list of repeats nobody can tell"
    counted = replace(OPEN, repeats=("d0", "d2"))
    assert decide(ended, [counted]) == Repeat("w1", "c1", counts=False)
    worse = replace(ended, level=WarningLevel.RED)
    assert decide(worse, [counted]) == Update("w1", "c1", WarningLevel.YELLOW)


def test_delivered_twice_changes_nothing() -> None:
    """The worse revision made w2; the same row again must not make a third warning."""
    worse = replace(SEEN, detection="d1", level=WarningLevel.ORANGE)
    after = [OPEN, replace(OPEN, id="w2", level=WarningLevel.ORANGE, issued_s=9500.0)]
    found = decide(worse, after)
    assert isinstance(found, Repeat)
    assert not found.counts


def test_the_worst_open_warning_speaks_for_the_case_in_any_order() -> None:
    several = [
        OPEN,
        replace(OPEN, id="w2", level=WarningLevel.ORANGE, issued_s=9100.0),
        replace(OPEN, id="w3", level=WarningLevel.ORANGE, issued_s=9200.0),
        replace(OPEN, id="w4", vehicle="v2", level=WarningLevel.RED),
    ]
    orange = replace(SEEN, level=WarningLevel.ORANGE)
    red = replace(SEEN, level=WarningLevel.RED)
    for order in permutations(several):
        assert decide(orange, order) == Repeat("w3", "c1", counts=True)
        assert decide(red, order) == Update("w3", "c1", WarningLevel.ORANGE)


def test_a_lesser_newer_warning_does_not_hide_a_worse_older_one() -> None:
    older = replace(OPEN, id="w0", level=WarningLevel.RED, issued_s=8000.0)
    orange = replace(SEEN, level=WarningLevel.ORANGE)
    assert decide(orange, [OPEN, older]) == Repeat("w0", "c1", counts=True)
