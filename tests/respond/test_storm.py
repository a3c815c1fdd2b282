"""Storm mode begins, lasts and ends by thresholds; groups are few, whole and in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sizao.respond.grouping import WHOLE, Item, group, readable
from sizao.respond.storm import Limits, Load, Storm, limits, step

WITHIN = Limits(30, 40, 10, 10, 600, 300)
HEAVY, BETWEEN, LIGHT = Load(30, 0), Load(20, 5), Load(3, 2)


def run(*loads: Load, every_s: float = 60.0) -> list[bool]:
    storm, found = Storm(), []
    for number, load in enumerate(loads):
        storm = step(storm, load, number * every_s, WITHIN)
        found.append(storm.on)
    return found


def test_the_rule_books_limits_leave_below_where_they_enter():
    found = limits()
    assert found.leave_unsigned < found.enter_unsigned
    assert found.leave_arrived < found.enter_arrived
    assert found.calm_s > 0


def test_it_begins_by_either_measure_shared_among_the_operators():
    assert run(Load(30, 0)) == [True]
    assert run(Load(0, 40)) == [True]
    assert run(Load(29, 39)) == [False]
    assert run(Load(59, 79, operators=2)) == [False]
    assert run(Load(60, 0, operators=2)) == [True]
    assert run(Load(30, 0, operators=0)) == [True], "an empty desk counts as one"


def test_it_does_not_flicker_between_the_thresholds():
    assert run(HEAVY, *[BETWEEN] * 30) == [True] * 31
    assert run(*[BETWEEN] * 30) == [False] * 30


def test_it_ends_after_a_calm_that_was_not_broken():
    assert run(HEAVY, *[LIGHT] * 6) == [True] * 6 + [False]
    assert run(HEAVY, LIGHT, LIGHT, LIGHT, BETWEEN, *[LIGHT] * 5) == [True] * 10
    assert run(HEAVY, LIGHT, LIGHT, LIGHT, BETWEEN, *[LIGHT] * 6)[-1] is False


def test_control_without_hysteresis_it_would_flicker():
    flat = Limits(30, 40, 30, 40, 600, 0)
    storm, found = Storm(), []
    for number, load in enumerate([HEAVY, BETWEEN] * 4):
        storm = step(storm, load, number * 5.0, flat)
        found.append(storm.on)
    assert found == [True, False] * 4


def item(number: int, **over: object) -> Item:
    values = {"kind": "speeding", "level": 1, "unsigned": True, "raised_s": float(number),
              "deadline_s": float(number + 600), "place": "G353", "road": "G353",
              "area": "510402", "lat": 26.58, "lon": 101.71}  # fmt: skip
    return Item(number, **{**values, **over})  # type: ignore[arg-type]  # by name


def test_what_is_of_one_kind_at_one_place_is_one_group():
    found = group([item(1), item(2, lat=26.581), item(3, kind="fatigue"), item(4, lat=27.5),
                   item(5, road="G5")], 5000)  # fmt: skip
    assert sorted(len(one.items) for one in found) == [1, 1, 1, 2]
    assert found[0].upto == 2 or len(found[0].items) == 1


def test_the_worst_with_something_to_sign_comes_first():
    found = group(
        [item(1, kind="a"), item(2, kind="b", level=3), item(3, kind="c", level=4, unsigned=False),
         item(4, kind="a"), item(5, kind="d")], 5000,
    )  # fmt: skip
    assert [one.kind for one in found] == ["b", "a", "d", "c"]
    assert found[1].worst.id == 4, "within a group the newest of the worst"


def test_squares_grow_until_the_groups_can_be_read():
    spread = [item(n, lat=26.0 + n * 0.02, lon=101.0 + n * 0.02) for n in range(100)]
    assert len(group(spread, 5000)) > 40
    for most in (40, 25, 5):
        size, found = readable(spread, 5000, most)
        assert len(found) <= most
        smaller = [one for one in (5000, 10_000, 20_000) if size == WHOLE or one < size]
        assert all(len(group(spread, one)) > most for one in smaller), "no larger than it takes"
        assert sum(len(one.items) for one in found) == 100, "nothing is lost"
    whole = group([item(1), item(2, lat=20.0), item(3, road="", area="a"), item(4, road="")], WHOLE)
    assert sorted(len(one.items) for one in whole) == [1, 1, 2], "whole roads, else counties"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.one_of(st.none(), st.floats(-89, 89)),
            st.floats(-179, 179),
            st.integers(1, 4),
            st.booleans(),
            st.one_of(st.none(), st.floats(0, 1e9)),
        ),
        max_size=30,
    )
)
def test_every_item_is_in_exactly_one_group(rows: list[tuple]):
    items = [
        item(n, kind=kind, lat=lat, lon=lon, level=level, unsigned=unsigned, deadline_s=deadline)
        for n, (kind, lat, lon, level, unsigned, deadline) in enumerate(rows)
    ]
    size, found = readable(items, 5000, 5)
    assert sorted(one.id for part in found for one in part.items) == list(range(len(items)))
    assert len({part.key for part in found}) == len(found)
    assert [part.key for part in group(reversed(items), size)] == [part.key for part in found]
