"""The plans of the package: dated files, and which of them a case proposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib import resources

import yaml

from sizao.core.errors import ConfigError
from sizao.core.levels import WarningLevel
from sizao.respond.plans.model import Plan, read


@cache
def texts() -> Mapping[str, str]:
    """File name to text of every plan of the package."""
    folder = resources.files("sizao.respond.plans") / "book"
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(folder.iterdir(), key=lambda one: one.name)
        if path.name.endswith(".yaml")
    }


@cache
def plans() -> tuple[Plan, ...]:
    """Every plan of the package. Raises ConfigError if two of an id hold from the same day."""
    found: dict[tuple[str, date], Plan] = {}
    for name, text in texts().items():
        plan = read(yaml.safe_load(text))
        if not name.startswith(plan.id):
            raise ConfigError(f"plans/book/{name}: holds the plan {plan.id}")
        if (plan.id, plan.valid_from) in found:
            raise ConfigError(f"plans/book/{name}: {plan.id} of that day appears twice")
        found[plan.id, plan.valid_from] = plan
    return tuple(found.values())


def in_force(every: Iterable[Plan], day: date) -> dict[str, Plan]:
    """Of each id the plan that holds on a day: the latest begun; of two that began on the same
    day the later in ``every``, so that an installation's own text wins over the package's."""
    held: dict[str, Plan] = {}
    for plan in every:
        before = held.get(plan.id)
        if plan.valid_from <= day and (before is None or plan.valid_from >= before.valid_from):
            held[plan.id] = plan
    return held


def proposed(
    held: Iterable[Plan], kind: str, level: WarningLevel, road: str, facts: frozenset[str]
) -> list[Plan]:
    """The plans for a case of this kind, those that ask for more first: a plan for a fire on an
    expressway goes before one for any crash."""
    fitting = [plan for plan in held if kind in plan.kinds and plan.when.holds(level, road, facts)]
    return sorted(fitting, key=lambda plan: (-_asked(plan), plan.id))


def _asked(plan: Plan) -> int:
    return bool(plan.when.levels) + bool(plan.when.roads) + 2 * bool(plan.when.facts)
