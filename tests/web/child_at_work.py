"""A computation for ``test_child.py``: ``python -m tests.web.child_at_work FOLDER``; what it does
stands in the folder's ``do``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from sizao.core.errors import ConfigError, SaidError
from sizao.web.child import answer, say


def work(folder: Path) -> None:
    what = (folder / "do").read_text()
    if what == "steps":
        print("a library says something", flush=True)
        say(step="read", share=0.0)
        say(step="add up", share=0.5)
    elif what == "refuse":
        say(step="read", share=0.0)
        raise ConfigError("no roads")
    elif what == "refuse in both":
        raise SaidError("没有路网", "no roads")
    elif what == "noise":
        sys.stderr.write("x" * 1_000_000)
        sys.stderr.write("the cause\n")
        sys.exit(3)
    elif what == "hang":
        say(step="read", share=0.0)
        helper = subprocess.Popen(["sleep", "600"])
        try:
            (folder / "pid").write_text(str(helper.pid))
            time.sleep(600)
        finally:
            helper.kill()
            helper.wait()


if __name__ == "__main__":
    answer(work)
