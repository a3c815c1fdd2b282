"""How a part that runs for days reports: short lines with the time on stderr."""

from __future__ import annotations

import logging
import sys


def report_to_stderr(level: int = logging.INFO) -> None:
    """Log lines as ``2026-11-23 15:04:05 INFO listening on 127.0.0.1:6808``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
