"""Made-up people of the simulated city who report by Open311, as an app on a phone would.

Every five feed minutes somebody sees something beside a road: what, where and in which words
follows from the seed and the moment alone. One in four is a second person reporting the same thing
in other words. Photos are drawn here. Nobody exists.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cache

import numpy as np

from sizao.core.clock import Clock
from sizao.sim.chance import share
from sizao.sim.city import City
from sizao.sim.pictures import png

log = logging.getLogger("sizao.sim")

EVERY_S = 300
LOOK_S = 1.0
PATIENCE_S = 10.0
TRIES = 3
AGAIN = 0.25
"""Share of reports that are about the thing of the slot before."""

PEOPLE = (
    ("reports:demo", 0.6),
    ("reports:road_staff-demo", 0.8),
    ("reports:persuader-demo", 1.0),
)
"""Sources, with the upper end of their share."""

SEEN: dict[str, tuple[tuple[str, dict[str, str], tuple[str, ...]], ...]] = {
    "reports:demo": (
        (
            "crash",
            {"injured": "none", "blocked": "part"},
            ("两辆小车追尾，占了一条车道", "有车撞在一起，人没事"),
        ),
        (
            "crash",
            {"injured": "some", "blocked": "all"},
            ("货车侧翻，路堵死了", "前面翻车，有人受伤"),
        ),
        ("obstruction", {"blocked": "part"}, ("山上掉石头下来，绕着走", "路面有落石，请来清理")),
        ("hazard", {}, ("弯道护栏缺了一截", "急弯处护栏被撞坏，没有修")),
        ("signal_fault", {"fault": "dark"}, ("路口红绿灯全不亮", "信号灯停电了，没人指挥")),
        ("weather", {"weather": "water"}, ("下雨积水，快淹过轮胎", "低洼处积水很深")),
    ),
    "reports:road_staff-demo": (
        ("hazard", {}, ("路面坑槽约半米宽，已摆锥桶", "坑槽扩大，需交警协助引导")),
        ("obstruction", {"blocked": "none"}, ("抛洒物已移到路肩，待清运", "路肩堆有抛洒物")),
    ),
    "reports:persuader-demo": (
        (
            "persuasion",
            {"violation": "overload", "result": "corrected"},
            ("面包车超员，已劝下两人换乘", "超员车辆已分流"),
        ),
        (
            "persuasion",
            {"violation": "people", "result": "refused"},
            ("农用车载人，不听劝导", "三轮车坐人，劝不住"),
        ),
    ),
}
"""What each kind of person may see: service, answers, and the words of two witnesses."""


@dataclass(frozen=True)
class Planned:
    """A report of one slot."""

    source: str
    fields: dict[str, str]
    photo: bytes


class Reporters:
    """:meth:`run` sends until cancelled; a source without a key stays silent."""

    def __init__(
        self, city: City, clock: Clock, seed: int, host: str, port: int, keys: dict[str, str]
    ) -> None:
        self._network = city.network
        self._clock = clock
        self._seed = seed
        self._url = f"http://{host}:{port}/open311/v2/requests.json"
        self._keys = {source: key for source, key in keys.items() if source in SEEN}
        self.counts = {"reports": 0, "report_failures": 0}

    def plan(self, slot: int) -> Planned:
        """The report of a slot of feed time."""
        again = slot > 0 and share(self._seed, "again", slot) < AGAIN
        about = slot - 1 if again else slot
        who = share(self._seed, "who", about)
        source = next(name for name, upto in PEOPLE if who < upto)
        seen = SEEN[source]
        service, answers, words = seen[int(share(self._seed, "what", about) * len(seen))]
        lat, lon = self._place(about, jitter_m=30.0 if again else 0.0)
        fields = {
            "service_code": service,
            "lat": f"{lat:.6f}",
            "long": f"{lon:.6f}",
            "description": f"{words[1 if again else 0]}（演示，虚构）",
            **{f"attribute[{name}]": value for name, value in answers.items()},
        }
        return Planned(source, fields, scene(service, int(share(self._seed, "light", slot) * 4)))

    def _place(self, slot: int, jitter_m: float) -> tuple[float, float]:
        """A point of a road with stakes, somewhat beside it for the second witness."""
        network = self._network
        on = np.flatnonzero(np.isfinite(network.stake_start_m))
        segment = int(on[int(share(self._seed, "where", slot) * len(on))])
        along = share(self._seed, "along", slot) * float(network.length_m[segment])
        lat, lon = network.point(segment, along)
        turn = 2 * math.pi * share(self._seed, "turn", slot)
        north, east = jitter_m * math.cos(turn), jitter_m * math.sin(turn)
        return (
            float(lat) + north / 111_200,
            float(lon) + east / (111_200 * math.cos(math.radians(lat))),
        )

    async def run(self) -> None:
        """Until cancelled. The present slot is reported at once: a demonstration is short."""
        told = int(self._clock.time_s() // EVERY_S) - 1
        while self._keys:
            slot = int(self._clock.time_s() // EVERY_S)
            if slot > told:
                told = slot
                await self._report(self.plan(slot))
            await asyncio.sleep(LOOK_S)

    async def _report(self, planned: Planned) -> None:
        key = self._keys.get(planned.source)
        if key is None:
            return
        for _ in range(TRIES):
            try:
                number = await asyncio.to_thread(self._post, planned, key)
            except (OSError, ValueError) as error:
                why = error
                await asyncio.sleep(PATIENCE_S)
                continue
            self.counts["reports"] += 1
            log.info("reported %s: %s", number, planned.fields["description"])
            return
        self.counts["report_failures"] += 1
        log.warning("nobody took a report: %s", why)

    def _post(self, planned: Planned, key: str) -> str:
        """The number that the server gave. Raises OSError or ValueError."""
        body, kind = multipart({"api_key": key, **planned.fields}, planned.photo)
        request = urllib.request.Request(self._url, body, {"Content-Type": kind}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return str(json.load(answer)[0]["service_request_id"])
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode("utf-8", "replace")
            raise ValueError(f"HTTP {error.code}: {said}") from None


def multipart(fields: dict[str, str], photo: bytes) -> tuple[bytes, str]:
    """A form with a file ``media``: its bytes and their content type."""
    mark = "sizao-report-7f3a9c"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    parts.append(
        f'--{mark}\r\nContent-Disposition: form-data; name="media"; filename="photo.png"\r\n'
        "Content-Type: image/png\r\n\r\n".encode()
    )
    parts += [photo, f"\r\n--{mark}--\r\n".encode()]
    return b"".join(parts), f"multipart/form-data; boundary={mark}"


@cache
def scene(service: str, light: int) -> bytes:
    """A drawn road with what the service is about on it, in one of four lights: a PNG."""
    height, width = 180, 240
    rows, columns = np.mgrid[0:height, 0:width]
    shade = 1.0 - 0.13 * light
    pixels = np.empty((height, width, 3), np.float64)
    pixels[:] = (118, 140, 104)  # slope
    pixels[:70] = (168, 196, 220)  # sky
    hill = rows > 70 - 26 * np.abs(np.sin(columns / 47.0 + light))
    pixels[hill & (rows <= 70)] = (96, 120, 92)
    depth = (rows - 70) / (height - 70)
    road = (rows > 70) & (np.abs(columns - width / 2) < 14 + 90 * depth)
    pixels[road] = (92, 94, 98)
    line = road & (np.abs(columns - width / 2) < 1 + 3 * depth) & ((rows // 10) % 2 == 0)
    pixels[line] = (235, 235, 230)
    _object(pixels, rows, columns, service)
    return png(np.clip(pixels * shade, 0, 255).astype(np.uint8))


def _object(pixels: np.ndarray, rows: np.ndarray, columns: np.ndarray, service: str) -> None:
    def box(top: int, bottom: int, left: int, right: int, colour: tuple[int, int, int]) -> None:
        pixels[top:bottom, left:right] = colour

    def disc(row: int, column: int, radius: int, colour: tuple[int, int, int]) -> None:
        pixels[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = colour

    match service:
        case "crash" | "persuasion":
            box(104, 132, 84, 128, (196, 60, 52))
            disc(133, 94, 7, (30, 30, 32))
            disc(133, 119, 7, (30, 30, 32))
            if service == "crash":
                box(98, 130, 126, 172, (236, 236, 238))
                disc(132, 136, 7, (30, 30, 32))
                disc(132, 162, 7, (30, 30, 32))
        case "obstruction":
            for row, column, radius in ((128, 96, 13), (136, 120, 17), (124, 138, 10)):
                disc(row, column, radius, (122, 110, 98))
        case "hazard":
            box(112, 116, 10, 92, (210, 212, 214))
            box(112, 116, 150, 232, (210, 212, 214))
            disc(146, 118, 15, (58, 56, 56))
        case "signal_fault":
            box(40, 130, 176, 180, (60, 62, 66))
            box(34, 74, 168, 188, (36, 38, 42))
            for row in (42, 54, 66):
                disc(row, 178, 4, (74, 76, 80))
        case "weather":
            pixels[(rows > 120) & (np.abs(columns - 130) < 84)] = (116, 138, 156)
