"""The table of the few, against a dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from sizao.detect import sparse

ROW = sparse.episodes([("value", "i8"), ("weight", "f4"), ("three", "i8", (3,))])
STEPS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 2), st.booleans()), min_size=1, max_size=400
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_it_holds_what_a_dictionary_holds(steps):
    table, known = sparse.new(ROW), {}
    for number, (slot, part, keep) in enumerate(steps):
        at = sparse.find(table, slot, part)
        assert (at != 0) == ((slot, part) in known)
        if keep:
            table, at = sparse.add(table, slot, part)
            assert table[at]["value"] == known.get((slot, part), 0)
            table[at]["value"] = known[slot, part] = number + 1
        elif at:
            sparse.drop(table, at)
            del known[slot, part]
    assert table[0]["key"] == len(known)
    used = sparse.rows(table)
    keys = list(zip(sparse.slots(used).tolist(), sparse.parts(used).tolist(), strict=True))
    assert keys == sorted(known)
    assert [known[key] for key in keys] == used["value"].tolist()
    odd = sparse.rows(table, table["value"] % 2 == 1)
    assert [known[key] for key in sorted(known) if known[key] % 2] == odd["value"].tolist()
    again = sparse.from_rows(used, ROW)
    assert sparse.rows(again).tobytes() == used.tobytes()
    assert all(again[sparse.find(again, *key)]["value"] == known[key] for key in keys)


def test_a_row_given_back_is_empty_when_taken_again():
    table, at = sparse.add(sparse.new(ROW), 3, 0)
    table[at]["value"] = table[at]["three"][1] = 9
    sparse.drop(table, at)
    assert not table.view(np.uint8).any()


def test_it_grows_and_forgets_nothing():
    table = sparse.new(ROW)
    for slot in range(5000):
        table, at = sparse.add(table, slot * 1000, 0)
        table[at]["value"] = slot
    assert all(
        table[sparse.find(table, slot * 1000, 0)]["value"] == slot for slot in range(0, 5000, 7)
    )
    assert len(table) - 1 >= 2 * 5000


@njit
def _positive_only(table, slot):
    return sparse.find(table, slot, 1) if slot >= 0 else 0


def test_a_row_is_found_where_the_compiler_sees_that_its_key_is_positive():
    """A signed product that overflows was compiled to anything there."""
    table = sparse.new(ROW)
    places = {}
    for slot in range(5):
        table, places[slot] = sparse.add(table, slot, 1)
    assert {slot: _positive_only(table, np.int32(slot)) for slot in places} == places
