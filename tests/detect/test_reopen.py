"""Late points re-open a gap: they end where delivery in order ends, however cut and restarted."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import engine, reopen
from sizao.detect.engine import Context, EngineState
from sizao.detect.windows import Windows
from tests.detect.plain import chances
from tests.detect.tracks import Row, Track, at, batch_of, begin

VALUES = ("start", "end", "measured", "severity", "driver", "lat", "lon", "final")


def play(
    rows: list[Row], cuts: Any = (), *, end: bool = True, rule: str = "fatigue", **changes: Any
) -> list[Row]:
    """Detections of a rule over rows in this order; the state is saved at each cut."""
    kinds = {row["vehicle"]: "tour_coach" for row in rows} if rule != "fatigue" else None
    context = Context.build(only=frozenset({rule}), changes={rule: changes}, kinds=kinds)
    state, found = EngineState(), []
    for start, stop in pairwise([0, *sorted(cuts), len(rows)]):
        part, state = engine.step(batch_of(rows[start:stop]), state, context)
        found += part.to_pylist()
        state = EngineState.from_bytes(state.to_bytes())
        assert state.restarted == []
    if end:
        found += engine.close(state, context).to_pylist()
    return found


def final(found: list[Row]) -> dict[str, tuple[Any, ...]]:
    """Last revision of each episode that stands."""
    last: dict[str, Row] = {}
    for row in sorted(found, key=lambda row: row["revision"]):
        last[row["id"]] = row
    return {
        name: tuple(row[value] for value in VALUES)
        for name, row in last.items()
        if row["severity"] != "withdrawn"
    }


def delivered(track: Track, hidden: tuple[float, float], after_s: float) -> list[Row]:
    """The track's rows, those of a span (s) only after the first that is ``after_s`` past it."""
    begin, end = at(hidden[0]), at(hidden[1])
    held = [row for row in track.rows if begin <= row["time"] < end]
    rest = [row for row in track.rows if not begin <= row["time"] < end]
    back = next(
        (i for i, row in enumerate(rest) if row["time"] >= end + timedelta(seconds=after_s)),
        len(rest),
    )
    sent = rest[back - 1]["received"] if back else at(0)
    late = [
        {**row, "received": max(sent + timedelta(milliseconds=i), row["received"])}
        for i, row in enumerate(held)
    ]
    return [*rest[:back], *late, *rest[back:]]


def hours(minutes: float) -> float:
    return minutes * 60


def test_a_gap_that_was_driving_fires_late():
    """150 min, 30 in a dead zone, 80 after it: 230 known minutes, 260 true ones."""
    track = Track(every_s=60).drive(260).stand(30)
    hidden = (hours(150), hours(180))
    rows = delivered(track, hidden, 600)
    without = [row for row in rows if not at(hidden[0]) <= row["time"] < at(hidden[1])]
    assert play(without) == []
    found = play(rows)
    assert final(found) == final(play(track.rows)) != {}
    assert [(row["revision"], row["severity"]) for row in found] == [
        (0, "over_limit"),
        (1, "over_limit"),
    ]
    assert play(rows, reopen_within_min=0) == [], "the control: switched off, it is missed"


def test_a_gap_that_was_a_rest_withdraws_what_had_fired():
    """The terminal was silent for 30 min, in which the driver rested and drove on elsewhere."""
    track = Track(every_s=60).drive(150).stand(22).drive(8).drive(130).stand(30)
    hidden = (hours(149), hours(180))
    rows = delivered(track, hidden, hours(100))
    found = play(rows)
    assert [(row["revision"], row["severity"]) for row in found] == [
        (0, "over_limit"),
        (1, "withdrawn"),
    ]
    assert "corrected" in found[-1]["quality"].split(",")
    for same in ("id", "start", "fired", "received"):
        assert found[0][same] == found[1][same]
    assert final(found) == final(play(track.rows)) == {}
    assert len(final(play(rows, reopen_within_min=0))) == 1


def test_an_ended_episode_gets_its_next_revision():
    """Twenty of its minutes were taken off as unknown; it had been told as ended by then."""
    track = Track(every_s=60).drive(265).stand(30).drive(20)
    rows = delivered(track, (hours(150), hours(170)), hours(118))
    found = play(rows)
    assert [(row["revision"], row["measured"]) for row in found] == [(0, 241), (1, 244), (2, 265)]
    assert found[-1]["quality"] == "driver_unknown_min=265,corrected"
    assert final(found) == final(play(track.rows))


