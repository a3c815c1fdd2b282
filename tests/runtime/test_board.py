"""The live board alone: tunnels, gaps in the slots, bytes."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.errors import LogError
from sizao.core.schemas import LIVE, check
from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.state import EngineState
from sizao.runtime.board import Board
from tests.runtime import city
from tests.runtime.helpers import positions

CONTEXT = Context.build(city.network())


def board_of(*batches: object) -> tuple[Board, EngineState]:
    board, state = Board(), EngineState()
    for batch in batches:
        prepared, state = engine.prepare(batch, state, CONTEXT)
        board.update(prepared.columns)
    return board, state


def shown(board: Board, state: EngineState) -> list[dict[str, object]]:
    batch = board.batch(state.vehicles, engine.active(state, CONTEXT), CONTEXT.network)
    return check(batch, LIVE).to_pylist()


def on_road(name: str, second: float, **columns: object) -> object:
    return positions([name], [second], **({"lat": [city.LAT], "lon": [city.LON + 0.05]} | columns))


def test_a_vehicle_in_a_tunnel_stays_where_it_was_last_seen() -> None:
    board, state = board_of(
        on_road("1", 0.0),
        on_road("1", 10.0, lat=[None], lon=[None], positioned=[False], speed_kmh=[None]),
    )
    (row,) = shown(board, state)
    assert row["lat"] == city.LAT
    assert row["road"] == "G5"
    assert row["speed_kmh"] is None
    assert (row["time"] - row["received"]).total_seconds() == -1
    assert row["time"].timestamp() % 100 == pytest.approx((1_790_000_000 + 10) % 100)


def test_a_vehicle_that_never_had_a_fix_has_no_place() -> None:
    board, state = board_of(on_road("1", 0.0, lat=[None], lon=[None], positioned=[False]))
    (row,) = shown(board, state)
    assert (row["lat"], row["lon"], row["road"], row["limit_kmh"]) == (None, None, None, None)


def test_rows_never_move() -> None:
    first = positions(["1"], [0.0])
    future = positions(["2"], [9_000.0], received=[1_790_000_000_000_000])
    third = positions(["3"], [1.0])
    board, state = board_of(first, future, third)
    # "2" was refused (its clock is ahead), so its row is not known yet and "3" waits behind it.
    assert [row["vehicle"] for row in shown(board, state)] == ["1"]
    prepared, state = engine.prepare(positions(["2"], [2.0]), state, CONTEXT)
    board.update(prepared.columns)
    assert [row["vehicle"] for row in shown(board, state)] == ["1", "2", "3"]


def test_bytes_and_back() -> None:
    names = [str(number) for number in range(1000)]
    board, state = board_of(positions(names, [0.0] * 1000))
    data = board.to_bytes()
    again = Board.from_bytes(data)
    assert again.to_bytes() == data
    assert shown(again, state) == shown(board, state)
    assert len(shown(board, state)) == 1000
    with pytest.raises(LogError, match="damaged"):
        Board.from_bytes(data[:50])


def test_the_last_of_repeated_slots_stands() -> None:
    # Board.update leans on this property of NumPy's assignment.
    target = np.zeros(2)
    target[np.zeros(1000, np.int32)] = np.arange(1000)
    assert target[0] == 999


def test_what_is_kept_between_two_looks_follows_new_vehicles_and_another_network() -> None:
    """Names and words of roads are converted once, and must not go stale."""
    board, state = board_of(on_road("1", 0.0))
    assert [row["vehicle"] for row in shown(board, state)] == ["1"]
    prepared, state = engine.prepare(on_road("2", 1.0), state, CONTEXT)
    board.update(prepared.columns)
    assert [(row["vehicle"], row["road"]) for row in shown(board, state)] == [
        ("1", "G5"),
        ("2", "G5"),
    ]
    fresh, _ = board_of(on_road("1", 0.0), on_road("2", 1.0))
    assert shown(board, state) == shown(fresh, state)
    without = board.batch(state.vehicles, ["", ""], None).to_pylist()
    assert [(row["road"], row["area"], row["road_class"]) for row in without] == [(None,) * 3] * 2
    again = city.network()
    again.ref[:] = "G6"
    words = board.batch(state.vehicles, ["", ""], again).column("road").to_pylist()
    assert words == ["G6", "G6"]
