"""Things no linter knows: what must never be in a tracked file.

Checks every tracked text file for registry addresses in locks, absolute paths of somebody's
machine, and files too big to have been made by this project.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_BYTES = 1 << 20
FORBIDDEN = {
    "a registry address": re.compile(
        r'"resolved":\s*"http|--(?:extra-)?index-url|registry\s*=\s*"?http'
    ),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(?:home|root|Users)/\w+"),
}
EXEMPT = {"scripts/check_repository.py", "scripts/lock.py"}


def main() -> int:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    problems = []
    for name in filter(None, tracked):
        path = ROOT / name
        if not path.is_file():
            continue
        if path.stat().st_size > LIMIT_BYTES:
            problems.append(f"{name}: larger than 1 MiB")
        data = path.read_bytes()
        if b"\0" in data[:8192] or name in EXEMPT:
            continue
        text = data.decode("utf-8", errors="replace")
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(text)
            if found:
                line = text.count("\n", 0, found.start()) + 1
                problems.append(f"{name}:{line}: {what}: {found.group()!r}")
    print("\n".join(problems) or f"repository: {len(tracked)} files clean")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
