"""Where the edges that every reviewer asks for are tested, with the default numbers.

The tables of ``test_edges`` move a number past a trajectory; these tests move the trajectory past
the number. A test that is renamed or deleted is missed here.
"""

from __future__ import annotations

from importlib import import_module

import pytest

EDGES = {
    "19 and 20 minutes of rest": (
        "test_fatigue.test_only_twenty_minutes_are_a_rest",
        "test_fatigue.TestDriver.test_who_rested_twenty_minutes_begins_anew",
        "test_coach_night_fatigue.test_only_twenty_minutes_are_a_rest",
        "test_coach_night_fatigue.test_a_rest_may_begin_before_ten",
    ),
    "3:59, 4:00 and 4:01; 1:59 to 2:01 at night; eight and 44 hours": (
        "test_fatigue.test_four_hours_exactly_are_lawful",
        "test_coach_night_fatigue.test_two_hours_exactly_are_lawful",
        "test_coach_totals.test_eight_hours_exactly_are_lawful",
        "test_coach_totals.test_forty_four_hours_of_a_week",
    ),
    "21:59 and 22:00; 02:00, 05:00, 06:00": (
        "test_coach_night_speed.test_night_begins_at_ten",
        "test_coach_night_speed.test_the_last_second_of_the_day_is_day",
        "test_coach_night_speed.test_night_ends_at_six",
        "test_coach_night_fatigue.test_the_night_begins_at_ten",
        "test_coach_night_fatigue.test_the_night_ends_at_six",
        "test_coach_curfew.test_hours_and_grace",
        "test_fatigue.test_neither_night_nor_midnight_is_anything",
    ),
    "driver change": (
        "test_fatigue.TestDriver.test_another_driver_begins_anew",
        "test_fatigue.TestDriver.test_unknown_is_nobody_else",
        "test_fatigue.TestDriver.test_a_card_swapped_for_a_moment_is_no_rest",
        "test_fatigue.TestDriver.test_a_change_during_a_short_stop",
        "test_coach_night_fatigue.TestDriver.test_another_driver_begins_anew",
        "test_coach_curfew.test_the_driver_is_the_last_one_known",
        "test_coach_totals.TestDriver.test_each_has_a_total_of_his_own",
        "test_coach_totals.TestDriver.test_he_takes_his_hours_along_to_another_vehicle",
    ),
    "midnight": (
        "test_speeding.test_midnight_does_not_cut_an_episode",
        "test_coach_night_speed.test_midnight_does_not_cut_an_episode",
        "test_fatigue.test_neither_night_nor_midnight_is_anything",
        "test_coach_night_fatigue.test_only_the_night_counts",
        "test_coach_totals.test_midnight_is_nothing",
    ),
    "gap of 19 and 21 minutes, on the spot and elsewhere": (
        "test_fatigue.TestGap.test_off_at_rest_for_twenty_minutes_is_a_rest",
        "test_fatigue.TestGap.test_nineteen_minutes_are_none_and_are_not_driving_either",
        "test_fatigue.TestGap.test_elsewhere_afterwards_it_is_no_rest",
        "test_coach_night_fatigue.test_a_gap_on_the_spot_is_a_stop",
        "test_coach_night_fatigue.test_a_gap_elsewhere_is_neither_driving_nor_rest",
        "test_coach_totals.TestGap.test_on_the_spot_it_was_none",
        "test_coach_totals.TestGap.test_elsewhere_afterwards_it_may_have_been_driving_and_that_is_said",
    ),
    "limit changes in mid-segment": (
        "test_temporary_limits.test_a_limit_in_mid_segment",
        "test_temporary_limits.test_put_up_and_lifted_while_somebody_drives_there",
        "test_temporary_limits.test_lifted_in_mid_episode",
        "test_speeding.test_the_limit_may_change_along_the_way",
        "test_speeding.test_a_higher_limit_ends_it",
        "test_coach_night_speed.test_each_sample_by_the_limit_where_it_was_taken",
        "test_limit_in_doubt.test_a_lower_limit_begins_surely_behind_its_sign",
    ),
}


@pytest.mark.parametrize("edge", EDGES)
def test_is_tested_where_it_says(edge: str) -> None:
    for place in EDGES[edge]:
        module, *names = place.split(".")
        found: object = import_module(f"tests.detect.{module}")
        for name in names:
            found = getattr(found, name)
        assert callable(found), place
