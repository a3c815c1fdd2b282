"""No file imports, however late or only for its types, what imports it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp


def circles(imports: dict[str, set[str]]) -> list[str]:
    """One circle of files, or none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_file_imports_what_imports_it() -> None:
    graph = grimp.build_graph("sizao", cache_dir=None)
    assert len(graph.modules) > 1000
    assert (
        circles({one: graph.find_modules_directly_imported_by(one) for one in graph.modules}) == []
    )


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})
