"""Unusual flow: against the same hour of like days, and only where there is enough to say."""

from __future__ import annotations

from sizao.risk import flow_facts
from tests.risk import grids

MONDAY_8 = (4 + 7 * 2950) * 24 + 8
"""A Monday 08:00: 1970-01-05 was one."""


def history(number: int = 100, days: int = 14) -> dict[int, int]:
    return {MONDAY_8 - 24 * day: number for day in range(1, days + 1)}


def test_the_ratio_is_to_working_days_on_a_working_day() -> None:
    counts = history()
    for hour in counts:
        if flow_facts._weekend(hour):
            counts[hour] = 5000
    assert flow_facts.ratio({**counts, MONDAY_8: 180}, MONDAY_8) == 1.8


def test_too_little_says_nothing() -> None:
    assert flow_facts.ratio(history(), MONDAY_8) is None, "the hour was not observed"
    assert flow_facts.ratio({**history(days=3), MONDAY_8: 300}, MONDAY_8) is None
    assert flow_facts.ratio({**history(number=5), MONDAY_8: 30}, MONDAY_8) is None


def test_facts_lie_on_the_edge_of_the_checkpoint() -> None:
    from sizao.risk.network_sites import sites_of

    sites = sites_of(grids.network()).sites
    middle = ((sites.lat[sites.a] + sites.lat[sites.b]) / 2)[3]
    beside = ((sites.lon[sites.a] + sites.lon[sites.b]) / 2)[3]
    places = {"busy": (middle, beside), "usual": (middle, beside), "nowhere": (0.0, 0.0)}
    counts = {
        "busy": {**history(), MONDAY_8: 220},
        "usual": {**history(), MONDAY_8: 110},
        "nowhere": {**history(), MONDAY_8: 900},
        "unplaced": {**history(), MONDAY_8: 900},
    }
    (fact,) = flow_facts.facts(sites, places, counts, MONDAY_8)
    assert (fact.edge, fact.hour, fact.ratio) == (3, MONDAY_8, 2.2)
