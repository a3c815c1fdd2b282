"""The demonstration's signs: in channels.yaml, private, and never over somebody's own file."""

from __future__ import annotations

from pathlib import Path

from sizao.app.demo_signs import signs
from sizao.log.datadir import DataDir
from sizao.web.channels.adapters import ADAPTERS
from sizao.web.channels.adapters.base import Message
from sizao.web.channels.endpoints import read


def test_they_can_be_set_through_the_file(tmp_path: Path):
    data = DataDir(tmp_path)
    with signs(data) as made:
        found = read(data.channels)
        assert len(found) == len(made) > 1
        assert data.channels.stat().st_mode & 0o077 == 0
        message = Message(key="k", title="", text="", level="red", lines=("前方能见度低",))
        assert ADAPTERS["sign"](found["sign-1"], message).delivered
        assert made[0].board.shown() == ("k", ["前方能见度低"])
    with signs(data) as again:
        assert len(again) == len(made), "a second start replaces its own"


def test_a_file_that_somebody_wrote_is_left_alone(tmp_path: Path):
    data = DataDir(tmp_path)
    data.channels.write_text("endpoints: {}\n")
    with signs(data) as made:
        assert made == []
    assert data.channels.read_text() == "endpoints: {}\n"
