"""What is there already: everything outside the file that a check may ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from sizao.roads.network import Network

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Known:
    """Facts for one check. The defaults know nothing, so that a file can be looked at alone.

    now : later moments are wrong
    zone : in which times without an offset are written
    keys : records of this source that exist (crash numbers, terminals, enterprise ids)
    plates : plate to terminal of registered vehicles
    enterprises : id to name
    moments : of crashes of other sources, minute since the epoch to (lat, lon, name)
    network : places stakes and tells what lies elsewhere
    """

    now: dt.datetime
    zone: ZoneInfo = SHANGHAI
    keys: Collection[str] = frozenset()
    plates: Mapping[str, str] = field(default_factory=dict)
    enterprises: Mapping[str, str] = field(default_factory=dict)
    moments: Mapping[int, list[tuple[float, float, str]]] = field(default_factory=dict)
    network: Network | None = None

    def enterprises_named(self, name: str) -> list[str]:
        """Ids of the enterprises with this name."""
        return self._by_name.get(name, [])

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, name in self.enterprises.items():
            found.setdefault(name, []).append(key)
        return found
