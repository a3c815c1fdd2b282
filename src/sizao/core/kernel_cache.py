"""Where compiled inner loops are kept: a folder a version of their source.

Numba's own check looks at the time of the file that holds the kernel. That misses three cases: a
helper in another file changed, a number that a kernel takes from a file without kernels and keeps
as a constant, and a new wheel whose files carry the same fixed time. So the folder's name is a
digest of every source file with a kernel in it and of all that these import; another source,
another folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

_IMPORT = re.compile(
    rb"^[ \t]*(?:from (sizao[\w.]*) import (\([^)]*\)|[^\n#]*)|import (sizao[\w.]*))", re.MULTILINE
)
_NAME = re.compile(rb"(\w+)(?: as \w+)?")


def use_kernel_cache() -> Path:
    """Point Numba at the folder for this version. Call before anything imports numba.

    A folder named in ``NUMBA_CACHE_DIR`` is left as it is. A service without a writable home
    gets one in the system's temporary folder: it then compiles anew after a reboot.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return Path(named)
    name = f"kernels-{_digest(_sources())}"
    folder = _base() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        folder = _own_temporary() / name
        folder.mkdir(exist_ok=True, mode=0o700)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


def _own_temporary() -> Path:
    """A folder in the system's temporary one that nobody else can put loops into: what lies in a
    cache is run. The same each time, or a fresh one if somebody else has that name."""
    folder = Path(tempfile.gettempdir()) / f"sizao-{os.getuid()}"
    folder.mkdir(exist_ok=True, mode=0o700)
    found = folder.lstat()
    others = stat.S_IWGRP | stat.S_IWOTH
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & others:
        return folder
    return Path(tempfile.mkdtemp(prefix=f"{folder.name}-"))


def _base() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path("~/.cache").expanduser()) / "sizao"


def stamp() -> str:
    """What is compiled anew if this changes: where the files with kernels lie, their times and
    sizes, by which Numba goes, and what stands in them and in what they import."""
    sources = _sources()
    every = [
        f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}"
        for path, source in sources.items()
        if _KERNEL in source
    ]
    return f"{_digest(sources)}-{hashlib.sha256(chr(10).join(every).encode()).hexdigest()[:16]}"


def _digest(sources: dict[Path, bytes]) -> str:
    package = _package()
    digest = hashlib.sha256()
    for path, source in sources.items():
        digest.update(path.relative_to(package).as_posix().encode() + source)
    return digest.hexdigest()[:16]


_KERNEL = b"njit"


def _sources() -> dict[Path, bytes]:
    """Every source file with a kernel in it and all that it imports, by path."""
    package = str(_package())
    every: dict[str, bytes] = {}
    for folder, _, names in os.walk(package):
        for path in (f"{folder}/{name}" for name in names if name.endswith(".py")):
            # A Path for each of 1,500 takes longer than to read it, and every start waits for this.
            with open(path, "rb") as file:  # noqa: PTH123
                every[path] = file.read()
    found = {path for path, source in every.items() if _KERNEL in source}
    todo = list(found)
    while todo:
        new = {path for path in _imported(every[todo.pop()], package) if path in every} - found
        found |= new
        todo += new
    return {Path(path): every[path] for path in sorted(found)}


def _imported(source: bytes, package: str) -> Iterator[str]:
    """Where modules of ours that a file imports may lie; what is imported from one may be one."""
    for path, names, module in _IMPORT.findall(source):
        place = package + (path or module).decode().replace(".", "/").removeprefix("sizao")
        for one in (place, *(f"{place}/{name.decode()}" for name in _NAME.findall(names))):
            yield f"{one}.py"
            yield f"{one}/__init__.py"


def _package() -> Path:
    return Path(__file__).resolve().parent.parent
