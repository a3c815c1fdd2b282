"""What a second judgement of the same time says differently, as revisions.

An episode that is new is reported; one that ended with other values gets its next revision; one
that is not there any more is *withdrawn*. All of them say ``corrected`` in their quality.

A run that was withdrawn may fire anew: its driver is back within a rest, say. Its rule, which knows
of nothing, begins to count again; :class:`Given` makes that the revisions after the last one given
out, so that there is one of each, and the last one counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sizao.detect.stage import Findings
from sizao.detect.windows import Report


def differences(
    before: dict[int, Report],
    after: dict[int, list[Report]],
    going_on: set[int],
    latest_us: int,
) -> tuple[list[Report], dict[int, Report]]:
    """Reports to make, and the last report of every episode with them.

    before : start of an episode to its last report so far
    after : the same to all reports of it in the second judgement
    going_on : starts of episodes that have fired and not ended in the second judgement
    latest_us : when the last of the rows behind it was received
    """
    out: list[Report] = []
    known = dict(before)
    for start in sorted({*before, *after}):
        old, new = before.get(start), after.get(start)
        if new is None:
            gone = old is not None and old["severity"] != "withdrawn"
            if old is not None and gone and start not in going_on:
                out.append(corrected(old, old, severity="withdrawn"))
                known[start] = out[-1]
            continue
        if old is None:
            # One that had fired before is told anew, by late rows, only of its end.
            received = {} if new[0]["revision"] else {"received_us": latest_us}
            for report in new:
                out.append(corrected(report, None, **received))
            known[start] = out[-1]
            continue
        last = new[-1]
        if last["revision"] and not _same(old, last):
            out.append(corrected(last, old))
            known[start] = out[-1]
    return out, known


_VALUES = ("end_us", "measured", "severity", "driver", "quality")


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    plain = {**old, "quality": _without_mark(old["quality"])}
    return bool(old["revision"]) and all(plain[name] == new[name] for name in _VALUES)


def _without_mark(quality: str) -> str:
    return ",".join(part for part in quality.split(",") if part != "corrected")


def corrected(report: Report, old: Report | None = None, **changes: Any) -> Report:
    """A report as late rows show it, the next revision of ``old`` if there is one."""
    quality = ",".join(filter(None, (_without_mark(report["quality"]), "corrected")))
    found = {**report, "quality": quality, **changes}
    if old is not None:
        for name in ("fired_us", "received_us"):
            found[name] = old[name]
        found["revision"] = old["revision"] + 1
    return found


class Given(NamedTuple):
    """What was given out of an episode that was withdrawn at some time.

    version : of the rule; it goes into the id, which stays
    revision : the last one, as its rule counts
    more : how many there were before that count
    fired_us, received_us : of its revision 0
    """

    version: str
    revision: int
    more: int
    fired_us: int
    received_us: int

    def then(self, revision: int) -> Given:
        """With the next one, as its rule counts: anew, if that is no later one."""
        again = self.revision + 1 - revision if revision <= self.revision else 0
        return self._replace(revision=revision, more=self.more + again)


Withdrawn = dict[str, dict[int, Given]]
"""Rule and vehicle, with a bar between, to the starts of such episodes."""

_REMEMBERED_US = 7 * 86_400_000_000


def remember(withdrawn: Withdrawn, whose: str, start_us: int, given: Given) -> None:
    """Note an episode; those of the vehicle that started a week earlier are forgotten."""
    known = withdrawn.get(whose, {}).items()
    withdrawn[whose] = {us: one for us, one in known if us > start_us - _REMEMBERED_US}
    withdrawn[whose][start_us] = given


_FIELDS = tuple(name for name in Findings.__dataclass_fields__)


def report_of(found: Findings, at: int) -> Report:
    """One finding, field by field."""
    values = {}
    for name in _FIELDS:
        column = getattr(found, name)
        if len(column):
            value = column[at]
            values[name] = value.item() if isinstance(value, np.generic) else value
    return values


def findings_of(like: Findings, reports: list[Report]) -> Findings:
    """Reports as findings, typed as ``like``."""
    made: dict[str, Any] = {}
    for name in _FIELDS:
        column = getattr(like, name)
        values = [report[name] for report in reports if name in report]
        made[name] = np.array(values, column.dtype) if isinstance(column, np.ndarray) else values
    return Findings(**made)
