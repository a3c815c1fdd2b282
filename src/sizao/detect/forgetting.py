"""Whose hours can no longer matter is forgotten: memory holds who drives, not who ever drove.

A day begins with the first row, in the order of arrival, of a vehicle that the rules bind whose
event time is of a later day (UTC) than all before it. Right before that row everybody is forgotten
in whose window nothing can be any more, and has not been for ``KEPT_S``: so late may a vehicle
bring its rows without any difference. An episode still open ends with that; one of a vehicle with a
window that late rows may re-open (``reopen.py``) is left for another day.

It depends on rows and their order alone: a batch that holds such a row is cut there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sizao.detect import sparse
from sizao.detect.coaches import rows_of
from sizao.detect.params import Params
from sizao.detect.stage import Columns, Findings, Memory, Rule
from sizao.detect.totals import DrivingTotal
from sizao.detect.windows import Windows

KEPT_S = 7 * 86_400
DAY_S = 86_400

_HEAD_SLOT = 1 << 30
"""Of a row whose ``newest`` is the day; 0: none has begun."""


def new_days(
    rules: Sequence[Rule],
    columns: Columns,
    memories: Mapping[str, Memory],
    params: Mapping[str, Params],
) -> list[tuple[int, int]]:
    """Places in the batch, rising, at which days begin, and which; none if no rule is on totals."""
    rule = next((one for one in rules if isinstance(one, DrivingTotal)), None)
    if rule is None or not len(columns.slot):
        return []
    few = memories[rule.id].few
    head = sparse.find(few, _HEAD_SLOT, 0)
    known = int(few[head]["newest"]) if head else 0
    if int(columns.time_us.max()) // (DAY_S * 1_000_000) <= known:
        return []
    rows = rows_of(columns, params[rule.id]["kinds"])
    if not len(rows):
        return []
    rows = rows[np.argsort(columns.row[rows])]
    days = np.maximum.accumulate(columns.time_us[rows] // (DAY_S * 1_000_000))
    begins = np.flatnonzero(np.diff(days, prepend=known) > 0)
    begins = begins[days[begins] > known]
    return list(zip(columns.row[rows[begins]].tolist(), days[begins].tolist(), strict=True))


def forget(
    rule: DrivingTotal, day: int, memory: Memory, windows: Windows, params: Params
) -> tuple[Findings, Memory]:
    """Everybody's sums that are old on this day, with the ends of their episodes."""
    used = sparse.rows(memory.few)
    last_s = (used["newest"].astype(np.int64) + rule.pieces) * rule.piece_s
    old = (last_s + KEPT_S <= day * DAY_S) & (sparse.slots(used) != _HEAD_SLOT)
    old &= (used["fired"] == 0) | (windows.place[used["slot"]] == 0)
    gone = used[old]
    few = memory.few
    for slot, part in zip(sparse.slots(gone), sparse.parts(gone), strict=True):
        sparse.drop(few, sparse.find(few, slot, part))
    few, head = sparse.add(few, _HEAD_SLOT, 0)
    few[head]["newest"] = day
    return rule.ended(gone[gone["fired"] != 0], params), Memory(memory.each, few)
