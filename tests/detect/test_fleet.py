"""Numbers of drivers."""

from __future__ import annotations

from sizao.detect.fleet import Fleet


def test_drivers_keep_their_numbers_and_new_ones_get_the_next_in_order() -> None:
    fleet = Fleet()
    assert fleet.numbers_of_drivers(["B", None, "A", "B", " "]) == [0, -1, 1, 0, -1]
    assert fleet.numbers_of_drivers(["A", "D", "C", "", "D"]) == [1, 2, 3, -1, 2]
    assert fleet.numbers_of_drivers([]) == []
    assert fleet.driver_names() == ["B", "A", "D", "C"]
