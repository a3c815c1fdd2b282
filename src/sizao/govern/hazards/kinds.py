"""Kinds of hazard, as data: names, group, and the question of the check list that finds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from sizao.core.errors import ConfigError

GROUPS = {
    "road": ("道路", "road"),
    "order": ("秩序", "order"),
    "enterprise": ("企业", "enterprise"),
}


@dataclass(frozen=True)
class Kind:
    """One kind."""

    code: str
    zh: str
    en: str
    group: str
    near_m: float
    """Two of a kind within this may be the same."""
    item: str = ""
    """Item of the rule ``junction.check_items`` that finds it; empty if none does."""
    ask_zh: str = ""
    ask_en: str = ""
    """What the check list asks: answered no, it is a hazard."""


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its code. Raises ConfigError for one given twice or of no group."""
    text = (resources.files("sizao.govern.hazards") / "kinds.yaml").read_text(encoding="utf-8")
    found: dict[str, Kind] = {}
    for raw in yaml.safe_load(text):
        kind = Kind(**{**raw, "near_m": float(raw["near_m"])})
        if kind.code in found or kind.group not in GROUPS:
            raise ConfigError(f"kinds.yaml: {kind.code}: twice, or group {kind.group!r}?")
        found[kind.code] = kind
    return found


def check_list() -> tuple[Kind, ...]:
    """The kinds that an inspection asks for, in the order of the rule."""
    return tuple(kind for kind in kinds().values() if kind.item)
