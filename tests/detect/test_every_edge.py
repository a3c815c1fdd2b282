"""Every number of every rule has a golden pair: in ``test_edges``, ``test_place_edges`` or
``test_record_edges``. A number without one fails, and a pair of a number that is gone."""

from __future__ import annotations

from sizao.detect import registry
from tests.detect.test_edges import POSITIONS, TOLD
from tests.detect.test_place_edges import PLACED
from tests.detect.test_record_edges import CHECKS, WEIGHINGS, WORDS


def numbers() -> set[tuple[str, str]]:
    return {
        (rule.id, name)
        for rule in registry.every()
        for name, value in rule.default_params().items()
        if isinstance(value, int | float)
    }


def test_every_number_of_every_rule_has_both_sides() -> None:
    tables = (POSITIONS, TOLD, PLACED, WEIGHINGS, CHECKS, WORDS)
    have = {(str(line[0]), str(line[1])) for table in tables for line in table}
    assert numbers() - have == set(), "no golden pair"
    assert have - numbers() == set(), "no such number any more"
