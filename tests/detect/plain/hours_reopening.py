"""Late rows re-open the hours of drivers, who may change vehicles: ``detect/reopen_totals.py``.

Every row of every coach is gone over in the order of arrival. The pairs of a vehicle's window are
made anew with the late rows in their places; of each owner of such a pair everything is added up
from the start again, unless he has driven another vehicle since. Of whom nothing has been heard
for his window and a week more, nothing is known any more (``detect/forgetting.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.detect.plain import hours, reopening
from tests.detect.plain.found import Found
from tests.detect.plain.hours import Adding, Ledger, Owner, Pair, ledger_of, owner_of
from tests.detect.plain.reopening import Told
from tests.detect.plain.sample import Late, Sample, Track
from tests.detect.plain.world import Params

Pairs = list[Pair | Adding]
DAY_US = 86_400_000_000
WEEK_US = 7 * DAY_US


@dataclass
class Coach:
    """A vehicle: all its rows, and the window that is open."""

    track: Track
    rows: list[Sample] = field(default_factory=list)
    late: list[Sample] = field(default_factory=list)
    window: reopening.Window | None = None
    before: dict[Owner, Pairs] = field(default_factory=dict)
    """Of each owner of a pair in the window, his pairs before the first."""


def found(tracks: Sequence[Track | None], params: Params, window: hours.Window) -> list[Found]:
    """Every report of all owners, to the end of the recording. None: a vehicle not bound."""
    coaches = {track.vehicle: Coach(track) for track in tracks if track is not None}
    fleet = _Fleet(coaches, params, window)
    arrived = sorted(
        (row.row, coach.track.vehicle, row)
        for coach in coaches.values()
        for row in [*coach.track.samples, *coach.track.late]
    )
    for _, vehicle, row in arrived:
        fleet.take(coaches[vehicle], row)
    fleet.close(list(coaches.values()))
    return fleet.told.all


class _Fleet:
    def __init__(self, coaches: dict[str, Coach], params: Params, window: hours.Window) -> None:
        self.coaches, self.params, self.window = coaches, params, window
        self.told = Told()
        self.pairs: dict[Owner, Pairs] = {}
        self.ledgers: dict[Owner, Ledger] = {}
        self.day = 0

    def take(self, coach: Coach, row: Sample | Late) -> None:
        if isinstance(row, Late):
            if coach.window and reopening.counts(row, coach.window, coach.rows, coach.late):
                coach.late.append(reopening.sample_of(row, coach.track))
            return
        if row.time_us // DAY_US > self.day:
            self.day = row.time_us // DAY_US
            self._forget()
        self.judge_late(coach)
        if reopening.is_torn(row) and (coach.window is None or row.time_us > coach.window.until_us):
            coach.window, coach.before = reopening.opened(row, self.params), {}
        if coach.rows:
            pair = Pair(coach.rows[-1], row)
            owner = owner_of(pair)
            if coach.window is not None:
                coach.before.setdefault(owner, list(self.pairs.get(owner, [])))
            self._count(owner, pair)
        coach.rows.append(row)
        if coach.window is not None and row.time_us > coach.window.until_us:
            coach.window = None

    def _forget(self) -> None:
        """Everybody whose window has been empty for a week as this day begins."""
        span_us = self.window.pieces * self.window.piece_s * 1_000_000
        for owner, ledger in list(self.ledgers.items()):
            if ledger.newest is None:
                continue
            newest_us = ledger.newest * self.window.piece_s * 1_000_000
            if newest_us + span_us + WEEK_US > self.day * DAY_US:
                continue
            if ledger.episode is not None:
                if self.coaches[ledger.episode.fired.vehicle].window is not None:
                    continue
                ledger.close()
                self.told.say(ledger.founds[-1])
            del self.ledgers[owner]
            del self.pairs[owner]
            self.told.forget(lambda one, gone=owner: _owner_told(one) == gone)

    def _count(self, owner: Owner, pair: Pair | Adding) -> None:
        self.pairs.setdefault(owner, []).append(pair)
        ledger = self.ledgers.setdefault(owner, Ledger(self.window, self.params, owner))
        known = len(ledger.founds)
        ledger.take(pair)
        for one in ledger.founds[known:]:
            self.told.say(one)

    def judge_late(self, coach: Coach) -> None:
        """Judge the window of a vehicle with its late rows in their places, if there are any."""
        if coach.window is None or not coach.late:
            return
        prefix = [row for row in coach.rows if row.time_us <= coach.window.gap_us]
        old = reopening.since(coach.window, coach.rows)
        new = reopening.in_place(coach.window, coach.rows, coach.late)
        were, are = _by_owner(prefix, old), _by_owner(prefix, new)
        second: list[Found] = []
        concerned: set[Owner] = set()
        for owner in sorted({*were, *are}):
            # Of whom only late rows know nothing of this vehicle has been counted yet.
            before = coach.before.setdefault(owner, list(self.pairs.get(owner, [])))
            first = self._ledger(owner, [*before, *were.get(owner, [])])
            again = self._ledger(owner, [*before, *are.get(owner, [])])
            now = self.ledgers.get(owner, Ledger(self.window, self.params, owner))
            if now.remembers() != first.remembers():
                self._count(owner, _adding(first, again))
                continue
            self.pairs[owner] = [*before, *are.get(owner, [])]
            self.ledgers[owner] = again
            concerned.add(owner)
            second += again.founds
        received_us = max(row.received_us for row in coach.late)
        self.told.correct(second, received_us, lambda one: _owner_told(one) in concerned)
        coach.rows, coach.late = [*prefix, *new], []

    def close(self, coaches: Sequence[Coach]) -> None:
        """The recording has ended. What is late is judged in the order in which windows opened."""
        for coach in sorted(
            coaches, key=lambda coach: coach.window.opened_us if coach.window else 0
        ):
            self.judge_late(coach)
        for ledger in self.ledgers.values():
            if ledger.episode is not None:
                ledger.close()
                self.told.say(ledger.founds[-1])

    def _ledger(self, owner: Owner, pairs: Pairs) -> Ledger:
        return ledger_of(self.window, self.params, owner, pairs)


def _by_owner(prefix: Sequence[Sample], rows: Sequence[Sample]) -> dict[Owner, list[Pair]]:
    """The pairs of a window's rows, the first of them with the row before the pause."""
    pairs: dict[Owner, list[Pair]] = {}
    for before, now in zip([prefix[-1], *rows], rows, strict=False):
        pair = Pair(before, now)
        pairs.setdefault(owner_of(pair), []).append(pair)
    return pairs


def _adding(first: Ledger, again: Ledger) -> Adding:
    """What the second has more than the first."""
    pieces = {*first.seconds, *again.seconds}
    more = {piece: again.seconds.get(piece, 0) - first.seconds.get(piece, 0) for piece in pieces}
    return Adding(more, again.unknown_s - first.unknown_s)


def _owner_told(one: Found) -> Owner:
    return ("vehicle", one.vehicle) if one.driver is None else ("driver", one.driver)
