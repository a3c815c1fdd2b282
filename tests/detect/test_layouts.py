"""What rules keep of a vehicle, as the compiler sees it."""

from __future__ import annotations

from itertools import permutations

from sizao.detect.registry import RULES


def test_no_layout_begins_with_another() -> None:
    """Numba takes a record for another whose fields it begins with, with a warning, and compiles
    shared code for whichever came first."""
    layouts = {rule.id: rule.few_dtype for rule in RULES}
    fields = {
        name: [(field, *map(str, layout.fields[field])) for field in layout.names]
        for name, layout in layouts.items()
        if len(layout.names) > 1
    }
    found = [
        (short, long)
        for short, long in permutations(fields, 2)
        if len(fields[short]) < len(fields[long])
        and fields[long][: len(fields[short])] == fields[short]
    ]
    assert found == []
