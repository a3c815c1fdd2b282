"""Statutory duties of transport enterprises, as ``data/duties.yaml`` has them.

Apart from the estimate (``enterprises.py``), so that pages need no arithmetic to name a duty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES

TOO_SMALL, TOO_LITTLE = "too few vehicles to rank", "too little exposure to rank"
UNRANKED = (TOO_SMALL, TOO_LITTLE)
"""Notes that stand in the place of a rank."""
WORSE = "worse than similar enterprises"


@dataclass(frozen=True)
class Duty:
    """One duty that can be counted, with who says so."""

    id: str
    name_zh: str
    name_en: str
    unit: str
    share: bool
    weight: float
    days: int
    rules: tuple[str, ...]
    source: Mapping[str, Any]
    certainty: str


@cache
def duties() -> Mapping[str, Duty]:
    """Duties of ``data/duties.yaml`` by id. Raises ConfigError on an unknown certainty."""
    text = (resources.files("sizao.risk") / "data/duties.yaml").read_text(encoding="utf-8")
    found = {
        raw["id"]: Duty(**{**raw, "rules": tuple(raw["rules"])}) for raw in yaml.safe_load(text)
    }
    for duty in found.values():
        if duty.certainty not in CERTAINTIES:
            raise ConfigError(f"duties.yaml: {duty.id}: certainty {duty.certainty!r}?")
    return found
