"""One cause is one event, in whatever order and however often its parts arrive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.levels import WarningLevel
from sizao.roads.shapes import inside
from sizao.warn.correlate import Event, Item, _rank, chained, gather, linked
from sizao.warn.nearness import Spot, metres_apart, outline, together

FOG = Item("s0", "low_visibility", WarningLevel.ORANGE, 0.0, 300.0,
           Spot(26.5, 101.7, "G5", 100_000.0), 3600.0, 15_000.0)  # fmt: skip


def station(number: int, at_s: float = 0.0, **over: object) -> Item:
    """A station each 12 km along the G5."""
    return replace(
        FOG,
        id=f"s{number}",
        start_s=at_s,
        end_s=at_s + 300,
        spot=Spot(26.5 + number * 0.1, 101.7, "G5", 100_000.0 + 12_000.0 * number),
        **over,
    )


def test_a_fog_bank_of_many_stations_is_one_event_with_its_section() -> None:
    (event,) = gather([station(number, 600.0 * number) for number in range(5)])
    assert event.items == ("s0", "s1", "s2", "s3", "s4")
    assert event.sections == (("G5", 100_000.0, 148_000.0),)
    assert event.level is WarningLevel.ORANGE
    assert metres_apart(station(0).spot, station(4).spot) > 2 * FOG.gather_m


def test_far_apart_in_place_or_time_or_of_another_kind_is_another_event() -> None:
    assert len(gather([station(0), station(4)])) == 2
    assert len(gather([station(0), station(1, at_s=5000.0)])) == 2
    assert len(gather([station(0), replace(station(1), kind="road_ice")])) == 2


def test_vehicles_standing_in_one_place_are_one_event() -> None:
    stopped = [
        Item(f"d{n}", "stopped_on_expressway", WarningLevel.ORANGE, n * 60.0, n * 60.0 + 30,
             Spot(26.5, 101.7, "G5", 100_000.0 + 150 * n), 3600.0, 1000.0, vehicle=f"v{n}")
        for n in range(4)
    ]  # fmt: skip
    (event,) = gather(stopped)
    assert event.vehicles == ("v0", "v1", "v2", "v3")
    # The control: without a distance the very same vehicles are four events.
    assert len(gather(replace(one, gather_m=0.0) for one in stopped)) == 4


items = st.lists(
    st.builds(
        lambda n, at, kind, level, where: Item(
            f"i{n}", kind, level, at, at + 60.0,
            Spot(26.0 + where / 100, 101.0, "G5" if where % 2 else "", 1000.0 * where),
            600.0, 5_000.0, vehicle=f"v{n % 3}" if n % 2 else "",
        ),
        st.integers(0, 8),
        st.floats(0, 4000),
        st.sampled_from(["low_visibility", "stopped_on_expressway"]),
        st.sampled_from(list(WarningLevel)),
        st.integers(0, 30),
    ),
    max_size=12,
)  # fmt: skip


@given(items, st.randoms(use_true_random=False))
def test_order_and_second_deliveries_change_nothing(found: list[Item], random: object) -> None:
    shuffled = found + found[: len(found) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a list
    assert gather(shuffled) == gather(found)


@given(items)
def test_every_item_is_in_one_event_and_linked_ones_are_together(found: list[Item]) -> None:
    events = gather(found)
    where = {name: number for number, event in enumerate(events) for name in event.items}
    assert sum(len(event.items) for event in events) == len(where) == len({i.id for i in found})
    newest = {}
    for item in found:
        known = newest.get(item.id)
        if known is None or _rank(item) > _rank(known):
            newest[item.id] = item
    for one in newest.values():
        for other in newest.values():
            if linked(one, other):
                assert where[one.id] == where[other.id]


@given(items, st.randoms(use_true_random=False))
def test_a_chained_order_never_begins_an_event_twice(found: list[Item], random: object) -> None:
    unique = list({item.id: item for item in found}.values())
    random.shuffle(unique)  # type: ignore[attr-defined]  # a list
    ordered = chained(unique)
    assert sorted(map(repr, ordered)) == sorted(map(repr, unique))
    begun = [
        item for index, item in enumerate(ordered)
        if not any(linked(item, before) for before in ordered[:index])
    ]  # fmt: skip
    assert len(begun) == len(gather(unique))


def greedy(found: list[Item]) -> list[set[str]]:
    """The control: each item to the first group whose first member it is linked with."""
    groups: list[list[Item]] = []
    for item in found:
        for group in groups:
            if linked(group[0], item):
                group.append(item)
                break
        else:
            groups.append([item])
    return [{item.id for item in group} for group in groups]


def test_a_greedy_rule_would_depend_on_the_order() -> None:
    bank = [station(number) for number in range(3)]
    assert greedy(bank) != greedy([bank[1], bank[0], bank[2]])
    one: tuple[Event, ...] = gather(bank)
    assert one == gather([bank[1], bank[2], bank[0]])


def test_two_whole_areas_are_together_only_if_they_are_the_same() -> None:
    assert together(Spot(area="510402"), Spot(area="510402"), 0.0)
    assert not together(Spot(area="510402"), Spot(area="510403"), 50_000.0)
    assert not together(Spot(area="510402"), Spot(26.5, 101.7, area="510402"), 50_000.0)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_outline_is_closed_holds_every_spot_and_grows(count: int) -> None:
    spots = [station(number).spot for number in range(count)]
    shape = outline(spots, 500.0)
    assert shape is not None
    (ring,) = shape["coordinates"]  # type: ignore[misc]  # GeoJSON
    assert ring[0] == ring[-1]
    lats = [lat for _, lat in ring]
    assert min(lats) < spots[0].lat <= spots[-1].lat < max(lats)  # type: ignore[operator]  # GeoJSON
    assert outline(reversed(spots), 500.0) == shape
    assert outline([Spot(area="510402")], 500.0) is None


def test_what_lies_in_an_outline() -> None:
    shape = outline([station(0).spot, station(2).spot], 500.0)
    assert shape is not None
    lat = np.array([26.5, 26.6, 26.6, 26.9, np.nan])
    lon = np.array([101.7, 101.7, 101.75, 101.7, 101.7])
    assert inside(shape, lat, lon).tolist() == [True, True, False, False, False]
    both = {"type": "MultiPolygon", "coordinates": [shape["coordinates"]]}
    assert inside(both, lat, lon).tolist() == inside(shape, lat, lon).tolist()
