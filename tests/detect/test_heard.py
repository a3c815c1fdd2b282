"""Minutes in which vehicles were heard, against a plain set of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect.heard import LATE_US, MINUTE_US, SPAN, Heard
from sizao.detect.names import Names

NAMES = ["10001", "plate:川DI0001", "a name longer than fifteen bytes", ""]

rows = st.lists(
    st.tuples(
        st.integers(0, 2),  # vehicle
        st.integers(0, 200 * 60),  # received, s
        st.integers(-60, 900),  # how late, s
        st.sampled_from(["jt808", "jt809:a", None]),
    ),
    min_size=1,
    max_size=40,
)


def fed(given_rows, cuts=()):
    heard, names = Heard(), Names()
    edges = [0, *sorted(cuts), len(given_rows)]
    for start, end in pairwise(edges):
        part = given_rows[start:end]
        if not part:
            continue
        slots = names.slots_of(pa.array([NAMES[row[0]] for row in part], pa.string()))
        received = np.array([row[1] * 1_000_000 for row in part], np.int64)
        time = received - np.array([row[2] * 1_000_000 for row in part], np.int64)
        heard.update(names, slots, time, received, pa.array([row[3] for row in part], pa.string()))
        again = Heard()
        again.restore(heard.to_bytes(), Names.of(names.texts()))
        assert again.to_bytes() == heard.to_bytes()
        heard = again
        names = heard._names
    return heard


@settings(max_examples=80, deadline=None)
@given(rows, st.data())
def test_as_a_plain_set_of_minutes(many, data):
    many = sorted(many, key=lambda row: row[1])
    cuts = data.draw(st.lists(st.integers(0, len(many)), max_size=3))
    heard = fed(many, cuts)
    for vehicle in range(3):
        minutes = set()
        for _, received, late, _ in (row for row in many if row[0] == vehicle):
            minutes.add(received // 60)
            if 0 < late * 1_000_000 <= LATE_US:
                minutes.add((received - late) // 60)
        latest = max(minutes, default=0)
        for first in range(max(latest - SPAN + 1, 0), latest + 2, 7):
            expected = len({minute for minute in minutes if first <= minute <= first + 20})
            assert heard.minutes(NAMES[vehicle], first, first + 20) == expected
        if minutes and latest >= SPAN:
            assert heard.minutes(NAMES[vehicle], latest - SPAN, latest) is None
        assert heard.ever(NAMES[vehicle]) == bool(minutes)
    assert heard.minutes("nobody", 0, 500) == 0


def test_sources():
    heard = fed([(0, 600, 0, "jt808"), (1, 660, 0, "jt809:a"), (0, 720, 0, "jt809:a")])
    assert heard.source_of(NAMES[0]) == "jt809:a"
    assert heard.source_of("nobody") is None
    counts = [heard.source_minutes(name, 10, 12) for name in ("jt808", "jt809:a", "x", None)]
    assert counts == [1, 2, 0, 2]
    assert heard.source_minutes("jt809:a", 12 - SPAN, 12) is None
    assert MINUTE_US == 60_000_000
