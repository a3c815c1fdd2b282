"""Factors apply to the crashes they treat and to nothing else; errors go through to the money."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.errors import ConfigError
from sizao.risk.cmfs import Cmf, library
from sizao.risk.countermeasures import Site, propose, together, worth
from sizao.risk.patterns import Pattern

NIGHT = Pattern("night_unlit", 8, 10, 0.3, 0.99)
UNSURE = Pattern("night_unlit", 4, 10, 0.3, 0.7)


def site(*patterns: Pattern, settings: tuple[str, ...] = ()) -> Site:
    return Site(6.0, 1.5, 0.5, patterns, settings)


def factor(name: str, cmf: float, applies_to: str, error: float = 0.1) -> Cmf:
    return Cmf(name, name, name, cmf, error, applies_to, "all settings", {}, "found")


def test_lighting_is_proposed_where_nights_are_shown_and_not_else() -> None:
    def names(one: Site) -> set[str]:
        return {proposal.cmfs[0].id for proposal in propose(one)}

    assert "junction_lighting" in names(site(NIGHT))
    assert "junction_lighting" not in names(site())
    assert "junction_lighting" not in names(site(UNSURE))


def test_only_the_crashes_that_were_treated_count() -> None:
    lighting = next(p for p in propose(site(NIGHT)) if p.cmfs[0].id == "junction_lighting")
    # Half of the crashes hurt somebody, eight of ten are at night.
    assert lighting.treated_per_year == pytest.approx(6.0 * 0.5 * 0.8)
    assert lighting.avoided == pytest.approx(6.0 * 0.5 * 0.8 * (1 - 0.62))
    assert lighting.because == "night_unlit"
    assert not lighting.checked  # recalled, to be checked


def test_the_setting_decides() -> None:
    assert "passing_lane" not in {p.cmfs[0].id for p in propose(site())}
    assert "passing_lane" in {p.cmfs[0].id for p in propose(site(settings=("rural",)))}


def test_a_road_gets_no_roundabout_and_a_junction_no_passing_lane() -> None:
    def ids(place: str) -> set[str]:
        one = Site(6.0, 1.5, 0.5, (NIGHT,), ("rural",), place)
        return {proposal.cmfs[0].id for proposal in propose(one)}

    segment, junction = ids("segment"), ids("junction")
    assert segment
    assert junction
    assert {library()[one].place for one in segment} == {"segment"}
    assert {library()[one].place for one in junction} == {"junction"}
    # The control: where nobody says what it is, both are proposed.
    assert ids("any") == segment | junction


def test_a_factor_for_one_collision_needs_that_collision() -> None:
    rear_end = {"x": factor("x", 0.7, "rear_end")}
    shown = Pattern("rear_end", 6, 8, 0.2, 0.95)
    assert propose(site(), rear_end) == []
    [found] = propose(site(shown), rear_end)
    assert found.treated_per_year == pytest.approx(6.0 * 0.75)


def test_what_makes_things_worse_is_never_proposed() -> None:
    assert propose(site(), {"x": factor("x", 1.2, "all")}) == []


def test_three_of_one_kind_multiply_and_a_fourth_or_another_kind_does_not() -> None:
    same = [factor(str(i), 0.9, "all") for i in range(4)]
    both = together(site(), same[:3])
    assert both.combined.cmf == pytest.approx(0.9**3)
    with pytest.raises(ConfigError, match="take 1 to 3"):
        together(site(), same)
    with pytest.raises(ConfigError, match="different kinds"):
        together(site(NIGHT), [same[0], factor("n", 0.6, "night_injury")])
    with pytest.raises(ConfigError, match="does not show"):
        together(site(), [library()["junction_lighting"]])


def test_the_error_is_that_of_estimate_and_factor_together() -> None:
    """Against chance: the delta method within 3 % of drawn estimates and factors."""
    [found] = propose(site(), {"x": factor("x", 0.7, "all", 0.08)})
    rng = np.random.default_rng(1)
    avoided = rng.normal(6.0, 1.5, 200_000) * (1 - rng.normal(0.7, 0.08, 200_000))
    assert found.avoided == pytest.approx(avoided.mean(), rel=0.01)
    assert found.standard_error == pytest.approx(avoided.std(), rel=0.03)
    assert found.certain


def test_worth() -> None:
    [found] = propose(site(), {"x": factor("x", 0.5, "all")})
    one = worth(found, crash_cost=10_000, cost=20_000, years=2, rate=0.0)
    assert one.benefit == pytest.approx(3.0 * 10_000 * 2)
    assert one.ratio == pytest.approx(3.0)
    assert one.net == pytest.approx(40_000)
    assert one.standard_error == pytest.approx(found.standard_error * 20_000)
    with pytest.raises(ConfigError, match="costs above 0"):
        worth(found, 10_000, 0, 5)
