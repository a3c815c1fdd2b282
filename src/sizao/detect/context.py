"""What a step needs besides positions and state: the roads, the register, the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from sizao.core.errors import ConfigError
from sizao.core.rulebook import rulebook
from sizao.detect import registry, reopen
from sizao.detect.params import Book, Params, overridden
from sizao.detect.stage import Rule, World
from sizao.detect.state import EngineState
from sizao.roads.fence_grid import NO_FENCES, Fences
from sizao.roads.limits_in_force import LimitsInForce
from sizao.roads.network import Network
from sizao.roads.temporary_limits import TemporaryLimit


@dataclass(frozen=True, eq=False)
class Context:
    """Make one with :meth:`build`; it does not change, a new register means a new context."""

    world: World
    kinds: Mapping[str, str]
    """Vehicle to its kind; one that is missing counts as ``other``."""
    services: Mapping[str, str]
    """Coach to its service, as far as the register says."""
    rules: tuple[Rule, ...]
    params: Mapping[str, Params]
    """Rule id to its parameters."""
    network_digest: str = field(repr=False)

    @classmethod
    def build(
        cls,
        network: Network | None = None,
        register: pa.RecordBatch | pa.Table | None = None,
        *,
        kinds: Mapping[str, str] | None = None,
        services: Mapping[str, str] | None = None,
        book: Book | None = None,
        changes: Mapping[str, Params] | None = None,
        only: frozenset[str] | None = None,
        fences: Fences = NO_FENCES,
        temporary: Iterable[TemporaryLimit] = (),
    ) -> Context:
        """A context of the registry's rules.

        network : without one nothing is matched, and only limits given with a row are known
        register : schema REGISTER; ``kinds`` and ``services`` say the same as mappings and go
            before
        book : rule book to take parameters from, by default the package's
        changes : rule id to parameters that are to differ
        only : ids of rules to run, by default all; those of record rules are no matter here
        fences : areas and corridors that rules go by
        temporary : limits of control measures, in force at their times beside the road's

        Raises ConfigError for an unknown rule, parameter or value.
        """
        book = rulebook() if book is None else book
        changes = changes or {}
        known = registry.ids()
        unknown = sorted((set(changes) | (only or frozenset())) - known)
        if unknown:
            raise ConfigError(f"no rule {unknown[0]!r}; there are: {', '.join(sorted(known))}")
        every = (*registry.RULES, *registry.ROAD_RULES)
        rules = tuple(rule for rule in every if only is None or rule.id in only)
        params = {
            rule.id: overridden(rule.params_from(book), changes.get(rule.id, {}), rule.id)
            for rule in rules
        }
        kinds = _column(register, "kind") if kinds is None else kinds
        services = _column(register, "service") if services is None else services
        return cls(
            World(network, fences, LimitsInForce(temporary, network)),
            kinds,
            services,
            rules,
            params,
            network.digest() if network is not None else "",
        )

    @property
    def network(self) -> Network | None:
        """The roads, None without."""
        return self.world.network

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """Rule id to the version of the rule with its parameters."""
        return {rule.id: rule.version(self.params[rule.id]) for rule in self.rules}

    @cached_property
    def groups(self) -> Mapping[str, reopen.Group]:
        """Rules that late points re-open: see ``reopen.groups``."""
        return reopen.groups(self.rules, self.params)

    @cached_property
    def others(self) -> tuple[Rule, ...]:
        """All other rules."""
        return tuple(reopen.others(self.rules, self.groups))

    def adopt(self, state: EngineState) -> None:
        """Make ``state`` fit: another network or another layout of a rule begins anew."""
        state.fleet.adopt(self.network_digest)
        state.restore_rules(self.rules)


def _column(register: pa.RecordBatch | pa.Table | None, name: str) -> dict[str, str]:
    """Vehicle to what the register says in a column, where it says something."""
    if register is None:
        return {}
    vehicles, values = (register.column(each).to_pylist() for each in ("vehicle", name))
    return {vehicle: value for vehicle, value in zip(vehicles, values, strict=True) if value}
