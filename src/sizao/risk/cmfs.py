"""Crash modification factors: how much a countermeasure is expected to change crashes.

Each has a source and a standard error. CMFs of one site multiply, at most three of them, because
the studies behind them treated one thing at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES

MOST = 3


@dataclass(frozen=True)
class Cmf:
    """``cmf`` 0.7 is 30 % fewer crashes of the kinds in ``applies_to`` ("all" or patterns).
    ``place`` is what it can be built at: junction, segment, any."""

    id: str
    name_zh: str
    name_en: str
    cmf: float
    standard_error: float
    applies_to: str
    setting: str
    source: Mapping[str, Any]
    certainty: str
    place: str = "any"


PLACES = ("any", "junction", "segment")


@dataclass(frozen=True)
class Combined:
    """Product of CMFs with its standard error, and a 95 % interval on the log scale."""

    cmf: float
    standard_error: float
    lower: float
    upper: float


@cache
def library() -> Mapping[str, Cmf]:
    """All CMFs of ``data/cmfs.yaml`` by id. Raises ConfigError on a bad entry."""
    text = (resources.files("sizao.risk") / "data/cmfs.yaml").read_text(encoding="utf-8")
    found: dict[str, Cmf] = {}
    for raw in yaml.safe_load(text):
        one = Cmf(**raw)
        if one.id in found or not 0 < one.cmf < 5 or one.standard_error <= 0:
            raise ConfigError(f"cmfs.yaml: {one.id} appears twice or has impossible numbers")
        if one.place not in PLACES:
            raise ConfigError(f"cmfs.yaml: {one.id}: place {one.place!r}?")
        if one.certainty not in CERTAINTIES:
            raise ConfigError(f"cmfs.yaml: {one.id}: certainty {one.certainty!r}?")
        found[one.id] = one
    return found


def combine(chosen: Sequence[Cmf]) -> Combined:
    """Several CMFs at one site. Raises ConfigError for none, for more than MOST, or for CMFs of
    different crash kinds, whose product would mean nothing."""
    if not 1 <= len(chosen) <= MOST:
        raise ConfigError(f"{len(chosen)} countermeasures at one site; take 1 to {MOST}")
    if len({one.applies_to for one in chosen}) > 1:
        raise ConfigError("these factors hold for different kinds of crash and do not multiply")
    value = math.prod(one.cmf for one in chosen)
    relative = math.sqrt(sum((one.standard_error / one.cmf) ** 2 for one in chosen))
    width = math.exp(1.96 * relative)
    return Combined(value, value * relative, value / width, value * width)


@dataclass(frozen=True)
class Appraisal:
    """Money over the life of a measure, in the currency of the costs given."""

    crashes_avoided: float
    benefit: float
    cost: float

    @property
    def ratio(self) -> float:
        """Benefit over cost."""
        return self.benefit / self.cost


def appraise(
    expected_per_year: float,
    change: Combined,
    crash_cost: float,
    measure_cost: float,
    years: int,
    discount_rate: float = 0.05,
) -> Appraisal:
    """Present value of what a measure avoids: E x (1 - CMF) x cost of a crash, discounted.

    expected_per_year : EB estimate of the crashes that the CMF applies to
    Raises ConfigError if the measure costs nothing or lasts no year.
    """
    if measure_cost <= 0 or years < 1:
        raise ConfigError("a measure needs a cost above 0 and a life of at least a year")
    avoided = expected_per_year * (1 - change.cmf)
    factor = sum((1 + discount_rate) ** -year for year in range(1, years + 1))
    return Appraisal(avoided * years, avoided * crash_cost * factor, measure_cost)
