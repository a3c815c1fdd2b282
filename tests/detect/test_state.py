"""Engine state as bytes: whole, deterministic, and honest about what it cannot read."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.errors import LogError
from sizao.detect import engine, registry
from sizao.detect.engine import Context, EngineState
from sizao.detect.frozen import Frozen, thawed
from tests.detect.plain import chances
from tests.detect.test_engine import network
from tests.detect.tracks import Track, batch_of


def a_state(context: Context, vehicles: int = 3) -> EngineState:
    state = EngineState()
    for n in range(vehicles):
        track = Track(str(n), driver=f"D{n}").leg(90, 100 + n, alarm=n)
        _, state = engine.step(track.batch(), state, context, track.limit_column())
    return state


def test_bytes_give_the_same_state():
    context = Context.build(network())
    state = a_state(context)
    again = EngineState.from_bytes(state.to_bytes())
    assert again.to_bytes() == state.to_bytes()
    assert (again.vehicles, again.fleet.drivers) == (state.vehicles, state.fleet.drivers)
    assert again.counters == state.counters
    assert again.restarted == []
    assert engine.active(again, context) == engine.active(state, context) != [""] * 3


def test_what_is_frozen_stays_as_it_was():
    """Whatever happens to the state until another thread makes bytes of it."""
    rows = chances.rows_of(1, vehicles=4, hours=2)
    kinds = dict.fromkeys({row["vehicle"] for row in rows}, "tour_coach")
    context = Context.build(kinds=kinds, changes=chances.SHORT)
    state, kept = EngineState(), []
    for start in range(0, len(rows), 200):
        _, state = engine.step(batch_of(rows[start : start + 200]), state, context)
        kept.append((state.frozen(), state.to_bytes()))
    assert any(frozen.head["reports"] for frozen, _ in kept)
    assert [frozen() for frozen, _ in kept] == [data for _, data in kept]


def test_the_format_before_is_read():
    """It had the names of vehicles as texts."""
    state = a_state(Context.build())
    head, blocks = thawed(state.to_bytes())
    del blocks["names"], head["other_names"]
    for version, names in ((3, state.vehicles), (2, [])):
        old = Frozen.of({**head, "version": version, "vehicles": state.vehicles}, blocks)()
        again = EngineState.from_bytes(old)
        assert again.vehicles == names
        assert (again.to_bytes() == state.to_bytes()) == (version == 3)


def test_bytes_do_not_depend_on_room_or_on_memory_left_behind():
    context = Context.build(network())
    wide = a_state(context)
    for name in ("last", "match"):
        used = getattr(wide.fleet, name)[: len(wide.names)]
        roomy = np.zeros(1024, used.dtype)
        roomy[: len(used)] = used
        setattr(wide.fleet, name, roomy)
    wide.make_room(context.rules, 1000)
    assert wide.to_bytes() == a_state(context).to_bytes()


def test_no_pickle_in_it():
    assert b"numpy" not in a_state(Context.build()).to_bytes()


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:200], lambda b: b"x" * 400])
def test_damage_is_an_error_that_says_so(damage):
    with pytest.raises(LogError, match="damaged state"):
        EngineState.from_bytes(damage(a_state(Context.build()).to_bytes()))


def test_a_later_format_is_refused(monkeypatch):
    data = a_state(Context.build()).to_bytes()
    monkeypatch.setattr("sizao.detect.state.VERSION", 0)
    with pytest.raises(LogError):
        EngineState.from_bytes(data)


def test_a_rule_laid_out_differently_begins_anew_and_says_so(monkeypatch):
    data = a_state(Context.build()).to_bytes()

    class Changed(type(registry.RULES[0])):
        state_dtype = np.dtype([*registry.RULES[0].state_dtype.descr, ("more", "i8")])

    monkeypatch.setattr(registry, "RULES", (Changed(), *registry.RULES[1:]))
    context = Context.build()
    state = EngineState.from_bytes(data)
    assert [item.split(",") for item in engine.active(state, context)][1] == ["terminal_alarm"]
    assert state.restarted == ["speeding"]


def test_another_network_begins_matching_anew():
    state = a_state(Context.build(network()))
    assert state.fleet.match["time_us"].any()
    other = Context.build(network(limit_kmh=60))
    track = Track("0", now_s=1000).leg(15, 50)
    _, state = engine.step(track.batch(), EngineState.from_bytes(state.to_bytes()), other)
    assert state.restarted == ["match"]
    assert np.count_nonzero(state.fleet.match["time_us"]) == 1


def test_many_vehicles_find_room():
    context = Context.build()
    state = EngineState()
    for first in (0, 200):
        tracks = [Track(str(n)).leg(15, 50) for n in range(first, first + 200)]
        rows = [row for track in tracks for row in track.rows]
        _, state = engine.step(batch_of(rows), state, context)
    assert len(state.vehicles) == 400
    assert len(engine.active(state, context)) == 400
