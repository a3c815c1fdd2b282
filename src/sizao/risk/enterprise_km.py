"""What each enterprise's vehicles drove: the exposure of its duties, with no vehicle in it.

A report stands for the way driven until the next one, as in ``fleet.py``. Vehicles are told apart
in memory only, to pair one's reports and to count vehicle days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.risk.fleet import LONGEST_S, MOVING_KMH

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_OFFSET_S = 8 * 3600
"""Local civil time has one offset."""

SCHEMA = pa.schema(
    [
        pa.field("enterprise", pa.string(), nullable=False),
        pa.field("seen", pa.int64(), nullable=False),
        pa.field("vehicle_days", pa.int64(), nullable=False),
        pa.field("offline_days", pa.int64(), nullable=False),
        pa.field("km", pa.float64(), nullable=False),
    ]
)
"""``seen`` vehicles reported at all; ``vehicle_days`` are days on which a vehicle reported that it
moved or was found driving without reports, ``offline_days`` the latter."""


@dataclass
class EnterpriseKm:
    """Sums by enterprise while days are added.

    of : terminal to enterprise; others are passed over
    offline : terminal and local day number since 1970 on which it drove without reports
    """

    of: Mapping[str, str]
    offline: Sequence[tuple[str, int]] = ()
    _km: dict[str, float] = field(default_factory=dict)
    _codes: dict[str, int] = field(default_factory=dict)
    _days: set[int] = field(default_factory=set)

    def add(self, names: Sequence[str], which: Ints, time_s: Floats, speed_kmh: Floats) -> None:
        """Add reports in any order, arrays of shape (n,), a whole day of each of its vehicles.

        names, which : the vehicles, and which of them each report is of
        """
        known = np.array([name in self.of for name in names], np.bool_)
        usable = ~np.isnan(speed_kmh) & known[which] if len(names) else np.empty(0, np.bool_)
        if not usable.any():
            return
        codes = np.array(
            [self._codes.setdefault(n, len(self._codes)) if n in self.of else -1 for n in names]
        )
        number, time, speed = codes[which[usable]], time_s[usable], speed_kmh[usable]
        order = np.lexsort((time, number))
        again = (np.diff(number[order]) == 0) & (np.diff(time[order]) == 0)
        order = order[np.append(True, ~again)]
        number, time, speed = number[order], time[order], speed[order]
        same = number[1:] == number[:-1]
        gap = np.append(np.where(same, np.diff(time), LONGEST_S), LONGEST_S)
        moving = speed >= MOVING_KMH
        driven = np.where(moving, speed * np.clip(gap, 0, LONGEST_S) / 3600, 0.0)
        by_code = np.bincount(number, driven, len(self._codes))
        names_of = list(self._codes)
        for code in np.flatnonzero(by_code).tolist():
            enterprise = self.of[names_of[code]]
            self._km[enterprise] = self._km.get(enterprise, 0.0) + float(by_code[code])
        day = (time[moving].astype(np.int64) + _OFFSET_S) // 86400
        self._days |= set(np.unique(number[moving] << 32 | day).tolist())

    def release(self) -> pa.Table:
        """Rows of SCHEMA, one an enterprise that reported or was found driving silently."""
        names = list(self._codes)
        silent = {pair for pair in self.offline if pair[0] in self.of}
        reported = {(names[pair >> 32], pair & 0xFFFFFFFF) for pair in self._days}
        days = Counter(self.of[name] for name, _ in reported | silent)
        quiet = Counter(self.of[name] for name, _ in silent)
        seen = Counter(self.of[name] for name in names)
        return pa.Table.from_pylist(
            [
                {
                    "enterprise": enterprise,
                    "seen": seen[enterprise],
                    "vehicle_days": days[enterprise],
                    "offline_days": quiet[enterprise],
                    "km": round(self._km.get(enterprise, 0.0), 1),
                }
                for enterprise in sorted({*seen, *quiet})
            ],
            schema=SCHEMA,
        )
