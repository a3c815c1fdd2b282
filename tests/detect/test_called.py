"""Ids and observations of many at once are those that ``core.ids`` gives of each."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.ids import content_id, observation_id_of
from sizao.detect.called import NO_MOMENT, ids_of, listed, observations, written

HEADS = [("speeding", "2-3fa9c2"), ("area_limit", "1-000000")]
EPISODE = st.tuples(
    st.integers(0, 1),
    st.text(max_size=12) | st.sampled_from(["13912345678", "川A12345", "x" * 150]),
    st.integers(-(10**15), 10**16),
    st.lists(st.text(max_size=5), max_size=1),
)


@given(st.lists(EPISODE, min_size=1, max_size=8))
def test_ids_are_those_of_their_parts_and_in_the_order_of_their_texts(episodes):
    head, subject, start_us, parts = zip(*episodes, strict=True)
    ids = ids_of(
        ["\x1f".join((*one, "")) for one in HEADS],
        np.array(head),
        pa.array(subject, pa.string()),
        np.array(start_us),
        pa.array(["".join(f"\x1f{part}" for part in some) for some in parts], pa.string()),
    )
    expected = [content_id(*HEADS[k], who, us, *some) for k, who, us, some in episodes]
    column = written(ids)
    column.validate(full=True)
    assert column.to_pylist() == expected
    order = np.lexsort((ids[:, 1], ids[:, 0])).tolist()
    assert [expected[at] for at in order] == sorted(expected)


MOMENT = st.integers(0, 4 * 10**15) | st.sampled_from([1772413323_004567, 0, 999])


@given(st.lists(st.tuples(st.text(max_size=12), MOMENT, MOMENT | st.none()), max_size=8))
def test_observations_are_those_of_each_moment(rows):
    vehicles = pa.array([vehicle for vehicle, *_ in rows], pa.string())
    moments = np.array(
        [[us, NO_MOMENT if last is None else last] for _, us, last in rows], np.int64
    ).reshape(-1, 2)
    found = listed(observations(vehicles, moments), (moments != NO_MOMENT).sum(axis=1))
    found.validate(full=True)
    assert found.to_pylist() == [
        [observation_id_of(vehicle, us) for us in own if us is not None] for vehicle, *own in rows
    ]
