"""Hours at the wheel in a rolling window: ``detect/totals.py`` and ``rules/coach_day_total.py``.

A *pair* is two successive samples of a vehicle. It belongs to the driver whose card was in at the
first, or to the vehicle's unknown driver: its *owner*. All that is found of an owner follows from
the list of his pairs in the order in which they arrived, whatever vehicles they are of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.detect.plain.driving import is_near, speed_of
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Sample
from tests.detect.plain.world import Params

Owner = tuple[str, str]
"""``("driver", code)`` or ``("vehicle", name)``."""


class Pair(NamedTuple):
    before: Sample
    now: Sample


class Adding(NamedTuple):
    """What late rows add to the hours of a driver who has driven another vehicle meanwhile."""

    seconds: dict[int, int]
    """By piece of time."""
    unknown_s: int


class Window(NamedTuple):
    """``pieces`` times ``piece_s`` seconds."""

    rule: str
    pieces: int
    piece_s: int


def owner_of(pair: Pair) -> Owner:
    driver = pair.before.driver
    return ("vehicle", pair.before.vehicle) if driver is None else ("driver", driver)


@dataclass
class Episode:
    """More than the limit, so far."""

    fired: Sample
    last: Sample
    peak_s: int = 0
    peak_unknown_s: int = 0
    worst: Sample | None = None


@dataclass
class Ledger:
    """The hours of one owner, and what is found of them."""

    window: Window
    params: Params
    owner: Owner
    newest: int | None = None
    """Number of the piece of time in which the window ends; none before he has driven."""
    seconds: dict[int, int] = field(default_factory=dict)
    """Driven in each piece of the window."""
    unknown_s: int = 0
    unknown_in: int = 0
    """Piece in which the last gap was added."""
    episode: Episode | None = None
    founds: list[Found] = field(default_factory=list)

    def take(self, one: Pair | Adding) -> None:
        if isinstance(one, Adding):
            self._add(one)
            return
        before, now = one
        apart_us = now.time_us - before.time_us
        gap = apart_us > self.params["max_gap_s"] * 1e6
        driven = not gap and _moves(before, self.params) and _moves(now, self.params)
        elsewhere = gap and not is_near(
            before.lat, before.lon, now.lat, now.lon, self.params["rest_displacement_m"]
        )
        if self.newest is None and not driven:
            return
        self._advance(now.time_us // 1_000_000 // self.window.piece_s)
        if driven:
            self._drive(before.time_us // 1_000_000, now.time_us // 1_000_000)
        elif elsewhere:
            assert self.newest is not None
            most_s = self.window.pieces * self.window.piece_s
            self.unknown_s = min(self.unknown_s + apart_us // 1_000_000, most_s)
            self.unknown_in = self.newest
        self._judge(now, driven)

    def close(self) -> None:
        """The recording has ended."""
        if self.episode is not None:
            self._report(1)

    def _advance(self, piece: int) -> None:
        if self.newest is None or piece > self.newest:
            self.newest = piece
            gone = [each for each in self.seconds if each <= piece - self.window.pieces]
            for each in gone:
                del self.seconds[each]
        if self.newest - self.unknown_in >= self.window.pieces:
            self.unknown_s = 0

    def _drive(self, from_s: int, to_s: int) -> None:
        """Each second to its piece, of which none gets longer than it is."""
        assert self.newest is not None
        piece_s = self.window.piece_s
        for piece in range(from_s // piece_s, (to_s - 1) // piece_s + 1):
            if piece > self.newest - self.window.pieces:
                inside_s = min(to_s, (piece + 1) * piece_s) - max(from_s, piece * piece_s)
                self.seconds[piece] = min(self.seconds.get(piece, 0) + inside_s, piece_s)

    def _add(self, one: Adding) -> None:
        if self.newest is None:
            return
        for piece, more_s in one.seconds.items():
            if self.newest - self.window.pieces < piece <= self.newest:
                total_s = self.seconds.get(piece, 0) + more_s
                self.seconds[piece] = min(max(total_s, 0), self.window.piece_s)
        self.unknown_s = max(self.unknown_s + one.unknown_s, 0)

    def _judge(self, now: Sample, driven: bool) -> None:
        total_s = sum(self.seconds.values())
        limit_s = self.params["max_driving_min"] * 60
        if self.episode is not None:
            other = driven and self.episode.fired.vehicle != now.vehicle
            if total_s <= limit_s or other:
                self._report(1)
                self.episode = None
        if not driven or total_s <= limit_s:
            return
        fires = self.episode is None
        if self.episode is None:
            self.episode = Episode(now, now)
        self.episode.last = now
        if total_s > self.episode.peak_s:
            self.episode.peak_s, self.episode.worst = total_s, now
            self.episode.peak_unknown_s = self.unknown_s
        if fires:
            self._report(0)

    def _report(self, revision: int) -> None:
        episode = self.episode
        assert episode is not None
        assert episode.worst is not None
        worst, unknown_s = episode.worst, episode.peak_unknown_s
        kind, name = self.owner
        found = Found(
            rule=self.window.rule,
            vehicle=episode.fired.vehicle,
            revision=revision,
            start_us=episode.fired.time_us,
            end_us=episode.last.time_us,
            fired_us=episode.fired.time_us,
            received_us=episode.fired.received_us,
            worst_us=worst.time_us,
            measured=episode.peak_s / 60,
            limit=self.params["max_driving_min"],
            severity="over_limit" if kind == "driver" else "unknown_driver",
            lat=worst.lat,
            lon=worst.lon,
            segment=worst.segment,
            stake_m=worst.stake_m,
            driver=name if kind == "driver" else None,
            # Minutes begun count.
            quality=f"gap,unknown_min={-(-unknown_s // 60)}" if unknown_s else "",
        )
        self.founds.append(found)

    def remembers(self) -> object:
        """All that is remembered of him, but what is kept as it was first told."""
        episode = self.episode
        return (
            self.newest,
            {piece: some for piece, some in self.seconds.items() if some},
            self.unknown_s,
            self.unknown_in,
            episode,
        )


def _moves(sample: Sample, params: Params) -> bool:
    speed = speed_of(sample)
    return speed is not None and speed > params["moving_above_kmh"]


def ledger_of(
    window: Window, params: Params, owner: Owner, pairs: Sequence[Pair | Adding]
) -> Ledger:
    """All of an owner's pairs, from the first."""
    ledger = Ledger(window, params, owner)
    for pair in pairs:
        ledger.take(pair)
    return ledger
