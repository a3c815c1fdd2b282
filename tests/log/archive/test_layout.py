"""Which files of a day are merged, and which of these at a time."""

from __future__ import annotations

from dataclasses import replace

from sizao.core.ids import PARTITIONS
from sizao.log.archive.layout import apart, split, untidy
from sizao.log.archive.manifest import Day, File


def file(name: str, bucket: int, buckets: int) -> File:
    return File(name, 1, 1, "", 0, 0, bucket, buckets)


def test_files_without_a_vehicle_in_common_are_merged_one_group_after_the_other() -> None:
    files = [file("a", 0, 2), file("b", 1, 2), file("c", 2, 4), file("d", 3, 4), file("e", 5, 8)]
    names = [[one.name for one in group] for group in apart(files, 8)]
    assert names == [["a", "c"], ["b", "d", "e"]]
    assert apart(files, 1) == [files], "all of it goes into one file"
    fresh = file("f", -1, 1)
    assert apart([*files, fresh], 8) == [[*files, fresh]], "it has any vehicle"


def test_no_partition_is_in_two_groups() -> None:
    files = [file(f"{n}/{of}", n, of) for of in (4, 16, 64) for n in range(of)]
    groups = [
        {p for p in range(PARTITIONS) for one in group if p % one.buckets == one.bucket}
        for group in apart(files, 64)
    ]
    assert len(groups) == 4
    assert sum(map(len, groups)) == PARTITIONS == len(set.union(*groups))


def test_a_helping_of_a_nation_is_split_as_its_day_is() -> None:
    """Else all of it would be merged once more only to be split."""
    assert split(4_000_000, 64) == 64
    assert split(65_535, 64) == 1
    assert split(65_536, 64) == 2


def test_a_past_day_is_made_tidy_in_one_go_where_it_is_not_too_large() -> None:
    """Coarse files and those of the buckets they are split into at once: a row is written once."""
    files = [file("a", 0, 1), file("b", 1, 2), file("c", 3, 4), file("d", 3, 4)]
    assert [one.name for one in untidy(Day(tuple(files)), 4)] == ["a", "b", "c", "d"]
    # No vehicle of the even buckets is touched.
    files = [file("b", 1, 2), file("c", 3, 4), file("d", 0, 4), file("e", 2, 4)]
    assert [one.name for one in untidy(Day(tuple(files)), 4)] == ["b", "c"]
    large = [replace(one, rows=20_000_000) for one in files]
    assert [one.name for one in untidy(Day(tuple(large)), 4)] == ["b"], "then what is coarse first"
    many = [file("b", 1, 2), *(file(f"{number}", 3, 4) for number in range(48))]
    assert [one.name for one in untidy(Day(tuple(many)), 4)] == ["b"]
    assert len(untidy(Day(tuple(many[:-1])), 4)) == 48
    assert not untidy(Day((file("d", 0, 2), file("e", 1, 2))), 2)
