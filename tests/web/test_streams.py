"""The streams: bytes, sight, resuming, bounds, dead clients."""

from __future__ import annotations

import asyncio
import gc
import json
import struct
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from django.test import AsyncClient

from sizao.web.live import board as board_module
from sizao.web.live import channels, frames, hub, outbox, views, visit
from sizao.web.live.board import Scope, scope_of
from sizao.web.live.models import OutboxEvent
from sizao.web.writing import write

from .conftest import COACH, EAST, HAZMAT, POLICE, TRUCK, WEST, World

BOX = (101.0, 26.0, 102.0, 27.0)


def parse(data: bytes) -> tuple[int, np.ndarray]:
    """What the browser reads: row count and rows."""
    (length,) = struct.unpack_from("<I", data)
    assert length == len(data) - 4
    (count,) = struct.unpack_from("<I", data, 4)
    return count, np.frombuffer(data, frames.ROW, count, 8)


def fill(world: World) -> None:
    from datetime import timedelta

    world.board(
        {"vehicle": TRUCK, "active": "speeding", "heading_deg": 90.0},
        {"vehicle": HAZMAT, "lat": WEST[0], "lon": WEST[1], "area": "510403", "heading_deg": 359.0},
        {"vehicle": COACH, "time": world.now - timedelta(minutes=6)},
        {"vehicle": POLICE, "kind": "police"},
        {"vehicle": "1", "lat": None, "lon": None},
        {"vehicle": "2", "lat": 40.0},
    )


def test_a_frame_says_where_whither_and_how_each_vehicle_is(world: World):
    fill(world)
    now_us = int(world.now.timestamp() * 1e6)
    count, rows = parse(frames.encode(board_module.board(), Scope(True), BOX, now_us))
    assert count == 6
    west, south, east, north = BOX
    lon = west + rows["x"][0] / 65535 * (east - west)
    lat = south + rows["y"][0] / 65535 * (north - south)
    assert (lat, lon) == pytest.approx(EAST, abs=1e-5)
    assert (rows["mark"] & 15).tolist()[:4] == [1, 0, 2, 3]
    assert (rows["mark"] >> 4).tolist()[:2] == [4, 0], "east is 4, nearly north is 0 again"
    hidden = (rows["x"] == 65535) & (rows["y"] == 65535)
    assert hidden.tolist() == [False, False, False, False, True, True]


def test_a_frame_hides_what_the_unit_may_not_see_and_keeps_the_rows(world: World):
    fill(world)
    sees = {"op-zd": {0, 1, 2, 3}, "op-dd": {0, 2, 3}, "off-dd2": set(), "off-xd1": {1}}
    for name, expected in sees.items():
        scope = scope_of(world.user(name))
        count, rows = parse(frames.encode(board_module.board(), scope, BOX, 0))
        assert count == 6
        assert set(np.flatnonzero(rows["x"] != 65535).tolist()) == expected, name
        assert set(rows["mark"][rows["x"] == 65535].tolist()) <= {0}, "nothing leaks by the mark"


def test_meta_names_only_the_rows_that_may_be_seen(world: World):
    fill(world)
    answer = world.client("off-xd1").get("/stream/meta").json()
    assert [row and row["id"] for row in answer["vehicles"]] == [None, HAZMAT] + [None] * 4
    assert len(answer["bbox"]) == 4
    whole = world.client("op-zd").get("/stream/meta").json()["vehicles"]
    assert whole[0]["plate"] == "川D·A0001"


def test_the_board_is_read_again_only_when_it_was_replaced(world: World):
    fill(world)
    first = board_module.board()
    assert board_module.board() is first
    fill(world)
    assert board_module.board() is not first


# The hub, without a database


def run(coroutine: Any) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, 10))


def test_a_reader_that_sleeps_gets_the_newest_frame_only():
    async def scenario() -> list[int]:
        count = 0

        async def work(subscribers: dict) -> None:
            nonlocal count
            count += 1
            for queue in subscribers:
                hub.offer(queue, count)

        channel = hub.Channel("test", 0.02, work)
        queue = channel.join("x", 2)
        await asyncio.sleep(0.3)
        got = [queue.get_nowait(), queue.get_nowait()]
        assert queue.empty()
        channel.leave(queue)
        return [*got, count]

    first, second, made = run(scenario())
    assert second == first + 1
    assert second >= made - 1 > 5


def test_a_round_that_fails_is_logged_and_the_next_one_comes(caplog: pytest.LogCaptureFixture):
    async def scenario() -> Any:
        rounds = 0

        async def work(subscribers: dict) -> None:
            nonlocal rounds
            rounds += 1
            if rounds == 1:
                raise ValueError("board is half written")
            for queue in subscribers:
                hub.offer(queue, rounds)

        channel = hub.Channel("test", 0.01, work)
        queue = channel.join("x", 2)
        got = await queue.get()
        channel.leave(queue)
        return got

    assert run(scenario()) == 2
    assert "half written" in caplog.text


