"""What benchmarks do to the processes they measure: start, pin to a core, look at, end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median

from sizao.core.errors import ConfigError
from sizao.core.tied import tied

PATIENCE_S = 60.0
"""Wall seconds a process has to stop in order."""


def cores() -> list[int]:
    """Cores this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def pin(which: int | None) -> Callable[[], None]:
    """To be called in a new process: keep to one core, if there are several; None is any."""
    found = cores()

    def keep() -> None:
        if len(found) > 1 and which is not None:
            os.sched_setaffinity(0, {found[which]})

    return keep


@contextmanager
def server(command: list[str], core: int | None = None) -> Iterator[tuple[int, int]]:
    """A server process until the block ends, on one core if ``core`` says so; gives the port it
    names (or 0) and its pid. Raises ConfigError if it ends before it listens."""
    process = tied(command, stderr=subprocess.PIPE, text=True, preexec_fn=pin(core))
    assert process.stderr is not None
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if "listening" in line:
                found = re.search(r":(\d+)$", line.strip())
                yield int(found[1]) if found else 0, process.pid
                break
        else:
            raise ConfigError(f"the server did not start: {''.join(said)}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@contextmanager
def part(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Another process until the block ends, told to stop then.

    One in the midst of a long step on a busy machine is killed: what was measured is not to be lost
    for it, and a kill is what these processes are made for.
    """
    process = tied(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_s(pid: int) -> tuple[float, float]:
    """Processor seconds a process has used, its own and the system's for it; 0 without /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    tick = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / tick, int(fields[12]) / tick


def rss(pid: int) -> int:
    """Bytes of memory a process holds; 0 without /proc."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def anonymous(pid: int) -> int:
    """Bytes of a process's memory that are no file's: not the libraries it has loaded, which grow
    by what of them it has touched. 0 without /proc."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^RssAnon:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) << 10 if found else 0


def by_thirds(values: Sequence[float]) -> list[float]:
    """Medians of the first, the second and the last third: whether something grows.

    >>> by_thirds([1, 2, 9, 4, 4, 4, 5, 7, 6])
    [2, 4, 6]
    """
    if len(values) < 3:
        return list(values)
    ends = [round(len(values) * third / 3) for third in range(4)]
    return [median(values[begin:end]) for begin, end in pairwise(ends)]


def socket_pages() -> int:
    """Bytes that all TCP buffers of the machine take, both ends; 0 without /proc."""
    try:
        text = Path("/proc/net/sockstat").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"TCP:.* mem (\d+)", text)
    return int(found[1]) * os.sysconf("SC_PAGE_SIZE") if found else 0
