"""``slow_traffic`` and its ``queue_end``: kilometres of a carriageway, minute by minute."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sizao.core.vehicles import HEAVY
from sizao.roads.matching import GOOD
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.world import Params, World

MINUTE_US = 60_000_000


class Carriageway(NamedTuple):
    """Kilometres that lie in a row: of a road and direction, or of one segment without stakes."""

    name: str
    first_km: int
    last_km: int
    rising: bool
    """Whether kilometres rise in driving direction."""


class Stretch(NamedTuple):
    """One kilometre of a carriageway."""

    way: Carriageway
    km: int

    @property
    def name(self) -> str:
        return f"{self.way.name}{self.km}"

    def next_to(self, step: int) -> Stretch | None:
        """The stretch so many kilometres on, None beyond the carriageway's end."""
        km = self.km + step
        return Stretch(self.way, km) if self.way.first_km <= km <= self.way.last_km else None

    @property
    def upstream(self) -> Stretch | None:
        """The one before it in driving direction."""
        return self.next_to(-1 if self.way.rising else 1)


class Heard(NamedTuple):
    """A usable sample; whole tenths of km/h and thousandths, so that sums are exact."""

    minute: int
    stretch: Stretch
    sample: Sample
    speed_10: int
    usual_10: int
    ratio_1000: int


class Of(NamedTuple):
    """What is taken out of a vehicle's track."""

    counted: list[Heard]
    last_received_us: int


# Vehicles


def seen(track: Track, params: Params, world: World) -> Of:
    """The samples that count, of those that came in time."""
    counted: list[Heard] = []
    last_us = 0
    for sample in track.samples if track.kind in HEAVY else []:
        if not _usable(sample):
            continue
        last_us = max(last_us, sample.received_us)
        heard = _heard(sample, world)
        judged_us = (heard.minute + 1) * MINUTE_US + round(params["hold_s"] * 1e6)
        if sample.received_us >= judged_us or _parked(sample):
            continue
        if not counted or not _counted(heard, counted[-1]):
            counted.append(heard)
    return Of(counted, last_us)


def _counted(heard: Heard, last: Heard) -> bool:
    """Whether the vehicle was counted in this minute, and has not come farther since."""
    if heard.minute != last.minute:
        return False
    here, there = heard.stretch, last.stretch
    farther = here.km > there.km if here.way.rising else here.km < there.km
    return here.way != there.way or not farther


def _usable(sample: Sample) -> bool:
    return (
        sample.match == GOOD
        and sample.road_class == "expressway"
        and sample.lat is not None
        and sample.speed_kmh is not None
        and sample.usual_kmh is not None
    )


def _parked(sample: Sample) -> bool:
    return any(fence.kind == "service" for fence in sample.fences)


def _heard(sample: Sample, world: World) -> Heard:
    assert sample.speed_kmh is not None
    assert sample.usual_kmh is not None
    return Heard(
        sample.time_us // MINUTE_US,
        _stretch(sample, world),
        sample._replace(fences=()),
        round(10 * sample.speed_kmh),
        round(10 * sample.usual_kmh),
        round(1000 * sample.speed_kmh / sample.usual_kmh),
    )


def _stretch(sample: Sample, world: World) -> Stretch:
    assert sample.segment is not None
    assert sample.offset_m is not None
    if "ways" not in world.kept:
        world.kept["ways"] = _carriageways(world)
    way: Carriageway = world.kept["ways"][sample.segment]
    along_m = sample.offset_m
    if sample.stake_m is not None and world.segments[sample.segment].ref:
        along_m = sample.stake_m
    km = math.floor(along_m / 1000)
    # A place at the very end of a road lies on its last kilometre.
    return Stretch(way, min(max(km, way.first_km), way.last_km))