def test_the_work_stops_with_the_last_reader_and_starts_again():
    async def scenario() -> None:
        rounds = 0

        async def work(subscribers: dict) -> None:
            nonlocal rounds
            rounds += 1

        channel = hub.Channel("test", 0.01, work)
        for _ in range(2):
            queue = channel.join("x", 2)
            await asyncio.sleep(0.05)
            channel.leave(queue)
            await asyncio.sleep(0.05)
            before = rounds
            await asyncio.sleep(0.1)
            assert rounds == before
        assert rounds > 2

    run(scenario())


def test_an_idle_stream_beats_and_an_old_one_ends():
    async def scenario() -> list[Any]:
        async def work(subscribers: dict) -> None:
            return None

        channel = hub.Channel("test", 0.01, work)
        queue = channel.join("x", 2)
        try:
            return [item async for item in hub.items(queue, idle_s=0.05, life_s=0.18)]
        finally:
            channel.leave(queue)

    beats = run(scenario())
    assert 2 <= len(beats) <= 4
    assert set(beats) == {b""}


def test_a_client_that_hangs_up_just_as_something_arrives_is_gone_all_the_same():
    async def scenario() -> bool:
        queue: asyncio.Queue[int] = asyncio.Queue()
        taken: list[int] = []

        async def stream() -> None:
            async for item in hub.items(queue, idle_s=5, life_s=5):
                taken.append(item)

        task = asyncio.create_task(stream())
        await asyncio.sleep(0)
        queue.put_nowait(1)
        task.cancel()
        await asyncio.wait([task], timeout=0.5)
        return task.cancelled()

    assert run(scenario()), "the stream goes on without a client"


def test_what_is_put_on_a_visit_that_is_over_is_given_back_at_once():
    found: list[str] = []
    with visit.visit():
        late = visit.held()
    late.give_back(found.append, "seat")
    assert found == ["seat"]


def test_seats_are_counted_and_given_back_once():
    seats = [hub.take_seat(-1, 2) for _ in range(3)]
    assert [seat is not None for seat in seats] == [True, True, False]
    seats[0].release()
    seats[0].release()
    assert hub.take_seat(-1, 2) is not None
    assert hub.take_seat(-1, 2) is None


def test_a_visit_gives_everything_back_in_turn_whatever_ended_it():
    found: list[str] = []

    def call() -> None:
        with visit.visit():
            visit.held().give_back(found.append, "seat")
            visit.held().give_back(found.append, "queue")
            raise ValueError("view failed")

    with pytest.raises(ValueError, match="view failed"):
        call()
    assert found == ["queue", "seat"]
    with pytest.raises(LookupError):
        visit.held()


# End to end, through Django's async handler


async def lines(answer: Any, wanted: int) -> list[tuple[str, dict]]:
    """The first events of a stream as (name, data)."""
    found: list[tuple[str, dict]] = []
    body: AsyncIterator[bytes] = answer.streaming_content
    async for part in body:
        fields = dict(line.split(": ", 1) for line in part.decode().strip().splitlines())
        if "data" in fields:
            found.append((fields.get("event", ""), json.loads(fields["data"])))
        if len(found) == wanted:
            break
    await body.aclose()
    return found


def async_client(world: World, name: str) -> AsyncClient:
    client = AsyncClient()
    client.cookies = world.client(name).cookies
    return client


def test_a_program_streams_with_its_token(threaded: World):
    from sizao.web.api.tokens import create_token

    token = create_token("off-dd1")

    async def scenario(given: str) -> int:
        with visit.visit():
            answer = await AsyncClient().get(
                "/stream/events", headers={"Authorization": f"Bearer {given}"}
            )
            return answer.status_code

    assert run(scenario(token)) == 200
    assert run(scenario(token + "x")) == 401


def test_events_resume_after_the_last_one_seen_and_only_those_of_the_unit(threaded: World):
    for vehicle, place in ((TRUCK, {}), (HAZMAT, {"area": "510403", "lat": WEST[0],
                                                 "lon": WEST[1]})):  # fmt: skip
        threaded.append(threaded.detection(vehicle=vehicle, **place))
    threaded.round()
    first = OutboxEvent.objects.order_by("id").first().id

    async def scenario(name: str, after: int, wanted: int) -> list[tuple[str, dict]]:
        with visit.visit():
            answer = await async_client_of[name].get(
                "/stream/events", headers={"Last-Event-ID": str(after)}
            )
            return await lines(answer, wanted)

    async_client_of = {name: async_client(threaded, name) for name in ("op-zd", "lead-xd")}
    everything = run(scenario("op-zd", 0, 5))
    assert [name for name, _ in everything] == ["message", "case", "warning", "case", "warning"]
    assert all("feed_now" in data for _, data in everything)
    rest = run(scenario("op-zd", first, 4))
    assert [name for name, _ in rest] == ["message", "warning", "case", "warning"]
    west = run(scenario("lead-xd", 0, 3))
    assert [data.get("kind") for name, data in west if name == "warning"] == ["speeding"]
    assert west[2][1]["unit"] == "xd1"


