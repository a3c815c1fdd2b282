"""Continuous driving read off a whole track: the definition in ``detect/rules/fatigue.py``.

Two walks. The first says where the vehicle stood, and knows the sample that comes next, so that a
speed spike at rest is told from driving at once. The second adds up who drove from when to when.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tests.detect.plain.found import Found
from tests.detect.plain.sample import Sample
from tests.detect.plain.world import Params

MINUTE_US = 60_000_000
DEGREE_M = 111_195.0
MOST_S = 65_535
"""Seconds of stops, or without a card, that a run can hold."""


class Known(NamedTuple):
    """A report, and the time of the sample that made it known; None is the end of the track."""

    us: int | None
    found: Found


def speed_of(sample: Sample) -> float | None:
    """The satellite's if there is a fix, else the tachograph's."""
    if sample.lat is not None and sample.speed_kmh is not None:
        return sample.speed_kmh
    return sample.recorder_speed_kmh


def is_near(
    lat_a: float | None,
    lon_a: float | None,
    lat_b: float | None,
    lon_b: float | None,
    metres: float,
) -> bool:
    """Whether both places are known and less than so far apart."""
    if lat_a is None or lon_a is None or lat_b is None or lon_b is None:
        return False
    north = (lat_b - lat_a) * DEGREE_M
    east = (lon_b - lon_a) * DEGREE_M * math.cos(math.radians(lat_a))
    return north * north + east * east < metres * metres


class Stop(NamedTuple):
    begin_us: int
    lat: float | None
    lon: float | None


def _stop(us: int, lat: float | None, lon: float | None) -> Stop:
    """Its place counts to the centimetre."""
    if lat is None or lon is None:
        return Stop(us, None, None)
    return Stop(us, round(lat, 7), round(lon, 7))


class Shown(NamedTuple):
    """What a usable sample shows, with the one before it and the one after it."""

    sample: Sample
    before_us: int
    """Time of the one before, its own of the first."""
    gap_us: int
    """Length of the gap before it; 0 is none."""
    stood: bool
    """The vehicle stood in that gap."""
    rests: bool
    """The stop in progress has lasted long enough."""
    moving: bool
    drove: bool
    """It was driven until here: it moves and not only seems to, or has just stopped."""
    sure: bool
    """That is known at once, and not by the next sample."""
    ended: Stop | None
    """The stop that is over with it."""
    ended_us: int
    """When that was."""


def shown(track: Sequence[Sample], params: Params) -> Iterator[Shown]:
    """Each of the usable samples of one vehicle."""
    rest_us = params["min_rest_min"] * MINUTE_US
    spike_m = params["spike_displacement_m"]
    stop: Stop | None = None
    before: Sample | None = None
    for sample, after in pairwise([*track, None]):
        assert sample is not None
        moving = _moves(sample, params)
        gap_us, stood = _gap(before, sample, params)
        ended, ended_us = None, 0
        if gap_us and before is not None:
            if stood and stop is None:
                stop = _stop(before.time_us, sample.prev_lat, sample.prev_lon)
            if not stood:
                # No stop reaches across it.
                ended, ended_us, stop = stop, before.time_us, None
        rests = stop is not None and sample.time_us - stop.begin_us >= rest_us
        drove = sure = moving
        if not moving and stop is None:
            drove = sure = before is not None and not gap_us
            stop = _stop(sample.time_us, sample.lat, sample.lon)
        elif moving and stop is not None:
            if is_near(stop.lat, stop.lon, sample.lat, sample.lon, spike_m):
                sure = False
                drove = after is not None and not _is_spike(stop, sample, after, params)
            if drove:
                ended, ended_us, stop = stop, sample.time_us, None
        yield Shown(
            sample,
            before.time_us if before is not None else sample.time_us,
            gap_us,
            stood,
            rests,
            moving,
            drove,
            sure,
            ended,
            ended_us,
        )
        before = sample


def _moves(sample: Sample, params: Params) -> bool:
    speed = speed_of(sample)
    return speed is not None and speed > params["moving_above_kmh"]


def _gap(before: Sample | None, sample: Sample, params: Params) -> tuple[int, bool]:
    """Length of the gap between two usable samples, and whether the vehicle stood in it."""
    if before is None or sample.time_us - before.time_us <= params["max_gap_s"] * 1e6:
        return 0, False
    known = sample.prev_fix_us is not None and sample.prev_fix_us >= before.time_us
    stood = known and is_near(
        sample.prev_lat, sample.prev_lon, sample.lat, sample.lon, params["rest_displacement_m"]
    )
    return sample.time_us - before.time_us, stood


def _is_spike(stop: Stop, sample: Sample, after: Sample, params: Params) -> bool:
    """Whether a moving sample at a stop is none: the next stands there still, or it stood
    through a gap."""
    gap_us, stood = _gap(sample, after, params)
    if gap_us:
        return stood
    near = is_near(stop.lat, stop.lon, after.lat, after.lon, params["spike_displacement_m"])
    return near and not _moves(after, params)


@dataclass
class Run:
    """Driving without a rest, so far."""

    start_us: int
    driver: str | None
    last: Sample
    """The last moment of driving."""
    gaps_us: int = 0
    gaps_until_last_us: int = 0
    rest_s: int = 0
    rest_until_last_s: int = 0
    unknown_s: int = 0
    fired: Sample | None = None
    reports: int = 0


class Runs:
    """The second walk: runs of one vehicle and what is reported of them."""

    def __init__(self, rule: str, params: Params) -> None:
        self.rule, self.params = rule, params
        self.run: Run | None = None
        self.left: Run | None = None
        """That of the driver before this one, who may come back."""
        self.driver: str | None = None
        """The last one known."""
        self.known: list[Known] = []

    def take(self, one: Shown) -> None:
        us = one.sample.time_us
        if one.gap_us:
            self._pass_gap(one)
        if one.rests:
            self._forget(us)
        self._change_driver(one.sample)
        if one.drove:
            self._drive(one)

    def end(self, us: int | None) -> None:
        """The run is over, known at ``us``; what has fired is reported once more."""
        if self.run is not None and self.run.fired is not None:
            self._report(us)
        self.run = None

    def _pass_gap(self, one: Shown) -> None:
        for run in (self.run, self.left):
            if run is not None:
                run.gaps_us += one.gap_us
        if one.stood:
            return
        if one.gap_us > self.params["forget_gap_min"] * MINUTE_US:
            # Nothing is known about it, nor who drove afterwards.
            self._forget(one.sample.time_us)
            self.driver = None
        elif self.run is not None and one.ended is not None:
            self._add_stop(one)

    def _forget(self, us: int) -> None:
        if self.run is not None:
            self.end(us)
            self.driver = None
        self.left = None

    def _change_driver(self, sample: Sample) -> None:
        if sample.driver is None:
            return
        if self.driver is not None and self.driver != sample.driver:
            if self.run is not None and self.run.fired is not None:
                self._report(sample.time_us)
            left, self.left = self.left, self.run
            self.run = None
            if left is not None and left.driver == sample.driver:
                away_us = sample.time_us - left.last.time_us
                if away_us < self.params["min_rest_min"] * MINUTE_US:
                    self.run = left
        self.driver = sample.driver
        if self.run is not None:
            self.run.driver = sample.driver

    def _drive(self, one: Shown) -> None:
        sample = one.sample
        if self.run is None:
            if not one.moving:
                return
            self.run = Run(sample.time_us, self.driver, sample)
        else:
            self.run.unknown_s = _more(self.run.unknown_s, self._without_card_us(one))
            if one.ended is not None and one.ended_us == sample.time_us:
                self._add_stop(one)
        run = self.run
        run.last, run.gaps_until_last_us = sample, run.gaps_us
        run.rest_until_last_s = run.rest_s
        elapsed_us = sample.time_us - run.start_us - run.gaps_us
        too_long = elapsed_us > self.params["max_continuous_min"] * MINUTE_US
        if too_long and one.sure and run.fired is None:
            run.fired = sample
            self._report(sample.time_us)

    def _without_card_us(self, one: Shown) -> int:
        """Driving, or the stop before it, that nobody is known to have done."""
        if one.ended is not None and one.ended_us == one.sample.time_us:
            # A stop is nobody's only if no card was ever in.
            nobody = self.driver is None and not (one.gap_us and one.sure)
            return one.sample.time_us - one.ended.begin_us if nobody else 0
        if one.gap_us or one.sample.driver is not None:
            return 0
        return one.sample.time_us - one.before_us

    def _add_stop(self, one: Shown) -> None:
        assert self.run is not None
        assert one.ended is not None
        self.run.rest_s = _more(self.run.rest_s, one.ended_us - one.ended.begin_us)

    def _report(self, us: int | None) -> None:
        run = self.run
        assert run is not None
        assert run.fired is not None
        last = run.last
        found = Found(
            rule=self.rule,
            vehicle=last.vehicle,
            revision=run.reports,
            start_us=run.start_us,
            end_us=last.time_us,
            fired_us=run.fired.time_us,
            received_us=run.fired.received_us,
            worst_us=last.time_us,
            measured=(last.time_us - run.start_us - run.gaps_until_last_us) / MINUTE_US,
            limit=self.params["max_continuous_min"],
            severity="over_limit",
            lat=last.lat,
            lon=last.lon,
            segment=last.segment,
            stake_m=last.stake_m,
            driver=run.driver,
            quality=_quality(run),
        )
        self.known.append(Known(us, found))
        run.reports += 1


def _more(seconds: int, us: int) -> int:
    return min(MOST_S, seconds + (us + 500_000) // 1_000_000)


def _quality(run: Run) -> str:
    """What the run holds beside driving, in minutes, half ones up."""
    gaps_s = run.gaps_until_last_us // 1_000_000
    parts = ["gap"] if gaps_s else []
    for name, seconds in (
        ("unknown_min", gaps_s),
        ("rest_min", run.rest_until_last_s),
        ("driver_unknown_min", run.unknown_s),
    ):
        minutes = (seconds + 30) // 60
        if minutes:
            parts.append(f"{name}={minutes}")
    return ",".join(parts)
