"""Response levels: the gravest that the numbers reach, by the rule book's criteria."""

from __future__ import annotations

import pytest

from sizao.core.rulebook import entry
from sizao.warn.response_level import LEADS, RULE, Blockage, criteria, proposed


@pytest.mark.parametrize(
    ("hours", "cities", "provinces", "level"),
    [(24, 1, 3, 1), (24, 1, 2, 2), (24, 3, 1, 3), (24, 2, 1, 4), (12, 2, 1, 4), (23.9, 3, 3, 4),
     (11.9, 5, 5, None), (48, 1, 1, None)],
)  # fmt: skip
def test_on_both_sides_of_each_edge(
    hours: float, cities: int, provinces: int, level: int | None
) -> None:
    found = proposed(Blockage(hours, cities, provinces))
    assert (found.level if found else None) == level


def test_every_level_of_the_rule_book_is_shown_with_who_leads() -> None:
    shown = criteria()
    assert [one.level for one in shown] == [1, 2, 3, 4]
    assert not any(one.met for one in shown)
    assert {one["lead"] for one in entry(RULE).value("levels")} == set(LEADS)