def test_what_had_fired_before_the_gap_keeps_when_it_was_received():
    """A rest in the dead zone ended it: only the late points show that."""
    track = Track(every_s=60).drive(252).stand(25).drive(3).drive(40).stand(30)
    found = play(delivered(track, (hours(250), hours(279)), 600), end=False)
    assert [(row["revision"], row["measured"]) for row in found] == [(0, 241), (1, 252)]
    assert found[1]["quality"] == "driver_unknown_min=252,corrected"
    assert found[1]["received"] == found[0]["received"]


def test_what_was_withdrawn_and_fires_anew_goes_on_counting():
    """Late points show another driver's card, so that the run was not so long yet; then its own
    driver is back, within a rest, and it is."""
    track = Track(every_s=60).drive(238).drive(2, driver="A").drive(8, driver="B").drive(5)
    track.drive(5, driver="A").stand(30)
    rows = delivered(track, (hours(238), hours(248)), 300)
    for cuts in ((), range(0, len(rows), 7), (len(rows) - 40,)):
        found = play(rows, cuts)
        assert [(row["revision"], row["severity"], row["final"]) for row in found] == [
            (0, "over_limit", False),
            (1, "withdrawn", True),
            (2, "over_limit", False),
            (3, "over_limit", True),
        ]
        for same in ("id", "rule_version", "start", "fired", "received"):
            assert len({row[same] for row in found}) == 1
        assert final(found) == final(play(track.rows)) != {}
    whole = Context.build(only=frozenset({"fatigue"}))
    _, state = engine.step(batch_of(rows), EngineState(), whole)
    assert EngineState.from_bytes(state.to_bytes()).withdrawn == state.withdrawn != {}


def test_its_id_stays_though_parameters_change_before_it_fires_anew():
    track = Track(every_s=60).drive(238).drive(2, driver="A").drive(8, driver="B").drive(5)
    track.drive(5, driver="A").stand(30)
    rows = delivered(track, (hours(238), hours(248)), 300)
    state, found = EngineState(), []
    for part, longest_min in ((rows[:-35], 240), (rows[-35:], 239)):
        changes = {"fatigue": {"max_continuous_min": longest_min}}
        context = Context.build(only=frozenset({"fatigue"}), changes=changes)
        some, state = engine.step(batch_of(part), state, context)
        found += some.to_pylist()
    assert [row["revision"] for row in found] == [0, 1, 2, 3]
    assert found[1]["severity"] == "withdrawn"
    assert len({row["id"] for row in found}) == 1


def test_too_late_changes_nothing_and_nothing_is_kept():
    track = Track(every_s=60).drive(400).stand(30).drive(20)
    hidden = (hours(100), hours(130))
    in_time, late = (delivered(track, hidden, hours(minutes)) for minutes in (119, 123))
    whole = final(play(track.rows))
    assert final(play(in_time)) == whole
    assert final(play(late)) != whole
    context = Context.build(only=frozenset({"fatigue"}))
    _, state = engine.step(batch_of(late), EngineState(), context)
    assert state.windows == {"fatigue": {}}


def test_a_gap_at_rest_opens_no_window():
    track = Track(every_s=15).drive(30).silence(40).drive(30)
    context = Context.build(only=frozenset({"fatigue"}))
    _, state = engine.step(track.batch(), EngineState(), context)
    assert not state.windows["fatigue"]


def test_windows_are_bounded(monkeypatch):
    monkeypatch.setattr(reopen, "MOST", 3)
    rows = []
    for number in range(6):
        track = Track(f"1000{number}", every_s=60, now_s=number).drive(30).silence(20, 9000)
        rows += track.drive(30).rows
    rows.sort(key=lambda row: row["received"])
    context = Context.build(only=frozenset({"fatigue"}))
    _, state = engine.step(batch_of(rows), EngineState(), context)
    assert len(state.windows["fatigue"]) == 3


def test_of_a_platform_that_comes_back_only_windows_that_last_are_opened(monkeypatch):
    """The others would be gone with the batch; but of one that brings late rows in it."""
    monkeypatch.setattr(reopen, "MOST", 2)
    opened: list[int] = []
    real = Windows.open

    def watched(self: Windows, head: Any, before: Any) -> None:
        opened.extend(head["slot"].tolist())
        real(self, head, before)

    monkeypatch.setattr(Windows, "open", watched)
    every = []
    for number in range(8):
        track = Track(f"1000{number}", every_s=40, now_s=25 * number).drive(30)
        every.append(track.silence(20, 9000).drive(30).rows)
    rows = sorted((row for rows in every for row in rows), key=lambda row: row["received"])
    # A point of the gap of number 3 comes last of all.
    back = next(row for row in every[3] if row["time"] > at(52 * 60))
    told = {**back, "time": back["time"] - timedelta(minutes=10)}
    context = Context.build(only=frozenset({"fatigue"}))
    _, state = engine.step(batch_of([*rows, told]), EngineState(), context)
    assert state.windows["fatigue"].opened == 8
    assert sorted(state.windows["fatigue"]) == [6, 7]
    assert sorted(opened) == [3, 6, 7]


