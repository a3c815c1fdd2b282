from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from sizao.sim import score, terminal
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.truth import Offence

T0 = 1_793_289_600


def offence(cars: Fleet, **changes: Any) -> Offence:
    base = Offence(
        "speeding", cars.phone[0], T0, T0 + 30, T0 + 120, 80.0, 60.0, 120, 26.5, 101.7, "G5"
    )
    return replace(base, **changes)


def detection(cars: Fleet, **changes: Any) -> dict[str, Any]:
    base = {"id": "a", "revision": 0, "rule": "speeding", "vehicle": cars.phone[0]}
    times = {"start": T0 + 5, "end": T0 + 65, "received": T0 + 47}
    what = {"severity": "lt20", "measured": 70.0, "lat": 26.5, "lon": 101.7, "road": "G5"}
    merged: dict[str, Any] = {**base, **times, **what, **changes}
    for name in times:
        merged[name] = datetime.fromtimestamp(merged[name], UTC)
    return merged


def compare(
    cars: Fleet, offences: list[Offence], found: list[dict[str, Any]], fault: int = 0
) -> score.RuleScore:
    faults = np.full(len(cars), fault, np.int8)
    kept = score.Found()
    kept.take(found)
    return score.compare(offences, kept.episodes(), cars, faults)["speeding"]


def test_a_hit_and_its_delay(cars: Fleet) -> None:
    found = [detection(cars), detection(cars, revision=1, end=T0 + 110, received=T0 + 150)]
    figures = compare(cars, [offence(cars)], found).figures()
    assert (figures["detections"], figures["precision"], figures["recall"]) == (1, 1.0, 1.0)
    assert figures["delay_median_s"] == 17.0, "of the first revision"


def test_a_miss_and_a_false_alarm(cars: Fleet) -> None:
    late = detection(cars, start=T0 + 500, end=T0 + 560, received=T0 + 570)
    result = compare(cars, [offence(cars)], [late])
    assert (result.figures()["precision"], result.figures()["recall"]) == (0.0, 0.0)
    assert len(result.missed) == len(result.wrong) == 1
    elsewhere = detection(cars, vehicle=cars.phone[1])
    assert compare(cars, [offence(cars)], [elsewhere]).figures()["precision"] == 0.0


def test_who_cannot_be_expected_to_be_seen(cars: Fleet) -> None:
    hidden = offence(cars, visible_s=40)
    assert compare(cars, [hidden], []).figures()["recall"] is None
    assert compare(cars, [hidden], []).figures()["recall_of_all"] == 0.0
    assert compare(cars, [offence(cars)], [], fault=1).figures()["recall"] is None
    # ... but a detection of it is right all the same.
    assert compare(cars, [hidden], [detection(cars)]).figures()["precision"] == 1.0


def test_false_alarms_of_faulty_devices_count(cars: Fleet) -> None:
    assert compare(cars, [], [detection(cars)], fault=1).figures()["precision"] == 0.0


def test_what_was_taken_back_is_no_detection(cars: Fleet) -> None:
    found = [detection(cars), detection(cars, revision=1, severity="cleared")]
    assert compare(cars, [offence(cars)], found).detections == 0


@pytest.mark.parametrize("severity", ["cleared", "withdrawn"])
def test_what_was_withdrawn_is_counted_by_itself(cars: Fleet, severity: str) -> None:
    found = score.Found()
    found.take([detection(cars), detection(cars, revision=1, severity=severity)])
    assert found.episodes() == []
    assert found.withdrawn() == {"speeding": 1}


def test_severity_counts_where_the_truth_names_one(cars: Fleet) -> None:
    named = offence(cars, severity="lt50")
    assert compare(cars, [named], [detection(cars)]).right == 0
    assert compare(cars, [named], [detection(cars, severity="lt50")]).right == 1


