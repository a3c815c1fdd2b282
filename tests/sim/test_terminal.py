"""What the terminals send, read with the project's decoder."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from sizao.feeds.jt808 import decode_frame
from sizao.sim._sampling import FROZEN, SOUND, SPIKES
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.terminal import Frames, Terminals
from sizao.sim.traffic import PARKED, Motion, Traffic

from .conftest import MORNING_S

Heard = tuple[int, int, dict[str, Any]]


def listen(frames: Frames) -> list[Heard]:
    return [
        (vehicle, send_us, decode_frame(raw[raw.index(0x7E) + 1 : -1]))
        for vehicle, send_us, raw in frames
    ]


def content(heard: Heard) -> tuple[Any, ...]:
    """A message without what depends on how many came before it."""
    vehicle, send_us, fields = heard
    rest = {name: fields[name] for name in fields if name not in ("serial", "checksum")}
    return vehicle, send_us, str(rest)


@pytest.fixture(scope="module")
def hour(city: City, cars: Fleet) -> tuple[list[Motion], list[Heard], Terminals]:
    traffic = Traffic(city, cars, 7, MORNING_S, 4 * 3600)
    terminals = Terminals(city.network, cars, 7)
    motions, heard = [], []
    for _ in range(6):
        motions.append(traffic.advance(600))
        heard += listen(terminals.feed(motions[-1]))
    return motions, heard, terminals


def test_kinds_of_messages(hour: tuple[list[Motion], list[Heard], Terminals]) -> None:
    messages = Counter(fields["message_id"] for _, _, fields in hour[1])
    assert set(messages) == {"0x0200", "0x0702", "0x0704"}
    assert messages["0x0200"] > 10_000


def test_in_order_of_sending(hour: tuple[list[Motion], list[Heard], Terminals]) -> None:
    sent = [send_us for _, send_us, _ in hour[1]]
    assert sent == sorted(sent)


def test_cutting_changes_only_serial_numbers(city: City, cars: Fleet) -> None:
    traffic = Traffic(city, cars, 7, MORNING_S, 2 * 3600)
    other = traffic.fork()
    one, two = Terminals(city.network, cars, 7), Terminals(city.network, cars, 7)
    whole = listen(one.feed(traffic.advance(600)))
    parts = [heard for _ in range(60) for heard in listen(two.feed(other.advance(10)))]
    assert sorted(map(content, whole)) == sorted(map(content, parts))
    assert len(whole) > 1000


def test_both_editions_and_the_right_phone(
    hour: tuple[list[Motion], list[Heard], Terminals], cars: Fleet
) -> None:
    for vehicle, _, fields in hour[1][::50]:
        assert fields["phone"] == cars.phone[vehicle]
        assert fields["version"] == ("2019" if cars.edition_2019[vehicle] else "2013")
    assert {fields["version"] for _, _, fields in hour[1]} == {"2013", "2019"}


def test_reports_are_close_to_the_truth(
    hour: tuple[list[Motion], list[Heard], Terminals], city: City
) -> None:
    motions, heard, terminals = hour
    errors, speeds = [], []
    for vehicle, _, fields in heard[::7]:
        if fields["message_id"] != "0x0200" or "error" in fields or not fields["positioned"]:
            continue
        if terminals.fault[vehicle] != SOUND:
            continue
        at = _second(fields["time"])
        motion = motions[(at - MORNING_S - 1) // 600]
        column = at - motion.start_s - 1
        segment, offset = motion.segment[vehicle, column], motion.offset_m[vehicle, column]
        lat, lon = city.network.point(int(segment), float(offset))
        errors.append(np.hypot((fields["lat"] - lat) * 110_783, (fields["lon"] - lon) * 99_561))
        speeds.append(fields["speed_kmh"] - motion.speed_kmh[vehicle, column])
    assert len(errors) > 1000
    assert 3 < np.median(errors) < 8
    assert np.percentile(errors, 99) < 20
    assert np.abs(speeds).max() <= 1.06
    assert np.std(speeds) > 0.2


def _second(iso: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(iso).timestamp())


def test_no_fix_in_tunnels(hour: tuple[list[Motion], list[Heard], Terminals], city: City) -> None:
    motions, heard, terminals = hour
    seen = Counter[bool]()
    for vehicle, _, fields in heard:
        if fields["message_id"] != "0x0200" or "error" in fields:
            continue
        if terminals.fault[vehicle] != SOUND:
            continue
        at = _second(fields["time"])
        motion = motions[(at - MORNING_S - 1) // 600]
        inside = bool(city.network.tunnel[motion.segment[vehicle, at - motion.start_s - 1]])
        assert fields["positioned"] is not inside
        seen[inside] += 1
    assert seen[True] > 20


def test_stored_reports_come_in_order_and_before_the_live_ones(city: City, cars: Fleet) -> None:
    traffic = Traffic(city, cars, 7, MORNING_S, 2 * 3600)
    terminals = Terminals(city.network, cars, 7)
    terminals.blind_until_s[5] = MORNING_S + 1500
    heard = []
    for _ in range(4):
        heard += listen(terminals.feed(traffic.advance(600)))
    own = [item for item in heard if item[0] == 5 and item[2]["message_id"] != "0x0702"]
    assert own[0][2]["message_id"] == "0x0704"
    assert own[0][1] >= (MORNING_S + 1500) * 1_000_000
    times: list[int] = []
    for _, _, fields in own:
        items = fields["items"] if fields["message_id"] == "0x0704" else [fields]
        times += [_second(item["time"]) for item in items]
    stored = [time for time in times if time < MORNING_S + 1500]
    assert len(stored) >= 8
    assert stored == sorted(stored) == times[: len(stored)]
    # Nothing is lost: reports are an interval apart, three minutes while parked.
    assert max(np.diff(stored)) <= 180


def test_some_come_twice_and_some_late(
    hour: tuple[list[Motion], list[Heard], Terminals],
) -> None:
    seen: Counter[tuple[int, str]] = Counter()
    late = total = 0
    for vehicle, send_us, fields in hour[1]:
        if fields["message_id"] == "0x0200" and "error" not in fields:
            seen[vehicle, fields["time"]] += 1
            total += 1
            late += send_us / 1e6 - _second(fields["time"]) > 15
    twice = sum(count > 1 for count in seen.values())
    assert 0.005 < twice / total < 0.015
    assert 0.005 < late / total < 0.02


def test_cards_follow_the_drivers(
    hour: tuple[list[Motion], list[Heard], Terminals], cars: Fleet
) -> None:
    motions, heard, _ = hour
    inside: dict[int, str | None] = {}
    for vehicle, _, fields in heard:
        if fields["message_id"] == "0x0702":
            assert cars.card[vehicle]
            inside[vehicle] = fields.get("license_no")
    last = motions[-1]
    for vehicle in np.flatnonzero(cars.card).tolist():
        on = last.mode[vehicle, -1] != PARKED
        assert bool(inside.get(vehicle)) is bool(on)
    names = {name for name in inside.values() if name}
    assert len(names) == sum(bool(name) for name in inside.values()), "a licence in two readers"


def test_faulty_devices_are_faulty(city: City, cars: Fleet) -> None:
    traffic = Traffic(city, cars, 7, MORNING_S, 2 * 3600)
    terminals = Terminals(city.network, cars, 7)
    terminals.fault[:] = SOUND
    motion = traffic.advance(600)
    fastest = np.argsort(-motion.speed_kmh.mean(axis=1))[:6].tolist()
    terminals.fault[fastest[:3]] = SPIKES
    terminals.fault[fastest[3:]] = FROZEN
    jumps, frozen = 0, Counter[int]()
    before: dict[int, tuple[float, float]] = {}
    for _ in range(8):
        for vehicle, _, fields in listen(terminals.feed(motion)):
            if fields["message_id"] != "0x0200" or not fields["positioned"]:
                continue
            if vehicle in fastest[:3]:
                jumps += fields["speed_kmh"] > 125
            place = fields["lat"], fields["lon"]
            if before.get(vehicle) == place and fields["speed_kmh"] > 10:
                frozen[vehicle] += 1
            before[vehicle] = place
        motion = traffic.advance(600)
    assert jumps > 0
    # A repeated packet repeats a place once; a receiver that hangs does so for half an hour.
    assert max(frozen[vehicle] for vehicle in fastest[3:]) > 20
    assert max((n for vehicle, n in frozen.items() if vehicle not in fastest[3:]), default=0) < 10


def test_registration_says_what_the_register_says(city: City, cars: Fleet) -> None:
    terminals = Terminals(city.network, cars, 7)
    for vehicle in (0, int(np.argmax(cars.edition_2019))):
        row = cars.register.slice(vehicle, 1).to_pylist()[0]
        fields = decode_frame(terminals.registration(vehicle)[1:-1])
        assert fields["plate"] == row["plate"]
        assert fields["plate_color"] == row["plate_colour"]
        assert fields["version"] == terminals.edition(vehicle)
        answer = decode_frame(terminals.authentication(vehicle, "abc")[1:-1])
        assert answer["auth_code"] == "abc"
