"""Child processes that end when their parent does, however that ended.

A parent that is killed cannot stop anybody. So each child gets the reading end of a pipe whose
writing end only the parent holds: when the kernel closes it, the child reads its end of file and
stops as for SIGTERM, and for SIGKILL if that takes too long.

The pipe, and not ``PR_SET_PDEATHSIG``: that signal also comes when only the *thread* ends that
started the child, and it is Linux's own.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

VARIABLE = "SIZAO_TIED_TO"
"""In a child's environment: the number of the descriptor that it watches."""

GRACE_S = 20.0
"""From the parent's end to SIGKILL: time to finish what is half written."""

_pipe: tuple[int, int] | None = None
_turn = threading.Lock()


def tied(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any
) -> subprocess.Popen[Any]:
    """``Popen`` of a Python program of ours that calls :func:`watch_parent` first."""
    end = _reading_end()
    environment = {**(os.environ if env is None else env), VARIABLE: str(end)}
    return subprocess.Popen(command, env=environment, pass_fds=(end,), **options)


def _reading_end() -> int:
    """One pipe serves all children; nobody writes to it, and nothing closes it but our end."""
    global _pipe
    with _turn:
        if _pipe is None:
            _pipe = os.pipe()
        return _pipe[0]


def watch_parent() -> None:
    """In a child that was started by :func:`tied`: end when the parent does. Else do nothing."""
    text = os.environ.pop(VARIABLE, "")  # our own children are tied to us
    if not text.isdigit():
        return
    threading.Thread(target=_wait, args=(int(text),), name="parent", daemon=True).start()


def _wait(descriptor: int) -> None:
    try:
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return  # we were started by somebody who was tied, not by tied()
        while os.read(descriptor, 1):
            pass
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.kill(os.getpid(), signal.SIGKILL)
