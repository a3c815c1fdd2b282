"""The same trials for every clock there is, with a settable clock."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from sizao.respond.clock_registry import CLOCKS
from sizao.web.clocks import services
from sizao.web.clocks.columns import NO_CLOCKS, WATCHED
from sizao.web.clocks.models import Miss
from sizao.web.clocks.registry import DOMAINS
from sizao.web.clocks.services import Ran, fire_due
from sizao.web.writing import write
from tests.web.clocks.scenarios import SCENARIOS
from tests.web.conftest import World


def test_every_clock_is_registered_found_and_tried():
    found = [clock for domain in DOMAINS for clock in domain.clocks]
    assert sorted(found) == sorted(CLOCKS), "a clock without a domain, or the other way round"
    assert set(SCENARIOS) == set(CLOCKS), "give the new clock a scenario"


def test_the_reference_lists_every_clock():
    page = Path(__file__).resolve().parents[3] / "docs/reference/clocks.md"
    text = page.read_text(encoding="utf-8")
    for clock in CLOCKS.values():
        row = (
            f"| `{clock.id}` | {clock.zh} | {clock.starts} | {clock.follows} | {clock.source} |"
        )  # fmt: skip
        assert row in text, f"docs/reference/clocks.md needs the row\n{row}"


HAPPENED = re.compile(
    r"at|.*_at|time|day|onset|last|fired|received|issued|known|since|made|heard|started|ended"
    r"|noticed|acknowledged|appended|seen|last_login|date_joined|shift_from|table_date|first_day"
    r"|first"
)
"""Names of columns that say when something happened, or which day it is about."""


def test_every_moment_to_come_is_watched_or_says_why_not():
    """A model with a deadline that no clock knows would never be missed by anybody."""
    from django.apps import apps
    from django.db.models import DateField

    columns = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("sizao.") and not model._meta.proxy
        for field in model._meta.concrete_fields
        if isinstance(field, DateField)
    }
    listed = {*WATCHED, *NO_CLOCKS}
    assert not set(WATCHED) & set(NO_CLOCKS)
    assert listed <= columns, "a column that is no more"
    ahead = {name for name in columns - listed if not HAPPENED.fullmatch(name.split(".")[2])}
    assert not ahead, "give it a clock (web/clocks/columns.py), or the reason why it needs none"
    assert {clock for clocks in WATCHED.values() for clock in clocks} == set(CLOCKS)


def until(world: World, at: datetime) -> None:
    world.clock.advance((at - world.now).total_seconds())


def misses(clock: str, due: datetime) -> int:
    return Miss.objects.filter(clock=clock, due_at=due).count()


@pytest.mark.parametrize("clock", CLOCKS)
def test_it_is_kept_at_the_very_moment_and_fires_once_after_it(world: World, clock: str):
    scenario = SCENARIOS[clock]
    due = scenario.begin(world)
    until(world, due)
    world.round()
    assert misses(clock, due) == scenario.effects(world) == 0, "in time at the very moment"
    world.clock.advance(1)
    for _ in range(3):
        world.round()
    assert misses(clock, due) == scenario.effects(world) == 1


@pytest.mark.parametrize("clock", CLOCKS)
def test_what_is_done_in_time_never_fires(world: World, clock: str):
    scenario = SCENARIOS[clock]
    due = scenario.begin(world)
    until(world, due)
    scenario.keep(world)
    for _ in range(3):
        world.clock.advance(7 * 24 * 3600)
        world.round()
    assert misses(clock, due) == scenario.effects(world) == 0


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_clock_that_ran_out_while_the_process_was_down_fires_at_restart_once(
    world: World, clock: str
):
    scenario = SCENARIOS[clock]
    due = scenario.begin(world)
    until(world, due)
    world.clock.advance(10 * 24 * 3600)  # nothing runs: the process is down
    assert misses(clock, due) == 0, "nobody was there to fire it"
    for _ in range(4):
        world.round()
    assert misses(clock, due) == scenario.effects(world) == 1
    miss = Miss.objects.get(clock=clock, due_at=due)
    assert miss.fired_at == world.now, "the ledger says how late it was seen"


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_kill_between_effect_and_record_leaves_neither(
    world: World, clock: str, monkeypatch: pytest.MonkeyPatch
):
    scenario = SCENARIOS[clock]
    due = scenario.begin(world)
    until(world, due)
    world.clock.advance(1)

    class Killed(RuntimeError):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(services.Miss.objects, "create", die)
        world.round()
        assert scenario.effects(world) == 0, "the effect stands and falls with its record"
    world.round()
    assert misses(clock, due) == scenario.effects(world) == 1


class Forgetful:
    """A domain with a bug: it finds the same deadline overdue every round."""

    clocks = ("case.sign",)

    def __init__(self, due: datetime) -> None:
        self.due = due
        self.rung = 0

    def overdue(self, now: datetime) -> list[int]:
        return [1]

    def fire(self, key: int, now: datetime) -> list[Ran]:
        self.rung += 1
        from sizao.web.live.outbox import publish

        publish("case", "", {"rung": self.rung})
        return [Ran("case.sign", "case:x", self.due)]


def rung() -> int:
    from sizao.web.live.models import OutboxEvent

    return OutboxEvent.objects.filter(name="case").count()


def test_the_ledger_stops_a_domain_that_would_fire_twice(world: World):
    domain = Forgetful(world.now)
    for _ in range(3):
        fire_due(world.now, [domain])
    assert domain.rung == 3, "it was asked each time"
    assert rung() == Miss.objects.count() == 1, "and its effect came about once"


def test_control_without_the_ledger_it_does_fire_twice(world: World):
    domain = Forgetful(world.now)
    for _ in range(3):
        with write():
            domain.fire(1, world.now)
    assert rung() == 3


def test_one_rows_mistake_keeps_no_other_waiting(world: World):
    class Broken(Forgetful):
        def fire(self, key: int, now: datetime) -> list[Ran]:
            raise RuntimeError("a bug")

    good = Forgetful(world.now)
    assert fire_due(world.now, [Broken(world.now), good]) == 1
    assert good.rung == 1


class Many:
    """A domain of which three rows ran out at once."""

    clocks = ("case.sign",)

    def __init__(self, due: datetime) -> None:
        self.due = due
        self.left = [1, 2, 3]

    def overdue(self, now: datetime) -> list[int]:
        return list(self.left)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        self.left.remove(key)
        return [Ran("case.sign", f"case:{key}", self.due)]


def test_a_flood_of_clocks_leaves_the_round_its_turn(world: World, monkeypatch: pytest.MonkeyPatch):
    """Else a storm that nobody signs would keep new detections waiting while it goes up."""
    flood, other = Many(world.now), Many(world.now)
    other.left = [4]
    monkeypatch.setattr(services, "MOST_S", -1.0)
    assert fire_due(world.now, [flood, other]) == 0, "no time, nothing acted on"
    ticks = iter(range(100))
    monkeypatch.setattr(services, "MOST_S", 1.5)
    monkeypatch.setattr(services.time, "monotonic", lambda: float(next(ticks)))
    assert fire_due(world.now, [flood, other]) == 2
    assert (flood.left, other.left) == ([2, 3], []), "the oldest first, and no domain is starved"
    monkeypatch.undo()
    assert fire_due(world.now, [flood, other]) == 2
    assert flood.left == []


def test_an_unregistered_clock_is_refused(world: World):
    class Stranger(Forgetful):
        def fire(self, key: int, now: datetime) -> list[Ran]:
            super().fire(key, now)
            return [Ran("case.tea", "case:x", now)]

    assert fire_due(world.now, [Stranger(world.now)]) == 0
    assert rung() == 0
