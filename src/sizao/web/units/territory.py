"""Whose road is it: the brigade and squadron responsible for a place.

Roads that a brigade serves wherever they run (the expressway brigade) come first, then the
brigade of the county, then the nearest brigade. Within the brigade the nearest squadron is
responsible. The tree is small and rarely changes, so it is kept in memory and reloaded when a
unit was saved.
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

    def brigade(
        self, area: str, road_class: str, lat: float | None, lon: float | None
    ) -> Unit | None:
        """The brigade in charge; None if there is no brigade at all."""
        for unit in self.brigades:
            if road_class and road_class in unit.roads.split(","):
                return unit
        for unit in self.brigades:
            if area and unit.area == area and not unit.roads:
                return unit
        return _nearest(self.brigades, lat, lon)

    def squadron(self, area: str, road_class: str, lat: float | None, lon: float | None) -> Unit:
        """The squadron responsible for the place, or the lowest unit there is above it."""
        brigade = self.brigade(area, road_class, lat, lon)
        if brigade is None:
            return self.root
        return _nearest(self.squadrons.get(brigade.pk, []), lat, lon) or brigade

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
        if not self.brigades:
            return found
        codes, inverse = np.unique(
            np.char.add(np.char.add(area, "\x1f"), road_class), return_inverse=True
        )
        for number, code in enumerate(codes):
            rows = np.flatnonzero(inverse == number)
            one_area, one_class = str(code).split("\x1f")
            known = any(
                one_class in unit.roads.split(",") if unit.roads else unit.area == one_area
                for unit in self.brigades
            )
            if known:
                brigade = self.brigade(one_area, one_class, None, None)
                found[rows] = _nearest_many(
                    self.squadrons.get(brigade.pk) or [brigade], lat[rows], lon[rows]
                )
            else:
                every = [
                    squadron
                    for unit in self.brigades
                    if not unit.roads
                    for squadron in (self.squadrons.get(unit.pk) or [unit])
                ]
                found[rows] = _nearest_many(every or self.brigades, lat[rows], lon[rows])
        return found


def _nearest(units: list[Unit], lat: float | None, lon: float | None) -> Unit | None:
    placed = [unit for unit in units if unit.lat is not None and unit.lon is not None]
    if not placed or lat is None or lon is None:
        return units[0] if units else None
    return min(placed, key=lambda unit: float(metres_between(lat, lon, unit.lat, unit.lon)))


def _nearest_many(
    units: list[Unit], lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    placed = [unit for unit in units if unit.lat is not None] or units
    away = np.stack(
        [
            np.nan_to_num(metres_between(lat, lon, unit.lat or 0.0, unit.lon or 0.0), nan=0.0)
            for unit in placed
        ]
    )
    return np.array([unit.pk for unit in placed])[np.argmin(away, axis=0)]


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
