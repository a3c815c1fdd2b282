"""Somebody who watched a month: what he learns of a drawn plan, and of one that repeats itself."""

from __future__ import annotations

import pytest

from sizao.plan.adversary import Exploit, evaluate

from .worlds import strategy


@pytest.fixture(scope="module")
def watched() -> dict[str, Exploit]:
    return evaluate(strategy(), "secret", weeks=6)


def test_the_hours_of_a_drawn_plan_cannot_be_learned(watched: dict[str, Exploit]) -> None:
    assert watched["drawn"].timetable < 0.1


def test_the_control_is_an_open_book(watched: dict[str, Exploit]) -> None:
    """The plan with most coverage, repeated: everything is foreseen and nearly all avoided."""
    assert watched["repeated"].timetable > 0.99
    assert watched["repeated"].exploitability > 0.9


def test_drawing_leaves_more_against_whoever_moves_away(watched: dict[str, Exploit]) -> None:
    drawn, repeated = watched["drawn"], watched["repeated"]
    assert drawn.exploitability < repeated.exploitability - 0.1
    assert drawn.left > 5 * repeated.left
    assert drawn.coverage < repeated.coverage  # what it costs
    # Rounds without an aim give more away to somebody who knows the place.
    assert drawn.exploitability < watched["even"].exploitability


def test_nobody_avoids_less_than_chance_would(watched: dict[str, Exploit]) -> None:
    for one in watched.values():
        assert one.exploitability > one.blind
