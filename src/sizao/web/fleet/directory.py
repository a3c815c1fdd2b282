"""The register in memory: every list of vehicles needs it, and it rarely changes."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from sizao.web.fleet.models import Vehicle
from sizao.web.ports import installed, ports


@dataclass(frozen=True)
class Entry:
    """A vehicle of the register."""

    id: str
    plate: str
    plate_colour: int | None
    kind: str
    enterprise: str
    enterprise_name: str
    area: str


LOOK_S = 1.0

_kept: dict[str, Entry] | None = None
_mark: int | None = None
_looked = 0.0
_turn = threading.Lock()


def path() -> Path:
    """The register's file of this installation."""
    return (ports().data if installed() else settings.DATA).register


def directory() -> dict[str, Entry]:
    """Every registered vehicle by terminal phone."""
    global _kept
    with _turn:
        if _replaced() or _kept is None:
            _kept = {
                vehicle.id: Entry(
                    vehicle.id,
                    vehicle.plate,
                    vehicle.plate_colour,
                    vehicle.kind,
                    vehicle.enterprise_id or "",
                    vehicle.enterprise.name if vehicle.enterprise else "",
                    vehicle.area,
                )
                for vehicle in Vehicle.objects.select_related("enterprise")
            }
        return _kept


def _replaced() -> bool:
    """Whether the register's file is another than before: ``sizao register import`` made one.

    Looks once a second at most.
    """
    global _mark, _looked
    if time.monotonic() - _looked < LOOK_S:
        return False
    _looked = time.monotonic()
    try:
        mark = path().stat().st_mtime_ns
    except FileNotFoundError:
        mark = None
    changed, _mark = mark != _mark, mark
    return changed


def forget() -> None:
    """Drop it; called when the register was loaded, and by tests."""
    global _kept
    with _turn:
        _kept = None
