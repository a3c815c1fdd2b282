"""Hits, false alarms, misses and lead time, each by hand."""

from __future__ import annotations

from dataclasses import replace

from sizao.warn.nearness import Spot
from sizao.warn.outcomes import Incident, Tally, Warned, verify

HERE = Spot(26.58, 101.71)
WARNED = Warned("w", "crash_risk", 0.0, 3600.0, 7200.0, HERE, 1000.0)
CRASH = Incident("c", "crash_risk", 5400.0, HERE)
LATER = 1e9


def tally(warnings: list[Warned], incidents: list[Incident], known: float = LATER) -> Tally:
    return verify(warnings, incidents, known, lambda _: "2026-11")["crash_risk", "2026-11"]


def test_a_crash_in_place_and_time_is_a_hit_with_its_lead_time() -> None:
    found = tally([WARNED], [CRASH])
    assert (found.hits, found.false_alarms, found.covered, found.missed) == (1, 0, 1, 0)
    assert found.lead_s == [5400.0]


def test_nothing_happened_is_a_false_alarm_once_the_records_reach_so_far() -> None:
    assert tally([WARNED], []).false_alarms == 1
    assert tally([WARNED], [], known=7000.0).pending == 1
    assert tally([WARNED], [], known=7200.0).false_alarms == 1


def test_a_crash_elsewhere_earlier_or_later_is_a_miss_and_saves_no_warning() -> None:
    for over in ({"spot": Spot(26.70, 101.71)}, {"at_s": 3599.0}, {"at_s": 7201.0}):
        found = tally([WARNED], [replace(CRASH, **over)])
        assert (found.hits, found.false_alarms, found.missed) == (0, 1, 1), over


def test_a_warning_after_the_fact_covers_nothing() -> None:
    found = tally([replace(WARNED, issued_s=6000.0)], [CRASH])
    assert (found.hits, found.missed, found.late) == (0, 1, 1)


def test_an_incident_without_any_warning_counts() -> None:
    found = tally([], [CRASH])
    assert (found.incidents, found.missed, found.late) == (1, 1, 0)


def test_an_update_and_what_it_refers_to_are_one() -> None:
    first = replace(WARNED, event="case-1")
    second = replace(first, id="w2", issued_s=1800.0)
    found = tally([second, first], [CRASH, replace(CRASH, id="c2", at_s=5500.0)])
    assert (found.hits, found.covered) == (1, 2)
    assert found.lead_s == [5400.0]


def test_what_people_found_decides_where_no_record_does() -> None:
    assert tally([replace(WARNED, verdict=True)], []).hits == 1
    assert tally([replace(WARNED, verdict=False)], [], known=0.0).false_alarms == 1


def test_a_county_wide_warning_covers_its_county() -> None:
    wide = replace(WARNED, spot=Spot(area="510402"))
    assert tally([wide], [replace(CRASH, spot=Spot(26.9, 101.9, area="510402"))]).hits == 1
    assert tally([wide], [replace(CRASH, spot=Spot(26.9, 101.9, area="510403"))]).missed == 1
    assert tally([replace(wide, spot=Spot())], [CRASH]).hits == 1
