"""Made-up reporters: the same city reports the same, what they send is taken, and nobody exists."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise

import pytest

from sizao.core.clock import ManualClock
from sizao.sim import city as cities
from sizao.sim.reports import EVERY_S, PEOPLE, SEEN, Reporters, multipart, scene
from sizao.web.reports.catalogue import services
from sizao.web.reports.photos import clean
from sizao.web.reports.senders import channel_of


@pytest.fixture(scope="module")
def reporters() -> Reporters:
    return Reporters(cities.build(), ManualClock(0.0), 1, "127.0.0.1", 9, {})


def test_what_they_see_is_in_the_services_list() -> None:
    table = services(date(2026, 11, 25))
    for source, things in SEEN.items():
        for service, answers, words in things:
            about = table[service]
            assert channel_of(source) in about.channels
            assert len(words) == 2
            for code, value in answers.items():
                attribute = about.attribute(code)
                assert attribute is not None
                assert value in attribute.keys()  # noqa: SIM118 - a method of ours
            required = {one.code for one in about.attributes if one.required}
            assert required <= set(answers)
    assert {source for source, _ in PEOPLE} == set(SEEN)


def test_a_slot_has_one_report_and_some_come_twice(reporters: Reporters) -> None:
    plans = [reporters.plan(slot) for slot in range(200)]
    assert plans == [reporters.plan(slot) for slot in range(200)]
    assert {plan.source for plan in plans} == set(SEEN)
    near = [
        (before, after)
        for before, after in pairwise(plans)
        if abs(float(before.fields["lat"]) - float(after.fields["lat"])) < 0.0006
        and abs(float(before.fields["long"]) - float(after.fields["long"])) < 0.0006
    ]
    assert 30 < len(near) < 70
    for before, after in near:
        assert before.fields["service_code"] == after.fields["service_code"]
    assert all("虚构" in plan.fields["description"] for plan in plans)


@pytest.mark.parametrize("service", sorted(services(date(2026, 11, 25))))
def test_photos_are_pictures_that_are_taken(service: str) -> None:
    photo = clean(scene(service, 1))
    assert photo is not None
    assert len(photo.data) < 20_000


def test_they_post_each_slot_once_over_http() -> None:
    got: list[tuple[str, bytes]] = []

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers["Content-Type"], body))
            self.send_response(201)
            self.end_headers()
            self.wfile.write(json.dumps([{"service_request_id": "R1"}]).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    clock = ManualClock(1_000_000.0 - 1_000_000.0 % EVERY_S)
    keys = dict.fromkeys(SEEN, "a.key")
    one = Reporters(cities.build(), clock, 1, "127.0.0.1", server.server_address[1], keys)

    async def play() -> None:
        running = asyncio.create_task(one.run())
        for _ in range(500):
            if one.counts["reports"]:
                break
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    try:
        asyncio.run(play())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert one.counts == {"reports": 1, "report_failures": 0}
    ((kind, body),) = got
    planned = one.plan(int(clock.time_s() // EVERY_S))
    assert (body, kind) == multipart({"api_key": "a.key", **planned.fields}, planned.photo)
