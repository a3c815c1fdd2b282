"""The other platform of a JT/T 809 link, made up: a province above us, or a city below us.

It speaks the real protocol over real sockets, so that a link can be tried before the other side is
ready, and so that a demonstration has somebody to answer to. A city's vehicles drive in circles;
the province asks who is on duty and has the first speeding vehicle supervised. People are
played too: duty checks and supervision are answered after a while.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Any

from sizao.feeds.jt809.door import first_frame, knock
from sizao.feeds.jt809.fields import iso_of_us
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.outcome import MAIN, SUB, Outcome
from sizao.feeds.jt809.pair import Pair
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.upper import Upper
from sizao.feeds.jt809.vehicles import Directory, Vehicle

logger = logging.getLogger("sizao.sim.platform")

Address = tuple[str, int]
ANSWER_S = 3.0
"""How long the people of a made-up city take to answer."""
SPEEDING_KMH = 100.0
_KIND, _REFERS_TO, _BODY = 5, 9, 11
"""Columns of a PLATFORM_MESSAGE row."""


class Peer:
    """Both links of one made-up platform; what it hears and says is counted and logged."""

    door = MAIN
    """The link on which the peer connects to us."""

    def __init__(self, pair: Pair, now_us: Callable[[], int]) -> None:
        self.pair = pair
        self.now_us = now_us
        self.heard: dict[str, int] = {}
        """Messages heard, by kind; positions under ``positions``."""
        self._writers: dict[str, asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def talk(
        self, channel: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: bytes
    ) -> None:
        """One link until it ends. ``heard`` came before it was known to be ours."""
        self._writers[channel] = writer
        self.say(self.pair.connected(channel, self.now_us(), _peer(writer)))
        try:
            data = heard or await reader.read(65_536)
            while data:
                self.say(self.pair.receive(channel, data, self.now_us()))
                data = await reader.read(65_536)
        except OSError:
            pass
        finally:
            if self._writers.get(channel) is writer:
                del self._writers[channel]
                self.say(self.pair.closed(channel, self.now_us()))
                logger.info("%s link ended", channel)
            writer.close()

    async def come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody has connected: let in who proves to be the peer."""
        heard = b""
        while (raw := first_frame(heard)) is None:
            data = await reader.read(4096)
            if not data or len(heard) > 4096:
                writer.close()
                return
            heard += data
        address = _peer(writer).rpartition(":")[0]
        found = knock(raw, {self.pair.params.access_code: self.pair}, address)
        if found.pair is None:
            logger.warning("%s link refused: %s", self.door, found.reason)
            writer.write(found.reply)
            writer.close()
            return
        await self.talk(self.door, reader, writer, heard)

    def say(self, out: Outcome | None) -> None:
        """Send what an outcome says, and react to what it holds."""
        if out is None:
            return
        for channel, frame in out.sends:
            if channel in self._writers:
                self._writers[channel].write(frame)
        for channel, reason in out.closed.items():
            if channel in self._writers:
                logger.info("closing the %s link: %s", channel, reason)
                self._writers[channel].close()
        if out.position_count:
            self._count("positions", out.position_count)
        for row in out.messages:
            self._count(row[_KIND].rpartition("/")[2], 1)
            logger.info("%s %s", row[_KIND], row[_BODY])
        for row in out.quarantine:
            logger.warning("not understood: %s %s", row[3], row[4])
        self.react(out)

    def react(self, out: Outcome) -> None:
        """What the people of this platform do about it."""

    async def ticking(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.say(self.pair.tick(self.now_us()))

    async def stop(self) -> None:
        for writer in list(self._writers.values()):
            writer.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _count(self, what: str, number: int) -> None:
        self.heard[what] = self.heard.get(what, 0) + number


class MadeUpProvince(Peer):
    """An upper platform: listens for the main link, dials the sub link back."""

    pair: Upper

    def __init__(self, params: LinkParams, listen: Address, now_us: Callable[[], int]) -> None:
        codes = iter(range(1, 1 << 31))
        pair = Upper(params, Directory(), now_us(), new_code=lambda: next(codes))
        super().__init__(pair, now_us)
        self.pair = pair
        self._listen = listen
        self._supervised = 0
        self.port = listen[1]

    async def start(self) -> None:
        """Raises OSError if the address cannot be had."""
        self._server = await asyncio.start_server(self.come, *self._listen)
        self.port = self._server.sockets[0].getsockname()[1]
        self.spawn(self.ticking())

    async def stop(self) -> None:
        self._server.close()
        await super().stop()

    def react(self, out: Outcome) -> None:
        if out.dial is not None:
            self.spawn(self._dial(*out.dial))
        for row in out.positions:
            if (row[5] or 0) > SPEEDING_KMH and not self._supervised:
                self._supervise(row[0], row[1])

    def _supervise(self, vehicle: str, time_us: int) -> None:
        plate = self.pair.directory.plate(vehicle) or ("", 0)
        self._supervised += 1
        order = {
            "plate": plate[0],
            "plate_color": plate[1],
            "alarm_source": 3,
            "alarm_type": 1,
            "alarm_time": iso_of_us(time_us),
            "supervision_id": f"{self._supervised:08x}",
            "supervision_deadline": iso_of_us(self.now_us() + 3_600_000_000),
            "level": 1,
            "supervisor": "模拟督办员",
            "supervisor_tel": "10000000000",
            "supervisor_email": "sim@example.org",
        }
        self.say(self.pair.order("sim", 0x9401, order, self.now_us()))

    async def _dial(self, host: str, port: int) -> None:
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            logger.warning("sub link to %s:%d: %s", host, port, error)
            self.say(self.pair.could_not_dial(self.now_us()))
        else:
            await self.talk(SUB, reader, writer, b"")


class MadeUpCity(Peer):
    """A lower platform with vehicles of its own; dials the main link."""

    pair: Lower
    door = SUB

    def __init__(
        self,
        params: LinkParams,
        main: Address,
        listen: Address | None,
        now_us: Callable[[], int],
        *,
        vehicles: int = 20,
        every_s: float = 10.0,
    ) -> None:
        fleet = [
            Vehicle(f"1000080{n:04d}", f"川DI8{n:03d}", 2, "heavy_truck", None, None)
            for n in range(vehicles)
        ]
        super().__init__(pair := Lower(params, Directory(fleet), now_us()), now_us)
        self.pair = pair
        self._main = main
        self._listen = listen
        self._fleet = fleet
        self._every_s = every_s
        self._orders = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Raises OSError if the sub link's address cannot be had."""
        if self._listen is not None:
            self._server = await asyncio.start_server(self.come, *self._listen)
        self.spawn(self._dialling())
        self.spawn(self._driving())
        self.spawn(self.ticking())

    async def stop(self) -> None:
        self.say(self.pair.end(1, self.now_us()))
        if self._server is not None:
            self._server.close()
        await super().stop()

    async def _dialling(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection(*self._main)
            except OSError as error:
                logger.warning("main link to %s:%d: %s", *self._main, error)
            else:
                await self.talk(MAIN, reader, writer, b"")
            await asyncio.sleep(2)

    async def _driving(self) -> None:
        mark = 0
        while True:
            if self.pair.best() is not None:
                mark += 1
                rows = [self._where(n, v) for n, v in enumerate(self._fleet)]
                self.say(self.pair.send_positions(rows, mark, self.now_us(), later=False))
            await asyncio.sleep(self._every_s)

    def _where(self, number: int, vehicle: Vehicle) -> dict[str, Any]:
        """A vehicle drives round in circles of 2 km and more; the first one too fast."""
        at_us = self.now_us()
        radius_m = 2_000.0 + 150.0 * number
        speed_kmh = 112.0 if number == 0 else 55.0 + number % 20
        angle = at_us / 1e6 * speed_kmh / 3.6 / radius_m + number
        return {
            "vehicle": vehicle.vehicle,
            "time": at_us // 1_000_000 * 1_000_000,
            "lat": 26.58 + radius_m / 111_320 * math.sin(angle),
            "lon": 101.72 + radius_m / 99_500 * math.cos(angle),
            "speed_kmh": speed_kmh,
            "heading_deg": (-math.degrees(angle)) % 360,
            "altitude_m": 1_200.0,
            "recorder_speed_kmh": speed_kmh,
            "mileage_km": 10_000.0 + number,
            "alarm": 0,
            "status": 3,
            "positioned": True,
            "catch_up": False,
        }

    def react(self, out: Outcome) -> None:
        for row in out.messages:
            kind = row[_KIND].rpartition("/")[2]
            if kind == "0x9301":
                answer = {
                    "info_id": int(row[_REFERS_TO]),
                    "content": "模拟值班员在岗",
                    "responder": "模拟值班员",
                }
                self.spawn(self._later(0x1301, answer))
            elif kind == "0x9401":
                answer = {
                    "plate": row[7] or "",
                    "plate_color": row[8] or 0,
                    "supervision_id": row[_REFERS_TO],
                    "result": 1,
                    "source_data_type": "0x9401",
                    "source_msg_sn": 0,
                }
                self.spawn(self._later(0x1401, answer))

    async def _later(self, kind: int, fields: dict[str, Any]) -> None:
        await asyncio.sleep(ANSWER_S)
        self._orders += 1
        self.say(self.pair.order(f"sim-{self._orders}", kind, fields, self.now_us()))


def _peer(writer: asyncio.StreamWriter) -> str:
    address = writer.get_extra_info("peername") or ("?", 0)
    return f"{address[0]}:{address[1]}"
