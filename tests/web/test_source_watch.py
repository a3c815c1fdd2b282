"""Silence of a source: noticed once, with its true beginning and end, whoever was down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import WEIGHING
from sizao.core.source_access import switch_off, switch_on
from sizao.log.tally import TallyReader
from sizao.web.audit.models import AuditEntry
from sizao.web.desk.thread import Desk
from sizao.web.live.models import OutboxEvent
from sizao.web.sources import services, watch
from sizao.web.sources.models import SourceEvent

from .conftest import World

REGISTRY = """
sources:
  - id: weigh:ws1
    name_zh: 云岭治超站
    name_en: Yunling weigh station
    owner: {party: 公路局}
    contract: [{topic: weighings, silence_s: 600, active: "06:00-22:00"}]
"""


class Scene:
    """A weigh station that reports, a desk that looks now and then."""

    def __init__(self, world: World, *, look: bool = True) -> None:
        self.world = world
        (world.data.root / "sources.yaml").write_text(REGISTRY)
        services.forget()
        if look:
            self.look()

    def weigh(self) -> datetime:
        now = self.world.now
        row = {"weighing": f"w{now}", "station": "ws1", "time": now, "received": now}
        batch = pa.RecordBatch.from_pylist([row | {"source": "weigh:ws1"}], schema=WEIGHING)
        self.world.feeds_log.append({"weighings": batch})
        return now

    def wait(self, minutes: float, *, looking: bool = True) -> None:
        for _ in range(round(minutes)):
            self.world.clock.advance(60)
            if looking:
                self.look()

    def look(self, readers: list[TallyReader] | None = None) -> int:
        registry = services.book().registry
        return watch.watch(readers or self.world.ports.tallies, registry, self.world.now)

    @property
    def events(self) -> list[SourceEvent]:
        return list(SourceEvent.objects.order_by("started"))


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


def actions() -> list[str]:
    return list(
        AuditEntry.objects.filter(object_type="source")
        .order_by("seq")
        .values_list("action", flat=True)
    )


def test_a_silence_begins_once_and_ends_when_the_source_speaks(scene: Scene) -> None:
    heard = scene.weigh()
    scene.wait(9)
    assert scene.events == []
    scene.wait(30)
    [event] = scene.events
    assert (event.heard, event.started) == (heard, heard + timedelta(minutes=10))
    assert event.ended is None
    scene.wait(1)
    spoke = scene.weigh()
    scene.wait(3)
    [event] = scene.events
    assert (event.ended, event.outcome) == (spoke, "heard")
    assert actions() == ["source.silent", "source.heard"]
    told = [one.data["state"] for one in OutboxEvent.objects.filter(name="source")]
    assert told == ["silent", "heard"]


def test_a_silence_while_the_desk_was_down_is_found_with_its_true_span(scene: Scene) -> None:
    heard = scene.weigh()
    scene.wait(40, looking=False)
    spoke = scene.weigh()
    scene.wait(5, looking=False)
    scene.look()
    [event] = scene.events
    assert (event.started, event.ended) == (heard + timedelta(minutes=10), spoke)
    scene.wait(3)
    assert len(scene.events) == 1


class OnlyTheLast:
    """Control: a reader that does not know past silences, as if the log had not noted them."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def quiet(self, after_us: int) -> list[tuple[str, str, int, int]]:
        return []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


def test_control_without_noted_silences_it_would_be_missed(scene: Scene) -> None:
    scene.weigh()
    scene.wait(40, looking=False)
    scene.weigh()
    scene.look([OnlyTheLast(one) for one in scene.world.ports.tallies])
    assert scene.events == []


def test_a_desk_that_dies_in_between_fires_no_second_time(scene: Scene) -> None:
    scene.weigh()
    scene.wait(12)
    [event] = scene.events
    # What a process that starts anew does: it knows nothing but the database.
    scene.wait(5, looking=False)
    desk = Desk(scene.world.ports)
    desk._watch_sources()
    assert scene.events == [event]


def test_control_an_id_of_the_moment_would_fire_each_minute(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = watch.content_id
    monkeypatch.setattr(watch, "content_id", lambda *parts: real(*parts, scene.world.now))
    scene.weigh()
    scene.wait(13)
    assert len(scene.events) == 4


def test_a_source_that_never_spoke_is_silent_from_when_it_was_registered(scene: Scene) -> None:
    began = scene.world.now
    scene.wait(11)
    [event] = scene.events
    assert (event.heard, event.started) == (None, began + timedelta(minutes=10))
    scene.weigh()
    scene.wait(1)
    [event] = scene.events
    assert event.outcome == "heard"


def test_what_fell_silent_before_it_was_registered_is_noticed_at_once(world: World) -> None:
    scene = Scene(world, look=False)
    heard = scene.weigh()
    scene.wait(90, looking=False)
    scene.look()
    [event] = scene.events
    assert (event.heard, event.started) == (heard, heard + timedelta(minutes=10))


def test_the_night_is_no_silence(scene: Scene) -> None:
    scene.world.clock.advance(9.9 * 3600)  # 21:54
    scene.weigh()
    scene.wait(8 * 60 + 7, looking=False)  # 06:01: seven minutes of active time
    scene.look()
    assert scene.events == []
    scene.wait(3)
    assert len(scene.events) == 1


def test_switched_off_is_not_silent_and_starts_anew_when_on(scene: Scene) -> None:
    path = scene.world.data.source_access
    scene.weigh()
    scene.wait(12)
    switch_off(path, "weigh:ws1", reason="标定", by="x", at_s=0)
    services.forget()
    scene.wait(1)
    [event] = scene.events
    assert event.outcome == "unwatched"
    scene.wait(60)
    switch_on(path, "weigh:ws1")
    services.forget()
    scene.wait(9)
    assert len(scene.events) == 1
    scene.weigh()
    scene.wait(2)
    assert len(scene.events) == 1


def test_a_registry_that_cannot_be_read_changes_nothing(scene: Scene) -> None:
    scene.weigh()
    scene.wait(12)
    (scene.world.data.root / "sources.yaml").write_text("sources: 3")
    services.forget()
    Desk(scene.world.ports)._watch_sources()
    [event] = scene.events
    assert event.ended is None


def test_taking_note_is_recorded_once(scene: Scene) -> None:
    scene.wait(11)
    [event] = scene.events
    user = scene.world.user("op-zd")
    services.acknowledge(user, event.pk, "已电话通知")
    services.acknowledge(scene.world.user("op-dd"), event.pk, "又一次")
    [event] = scene.events
    assert (event.acknowledged_by, event.note) == (user, "已电话通知")
    assert actions().count("source.acknowledge") == 1
    assert services.open_silences() == []
