"""Which vehicles are on the road now: the live board narrowed, searched and put in order.

A list is not a look-up. It shows where the road is busy or broken, so it is searched by place and
enterprise and never by plate or terminal, and its plates are masked for everybody: the whole plate
stands on the vehicle's own page, where the look is written to the audit log.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from sizao.core.places import stake
from sizao.web.fleet.access import Sight
from sizao.web.fleet.services import mask_plate
from sizao.web.live.board import ACTIVE, NORMAL, OFFLINE, POLICE, Scope

STATES = {"active": ACTIVE, "normal": NORMAL, "offline": OFFLINE, "police": POLICE}
"""Code of a filter's choice to the status on the map."""

SORTS = ("state", "kind", "place", "speed", "over", "heard")

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Wanted:
    """What a reader asks for; an empty field asks for nothing."""

    state: str = ""
    kind: str = ""
    road: str = ""
    text: str = ""
    """Part of a place (``G353 K12``) or of an enterprise's name."""
    scope: Scope | None = None
    """Places of a unit, narrower than the reader's own."""


@dataclass(frozen=True)
class OnRoad:
    """One line: numbers are None when not reported."""

    vehicle: str
    state: str
    active: list[str]
    kind: str
    plate: str
    plate_colour: int | None
    enterprise: str
    place: str
    road_class: str
    speed_kmh: float | None
    limit_kmh: float | None
    at: datetime

    @property
    def over(self) -> bool:
        return None not in (self.speed_kmh, self.limit_kmh) and self.speed_kmh > self.limit_kmh


class Fleet:
    """The vehicles one user sees now, at one moment of the feed clock in microseconds."""

    def __init__(self, sight: Sight, now_us: int) -> None:
        self._sight = sight
        self._board = sight.board
        self._status = (
            sight.board.status(now_us) if sight.board is not None else np.zeros(0, np.uint8)
        )

    def counts(self) -> dict[str, int]:
        """How many of each state, of all the user sees."""
        seen = self._status[self._sight.shown]
        return {code: int((seen == status).sum()) for code, status in STATES.items()}

    def select(self, wanted: Wanted, sort: str = "state") -> Rows:
        """Numbers of the board's rows, in order; equals stand in the board's own order, so that
        the next second does not shuffle them.

        sort : one of SORTS, with ``-`` in front for the other way round; what is not reported
            comes last either way
        """
        board = self._board
        if board is None or not len(board):
            return np.zeros(0, np.int64)
        kept = self._sight.shown.copy()
        if wanted.state in STATES:
            kept &= self._status == STATES[wanted.state]
        if wanted.kind:
            kept &= self._equal("kind", wanted.kind)
        if wanted.road:
            kept &= self._equal("road", wanted.road.upper())
        if wanted.scope is not None:
            kept &= board.visible(wanted.scope)
        rows = np.flatnonzero(kept)
        if wanted.text:
            asked = _plain(wanted.text)
            places = self._places()
            rows = rows[
                [
                    asked in _plain(places[row])
                    or asked in _plain(self._sight.entry(board.vehicle[row]).enterprise_name)
                    for row in rows
                ]
            ]
        return rows[self._order(rows, sort)]

    def lines(self, rows: Rows) -> Iterator[OnRoad]:
        """What a page shows of some rows."""
        if self._board is None:
            return
        codes = {status: code for code, status in STATES.items()}
        for row, facts in zip(rows, self._board.batch.take(rows).to_pylist(), strict=True):
            entry = self._sight.entry(facts["vehicle"])
            yield OnRoad(
                vehicle=facts["vehicle"],
                state=codes[int(self._status[row])],
                active=[rule for rule in (facts["active"] or "").split(",") if rule],
                kind=facts["kind"] or "other",
                plate=mask_plate(entry.plate),
                plate_colour=entry.plate_colour,
                enterprise=entry.enterprise_name,
                place=stake(facts["road"], facts["stake_m"]),
                road_class=facts["road_class"] or "",
                speed_kmh=facts["speed_kmh"],
                limit_kmh=facts["limit_kmh"],
                at=facts["time"].astimezone(UTC),
            )

    def _column(self, name: str) -> Any:
        assert self._board is not None
        return self._board.batch.column(name)

    def _equal(self, name: str, value: str) -> npt.NDArray[np.bool_]:
        found = pc.equal(self._column(name).fill_null(""), value)
        return found.to_numpy(zero_copy_only=False)

    def _places(self) -> list[str]:
        return [
            stake(road, at)
            for road, at in zip(
                self._column("road").to_pylist(), self._column("stake_m").to_pylist(), strict=True
            )
        ]

    def _order(self, rows: Rows, sort: str) -> Rows:
        down, key = sort.startswith("-"), sort.removeprefix("-")
        keys = [self._rank(name)[rows] for name in _KEYS.get(key, _KEYS["state"])]
        # Last first: numpy's own order of keys. A reversed key keeps equals as they were.
        return np.lexsort([-one if down else one for one in reversed(keys)]).astype(np.int64)

    def _rank(self, name: str) -> npt.NDArray[np.float64]:
        """A number for each row, NaN (which sorts last) where nothing is reported."""
        assert self._board is not None
        if name == "state":
            return _URGENCY[self._status].astype(np.float64)
        if name == "heard":
            return self._board.time_us.astype(np.float64)
        if name == "over":
            return self._numbers("speed_kmh") - self._numbers("limit_kmh")
        if name in ("kind", "road"):
            words = self._column(name).to_pylist()
            place = {word: at for at, word in enumerate(sorted({one for one in words if one}))}
            return np.array([place.get(word, np.nan) for word in words], np.float64)
        return self._numbers(name)

    def _numbers(self, name: str) -> npt.NDArray[np.float64]:
        return self._column(name).to_numpy(zero_copy_only=False).astype(np.float64)


_KEYS = {
    "state": ("state",),
    "kind": ("kind",),
    "place": ("road", "stake_m"),
    "speed": ("speed_kmh",),
    "over": ("over",),
    "heard": ("heard",),
}
_URGENCY = np.array([2, 0, 3, 1], np.int64)
"""Of a status on the map: open episodes first, then police, then the quiet ones, silent last."""


def _plain(text: str) -> str:
    return "".join(text.upper().split())
