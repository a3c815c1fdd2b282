"""Where compiled inner loops are kept: a folder a version of their source.

Numba's own check looks at the time of the file that holds the kernel. That misses two cases: a
helper in another file changed, and a new wheel whose files carry the same fixed time. So the
folder's name is a digest of every source file with a kernel in it; another source, another folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def use_kernel_cache() -> Path:
    """Point Numba at the folder for this version. Call before anything imports numba.

    A folder named in ``NUMBA_CACHE_DIR`` is left as it is. A service without a writable home
    gets one in the system's temporary folder: it then compiles anew after a reboot.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return Path(named)
    folder = _base() / f"kernels-{_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        folder = Path(tempfile.gettempdir()) / f"sizao-{os.getuid()}" / folder.name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


def _base() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path("~/.cache").expanduser()) / "sizao"


def stamp() -> str:
    """What is compiled anew if this changes: where the files with kernels lie, their times and
    sizes, by which Numba goes, and what stands in them."""
    every = [f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}" for path in _kernels()]
    return f"{_digest()}-{hashlib.sha256(chr(10).join(every).encode()).hexdigest()[:16]}"


def _digest() -> str:
    package = _package()
    digest = hashlib.sha256()
    for path, source in _kernels().items():
        digest.update(path.relative_to(package).as_posix().encode() + source)
    return digest.hexdigest()[:16]


def _kernels() -> dict[Path, bytes]:
    """Every source file with a kernel in it."""
    found = {path: path.read_bytes() for path in sorted(_package().rglob("*.py"))}
    return {path: source for path, source in found.items() if b"njit" in source}


def _package() -> Path:
    return Path(__file__).resolve().parent.parent
