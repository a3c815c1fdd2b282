"""Figures that others printed, reproduced. Each test names where they stand."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.plan.signals import hcm, webster
from sizao.plan.signals.intervals import all_red_s, walk_s, yellow_s
from sizao.plan.signals.junction import Lane
from sizao.plan.signals.saturation import saturation


@pytest.mark.parametrize(
    ("flows", "lost_s", "printed_s"),
    [
        # Rogers, Highway Engineering, example 5.6: three stages, L = 12 s.
        ([0.25, 0.25, 0.22], 12, 82),
        # Khanna and Justo, Highway Engineering: 500 and 300 of 1600 pcu/h, L = 16 s.
        ([500 / 1600, 300 / 1600], 16, 58),
        # GATE civil engineering (two-phase signal): 1000 of 2500, 900 of 3000, L = 12 s.
        ([1000 / 2500, 900 / 3000], 12, 77),
    ],
)
def test_the_optimum_cycle_of_webster(flows: list[float], lost_s: float, printed_s: float) -> None:
    assert webster.cycle_s(flows, lost_s) == pytest.approx(printed_s, abs=0.5)


def test_splits_go_by_the_critical_flow_ratios() -> None:
    """Khanna and Justo's example carried on: 42 s of green go 5 to 3."""
    assert webster.splits_s([500 / 1600, 300 / 1600], 16, 58) == pytest.approx([26.25, 15.75])


def test_the_uniform_delay_of_the_gate_2022_question() -> None:
    """GATE 2022 CE: 20 arrive and 50 leave a minute, red 30 s, green 30 s: 12.50 s a vehicle."""
    degree = 20 / (50 * 0.5)
    assert hcm.uniform_delay_s(degree, 30, 60) == pytest.approx(12.5)


def test_the_westbound_lane_group_of_roess_and_prassas() -> None:
    """Traffic Engineering, 4th edition, problem on a WB lane group: v 800, c 775, g/C 0.40, C 90.

    The figures are the problem's; the delays are worked by hand from equations 16-11 and 16-12:
    X = 1.0323; d1 = 0.5 x 90 x 0.36 / 0.6 = 27.0; d2 = 225 x (0.03226 + 0.14950) = 40.9.
    """
    degree = 800 / 775
    assert hcm.uniform_delay_s(degree, 36, 90) == pytest.approx(27.0)
    assert hcm.incremental_delay_s(degree, 775) == pytest.approx(40.9, abs=0.05)
    whole = hcm.control_delay_s(800, 775, 36, 90)
    assert whole == pytest.approx(67.9, abs=0.05)
    assert hcm.level(whole) == "E"


def test_the_first_term_of_both_is_the_area_under_the_queue() -> None:
    """Vehicles that come and go like water, second by second: what the formula integrates."""
    green, cycle, flow, sat = 30.0, 90.0, 0.15, 0.5
    step = 0.01
    t = np.arange(0, cycle, step)
    queue = np.zeros_like(t)
    for n in range(1, len(t)):
        out = sat if t[n] >= cycle - green else 0.0
        queue[n] = max(0.0, queue[n - 1] + (flow - out) * step)
    mean = queue.sum() * step / (flow * cycle)
    assert hcm.uniform_delay_s(flow / (sat * green / cycle), green, cycle) == pytest.approx(
        mean, rel=2e-3
    )


def test_webster_and_hcm_agree_where_both_hold() -> None:
    """At moderate load the two delay formulas differ by a tenth, which their authors say too."""
    flow, sat, green, cycle = 600.0, 1800.0, 40.0, 90.0
    ours = hcm.control_delay_s(flow, hcm.capacity(sat, green, cycle), green, cycle)
    assert webster.delay_s(flow, sat, green, cycle) == pytest.approx(ours, rel=0.1)


def test_too_much_demand_is_refused_and_not_computed() -> None:
    with pytest.raises(webster.Oversaturated) as refused:
        webster.cycle_s([0.5, 0.45], 10)
    assert refused.value.ratio == pytest.approx(0.95)
    assert "not the timing" in str(refused.value)
    with pytest.raises(webster.Oversaturated):
        webster.delay_s(1000, 1800, 45, 90)


def test_yellow_and_all_red_by_the_ite_formulas() -> None:
    """By hand: 50 km/h = 13.89 m/s; Y = 1 + 13.89 / 6.1 = 3.28 s; R = (20 + 6) / 13.89 = 1.87 s."""
    assert yellow_s(50) == pytest.approx(3.277, abs=0.001)
    assert all_red_s(50, 20) == pytest.approx(1.872, abs=0.001)
    assert yellow_s(50, -6) > yellow_s(50) > yellow_s(50, 6)
    assert (yellow_s(20), yellow_s(110)) == (3, 5)  # bounds


def test_walking_time_by_equation_16_2() -> None:
    """By hand: 18 m at 1.2 m/s with 5 people: 3.2 + 15 + 1.35 = 19.55 s."""
    assert walk_s(18, 5) == pytest.approx(19.55)
    assert walk_s(0) == 0


def test_saturation_by_equation_16_4() -> None:
    """By hand: 1900 x 2 x 1.0 (3.6 m) x 1/1.1 x 0.99 x 0.952 x (1 - 0.15 x 0.2)."""
    lanes = [Lane(frozenset("T"), 3.6), Lane(frozenset("TR"), 3.6)]
    found = saturation(lanes, {"T": 0.8, "R": 0.2}, heavy=0.1, grade_pct=2, method="hcm2000")
    assert found == pytest.approx(1900 * 2 / 1.1 * 0.99 * 0.952 * 0.97)


def test_saturation_of_the_chinese_norm_by_hand() -> None:
    """A 2.8 m left lane with 5 % heavy: 1550 x 0.92 x 0.95; a plain through lane is its base."""
    left = saturation([Lane(frozenset("L"), 2.8)], {"L": 1.0}, heavy=0.05, grade_pct=0)
    assert left == pytest.approx(1550 * 0.92 * 0.95)
    assert saturation([Lane(frozenset("T"))], {"T": 1.0}, heavy=0, grade_pct=-3) == 1650
