"""Reading detections for people: the last revision of each episode, newest first.

The log is the record; this keeps the newest episodes of it in memory, because every page of a
list needs them sorted and filtered and the log can only be read in order.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from sizao.log.interface import LogReader

KEEP = 20_000
"""Episodes kept in memory: about 20 MB."""


class Detections:
    """A window on the newest episodes of a detect log."""

    def __init__(self, log: LogReader, keep: int = KEEP) -> None:
        self._log = log
        self._keep = keep
        self._after = 0
        self._rows: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._before: dict[str, dict[str, Any]] = {}
        self._turn = threading.Lock()

    def refresh(self) -> None:
        """Read what was appended since."""
        with self._turn:
            while segments := self._log.read("detections", self._after):
                for segment in segments:
                    for row in segment.batch.to_pylist():
                        known = self._rows.get(row["id"])
                        if known is None or row["revision"] >= known["revision"]:
                            self._rows[row["id"]] = row
                            self._rows.move_to_end(row["id"])
                            if known and row["revision"] > known["revision"] and _late(row):
                                self._before[row["id"]] = known
                    self._after = segment.seq
                while len(self._rows) > self._keep:
                    old, _ = self._rows.popitem(last=False)
                    self._before.pop(old, None)

    def newest(self) -> Iterator[dict[str, Any]]:
        """Rows of schema DETECTION, the most recently changed first."""
        self.refresh()
        with self._turn:
            rows = list(reversed(self._rows.values()))
        return iter(rows)

    def get(self, detection: str) -> dict[str, Any] | None:
        """One episode by its id; None if it is unknown or too old to be in memory."""
        self.refresh()
        with self._turn:
            return self._rows.get(detection)

    def before(self, detection: str) -> dict[str, Any] | None:
        """What an episode was before late points last corrected or withdrew it; None if they did
        not, or if that revision is no longer in memory."""
        self.refresh()
        with self._turn:
            return self._before.get(detection)


def _late(row: dict[str, Any]) -> bool:
    """Whether late points made this revision."""
    return "corrected" in (row["quality"] or "").split(",")


_kept: tuple[LogReader, Detections] | None = None
_turn = threading.Lock()


def detections(log: LogReader) -> Detections:
    """The window on a log; the same one as long as the log is."""
    global _kept
    with _turn:
        if _kept is None or _kept[0] is not log:
            _kept = (log, Detections(log))
        return _kept[1]
