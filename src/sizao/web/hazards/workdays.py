"""The working days of this installation: the announced ones, and those of its own calendar.

``calendar.yaml`` in the data folder adds holidays and weekends worked instead, so that a year that
was announced after this version was made needs no new version.
"""

from __future__ import annotations

from pathlib import Path

from sizao.core.workdays import Workdays, announced
from sizao.risk.day_calendar import read_calendar
from sizao.web.ports import installed, ports

_kept: tuple[Path, float, Workdays] | None = None


def workdays() -> Workdays:
    """The working days. Raises ConfigError while the calendar is wrong."""
    global _kept
    if not installed():
        return announced()
    path = ports().data.calendar
    if not path.exists():
        return announced()
    stamp = path.stat().st_mtime
    if _kept is None or _kept[:2] != (path, stamp):
        entries = read_calendar(path).entries
        days = {
            kind: [day for one in entries if one.kind == kind and one.lat is None
                   for day in one.days]
            for kind in ("holiday", "workday")
        }  # fmt: skip
        _kept = (path, stamp, announced().with_days(days["holiday"], days["workday"]))
    return _kept[2]
