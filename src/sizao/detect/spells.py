"""A condition that lasts: what rules of the sort "so long in such a state" have in common.

A rule says of each *usable* sample whether it is *on*. A spell

- starts at the first on sample;
- fires (revision 0) at the first on sample that directly follows another on sample and is
  ``min_us`` or more after the start;
- ends when ``end_samples`` usable samples in a row are not on, or when more than ``max_gap_us``
  passes between two usable samples. The sample after the pause is judged afresh;
- is reported once more when it ends (revision 1) if it had fired; ``end`` is its last on sample.

Samples that are not usable are treated as if they had not come. Each on sample has a *rank*; place,
driver and value reported are those of the sample with the greatest rank, the first if equal. A rule
that measures time gives all the same rank: its place is where the spell started.

A kernel calls :func:`take` for usable samples. It may leave out a sample that is not on as long as
``each[slot].open`` is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.detect import sparse
from sizao.detect.emit import FINDING, findings, placed, room
from sizao.detect.params import Book, number
from sizao.detect.stage import Findings, Memory

EACH = np.dtype([("open", "u1")])
"""Every vehicle: whether it has a spell."""

SPELL = [
    ("start_us", "i8"),
    ("last_us", "i8"),
    ("seen_us", "i8"),
    ("fired_us", "i8"),
    ("received_us", "i8"),
    ("worst_us", "i8"),
    ("rank", "f8"),
    ("value", "f8"),
    ("limit", "f8"),
    ("lat", "f8"),
    ("lon", "f8"),
    ("stake_m", "f8"),
    ("segment", "i4"),
    ("driver", "i4"),
    ("code", "i4"),
    ("quality", "i2"),
    ("offs", "i2"),
    ("fired", "i1"),
    ("began", "i1"),
]
"""A spell: ``last_us`` its last on sample, ``seen_us`` its last usable one, ``offs`` how many in a
row were not on."""


class Lasting(NamedTuple):
    """How long is long enough."""

    min_us: int
    max_gap_us: int
    end_samples: int


NONE = np.int64(0)
"""What a kernel gives :func:`take` for a part, code or quality it has not. Rules of one layout
share one compiled ``take`` as long as they give it values of the same types; a plain 0 is a type of
its own."""

LASTING = ("min_duration", "max_gap", "end_samples")


def lasting_params(book: Book, rule: str) -> dict[str, float]:
    """The parameters every such rule has."""
    return {
        "min_duration_s": number(book, rule, "min_duration", "s"),
        "max_gap_s": number(book, rule, "max_gap", "s"),
        "end_samples": number(book, rule, "end_samples", "sample"),
    }


def lasting(params: Any) -> Lasting:
    """The same as kernels take them."""
    return Lasting(
        round(params["min_duration_s"] * 1e6),
        round(params["max_gap_s"] * 1e6),
        int(params["end_samples"]),
    )


@njit(cache=True)
def report(ep, slot, revision, out, count):  # type: ignore[no-untyped-def]  # numba
    out = room(out, count)
    row = out[count]
    row.slot = slot
    row.revision = revision
    row.start_us = ep.start_us
    row.end_us = ep.last_us
    row.fired_us = ep.fired_us
    row.received_us = ep.received_us
    row.worst_us = ep.worst_us
    row.measured = ep.value
    row.limit = ep.limit
    row.lat = ep.lat
    row.lon = ep.lon
    row.stake_m = ep.stake_m
    row.segment = ep.segment
    row.driver = ep.driver
    row.quality = ep.quality
    row.code = ep.code
    return out, count + 1


@njit(cache=True)
def take(  # type: ignore[no-untyped-def]  # numba
    st, few, part, c, i, on, rank, value, limit, code, quality, numbers, out, count
):
    """Judge usable row ``i`` for the spell ``part`` of its vehicle. Returns the table anew.

    part, code, quality : int64, :data:`NONE` for none
    rank, value, limit : float64

    ``st.open`` counts the vehicle's spells, whatever their parts.
    """
    slot, now = c.slot[i], c.time_us[i]
    at = sparse.find(few, slot, part) if st.open != 0 else 0
    if at != 0 and now - few[at].seen_us > numbers.max_gap_us:
        few, out, count = finish(st, few, slot, at, out, count)
        at = 0
    if not on:
        if at != 0:
            ep = few[at]
            ep.seen_us = now
            ep.offs += 1
            if ep.offs >= numbers.end_samples:
                few, out, count = finish(st, few, slot, at, out, count)
        return few, out, count
    if at == 0:
        few, at = sparse.add(few, slot, part)
        st.open += 1
    ep = few[at]
    follows = ep.began != 0 and ep.offs == 0
    if ep.began == 0 or rank > ep.rank:
        if ep.began == 0:
            ep.start_us = now
            ep.began = 1
        ep.rank = rank
        ep.value = value
        ep.limit = limit
        ep.worst_us = now
        placed(ep, c, i)
        ep.code = code
        ep.quality = quality
    ep.last_us = ep.seen_us = now
    ep.offs = 0
    if ep.fired == 0 and follows and now - ep.start_us >= numbers.min_us:
        ep.fired = 1
        ep.fired_us = now
        ep.received_us = c.received_us[i]
        out, count = report(ep, slot, np.int64(0), out, count)
    return few, out, count


@njit(cache=True)
def finish(st, few, slot, at, out, count):  # type: ignore[no-untyped-def]  # numba
    """End spell ``at``: report it if it had fired, and forget it."""
    if few[at].fired != 0:
        out, count = report(few[at], slot, np.int64(1), out, count)
    sparse.drop(few, at)
    st.open -= 1
    return few, out, count


def fired(memory: Memory) -> npt.NDArray[Any]:
    """Spells that have fired and not ended."""
    return sparse.rows(memory.few, memory.few["fired"] != 0)


def close(memory: Memory) -> npt.NDArray[Any]:
    """Rows of FINDING for them: their last revisions."""
    ended = fired(memory)
    rows = np.zeros(len(ended), FINDING)
    rows["slot"] = sparse.slots(ended)
    rows["revision"] = 1
    rows["end_us"], rows["measured"] = ended["last_us"], ended["value"]
    for name in ("start_us", "fired_us", "received_us", "worst_us", "limit", "lat", "lon"):
        rows[name] = ended[name]
    for name in ("stake_m", "segment", "driver", "quality", "code"):
        rows[name] = ended[name]
    return rows


def timed(
    rows: npt.NDArray[Any],
    severity: str | Callable[[Any], str],
    part: Callable[[Any], str] | None = None,
) -> Findings:
    """Findings of a rule that measures time: minutes from the first to the last on sample."""
    if len(rows):  # most batches hold nothing, and each NumPy call costs a microsecond or two
        rows["measured"] = (rows["end_us"] - rows["start_us"]) / 60e6
    return findings(rows, severity, part)
