"""Which vehicles a user may look up, and whether with the whole plate."""

from __future__ import annotations

import numpy as np

from sizao.web.cases.models import Case
from sizao.web.fleet.directory import Entry, directory
from sizao.web.fleet.services import mask_plate
from sizao.web.live.board import Board, board, scope_of
from sizao.web.ports import installed
from sizao.web.units.models import Unit, User


class Sight:
    """What one user may see of the vehicles, worked out once a request.

    A vehicle is visible where it is now, where it is at home, and where a case on it is.
    """

    def __init__(self, user: User) -> None:
        self.user = user
        self.board: Board | None = board() if installed() else None
        self.shown = (
            self.board.visible(scope_of(user)) if self.board is not None else np.zeros(0, bool)
        )
        self.areas: set[str] = set()
        self.cases: set[str] = set()
        if not user.sees_all and user.path:
            units = Unit.objects.filter(path__startswith=user.path, level=Unit.Level.BRIGADE)
            self.areas = {unit.area for unit in units if unit.area and not unit.roads}
            self.cases = set(
                Case.objects.for_user(user)
                .exclude(vehicle="")
                .order_by()
                .values_list("vehicle", flat=True)
            )

    def here(self, vehicle: str) -> bool:
        """It is on the user's roads now."""
        row = self.board.row_of.get(vehicle) if self.board is not None else None
        return row is not None and bool(self.shown[row])

    def known(self, vehicle: str) -> bool:
        """Whether the register has it or the live board has heard it."""
        heard = self.board is not None and vehicle in self.board.row_of
        return heard or directory().get(vehicle) is not None

    def may_see(self, vehicle: str) -> bool:
        """Whether the user may look it up at all."""
        if self.user.sees_all:
            return True
        entry = directory().get(vehicle)
        return (
            self.here(vehicle)
            or vehicle in self.cases
            or (entry is not None and entry.area in self.areas)
        )

    def plate(self, vehicle: str, plate: str) -> str:
        """The plate as this role may read it.

        Whole for those who act; an officer only where the vehicle concerns the own squadron.
        The auditor checks steps, not vehicles.
        """
        if not self.user.acts:
            return mask_plate(plate)
        if self.user.role == User.Role.OFFICER and not self.user.sees_all:
            return plate if self.here(vehicle) or vehicle in self.cases else mask_plate(plate)
        return plate

    def entry(self, vehicle: str) -> Entry:
        """The register's entry; a terminal that is not registered gets an empty one."""
        return directory().get(vehicle) or Entry(vehicle, "", None, "other", "", "", "")
