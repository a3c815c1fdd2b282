"""A hazard that may be listed, and one that is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from sizao.govern.hazards.listing import Expert
from sizao.web.hazards.models import Hazard
from sizao.web.listings import services
from sizao.web.listings.models import Listing

from ..conftest import World
from ..hazards.conftest import found, take, walk  # noqa: F401 - a fixture

ASK: dict[str, Any] = {
    "reason": "临崖路段，问题突出",
    "requirements": "补装波形梁护栏\n增设线形诱导标",
    "deadline": date(2027, 1, 25),
    "copies": "市应急管理局",
    "signer": "张某某",
}
EXPERTS = [Expert(f"专家{number}", "高级工程师", True) for number in ("甲", "乙", "丙")]


@pytest.fixture
def listed(world: World, found: Callable[..., Hazard], walk: Callable[..., Hazard]):  # noqa: F811 - a fixture
    """A hazard listed by the city: the operator asks, the leader decides."""

    def made(upto: str = "assign", level: str = "city", **over: Any) -> Listing:
        hazard = walk(found(**over), upto)
        asked = services.ask(world.user("op-zd"), hazard.number, level, **ASK)
        return services.decide(world.user("lead-zd"), asked.pk, True, "同意")

    return made
