"""Severity weights under several cost sets: one fatal crash must not hide behind one number.

With weights from costs a single fatal crash outranks everything, and where it happened is
mostly chance. So ranks are shown under more than one set, one of them capped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES
from sizao.risk.crashes import Crashes

Floats = npt.NDArray[np.float64]

CLASSES = ("fatal", "injury", "property")
"""The procedural classes of 道路交通事故处理程序规定, article 3: 死亡, 伤人, 财产损失."""


@dataclass(frozen=True)
class CostSet:
    """Weights of CLASSES, relative to property damage, with who says so."""

    id: str
    name_zh: str
    name_en: str
    weights: Mapping[str, float]
    source: Mapping[str, Any]
    certainty: str

    def score(self, fatal: Floats, injury: Floats, prop: Floats) -> Floats:
        """Equivalent property-damage-only crashes (HSM 2010, eq. 4-6)."""
        parts = zip(CLASSES, (fatal, injury, prop), strict=True)
        total: Floats = sum(
            (self.weights[name] * np.asarray(number, np.float64) for name, number in parts),
            np.zeros(np.shape(fatal)),
        )
        return total


def weights_from_costs(costs: Mapping[str, float]) -> dict[str, float]:
    """Weights as the manual prints them: cost over that of property damage, rounded."""
    return {name: float(round(costs[name] / costs["property"])) for name in CLASSES}


@cache
def cost_sets() -> Mapping[str, CostSet]:
    """All sets of ``data/severity_costs.yaml`` by id. Raises ConfigError on a bad one."""
    text = (resources.files("sizao.risk") / "data/severity_costs.yaml").read_text(encoding="utf-8")
    found = {}
    for raw in yaml.safe_load(text):
        if raw["certainty"] not in CERTAINTIES:
            raise ConfigError(f"severity_costs.yaml: {raw['id']}: certainty {raw['certainty']!r}?")
        weights = raw.pop("weights", None) or weights_from_costs(raw["costs"])
        raw.pop("costs", None)
        found[raw["id"]] = CostSet(weights=weights, **raw)
    return found


def classes_of(crashes: Crashes) -> npt.NDArray[np.int64]:
    """Index into CLASSES of each crash, -1 where the file does not say: (n,)."""
    hurt = np.maximum(crashes.injuries, crashes.serious_injuries)
    known = (crashes.deaths >= 0) | (hurt >= 0)
    return np.where(crashes.deaths > 0, 0, np.where(hurt > 0, 1, np.where(known, 2, -1)))
