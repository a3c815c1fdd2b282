"""Whose road is it: the squadron responsible for a place.

Roads that a brigade serves wherever they run (the expressway brigade) come first, then the
brigade of the county; within it the nearest squadron is responsible. A place in no known county
goes to the nearest squadron of all. The tree is small and rarely changes, so it is kept in memory
and reloaded when a unit was saved.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db.models.signals import post_delete, post_save

from sizao.core.errors import ConfigError
from sizao.core.levels import CommandLevel
from sizao.web.geo import metres_between
from sizao.web.units.models import Unit


@dataclass
class Territory:
    """The tree of units, ready for questions."""

    root: Unit
    brigades: list[Unit]
    squadrons: dict[int, list[Unit]]
    """Squadrons by brigade id."""

    def candidates(self, area: str, road_class: str) -> list[Unit]:
        """The squadrons among which the nearest to the place is responsible."""
        for unit in self.brigades:
            if road_class and road_class in unit.roads.split(","):
                return self.squadrons.get(unit.pk) or [unit]
        for unit in self.brigades:
            if area and unit.area == area and not unit.roads:
                return self.squadrons.get(unit.pk) or [unit]
        return [
            squadron
            for unit in self.brigades
            if not unit.roads
            for squadron in self.squadrons.get(unit.pk) or [unit]
        ] or [self.root]

    def squadron(self, area: str, road_class: str, lat: float | None, lon: float | None) -> Unit:
        """The squadron responsible for the place, or the lowest unit there is above it."""
        found = self.candidates(area, road_class)
        if len(found) == 1:
            return found[0]
        place = np.array([np.nan if value is None else value for value in (lat, lon)])
        return found[int(_nearest(found, place[:1], place[1:])[0])]

    def whole(self, area: str) -> Unit:
        """The unit of a whole county, without a place in it: its brigade, else the root."""
        brigades = (unit for unit in self.brigades if area and unit.area == area and not unit.roads)
        return next(brigades, self.root)

    def commanding(self, squadron: Unit, level: CommandLevel) -> Unit:
        """The unit that commands at a level for the squadron's area; the city's is the root."""
        wanted = min(level.value, Unit.Level.DETACHMENT)
        unit = squadron
        while unit.level < wanted and unit.parent_id is not None:
            unit = self._by_id[unit.parent_id]
        return unit

    def __post_init__(self) -> None:
        self._by_id = {self.root.pk: self.root}
        for unit in self.brigades:
            self._by_id[unit.pk] = unit
        for units in self.squadrons.values():
            for unit in units:
                self._by_id[unit.pk] = unit

    def responsible(
        self,
        area: npt.NDArray[np.str_],
        road_class: npt.NDArray[np.str_],
        lat: npt.NDArray[np.float64],
        lon: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.int64]:
        """The same question for many places at once: squadron ids, shape (n,)."""
        found = np.full(len(area), self.root.pk, np.int64)
        pairs, inverse = np.unique(
            np.char.add(np.char.add(area, "\x1f"), road_class), return_inverse=True
        )
        for number, pair in enumerate(pairs):
            rows = np.flatnonzero(inverse == number)
            among = self.candidates(*str(pair).split("\x1f"))
            ids = np.array([unit.pk for unit in among], np.int64)
            found[rows] = ids[_nearest(among, lat[rows], lon[rows])]
        return found


def _nearest(
    units: list[Unit], lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Index of the nearest unit to each place, shape (n,); 0 where the place is not known."""
    away = np.stack(
        [
            np.full(len(lat), np.inf)
            if unit.lat is None or unit.lon is None
            else metres_between(lat, lon, unit.lat, unit.lon)
            for unit in units
        ]
    )
    return np.argmin(np.nan_to_num(away, nan=np.inf, posinf=np.inf), axis=0)


_kept: Territory | None = None
_turn = threading.Lock()


def territory() -> Territory:
    """The present tree. Raises ConfigError while no units are loaded."""
    global _kept
    with _turn:
        if _kept is None:
            units = list(Unit.objects.order_by("path"))
            root = next((unit for unit in units if unit.parent_id is None), None)
            if root is None:
                raise ConfigError("no units are loaded: start `sizao demo` or load your units")
            _kept = Territory(
                root,
                [unit for unit in units if unit.level == Unit.Level.BRIGADE],
                {
                    brigade.pk: [unit for unit in units if unit.parent_id == brigade.pk]
                    for brigade in units
                    if brigade.level == Unit.Level.BRIGADE
                },
            )
        return _kept


def forget(**_: object) -> None:
    """Drop the kept tree; called when a unit changes, and by tests."""
    global _kept
    with _turn:
        _kept = None


post_save.connect(forget, sender=Unit, dispatch_uid="territory-saved")
post_delete.connect(forget, sender=Unit, dispatch_uid="territory-deleted")