def test_an_event_committed_while_listening_arrives_once(threaded: World):
    client = async_client(threaded, "op-zd")
    reach = f"|{threaded.unit('dd').path}|"

    def publish() -> None:
        from django.db import connection

        with write():
            outbox.publish("case", reach, {"number": "x"})
        connection.close()

    async def scenario() -> list[tuple[str, dict]]:
        with visit.visit():
            answer = await client.get("/stream/events")
            reading = asyncio.create_task(lines(answer, 3))
            for _ in range(2):
                await asyncio.sleep(0.4)
                await asyncio.to_thread(publish)
            return await reading

    got = run(scenario())
    assert [name for name, _ in got] == ["message", "case", "case"]


def test_streams_need_a_sign_in_and_are_bounded(threaded: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SIZAO_STREAMS_PER_USER", "1")
    client = async_client(threaded, "op-zd")

    async def scenario() -> list[int]:
        strangers = AsyncClient()
        statuses = [
            (await strangers.get(url)).status_code
            for url in ("/stream/events", "/stream/vehicles", "/stream/meta")
        ]
        with visit.visit():
            held = await client.get("/stream/vehicles")
            frame = await anext(held.streaming_content)
            assert parse(frame)[0] == 0
            with visit.visit():
                statuses.append((await client.get("/stream/events")).status_code)
        with visit.visit():
            statuses.append((await client.get("/stream/events")).status_code)
        return statuses

    assert run(scenario()) == [401, 401, 401, 429, 200]


class Caller:
    """A client of the server application, by hand: it hangs up at a chosen moment.

    ``hang_up`` is the number of the message during whose sending it is found to be gone;
    0 is before the answer begins.
    """

    def __init__(self, path: str, token: str, hang_up: int) -> None:
        self.scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "path": path,
            "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
            "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9),
            "headers": [(b"authorization", f"Bearer {token}".encode())],
        }  # fmt: skip
        self.hang_up = hang_up
        self.sent = 0
        self.asked = False
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if self.hang_up:
            await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent += 1
        if self.sent >= self.hang_up > 0:
            self.gone.set()
            await asyncio.Event().wait()  # the socket's buffer is full and nobody reads


@pytest.mark.parametrize("hang_up", [0, 1, 2])
@pytest.mark.parametrize("path", ["/stream/vehicles", "/stream/events"])
def test_a_client_that_hangs_up_leaves_nothing_behind(threaded: World, path: str, hang_up: int):
    """Without the garbage collector, which used to be what released a seat."""
    from sizao.web.api.tokens import create_token
    from sizao.web.asgi import application

    token = create_token("off-dd1")
    user = threaded.user("off-dd1").pk

    async def scenario() -> None:
        for _ in range(3):
            caller = Caller(path, token, hang_up)
            await application(caller.scope, caller.receive, caller.send)
            assert (caller.sent > 0) == (hang_up > 0)
            assert hub._taken[user] == 0, "a seat is still taken"
            assert not channels.vehicles.subscribers
            assert not channels.events.subscribers

    gc.disable()
    try:
        run(scenario())
    finally:
        gc.enable()


def test_a_reader_of_events_that_does_not_read_is_ended_and_can_resume(threaded: World):
    async def scenario() -> bool:
        viewer = views.Viewer(True, "", Scope(True))
        queue = channels.events.join(viewer, 2)
        events = [OutboxEvent(id=n, at=threaded.now, name="case", reach="|1/|") for n in (1, 2, 3)]
        for event in events:
            if queue.full():
                hub.end(queue)
            else:
                queue.put_nowait(event)
        rest = [item async for item in hub.items(queue, idle_s=1, life_s=5)]
        channels.events.leave(queue)
        return rest[-1].id < 3

    assert run(scenario())


def test_old_events_are_pruned(world: World):
    with write():
        outbox.publish("case", "", {})
    world.clock.advance(25 * 3600)
    with write():
        outbox.publish("case", "", {})
    assert outbox.prune() == 1
    assert OutboxEvent.objects.filter(name="case").count() == 1


def test_a_flood_comes_as_one_event_to_pages_and_one_by_one_to_programs(world: World):
    viewer = views.Viewer(True, "", Scope(True))
    page = views.Viewer(True, "", Scope(True), gather=True)
    events = [
        OutboxEvent(id=n, at=world.now, name="warning" if n % 2 else "case", reach="|1/|",
                    data={"id": n, "case": n + 1, "level": "red" if n == 7 else "blue"})
        for n in range(1, 41)
    ]  # fmt: skip
    assert len(channels.lines_for(viewer, events)) == 40
    assert len(channels.lines_for(page, events[: channels.FLOOD])) == channels.FLOOD
    ((number, line),) = channels.lines_for(page, events)
    assert number == 40, "it is resumed from like any other"
    head, _, body = line.decode().partition("data: ")
    assert head == "id: 40\nevent: flood\n"
    data = json.loads(body)
    assert data["names"] == {"warning": 20, "case": 20}
    assert data["level"] == "red", "the worst is the one that sounds"
    assert data["cases"] == list(range(2, 41, 2)), "whose page is open finds itself"
    assert sum(many for _, many in data["warnings"]) == 20, "none is lost in the count"