@pytest.mark.parametrize(("most", "seed"), [(1, 1), (1, 2), (2, 1)])
def test_which_windows_go_does_not_depend_on_where_batches_are_cut(most, seed, monkeypatch):
    """More vehicles come back from gaps than there is room for; windows close meanwhile."""
    rows = chances.rows_of(seed, vehicles=8, hours=4)
    context = Context.build(
        kinds=dict.fromkeys({row["vehicle"] for row in rows}, "tour_coach"),
        changes=chances.SHORT,
        only=frozenset(chances.SHORT),
    )

    def found(size: int) -> list[Row]:
        state, every = EngineState(), []
        for start in range(0, len(rows), size):
            part, state = engine.step(batch_of(rows[start : start + size]), state, context)
            every += part.to_pylist()
            assert all(len(each) <= reopen.MOST for each in state.windows.values())
            state = EngineState.from_bytes(state.to_bytes())
        return sorted(every, key=lambda row: (row["id"], row["revision"]))

    with_room = found(97)
    monkeypatch.setattr(reopen, "MOST", most)
    one, other, whole = found(31), found(1000), found(len(rows))
    assert one == other == whole
    assert one != with_room, "there was room for all"
    monkeypatch.setattr(reopen, "_MANY", 3)
    assert found(len(rows)) == whole


