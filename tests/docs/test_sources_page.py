"""docs/reference/sources.md is held against the registry's code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sizao.core import sources_file
from sizao.core.sources import KINDS
from sizao.core.sources_file import read_registry
from sizao.log.tally import EDGES_S

PAGE = (Path(__file__).resolve().parents[2] / "docs/reference/sources.md").read_text("utf-8")


def test_the_table_of_kinds_is_the_code_s() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (allow|refuse) \|$", PAGE, re.M)
    assert {row[0]: row[1:] for row in rows} == {
        name: (kind.zh, kind.en, ", ".join(kind.topics), kind.unknown)
        for name, kind in KINDS.items()
    }


def test_the_example_has_no_mistake() -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.S)
    assert found is not None
    registry, problems = read_registry(found[1])
    assert problems == []
    assert list(registry.sources) == ["weigh:ws1"]


@pytest.mark.parametrize(
    "keys",
    [
        sources_file._SOURCE_KEYS,
        sources_file._OWNER_KEYS,
        sources_file._PROMISE_KEYS,
        sources_file._QUOTA_KEYS,
    ],
)
def test_every_field_is_explained(keys: tuple[str, ...]) -> None:
    table = PAGE.partition("| field |")[2].partition("## ")[0]
    for key in keys:
        assert re.search(rf"[`.]{key}[`.]", table), key


def test_the_edges_of_the_delay_buckets_are_the_code_s() -> None:
    found = re.search(r"whose edges are ([\d, ]+) and (\d+) s", PAGE)
    assert found is not None
    assert (*map(int, found[1].split(",")), int(found[2])) == EDGES_S
