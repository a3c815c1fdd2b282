"""Slots by name, against a dictionary."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect import names as module
from sizao.detect.names import Names

TEXT = st.one_of(
    st.text("0123456789", max_size=20),
    st.text(max_size=9),
    st.sampled_from(
        [
            "plate:2:川DI0001",
            "plate:2:川AD12345",
            "plate:川AD123456",
            "plate:91:川A1234挂",
            "plate:02:川A1234",
            "plate:100:川A1234",
            "川A1234挂",
            "川A1234桂",
            "川a1234",
            "2:",
            "2:2:A",
            "0:A",
            ":A",
            "2",
            "A",
            "plate:2",
            "plate:plate:",
            "0" * 17,
            "0" * 18,
            "9" * 17,
            "2:川DI0001",
            "plate:",
            "plate:" + "x" * 16,
            "plate",
            "",
            "x" * 15,
            "x" * 16,
            "\0",
            "\0\0",
            "é" * 7,
            "é" * 8,
        ]
    ),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(TEXT, max_size=60), max_size=8))
def test_slots_are_those_of_a_dictionary(batches):
    register, known = Names(), {}
    for batch in batches:
        padded = pa.array(["skipped", *batch]).slice(1)
        wanted = [known.setdefault(name, len(known)) for name in batch]
        assert register.slots_of(padded).tolist() == wanted
    assert register.texts() == list(known)
    assert [register[slot] for slot in range(len(register))] == list(known)
    for again in (Names.of(register.texts()), Names.of_keys(*register.keys())):
        more = pa.array([*known, "another", "a name of its own"], pa.string())
        assert again.slots_of(more).tolist() == register.slots_of(more).tolist()
        assert again.texts() == register.texts()


def test_names_whose_hashes_meet_stay_apart():
    few = [f"1390000{n:04d}" for n in range(300)]
    register = Names()
    register.slots_of(pa.array(few))
    mask = len(register._table) - 1
    mixed = [module._mixed(key) for key in register._keys[:300]]
    homes = {module._home(np.uint64(each), mask) for each in mixed}
    assert len(homes) < 300, "none of them met: the test shows nothing"
    assert register.slots_of(pa.array(few[::-1])).tolist() == list(range(299, -1, -1))


def test_many_more_than_there_was_room_for():
    many = pa.array([str(n) for n in range(20_000)])
    register = Names()
    assert register.slots_of(many).tolist() == list(range(20_000))
    assert register.slots_of(many.take(pa.array([19_999, 0]))).tolist() == [19_999, 0]


def test_a_name_that_was_seen_is_found() -> None:
    known = ["10001", "13800000001", "plate:川DI0001", "plate:2:川DI0001", "a name of its own"]
    names = Names.of(known)
    assert [names.find(name) for name in known] == list(range(len(known)))
    assert names.find("10002") is None
