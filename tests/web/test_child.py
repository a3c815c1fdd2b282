"""Computations in processes of their own: what they say, and what becomes of one that hangs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sizao.core.errors import ConfigError, SaidError
from sizao.web.child import _listen, run_child

AT_WORK = "tests.web.child_at_work"


def asked(folder: Path, what: str) -> Path:
    (folder / "do").write_text(what)
    return folder


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone_soon(pid: int) -> bool:
    until = time.monotonic() + 30
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def test_each_line_is_told_as_it_is_said(tmp_path: Path) -> None:
    told: list[dict[str, object]] = []
    run_child(AT_WORK, asked(tmp_path, "steps"), told.append)
    assert told == [{"step": "read", "share": 0.0}, {"step": "add up", "share": 0.5}]


def test_what_cannot_be_done_is_said_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^no roads$") as refused:
        run_child(AT_WORK, asked(tmp_path, "refuse"))
    assert not isinstance(refused.value, SaidError)
    with pytest.raises(SaidError, match=r"^no roads$") as refused:
        run_child(AT_WORK, asked(tmp_path, "refuse in both"))
    assert refused.value.zh == "没有路网"


def test_a_talkative_failure_ends_and_its_last_words_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A megabyte on standard error fills a pipe sixteen times over."""
    with caplog.at_level(logging.ERROR), pytest.raises(ConfigError, match="code 3"):
        run_child(AT_WORK, asked(tmp_path, "noise"))
    assert "the cause" in caplog.text
    assert len(caplog.text) < 30_000


def test_one_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="said nothing for 6 s"):
        run_child(AT_WORK, asked(tmp_path, "hang"), silent_s=6.0)
    assert gone_soon(int((tmp_path / "pid").read_text()))


def test_one_that_goes_on_talking_may_take_longer() -> None:
    code = "import time\nfor _ in range(10): time.sleep(0.25); print('{}', flush=True)"
    told: list[dict[str, object]] = []
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as talking:
        assert _listen(talking, told.append, 2.0) == ("", "", False)
    assert len(told) == 10


def test_a_child_whose_parent_is_killed_ends_what_it_started(tmp_path: Path) -> None:
    asked(tmp_path, "hang")
    code = f"from sizao.web.child import run_child; run_child({AT_WORK!r}, {str(tmp_path)!r})"
    with subprocess.Popen([sys.executable, "-c", code], env=os.environ) as parent:
        until = time.monotonic() + 30
        while not (tmp_path / "pid").exists() and time.monotonic() < until:
            time.sleep(0.02)
        parent.kill()
    assert gone_soon(int((tmp_path / "pid").read_text()))
