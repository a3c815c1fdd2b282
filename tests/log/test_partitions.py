"""The compiled table gives the partition that the hash gives, for any name."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.ids import partition_of
from sizao.log import partitions
from sizao.log.partitions import partitions_of_names

partitions_of_names(pa.array(["1"]))  # compiled here, not within a test's deadline


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=40), st.integers(0, 5))
def test_any_names(names: list[str | None], skip: int) -> None:
    array = pa.array(names, pa.string()).slice(skip)
    assert partitions_of_names(array).tolist() == [partition_of(n or "") for n in names[skip:]]


def test_names_that_differ_in_nothing_but_zero_bytes() -> None:
    names = ["1", "\x001", "1\x00", "", "\x00", "\x00" * 8, "\x00" * 9, "\x00" * 24, "\x00" * 25]
    for _ in range(2):
        assert partitions_of_names(pa.array(names)).tolist() == list(map(partition_of, names))


def test_the_table_grows_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    names = [str(chance.randrange(10**15)) for _ in range(9000)]
    expected = list(map(partition_of, names))
    grown = partitions._Names()
    for _ in range(2):
        assert grown.partitions(pa.array(names)).tolist() == expected
    assert grown._known == len(names)
    monkeypatch.setattr(partitions, "MOST", 5000)
    bounded = partitions._Names()
    for _ in range(2):
        assert bounded.partitions(pa.array(names)).tolist() == expected
    assert bounded._known < len(names)
