"""Eight hours in 24 and 44 in seven days, on both sides of every edge; drivers across vehicles."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.rules.coach_day_total import CoachDayTotal
from sizao.detect.rules.coach_week_total import CoachWeekTotal
from sizao.detect.state import EngineState
from tests.checks import corpus
from tests.detect.tracks import Track, batch_of, detect, episodes, minutes

DAY, WEEK = "coach_day_total", "coach_week_total"


def day(track: Track, kind: str = "line_coach", **changes):
    return episodes(detect(track, DAY, kind=kind, **changes))


def week(track: Track, **changes):
    return episodes(detect(track, WEEK, kind="line_coach", **changes))


@pytest.mark.parametrize("every_s", [1, 15, 60, 300])
@pytest.mark.parametrize(("driven_min", "count"), [(475, 0), (480, 0), (485, 1)])
def test_eight_hours_exactly_are_lawful(every_s, driven_min, count):
    # From the first moving sample to the last: one interval less than the drive.
    track = Track(every_s=every_s).drive(driven_min + every_s / 60).stand(60)
    assert len(day(track)) == count


def test_it_begins_when_the_eighth_hour_is_full():
    rows = detect(Track(driver="A").drive(600.25).stand(60), DAY, kind="tour_coach", end=False)
    (first,) = rows
    assert first["start"] == first["fired"] == minutes(480.25)
    assert (first["measured"], first["limit"], first["measured_unit"]) == (480.25, 480, "min")
    (last,) = day(Track(driver="A").drive(600.25).stand(60))
    assert (last["end"], last["measured"], last["final"]) == (minutes(600), 600, True)
    assert (last["driver"], last["severity"], last["quality"]) == ("A", "over_limit", None)


def test_rest_does_not_make_it_less():
    (episode,) = day(Track().drive(300.25).stand(240).drive(300.25).stand(30))
    assert episode["measured"] == 600


def test_short_stops_are_no_driving():
    # 50 times 8 min from sample to sample in 510 min, then 90 more.
    track = Track()
    for _ in range(50):
        track.drive(8.25).stand(2)
    assert day(track) == []
    assert len(day(track.drive(90))) == 1


def test_what_left_the_window_no_longer_counts():
    # Five hours, and five more that begin 24 h later: never more than five at once.
    track = Track(every_s=60).drive(301)
    track.now_s = 24 * 3600
    assert day(track.drive(301).stand(10)) == []
    # Two hours earlier: at 27 h the window holds what was driven from 3 h to 5 h, and five hours.
    track = Track(every_s=60).drive(301)
    track.now_s = 22 * 3600
    assert day(track.drive(301).stand(10)) == []
    track = Track(every_s=60).drive(301)
    track.now_s = 20 * 3600
    assert len(day(track.drive(301).stand(10))) == 1


def test_it_ends_when_the_window_lets_it():
    track = Track(every_s=60).drive(541)
    # Nine hours from 0:00 on. At 25:14 the window begins at 1:15, at 24:59 at 1:00.
    track.now_s = (24 * 60 + 59) * 60
    track.sample(0.0)
    rows = detect(track, DAY, kind="line_coach", end=False)
    assert [row["revision"] for row in rows] == [0, 1]
    track = Track(every_s=60).drive(541)
    track.now_s = (24 * 60 + 29) * 60
    track.sample(0.0)
    assert [row["revision"] for row in detect(track, DAY, kind="line_coach", end=False)] == [0]


def test_midnight_is_nothing():
    # From 20:00 to 04:15 of the next day.
    track = Track(now_s=12 * 3600).drive(495.25).stand(10)
    (episode,) = day(track)
    assert episode["measured"] == 495


class TestDriver:
    def test_each_has_a_total_of_his_own(self):
        track = Track().drive(300, driver="A").drive(300, driver="B").stand(10)
        assert day(track) == []

    def test_who_comes_back_goes_on_where_he_was(self):
        track = Track().drive(300, driver="A").drive(120, driver="B").drive(300, driver="A")
        (episode,) = day(track.stand(10))
        # The pair in which A hands over is still his.
        assert (episode["driver"], episode["measured"]) == ("A", 599.75)

    def test_nobody_known_is_the_vehicles_and_says_so(self):
        (episode,) = day(Track().drive(500).stand(10))
        assert (episode["driver"], episode["severity"]) == (None, "unknown_driver")

    def test_unknown_hours_are_nobodys(self):
        assert day(Track().drive(300, driver="A").drive(300).stand(10)) == []

    def test_he_takes_his_hours_along_to_another_vehicle(self):
        one = Track("13900000001", driver="A", every_s=60).drive(301).stand(5)
        other = Track("13900000002", driver="A", every_s=60, now_s=400 * 60).drive(301).stand(5)
        (episode,) = together([one, other])
        assert (episode["vehicle"], episode["measured"]) == ("13900000002", 600)
        assert episode["start"] == minutes(400 + 181)

    def test_going_on_in_another_vehicle_is_another_detection(self):
        one = Track("13900000001", driver="A", every_s=60).drive(541).stand(5)
        other = Track("13900000002", driver="A", every_s=60, now_s=600 * 60).drive(61).stand(5)
        first, second = together([one, other])
        assert (first["vehicle"], first["end"]) == ("13900000001", minutes(540))
        assert (second["vehicle"], second["start"]) == ("13900000002", minutes(601))
        assert second["measured"] == 600


class TestGap:
    @pytest.mark.parametrize(("gap_s", "measured"), [(300, 505), (301, 500)])
    def test_five_minutes_are_none(self, gap_s, measured):
        track = Track(every_s=60).drive(251)
        track.now_s += gap_s - 60
        track.east_m += 9000
        (episode,) = day(track.drive(251).stand(5))
        assert episode["measured"] == measured

    def test_elsewhere_afterwards_it_may_have_been_driving_and_that_is_said(self):
        track = Track(every_s=60).drive(251).silence(19, 20_000).drive(251).stand(5)
        (episode,) = day(track)
        assert (episode["measured"], episode["quality"]) == (500, "gap,unknown_min=20")

    def test_on_the_spot_it_was_none(self):
        # A leg ends a kilometre past its last sample.
        track = Track(every_s=60).drive(251).silence(19, -900).drive(251).stand(5)
        assert day(track)[0]["quality"] is None

    def test_a_day_later_it_is_forgotten(self):
        track = Track(every_s=60).drive(11).silence(20, 20_000).drive(11)
        track.silence(25 * 60, -900)
        assert day(track.drive(500).stand(5))[0]["quality"] is None


@pytest.mark.parametrize("kind", ["heavy_truck", "school_bus", "hazmat", "other"])
def test_only_coaches_are_bound(kind):
    assert day(Track(every_s=60).drive(700), kind) == []


@pytest.mark.parametrize(("last_min", "count"), [(240, 0), (241, 1)])
def test_forty_four_hours_of_a_week(last_min, count):
    # Five days of eight hours and one of four; a minute more is over 44 h.
    track = Track(every_s=60)
    for number in range(5):
        track.now_s = number * 86_400.0
        track.drive(481).stand(1)
    track.now_s = 5 * 86_400.0
    track.drive(last_min + 1).stand(5)
    assert len(week(track)) == count


def test_eight_days_are_no_week():
    track = Track(every_s=60)
    for number in range(14):
        track.now_s = number * 86_400.0
        track.drive(376).stand(1)  # 6 h 15 a day, 43 h 45 in seven
    assert week(track) == []


def test_parameters_decide():
    assert len(day(Track().drive(130).stand(5), max_driving_min=120.0)) == 1


def merged(tracks):
    """Rows of several vehicles as they arrive: by event time."""
    return sorted(
        (row for track in tracks for row in track.rows), key=lambda r: (r["time"], r["vehicle"])
    )


def run(rows, rule=DAY, cuts=(), spoil=None):
    """All revisions over rows cut into batches before each of ``cuts``."""
    kinds = {row["vehicle"]: "line_coach" for row in rows}
    context = Context.build(only=frozenset({rule}), kinds=kinds)
    state, found = EngineState(), []
    for start, stop in itertools.pairwise([0, *sorted(cuts), len(rows)]):
        prepared, state = engine.prepare(batch_of(rows[start:stop]), state, context)
        if spoil:
            prepared = prepared._replace(columns=spoil(prepared.columns))
        detections, state = engine.run(prepared, state, context)
        found += detections.to_pylist()
    return found + engine.close(state, context).to_pylist()


def together(tracks):
    return episodes(run(merged(tracks)))


def shared(seed: int) -> list[Track]:
    """Three coaches that two drivers and nobody known take turns in."""
    chance = np.random.default_rng(seed)
    tracks = [Track(f"1390000000{number}", every_s=60) for number in range(3)]
    free_s = {"A": 0.0, "B": 0.0}
    for _ in range(30):
        track = tracks[chance.integers(3)]
        driver = str(chance.choice(["A", "B"]))
        track.now_s = max(track.now_s, free_s[driver]) + 60 * int(chance.integers(1, 60))
        track.drive(int(chance.integers(5, 180)), driver=driver).stand(2, driver=driver)
        free_s[driver] = track.now_s
    return tracks


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 3000), max_size=12))
def test_where_a_batch_is_cut_does_not_matter_to_shared_drivers(seed, cuts):
    rows = merged(shared(seed))

    def key(row):
        return row["id"], row["revision"]

    whole = sorted(run(rows), key=key)
    assert sorted(run(rows, cuts=[min(cut, len(rows)) for cut in cuts]), key=key) == whole


def test_vehicle_by_vehicle_it_would():
    """A control: the order of arrival thrown away."""

    def spoil(columns):
        return columns._replace(row=np.arange(len(columns.slot)))

    differ = 0
    for seed in range(5):
        rows = merged(shared(seed))
        cuts = range(0, len(rows), 50)
        differ += run(rows, spoil=spoil) != run(rows, cuts=cuts, spoil=spoil)
    assert differ


def plain(rows, piece_s: int, pieces: int, limit_min: float):
    """(vehicle, driver, start, end, minutes) of each episode, row by row in order of arrival.

    Every total is summed up anew from a plain dictionary of seconds by quarter of an hour.
    """
    last: dict = {}
    driven: dict = defaultdict(lambda: defaultdict(int))
    newest: dict = defaultdict(int)
    going: dict = {}
    found = []

    def moving(row):
        speed = row["speed_kmh"] if row["positioned"] and row["lat"] is not None else None
        speed = row.get("recorder_speed_kmh") if speed is None else speed
        return speed is not None and speed > 5

    for row in rows:
        before = last.get(row["vehicle"])
        last[row["vehicle"]] = row
        if before is None:
            continue
        key = before["driver"] or row["vehicle"]
        start_s, end_s = int(before["time"].timestamp()), int(row["time"].timestamp())
        driving = moving(before) and moving(row) and end_s - start_s <= 300
        newest[key] = max(newest[key], end_s // piece_s)
        if driving:
            for second in range(start_s, end_s):
                driven[key][second // piece_s] += 1
        window = range(newest[key] - pieces + 1, newest[key] + 1)
        total_s = sum(min(driven[key][piece], piece_s) for piece in window)
        if key in going and (
            total_s <= limit_min * 60 or (driving and going[key][0] != row["vehicle"])
        ):
            found.append(tuple(going.pop(key)))
        if driving and total_s > limit_min * 60:
            one = going.setdefault(key, [row["vehicle"], before["driver"], row["time"], None, 0.0])
            one[3], one[4] = row["time"], max(one[4], round(total_s / 60, 3))
    return sorted([*found, *map(tuple, going.values())], key=str)


def kernel(rows):
    return sorted(
        (
            (row["vehicle"], row["driver"], row["start"], row["end"], row["measured"])
            for row in episodes(rows)
        ),
        key=str,
    )


@pytest.mark.parametrize("rule", [CoachDayTotal(), CoachWeekTotal()], ids=lambda rule: rule.id)
def test_on_messy_weeks_it_is_what_the_plain_reading_finds(rule):
    limit = rule.default_params()["max_driving_min"]
    found = 0
    for track in corpus.tracks():
        if track.vehicle in corpus.COACHES:
            expected = plain(track.rows, rule.piece_s, rule.pieces, limit)
            assert kernel(run(track.rows, rule.id)) == expected
            found += len(expected)
    assert found >= 5


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_shared_drivers_are_what_the_plain_reading_finds(seed):
    rows = merged(shared(seed))
    assert kernel(run(rows)) == plain(rows, 900, 96, 480)
