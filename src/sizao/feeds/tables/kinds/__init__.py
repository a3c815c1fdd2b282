"""The kinds of records that can be imported: an explicit list."""

from __future__ import annotations

from sizao.core.errors import ConfigError
from sizao.feeds.tables.fields import Kind
from sizao.feeds.tables.kinds.crash import CRASH
from sizao.feeds.tables.kinds.enterprise import ENTERPRISE
from sizao.feeds.tables.kinds.vehicle import VEHICLE

KINDS: dict[str, Kind] = {kind.name: kind for kind in (CRASH, VEHICLE, ENTERPRISE)}
"""Name to kind; ``docs/reference/imports.md`` has a table of each."""


def kind_named(name: str) -> Kind:
    """The kind. Raises ConfigError if there is none of that name."""
    try:
        return KINDS[name]
    except KeyError:
        raise ConfigError(f"no kind of record {name!r}: known are {', '.join(KINDS)}") from None
