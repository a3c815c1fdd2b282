"""What ``test_every_edge`` is still owed, one rule a line."""

from __future__ import annotations

WITHOUT: dict[str, str] = {
    "area_forbidden": "end_samples",
    "area_limit": "end_samples",
    "capacity_alarm": "hold_s",
    "cloned_plate": "again_h hold_s",
    "coach_curfew": "reopen_within_min",
    "coach_day_total": "reopen_within_min rest_displacement_m",
    "coach_night_fatigue": "forget_gap_min reopen_within_min spike_displacement_m",
    "coach_night_speed": (
        "end_below_s end_below_samples jump_contradicted_ratio jump_ratio recorder_agrees_kmh"
    ),
    "coach_week_total": "reopen_within_min rest_displacement_m",
    "drink_driving": "calibration_valid_d drunk_from repeat_within_d result_within_d",
    "dsm_fatigue": "hold_s",
    "fatigue": "reopen_within_min spike_displacement_m",
    "long_downgrade": "end_samples forget_j_per_kg max_gap_s",
    "over_capacity": "free_children_percent",
    "over_road_limit": "axles_6_combination_single_drive_axle_kg",
    "overload_repeat": "firm_share hold_s",
    "passage_unreported": "late_min min_gross_kg source_heard_percent window_min",
    "route_departure": "end_samples",
    "section_speed": (
        "clock_s hold_s length_error_percent max_kmh max_supervised_kmh night_end_min night_ratio"
        " night_start_min within_min"
    ),
    "slow_traffic": (
        "approach_km congested_kmh end_minutes free_ratio hold_s margin_percent max_gap_min"
        " min_minutes min_vehicles queue_minutes slow_ratio standing_kmh"
    ),
    "speeding": (
        "end_below_s end_below_samples jump_contradicted_ratio jump_ratio recorder_agrees_kmh"
    ),
    "stopped_on_expressway": "end_samples",
    "wrong_way": (
        "end_samples margin_m max_gap_s min_duration_s min_step_m moving_above_kmh reach_m"
    ),
}
"""Rule to the numbers that have no pair in this table yet; several have edges in their rules' own
test files. It may only get shorter."""
