from __future__ import annotations

from collections import Counter

import pytest

from sizao.core.schemas import REGISTER, check
from sizao.core.vehicles import KINDS
from sizao.sim.city import City
from sizao.sim.fleet import driver_of, fleet, register
from sizao.sim.routes import LEG_END, library


def test_register_is_repeatable_and_depends_on_the_seed(city: City) -> None:
    first = register(city, 300, seed=1)
    check(first, REGISTER)
    assert first.equals(register(city, 300, seed=1))
    assert not first.equals(register(city, 300, seed=2))


def test_nobody_real_can_be_meant(city: City) -> None:
    rows = register(city, 2000, seed=1).to_pylist()
    assert len({row["vehicle"] for row in rows}) == len(rows)
    assert len({row["plate"] for row in rows}) == len(rows)
    for row in rows:
        assert row["plate"][2] == "I", "real plates have no letter I"
        assert len(row["plate"]) == 7
        assert row["vehicle"].startswith("100"), "no mobile number begins so"
    assert driver_of(0, 1)[0].startswith("999999")
    assert len(driver_of(1999, 1)[0]) == 18
    assert driver_of(0, 0) != driver_of(0, 1) != driver_of(1, 0)


def test_kinds_and_police(city: City) -> None:
    rows = register(city, 2000, seed=1).to_pylist()
    kinds = Counter(row["kind"] for row in rows)
    assert set(kinds) <= set(KINDS)
    assert kinds["police"] == 40
    assert kinds["heavy_truck"] > kinds["hazmat"] > kinds["highway_passenger"] > 0
    units = {unit["code"] for unit in city.units if unit["level"] == "squadron"}
    assert {row["enterprise"] for row in rows if row["kind"] == "police"} == units
    assert {row["plate_colour"] for row in rows if row["kind"] == "police"} == {4}


@pytest.mark.parametrize("vehicles", [1, 2, 25])
def test_small_fleets(city: City, vehicles: int) -> None:
    assert len(fleet(city, vehicles, seed=3)) == vehicles


def test_loops_are_closed_and_without_a_gap(city: City) -> None:
    routes = library()
    network = city.network
    for first, stop in zip(routes.first, routes.first[1:], strict=False):
        loop = routes.segment[first:stop]
        assert (network.to_node[loop] == network.from_node[[*loop[1:], loop[0]]]).all()
        assert routes.stop[stop - 1] == LEG_END


def test_everybody_has_somewhere_to_go(city: City) -> None:
    routes = library()
    homes = {firm["code"] for firm in city.enterprises}
    homes |= {unit["code"] for unit in city.units if unit["level"] == "squadron"}
    assert homes <= set(routes.of_home)
    covered = len(set(routes.segment.tolist()))
    assert covered > 0.6 * len(city.network)