def _carriageways(world: World) -> dict[int, Carriageway]:
    """Of every segment of an expressway."""
    ways: dict[int, Carriageway] = {}
    roads: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, road in enumerate(world.segments):
        if road.road_class != "expressway":
            continue
        if road.stake_start_m is not None and road.stake_end_m is not None and road.ref:
            roads[road.ref, road.direction].append(number)
        else:
            name = f"road:{road.ref or road.name}:{number}:"
            ways[number] = Carriageway(name, 0, int(road.length_m // 1000), True)
    for (ref, direction), own in roads.items():
        ends = [(world.segments[n].stake_start_m, world.segments[n].stake_end_m) for n in own]
        stakes = [stake for pair in ends for stake in pair if stake is not None]
        rise_m = sum(end - start for start, end in ends if start is not None and end is not None)
        way = Carriageway(
            f"road:{ref}:{direction}:K",
            int(min(stakes) // 1000),
            int(max(stakes) // 1000),
            rise_m >= 0,
        )
        ways |= dict.fromkeys(own, way)
    return ways


# Minutes


class Minute(NamedTuple):
    """A stretch in one minute."""

    stretch: Stretch
    heard: list[Heard]

    @property
    def speed_10(self) -> int:
        """Mean speed in whole tenths."""
        return round(sum(one.speed_10 for one in self.heard) / len(self.heard))

    @property
    def usual_10(self) -> int:
        return round(sum(one.usual_10 for one in self.heard) / len(self.heard))

    @property
    def ratio(self) -> float:
        return sum(one.ratio_1000 for one in self.heard) / (1000 * len(self.heard))

    def is_slow(self, params: Params) -> bool:
        edge = params["slow_ratio"] * (1 - params["margin_percent"] / 100)
        slow = [one for one in self.heard if one.ratio_1000 <= 1000 * edge]
        return len(slow) >= params["min_vehicles"] and self.ratio <= edge

    @property
    def slowest(self) -> Heard:
        """Of equals the earliest, of one moment the lowest stake, then the first that arrived."""
        return min(
            self.heard,
            key=lambda one: (
                one.speed_10,
                one.sample.time_us,
                math.inf if one.sample.stake_m is None else one.sample.stake_m,
                one.sample.row,
            ),
        )


@dataclass
class Told:
    """A detection in the making: a jam, or the end of its queue."""

    anchor: Stretch
    start: int
    end: int
    worst: Minute
    minutes: int = 0
    most: int = 0
    fired: int | None = None


@dataclass
class Jam:
    told: Told
    members: dict[Stretch, Member] = field(default_factory=dict)
    queue: Told | None = None


@dataclass
class Member:
    """A stretch of a jam: free minutes since it was slow, and when it was heard of last."""

    free: int
    heard: int


def found(of_vehicles: list[Of], params: Params, world: World) -> list[Found]:
    """Every jam and every queue's end."""
    by_minute: dict[int, dict[Stretch, list[Heard]]] = defaultdict(lambda: defaultdict(list))
    for own in of_vehicles:
        for heard in own.counted:
            by_minute[heard.minute][heard.stretch].append(heard)
    clock_us = max((own.last_received_us for own in of_vehicles), default=0)
    last = (clock_us - round(params["hold_s"] * 1e6)) // MINUTE_US - 1
    founds: list[Found] = []
    jams: list[Jam] = []
    for minute in range(min(by_minute, default=0), last + 1) if by_minute else []:
        heard = by_minute.get(minute, {})
        stretches = [
            Minute(stretch, heard[stretch])
            for stretch in sorted(heard, key=lambda one: (one.way.name, one.km))
        ]
        jams = _judge(minute, stretches, jams, founds, params)
    for jam in jams:
        _end(jam, founds, params)
    return founds


def _judge(
    minute: int, stretches: list[Minute], jams: list[Jam], founds: list[Found], params: Params
) -> list[Jam]:
    """One minute: jams begin, grow, fire, shrink and end. Returns those that go on."""
    slow: dict[int, list[Minute]] = defaultdict(list)
    jams = list(jams)
    for one in stretches:
        if not one.is_slow(params):
            continue
        jam = _jam_of(one.stretch, jams)
        if jam is None:
            jam = Jam(Told(one.stretch, minute, minute, one))
            jams.append(jam)
        jam.members[one.stretch] = Member(0, minute)
        slow[id(jam)].append(one)
    free = {one.stretch for one in stretches if one.ratio >= params["free_ratio"]}
    heard = {one.stretch for one in stretches}
    going_on = []
    for jam in jams:
        own = slow.get(id(jam), [])
        for stretch, member in list(jam.members.items()):
            if any(one.stretch == stretch for one in own):
                continue
            if stretch in heard:
                member.heard = minute
            if stretch in free:
                member.free += 1
            silent = minute - member.heard >= params["max_gap_min"]
            if member.free >= params["end_minutes"] or silent:
                del jam.members[stretch]
        if own:
            _grow(jam, own, minute, founds, params)
            _queue(jam, own, free, minute, founds, params)
        if jam.members:
            going_on.append(jam)
        else:
            _end(jam, founds, params)
    return going_on


def _jam_of(stretch: Stretch, jams: list[Jam]) -> Jam | None:
    """The jam that has the stretch, or one of its neighbours."""
    for near in (stretch, stretch.next_to(-1), stretch.next_to(1)):
        for jam in jams:
            if near is not None and near in jam.members:
                return jam
    return None


def _grow(jam: Jam, own: list[Minute], minute: int, founds: list[Found], params: Params) -> None:
    told = jam.told
    told.minutes += 1
    told.end = minute
    told.most = max(told.most, len(jam.members))
    # The earliest if equal, of one minute the first on the road.
    told.worst = min([told.worst, *own], key=lambda one: one.speed_10)
    if told.fired is None and told.minutes >= params["min_minutes"]:
        told.fired = minute
        founds.append(_found(told, 0, "", params))


def _queue(
    jam: Jam,
    own: list[Minute],
    free: set[Stretch],
    minute: int,
    founds: list[Found],
    params: Params,
) -> None:
    """Whether somebody comes up at speed to the last of a fired jam's slow stretches."""
    last = min(own, key=lambda one: one.stretch.km * (1 if one.stretch.way.rising else -1))
    congested = params["congested_kmh"] * (1 - params["margin_percent"] / 100)
    if jam.told.fired is None or last.speed_10 > 10 * congested:
        return
    before: Stretch | None = last.stretch
    near = False
    for _ in range(int(params["approach_km"])):
        before = before.upstream if before is not None else None
        near = near or before in free
    if not near:
        return
    if jam.queue is None:
        jam.queue = Told(jam.told.anchor, minute, minute, last)
    queue = jam.queue
    queue.minutes += 1
    if queue.fired is None:
        queue.worst = last
        if queue.minutes >= params["queue_minutes"]:
            queue.fired = minute
            queue.end, queue.most = minute, jam.told.most
            founds.append(_found(queue, 0, "queue_end", params))


def _end(jam: Jam, founds: list[Found], params: Params) -> None:
    if jam.told.fired is not None:
        founds.append(_found(jam.told, 1, "", params))
    if jam.queue is not None and jam.queue.fired is not None:
        ended = replace(jam.queue, end=jam.told.end, most=jam.told.most)
        founds.append(_found(ended, 1, "queue_end", params))


def _found(told: Told, revision: int, part: str, params: Params) -> Found:
    assert told.fired is not None
    spot = told.worst.slowest.sample
    fired_us = (told.fired + 1) * MINUTE_US
    return Found(
        rule="slow_traffic",
        vehicle=told.anchor.name,
        revision=revision,
        start_us=told.start * MINUTE_US,
        end_us=(told.end + 1) * MINUTE_US,
        fired_us=fired_us,
        received_us=fired_us + round(params["hold_s"] * 1e6),
        worst_us=spot.time_us,
        measured=told.worst.speed_10 / 10,
        limit=told.worst.usual_10 / 10,
        severity=part or _severity(told, params),
        lat=spot.lat,
        lon=spot.lon,
        segment=spot.segment,
        stake_m=spot.stake_m,
        driver=None,
        quality=f"length_km={told.most}",
        part=part,
        seen=spot.vehicle,
    )


def _severity(told: Told, params: Params) -> str:
    kmh = told.worst.speed_10 / 10
    if kmh <= params["standing_kmh"]:
        return "standing_traffic"
    return "congested" if kmh <= params["congested_kmh"] else "slow"