_RESTART = 0.3
"""Share of the cuts at which the state goes through its bytes."""


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 99), chance=st.randoms(use_true_random=False))
def test_what_is_saved_does_not_depend_on_where_batches_are_cut(seed, chance):
    """At some places, windows among it, whatever was cut before."""
    rows = chances.rows_of(seed, vehicles=4, hours=2)
    context = Context.build(
        kinds=dict.fromkeys({row["vehicle"] for row in rows}, "tour_coach"),
        changes=chances.SHORT,
        only=frozenset(chances.SHORT),
    )
    marks = sorted({*(len(rows) * k // 8 for k in range(1, 9))})

    def saved(cuts: set[int], restart: float) -> list[bytes]:
        state, kept = EngineState(), []
        for start, stop in pairwise(sorted({0, *marks, *cuts})):
            _, state = engine.step(batch_of(rows[start:stop]), state, context)
            if stop in marks:
                kept.append(state.to_bytes())
            if chance.random() < restart:
                state = EngineState.from_bytes(state.to_bytes())
        return kept

    cuts = {chance.randrange(len(rows)) for _ in range(chance.choice([3, 20, 100]))}
    assert saved(cuts, _RESTART) == saved(set(), 0.0)


def test_who_has_late_rows_is_no_matter_to_others():
    """Of three vehicles out of a gap two send what they stored, one of them after a second gap."""
    parts = []
    for number, silent in enumerate([(150, 180), (150, 180), (140, 170)]):
        track = Track(f"1000{number}", every_s=60, now_s=7 * number)
        track.drive(200).silence(10, 9000).drive(90).stand(30)
        parts.append(delivered(track, (hours(silent[0]), hours(silent[1])), 600))
    parts[1] = [row for row in parts[1] if not at(hours(150)) <= row["time"] < at(hours(180))]
    together = sorted((row for part in parts for row in part), key=lambda row: row["received"])
    alone = [row for part in parts for row in play(part)]
    assert len(alone) >= 4
    for cuts in ((), (100, 400, 401), range(0, len(together), 50)):
        assert in_order(play(together, cuts)) == in_order(alone)


legs = st.lists(
    st.tuples(
        st.sampled_from(["drive", "stand"]),
        st.integers(20, 200),
        st.sampled_from([5, 19, 20, 40]),
        st.sampled_from([None, None, "A", "B"]),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=120, deadline=None)
@given(
    legs,
    st.integers(30, 280),
    st.sampled_from([0, 5, 40]),
    st.floats(0.05, 0.95),
    st.integers(6, 110),
    st.integers(0, 110),
    st.lists(st.floats(0, 1), max_size=5),
)
def test_late_delivery_ends_as_delivery_in_order_does(
    given_legs, driven, stood, share, span, after, cuts
):
    """If the gap opened a window, and its rows came within the time; else it was none to it."""
    track = Track(every_s=60)
    for what, driving, standing, driver in given_legs:
        if what == "drive":
            track.drive(driving, driver=driver)
        else:
            track.stand(standing, driver=driver)
    track.drive(driven).stand(stood)
    begin = int(share * track.now_s / 60)
    hidden = (hours(begin), hours(begin + span))
    rows = delivered(track, hidden, hours(after))
    whole = play(rows)
    if opens(rows, hidden):
        assert final(whole) == final(play(track.rows))
    places = [int(cut * len(rows)) for cut in cuts]
    assert in_order(play(rows, places)) == in_order(whole)
    keys = [(row["id"], row["revision"]) for row in whole]
    assert len(keys) == len(set(keys))


def in_order(found: list[Row]) -> list[Row]:
    return sorted(found, key=lambda row: (row["id"], row["revision"]))


def opens(rows: list[Row], hidden: tuple[float, float]) -> bool:
    """Whether the hidden span is a gap that ends more than 500 m away."""
    before = [row for row in rows if row["time"] < at(hidden[0])]
    after = [row for row in rows if row["time"] >= at(hidden[1])]
    if not before or not after:
        return False
    metres = (after[0]["lon"] - before[-1]["lon"]) * 99_500
    return bool(metres > 510 and after[0]["time"] - before[-1]["time"] > timedelta(seconds=300))


NIGHT = "coach_night_fatigue"


def late_at_night(track: Track, hidden: tuple[float, float], after_s: float) -> list[Row]:
    """As ``delivered``, of a track that does not begin at 0: seconds from its first row."""
    first = (track.rows[0]["time"] - at(0)).total_seconds()
    return delivered(track, (first + hidden[0], first + hidden[1]), after_s)


def test_a_coach_at_night_is_judged_again_too():
    """130 min of the night, 30 of them told late: 100 known ones fire nothing."""
    track = begin("22:30", every_s=60).drive(130).stand(60)
    rows = late_at_night(track, (hours(50), hours(80)), 600)
    found = play(rows, rule=NIGHT)
    assert final(found) == final(play(track.rows, rule=NIGHT)) != {}
    assert play(rows, rule=NIGHT, reopen_within_min=0) == [], "the control"


def test_a_rest_at_night_that_was_told_late_withdraws():
    track = begin("22:30", every_s=60).drive(70).stand(22).drive(8).drive(70).stand(30)
    rows = late_at_night(track, (hours(69), hours(100)), hours(55))
    found = play(rows, rule=NIGHT)
    assert [(row["revision"], row["severity"]) for row in found] == [
        (0, "over_limit"),
        (1, "withdrawn"),
    ]
    assert final(play(track.rows, rule=NIGHT)) == {}


def test_trucks_take_no_windows_of_the_coach_rule():
    """They would close those of coaches, of which there are fewer."""
    track = begin("22:30", every_s=60).drive(130).stand(60)
    rows = late_at_night(track, (hours(50), hours(80)), 600)
    kept = {}
    for kind in ("tour_coach", "heavy_truck"):
        context = Context.build(only=frozenset({NIGHT}), kinds={rows[0]["vehicle"]: kind})
        _, state = engine.step(batch_of(rows[:120]), EngineState(), context)
        kept[kind] = len(state.windows[NIGHT])
    assert kept == {"tour_coach": 1, "heavy_truck": 0}


@settings(max_examples=30, deadline=None)
@given(
    parts=st.lists(
        st.tuples(st.integers(5, 90), st.sampled_from([0, 5, 19, 21, 40])), min_size=2, max_size=5
    ),
    gap=st.tuples(st.integers(10, 200), st.integers(6, 60)),
    after=st.integers(1, 100),
    cuts=st.lists(st.integers(1, 300), max_size=3),
)
def test_late_delivery_at_night_ends_as_delivery_in_order_does(
    parts: Any, gap: Any, after: int, cuts: list[int]
) -> None:
    track = begin("21:40", every_s=60)
    for driving, standing in parts:
        track.drive(driving).stand(standing) if standing else track.drive(driving)
    track.drive(2).stand(125)
    first = (track.rows[0]["time"] - at(0)).total_seconds()
    hidden = (first + hours(gap[0]), first + hours(gap[0] + gap[1]))
    rows = delivered(track, hidden, hours(after))
    whole = play(rows, rule=NIGHT)
    if opens(rows, hidden):
        assert final(whole) == final(play(track.rows, rule=NIGHT))
    places = [cut for cut in cuts if cut < len(rows)]
    assert in_order(play(rows, places, rule=NIGHT)) == in_order(whole)