def jam(**changes: Any) -> Offence:
    base = Offence(
        "slow_traffic", "road:G5:上行:K20", T0, T0 + 180, T0 + 900, 9.0, 80.0, 1000, 0, 0, "G5"
    )
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("stretch", "right"),
    [("G5:上行:K20", 1), ("G5:上行:K23", 1), ("G5:上行:K24", 0), ("G5:下行:K20", 0)],
)
def test_a_jam_is_the_same_within_three_kilometres(cars: Fleet, stretch: str, right: int) -> None:
    found = score.Found()
    found.take([detection(cars, rule="slow_traffic", vehicle=f"road:{stretch}")])
    faults = np.zeros(len(cars), np.int8)
    result = score.compare([jam()], found.episodes(), cars, faults)
    assert result["slow_traffic"].right == right
    assert result["queue_end"].detections == 0, "the queue's end is scored by itself"


@pytest.mark.parametrize(("km", "right"), [(16, 0), (17, 1), (28, 1), (29, 0)])
def test_a_jam_is_the_same_on_all_its_kilometres(cars: Fleet, km: int, right: int) -> None:
    found = score.Found()
    found.take([detection(cars, rule="slow_traffic", vehicle=f"road:G5:上行:K{km}")])
    long = jam(kilometres=(20, 25))
    result = score.compare([long], found.episodes(), cars, np.zeros(len(cars), np.int8))
    assert result["slow_traffic"].right == right
    assert (result["slow_traffic"].found == 1) is bool(right)


def test_an_hour_from_bytes_to_episodes(city: City) -> None:
    """The whole chain; and against another day's truth the same figures fall to nothing."""
    result = score.run(seed=5, vehicles=60, hours=1.0)
    speeding = result.rules["speeding"]
    assert speeding.expected > 30
    assert speeding.figures()["precision"] >= 0.95
    assert speeding.figures()["recall"] >= 0.95
    assert result.positions > 3000


def test_the_score_does_not_depend_on_grouping(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    one = score.run(seed=5, vehicles=40, hours=0.5)
    monkeypatch.setattr(score, "GROUP_S", 10)
    two = score.run(seed=5, vehicles=40, hours=0.5)
    for rule in one.rules:
        assert one.rules[rule].figures() == two.rules[rule].figures()


def test_control_another_days_truth_is_not_matched(city: City) -> None:
    """If this matched, the score would measure nothing."""
    from sizao.sim.fleet import fleet

    cars = fleet(city, 60, 5)
    one = score.run(seed=5, vehicles=60, hours=1.0)
    moved = [
        replace(item, start_s=item.start_s + 1200, end_s=item.end_s + 1200) for item in one.offences
    ]
    result = score.compare(moved, one.found, cars, np.zeros(60, np.int8))["speeding"]
    assert result.figures()["precision"] < 0.5
    assert result.figures()["recall"] < 0.5


@pytest.mark.slow
def test_a_day_of_a_fleet_meets_the_mark() -> None:
    result = score.run(seed=11, vehicles=400, hours=24.0)
    for rule in ("speeding", "fatigue"):
        figures = result.rules[rule].figures()
        assert figures["expected"] >= 20
        assert figures["precision"] >= 0.97, (rule, result.rules[rule].wrong)
        assert figures["recall"] >= 0.97, (rule, result.rules[rule].missed)


@pytest.mark.slow
def test_twice_the_faults_do_not_make_it_wrong(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice as many devices that break or are meddled with, reports sent twice or held up, and
    dead spots."""
    monkeypatch.setattr(terminal, "FAULTY_SHARE", 2 * terminal.FAULTY_SHARE)
    monkeypatch.setattr(terminal, "TWICE_SHARE", 2 * terminal.TWICE_SHARE)
    monkeypatch.setattr(terminal, "LATE_SHARE", 2 * terminal.LATE_SHARE)
    blind = {name: 2 * share for name, share in terminal._BLIND_SHARE.items()}
    monkeypatch.setattr(terminal, "_BLIND_SHARE", blind)
    result = score.run(seed=7, vehicles=300, hours=4.0)
    for rule, least in (("speeding", 150), ("area_forbidden", 10)):
        figures = result.rules[rule].figures()
        assert figures["expected"] >= least, rule
        assert figures["precision"] >= 0.97, (rule, result.rules[rule].wrong)
        assert figures["recall"] >= 0.97, (rule, result.rules[rule].missed)
