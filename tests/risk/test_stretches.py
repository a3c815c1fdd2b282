"""Black-spot rules along a road: windows join, other roads do not help, lengths matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sizao.risk.chains import along_m, chains, offsets_m
from sizao.risk.crashes import Crashes
from sizao.risk.network_sites import sites_of
from sizao.risk.snapping import build_index, snap
from sizao.risk.stretches import stretches
from sizao.roads.network import Network

EAST_M = 99_600.0
"""Metres of a degree of longitude at 26.5 N, roughly; places need not be exact."""


def roads() -> Network:
    """An east road of 6 km in pieces, and a north road that crosses it at 3 km."""
    east = [[101.7 + i * 0.006, 26.5] for i in range(11)]
    north = [[101.73, 26.5 + (i - 2) * 0.006] for i in range(5)]
    return Network.from_features(
        {"geometry": {"type": "LineString", "coordinates": line},
         "properties": {"road_class": "county", "name": name}}
        for line, name in ((east, "东路"), (north, "北路"))
    )  # fmt: skip


def at(*metres: float, pattern: str = "side") -> Crashes:
    """Crashes of 2024 along the east road."""
    n = len(metres)
    zero = np.zeros(n, np.int64)
    return Crashes(
        lat=np.full(n, 26.5), lon=101.7 + np.array(metres) / EAST_M,
        year=np.full(n, 2024), month=zero + 5, day=zero + 5, hour=zero + 5, deaths=zero,
        serious_injuries=zero, injuries=zero, pattern=np.full(n, pattern),
        road_factor=zero.astype(bool), general_procedure=zero.astype(bool), has_harm=True,
    )  # fmt: skip


def listed(crashes: Crashes, kind: str, rule: str = "blackspot.national") -> list:
    sites = sites_of(roads()).sites
    snapped = snap(build_index(sites), crashes.lat, crashes.lon)
    found = stretches(sites, crashes, snapped, 2025)
    return [one for one in found if one.kind == kind and one.rule == rule]


def test_a_chain_goes_straight_on_over_a_crossing() -> None:
    sites = sites_of(roads()).sites
    parts = {part.name: part for part in chains(sites)}
    assert set(parts) == {"东路", "北路"}
    assert sum(len(part.edges) for part in parts.values()) == len(sites)
    assert parts["东路"].start_m[-1] > 5900


def test_places_along_a_chain_are_in_order() -> None:
    sites = sites_of(roads()).sites
    crashes = at(100, 900, 1700, 4100, 5900)
    snapped = snap(build_index(sites), crashes.lat, crashes.lon)
    parts = chains(sites)
    chain, along = along_m(sites, parts, snapped.edge, crashes.lat, crashes.lon)
    assert len(set(chain.tolist())) == 1
    steps = np.abs(np.diff(along))
    assert np.allclose(steps, [800, 800, 2400, 1800], atol=20)
    offset = offsets_m(sites, snapped.edge, crashes.lat, crashes.lon)
    assert (offset <= sites.length_m[snapped.edge] + 1e-6).all()


def test_three_within_500_m_are_a_spot_and_three_within_2_km_a_segment() -> None:
    assert len(listed(at(200, 350, 600), "spot")) == 1
    assert listed(at(200, 700, 1300), "spot") == []
    assert len(listed(at(200, 700, 1300), "segment")) == 1
    assert listed(at(200, 2300, 4500), "segment") == []


def test_windows_that_overlap_are_one_stretch() -> None:
    joined = listed(at(200, 400, 600, 800, 1000, 1200), "spot")
    assert len(joined) == 1
    assert len(joined[0].crashes) == 6
    assert 950 < joined[0].end_m - joined[0].start_m < 1050
    apart = listed(at(100, 200, 300, 4100, 4200, 4300), "spot")
    assert len(apart) == 2


def test_years_outside_the_window_do_not_count() -> None:
    crashes = at(200, 350, 600)
    old = replace(crashes, year=np.array([2020, 2024, 2024]))
    assert listed(old, "spot") == []


def test_one_pattern_is_what_the_county_rule_counts() -> None:
    five = (200, 250, 300, 350, 400)
    assert len(listed(at(*five), "spot", "blackspot.county_level")) == 1
    mixed = replace(at(*five), pattern=np.array(["side", "rear_end", "side", "head_on", "other"]))
    assert listed(mixed, "spot", "blackspot.county_level") == []
