from __future__ import annotations

import pytest

from sizao.sim.city import City, build
from sizao.sim.fleet import Fleet, fleet

#: 2026-10-30 10:00 in Shanghai: a busy hour.
MORNING_S = 1_793_289_600 + 10 * 3600


@pytest.fixture(scope="session")
def city() -> City:
    return build()


@pytest.fixture(scope="session")
def cars(city: City) -> Fleet:
    return fleet(city, 120, seed=7)
