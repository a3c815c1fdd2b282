"""Coaches between 02:00 and 05:00, on both sides of every edge."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.errors import ConfigError
from sizao.core.schemas import REGISTER
from sizao.core.vehicles import SERVICES
from sizao.detect.context import Context
from tests.checks import corpus
from tests.detect.tracks import Track, at, begin, detect, episodes, shanghai

RULE = "coach_curfew"


def curfew(track: Track, kind: str = "line_coach", service: str = "long_distance", **changes):
    return episodes(detect(track, RULE, kind=kind, service=service, **changes))


def test_from_the_first_sample_after_two_to_the_last_before_five():
    rows = detect(begin("1 01:30").drive(240), RULE, kind="line_coach", end=False)
    first, last = rows
    assert first["id"] == last["id"]
    # Five minutes are full at 02:05; the last sample before 05:00 is at 04:59:45.
    assert (first["start"], first["fired"]) == (at(shanghai("1 02:00")), at(shanghai("1 02:05")))
    assert (first["measured"], first["limit"], first["measured_unit"]) == (5, 0, "min")
    assert (last["end"], last["measured"]) == (at(shanghai("1 04:59:45")), 179.75)
    assert last["final"]


@pytest.mark.parametrize(
    ("start", "length_min", "found"),
    [
        ("1 01:50", 15, False),  # until 02:04:45
        ("1 01:50", 15.25, True),  # until 02:05
        ("1 01:00", 60, False),
        ("1 04:54:45", 30, True),  # 04:54:45 to 04:59:45
        ("1 04:55", 30, False),  # 04:55 to 04:59:45
        ("1 05:00", 60, False),
        ("23:00", 120, False),
    ],
)
def test_hours_and_grace(start, length_min, found):
    assert bool(curfew(begin(start).drive(length_min).stand(10))) is found


def test_one_episode_a_night_whatever_stops_there_are():
    track = begin("1 02:10").drive(10.25).stand(60).drive(20.25).stand(5)
    (episode,) = curfew(track)
    # 10 min from sample to sample and 20 min, with the last sample of each still moving.
    assert episode["measured"] == 30
    assert episode["end"] == at(shanghai("1 03:40:15"))


def test_two_nights_are_two_episodes():
    track = begin("1 02:10").drive(10)
    track.now_s = shanghai("2 02:10")
    assert len(curfew(track.drive(10).stand(5))) == 2


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_exemptions_are_data_of_the_register(service):
    found = curfew(begin("1 02:10").drive(20), service=service)
    assert bool(found) is (service == "long_distance")


def test_a_service_nobody_told_is_said_to_be_unknown():
    (known,) = curfew(begin("1 02:10").drive(20))
    (unknown,) = curfew(begin("1 02:10").drive(20), service="")
    assert (known["severity"], unknown["severity"]) == ("curfew", "service_unknown")


@pytest.mark.parametrize("kind", ["heavy_truck", "school_bus", "hazmat", "other"])
def test_only_coaches_are_bound(kind):
    assert curfew(begin("1 02:10").drive(60), kind) == []


def test_spikes_of_a_parked_coach_are_no_driving():
    track = begin("1 02:10", every_s=240)
    for _ in range(10):
        track.stand(8).sample(60).silence(4)
    assert curfew(track) == []


@pytest.mark.parametrize(("gap_s", "measured"), [(300, 25), (301, 20)])
def test_a_gap_is_no_driving(gap_s, measured):
    track = begin("1 02:10", every_s=60).drive(11)
    track.now_s += gap_s - 60
    track.east_m += 9000
    (episode,) = curfew(track.drive(11).stand(5))
    assert episode["measured"] == measured
    assert episode["quality"] == (None if gap_s == 300 else "gap")


def test_a_sample_without_speed_shows_nothing():
    # Twice two minutes from sample to sample; four more if the one between were passed over.
    track = begin("1 02:10", every_s=60).drive(3).sample(None).silence(1).drive(3)
    assert curfew(track.stand(5)) == []


def test_in_a_tunnel_the_tachograph_tells():
    dark = {"positioned": False, "recorder_speed_kmh": 60.0}
    assert len(curfew(begin("1 02:10").drive(10, 0, **dark))) == 1


def test_the_driver_is_the_last_one_known():
    track = begin("1 02:10").drive(10, driver="A").drive(10, driver="B").drive(10)
    assert curfew(track)[0]["driver"] == "B"


def test_parameters_decide_and_wrong_ones_are_refused():
    assert curfew(begin("1 02:10").drive(20), min_driving_min=30.0) == []
    assert curfew(begin("1 02:10").drive(20), exempt_services=["long_distance"]) == []
    track = begin("1 02:10").drive(20)
    with pytest.raises(ConfigError, match="no service 'night_owl'"):
        curfew(track, exempt_services=["night_owl"])


def test_the_register_tells_the_service():
    rows = [
        {"vehicle": "1", "kind": "line_coach", "service": "short_line"},
        {"vehicle": "2", "kind": "tour_coach", "service": None},
    ]
    register = pa.RecordBatch.from_pylist(rows, schema=REGISTER)
    assert Context.build(register=register).services == {"1": "short_line"}


def plain(rows) -> list[tuple[float, float, float]]:
    """(start, end, minutes) of each night, pair by pair of the whole track."""

    def night_of(row):
        local_s = row["time"].timestamp() + 8 * 3600
        return local_s // 86_400 if 2 * 3600 <= local_s % 86_400 < 5 * 3600 else None

    def moving(row):
        speed = row["speed_kmh"] if row["positioned"] and row["lat"] is not None else None
        speed = row.get("recorder_speed_kmh") if speed is None else speed
        return speed is not None and speed > 5

    nights: dict[float, list] = {}
    for one, other in itertools.pairwise(rows):
        gap_s = (other["time"] - one["time"]).total_seconds()
        together = night_of(one) is not None and night_of(one) == night_of(other)
        if together and moving(one) and moving(other) and gap_s <= 300:
            nights.setdefault(night_of(one), []).append((one["time"], other["time"]))
    found = []
    for pairs in nights.values():
        driven_min = sum((end - start).total_seconds() for start, end in pairs) / 60
        if driven_min >= 5:
            found.append((pairs[0][0], pairs[-1][1], round(driven_min, 3)))
    return found


def kernel(rows):
    return [(row["start"], row["end"], row["measured"]) for row in episodes(rows)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.sampled_from([0.0, 4.0, 30.0, 70.0, None]), st.booleans()),
        max_size=20,
    ),
    st.integers(shanghai("1 00:30") // 15, shanghai("1 05:10") // 15),
    st.sampled_from([15, 60, 240, 400]),
)
def test_it_is_what_the_plain_reading_finds(day, start, every_s):
    track = Track(every_s=every_s, now_s=start * 15.0)
    for minutes, kmh, fix in day:
        stop_s = track.now_s + minutes * 60
        while track.now_s < stop_s:
            track.sample(kmh, positioned=fix, recorder_speed_kmh=None if fix else 50.0)
            track.now_s += every_s
    assert kernel(detect(track, RULE, kind="line_coach")) == plain(track.rows)


def test_on_messy_weeks_it_is_what_the_plain_reading_finds():
    found = 0
    for track in corpus.tracks():
        if track.vehicle in corpus.COACHES:
            expected = plain(track.rows)
            assert kernel(detect(track, RULE, kind=corpus.KINDS[track.vehicle])) == expected
            found += len(expected)
    assert found > 10
