from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sizao.feeds.jt808 import decode_frame
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.world import BEFORE_S, World

from .conftest import MORNING_S


def test_vehicles_out_of_a_dead_spot_send_their_hours(city: City, cars: Fleet) -> None:
    world = World.begin(city, cars, 7, MORNING_S, blind=3)
    assert world.now_s == MORNING_S
    counts: Counter[int] = Counter()
    earliest = float("inf")
    for _ in range(6):
        for frames in world.advance(10)[0]:
            for vehicle, send_us, raw in frames:
                fields = decode_frame(raw[raw.index(0x7E) + 1 : -1])
                if fields["message_id"] == "0x0704" and fields["count"] > 10:
                    counts[vehicle] += fields["count"]
                    first = np.datetime64(fields["items"][0]["time"][:19])
                    earliest = min(earliest, float(first.astype("datetime64[s]").astype(int)))
                    assert send_us >= MORNING_S * 1_000_000
    assert len(counts) == 3
    assert min(counts.values()) > 300
    # Local time of the stamps: eight hours ahead of the epoch's.
    assert earliest - 8 * 3600 >= MORNING_S - BEFORE_S
    driven = world.truth.driving_for_s(world.now_s)
    assert driven[list(counts)].min() > 3600
    assert np.delete(driven, list(counts)).max() <= 60


def test_resuming_is_having_gone_on(city: City, cars: Fleet) -> None:
    straight = World.begin(city, cars, 7, MORNING_S, blind=3)
    straight.advance(900)
    resumed = World.resume(city, cars, 7, MORNING_S, MORNING_S + 900)
    one, two = straight.advance(30), resumed.advance(30)
    assert straight.motion is not None
    assert resumed.motion is not None
    np.testing.assert_array_equal(straight.motion.segment, resumed.motion.segment)
    np.testing.assert_array_equal(straight.motion.offset_m, resumed.motion.offset_m)
    assert sum(map(len, one[0])) > 50
    assert sum(map(len, two[0])) > 50


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("您已超速，请减速慢行", "slow"),
        ("Slow down, limit 60", "slow"),
        ("您已连续驾驶超过4小时，请停车休息", "rest"),
        ("前方路段施工", ""),
    ],
)
def test_drivers_understand(city: City, cars: Fleet, text: str, effect: str) -> None:
    world = World.begin(city, cars, 7, MORNING_S)
    assert world.tell(0, text) == effect
