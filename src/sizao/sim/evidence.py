"""Pictures of alarms: drawn when the platform asks for them (0x9208), and sent (0x1210 to 0x1212).

Every picture says SIMULATED across its whole width. It shows a road or a cabin made of boxes,
nobody's vehicle and nobody's face.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections import deque
from datetime import datetime
from typing import Any, Protocol

from PIL import Image, ImageDraw

from sizao.feeds.jt808.alarms import FAMILIES, KINDS
from sizao.sim.fleet import Fleet
from sizao.sim.uploader import File, UploadRefused, upload

log = logging.getLogger("sizao.sim")

AT_ONCE = 4
"""Uploads under way: more would take the processor from the vehicles."""
MOST_WAITING = 200
"""Requests kept; a real camera has room for some hundred alarms, the oldest go first."""
WIDTH, HEIGHT = 480, 270

_ADAS_CHANNEL, _DSM_CHANNEL = 64, 65
"""Channels of the road camera and of the driver camera, T/JSATL 12."""


class Speaker(Protocol):
    """What is asked of the terminals."""

    alarms: Any

    def edition(self, vehicle: int) -> str: ...


class AlarmFiles:
    """The pictures of all vehicles. :meth:`run` sends what was asked for, until cancelled."""

    def __init__(self, fleet: Fleet, terminals: Speaker) -> None:
        self._fleet = fleet
        self._terminals = terminals
        self._waiting: deque[tuple[int, dict[str, Any]]] = deque(maxlen=MOST_WAITING)
        self._more = asyncio.Event()
        self._at_work = 0
        self.counts = {"wanted": 0, "sent": 0, "refused": 0}

    @property
    def busy(self) -> bool:
        """Something is asked for and not sent yet."""
        return bool(self._waiting) or self._at_work > 0

    def wanted(self, vehicle: int, request: dict[str, Any]) -> None:
        """The platform wants the files of an alarm; ``request`` is a decoded 0x9208."""
        self.counts["wanted"] += 1
        self._waiting.append((vehicle, request))
        self._more.set()

    async def run(self) -> None:
        await asyncio.gather(*(self._work() for _ in range(AT_ONCE)))

    async def _work(self) -> None:
        while True:
            while not self._waiting:
                self._more.clear()
                await self._more.wait()
            vehicle, request = self._waiting.popleft()
            files = self.files(vehicle, request)
            phone, version = self._fleet.phone[vehicle], self._terminals.edition(vehicle)
            self._at_work += 1
            try:
                await upload(request, files, phone, version)
            except (OSError, TimeoutError, UploadRefused) as error:
                self.counts["refused"] += 1
                log.warning("pictures of %s were not taken: %s", phone, error)
            else:
                self.counts["sent"] += len(files)
            finally:
                self._at_work -= 1

    def files(self, vehicle: int, request: dict[str, Any]) -> list[File]:
        """Two pictures of the alarm that a request names."""
        ident = request["alarm_ident"]
        when = ident["time"] or "2026-01-01T00:00:00+08:00"
        at = vehicle, int(datetime.fromisoformat(when).timestamp())
        kind = self._terminals.alarms.get(at, "dsm.fatigue")
        plate = self._fleet.register["plate"][vehicle].as_py() or ""
        family, _, word = kind.partition(".")
        item = next(number for number, one in FAMILIES.items() if one == family)
        number = next(code for code, one in KINDS[family].items() if one == word)
        channel = _DSM_CHANNEL if family == "dsm" else _ADAS_CHANNEL
        return [
            File(
                # T/JSATL 12 on names: type, channel, alarm, number, the platform's alarm number.
                f"00_{channel}_{item:02X}{number:02X}_{index}_{request['alarm_number']}.jpg",
                0,
                draw(kind, plate, when, index),
            )
            for index in range(ident["attachment_count"])
        ]


def draw(kind: str, plate: str, when: str, index: int) -> bytes:
    """A JPEG of what a camera saw, some 10 kB."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), (46, 52, 60))
    pen = ImageDraw.Draw(picture)
    (_cabin if kind.startswith("dsm.") else _road)(pen, kind, index)
    # The default font has no Chinese: of a plate the province's letter is left out.
    plain = plate.encode("ascii", "ignore").decode()
    pen.rectangle((0, 0, WIDTH, 26), fill=(0, 0, 0))
    pen.text((8, 5), f"{plain}  {kind}  {when[:19]}  {index + 1}", fill=(255, 255, 255))
    pen.rectangle((0, HEIGHT - 34, WIDTH, HEIGHT), fill=(180, 30, 30))
    pen.text((WIDTH // 2 - 130, HEIGHT - 28), "SIMULATED", fill=(255, 255, 255), font_size=24)
    pen.text((WIDTH // 2 + 20, HEIGHT - 24), "no real vehicle, no person", fill=(255, 255, 255))
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=80)
    return output.getvalue()


def _cabin(pen: ImageDraw.ImageDraw, kind: str, index: int) -> None:
    """A wheel, a seat, a round head without a face."""
    pen.rectangle((0, 27, WIDTH, 120), fill=(150, 180, 205))
    pen.rectangle((150, 110, 330, HEIGHT), fill=(70, 60, 55))
    tilt = 26 if kind == "dsm.fatigue" else -30 if kind == "dsm.distraction" else 0
    left = 195 + tilt + 4 * index
    pen.ellipse((left, 70 + abs(tilt) // 2, left + 90, 160 + abs(tilt) // 2), fill=(205, 170, 140))
    pen.arc((110, 170, 370, 330), 180, 360, fill=(25, 25, 25), width=12)
    if kind == "dsm.phone":
        pen.rectangle((left + 86, 95, left + 102, 140), fill=(20, 20, 25))
    elif kind == "dsm.smoking":
        pen.line((left + 45, 142, left + 85, 150), fill=(240, 240, 240), width=5)


def _road(pen: ImageDraw.ImageDraw, kind: str, index: int) -> None:
    """A lane and the box ahead: large when it is too close."""
    pen.rectangle((0, 27, WIDTH, 120), fill=(160, 190, 215))
    pen.polygon(((200, 120), (280, 120), (WIDTH, HEIGHT), (0, HEIGHT)), fill=(85, 85, 90))
    shift = 70 if kind == "adas.lane_departure" else 0
    for step in range(4):
        y = 130 + 36 * step
        pen.line((240 - shift, y, 240 - shift - 6 * step, y + 18), fill=(245, 245, 245), width=4)
    size = {"adas.too_close": 110, "adas.forward_collision": 150}.get(kind, 50) + 8 * index
    pen.rectangle((240 - size // 2, 130, 240 + size // 2, 130 + size * 2 // 3), fill=(210, 160, 40))
