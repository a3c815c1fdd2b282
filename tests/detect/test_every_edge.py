"""Every number of every rule has a golden pair, in ``test_edges`` or ``test_record_edges``.

A rule or number that is neither there nor in ``WITHOUT`` fails; so does one that stands in both.
"""

from __future__ import annotations

from sizao.detect import registry
from tests.detect.edges_owed import WITHOUT
from tests.detect.test_edges import PLACED, POSITIONS
from tests.detect.test_record_edges import CHECKS, WEIGHINGS, WORDS


def numbers() -> set[tuple[str, str]]:
    return {
        (rule.id, name)
        for rule in registry.every()
        for name, value in rule.default_params().items()
        if isinstance(value, int | float)
    }


def test_every_number_of_every_rule_has_both_sides() -> None:
    have = {(line[0], line[1]) for line in (*POSITIONS, *WEIGHINGS, *CHECKS, *WORDS, *PLACED)}
    owed = {(rule, name) for rule, names in WITHOUT.items() for name in names.split()}
    assert numbers() - have - owed == set(), "no golden pair"
    assert have & owed == set(), "paid: take it off the list"
    assert (have | owed) - numbers() == set(), "no such number any more"
