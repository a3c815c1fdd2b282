"""Forecasts' files go after their time, but never one that a warning rests on."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from sizao.web.desk.models import Cursor
from sizao.web.places import forecast_files, rounds
from sizao.web.warnings.models import Warning
from tests.web.conftest import World
from tests.web.places.test_places import forecast

DAY_S = 24 * 3600


def left(world: World) -> list[str]:
    return sorted(path.stem for path in world.data.forecasts.glob("*.parquet"))


def leave(world: World, *, warns: bool = True, read: bool = True) -> Path:
    """A file named by the feed's time, as the forecaster names it."""
    name = f"{world.now:%Y%m%dT%H%M%S}-{int(warns)}"
    over = {} if warns else {"share": 0.2, "site": "3-4", "lat": 26.7}
    if read:
        forecast(world, assessment=name, **over)
    else:
        round_, world.round = world.round, lambda: 0
        forecast(world, assessment=name, **over)
        world.round = round_
    return world.data.forecasts / f"{name}.parquet"


def test_what_nothing_rests_on_goes_and_what_a_warning_rests_on_stays(world: World) -> None:
    quiet = leave(world, warns=False)
    world.clock.advance(3600)
    cited = leave(world)
    assert Warning.objects.count() == 1
    world.clock.advance(34 * DAY_S)
    assert forecast_files.prune(world.now) == 0, "not before its time"
    unread = leave(world, warns=False, read=False)
    world.clock.advance(36 * DAY_S)
    rounds.prune(world.now)
    assert left(world) == sorted([cited.stem, unread.stem]), "nor one the desk has not read"
    assert not quiet.exists()
    assert not Cursor.objects.filter(pk=forecast_files.key_of(quiet)).exists()
    world.round()
    assert Warning.objects.count() == 1, "nothing is read twice"


def test_the_control_without_asking_who_cites_it_the_ground_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cited = leave(world)
    world.clock.advance(3600)
    leave(world, warns=False)
    world.clock.advance(40 * DAY_S)
    monkeypatch.setattr(forecast_files, "_cited", lambda path: False)
    forecast_files.prune(world.now)
    assert not cited.exists()


def test_a_spoilt_one_is_for_a_person_and_a_kill_leaves_no_note(world: World) -> None:
    world.data.forecasts.mkdir()
    spoilt = world.data.forecasts / "x.parquet"
    spoilt.write_bytes(b"no parquet")
    world.round()
    gone = leave(world, warns=False)
    world.clock.advance(3600)
    leave(world, warns=False)
    gone.unlink()  # as a kill between file and note leaves it
    world.clock.advance(90 * DAY_S)
    os.utime(spoilt, (0, 0))
    forecast_files.prune(world.now)
    assert "x" in left(world)
    assert not Cursor.objects.filter(pk=forecast_files.key_of(gone)).exists()


def test_the_newest_stays_however_old(world: World) -> None:
    first = leave(world, warns=False)
    world.clock.advance(timedelta(hours=2).total_seconds())
    newest = leave(world, warns=False)
    world.clock.advance(90 * DAY_S)
    assert forecast_files.prune(world.now) == 1
    assert newest.exists()
    assert not first.exists()
