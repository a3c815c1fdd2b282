"""Load for the pipeline's benchmark, run as a process of its own.

``python -m sizao.app.benches._stream FILE PORT SECONDS RATE FIRST STATUS BEFORE`` logs in as four
lower platforms of JT/T 809 (2011) and sends the frames of FILE, of one hour, lap after lap. Each
lap is two hours later than the one before: day and hour in each frame are replaced, its check sum
corrected and the frame escaped anew, in a compiled loop, so that no position comes twice. RATE
positions a second altogether; with 0 as fast as the pipeline takes them, which is read from its
heartbeat in STATUS: no more than :data:`WINDOW` positions are on their way. FIRST is the number of
the first lap, BEFORE how many positions the pipeline had handled.
"""

from __future__ import annotations

import binascii
import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from sizao.app.benches._platforms import City, Pass, params
from sizao.core.clock import SHANGHAI
from sizao.core.loads import BLOCK, address, copy_block, find, put8, put_u16, u8, u16
from sizao.core.tied import watch_parent
from sizao.feeds.jt809.header import VERSION_2011
from sizao.feeds.jt809.kernel import crc16

LINKS = 4
LAP = timedelta(hours=2)
CHUNK = 2_500
"""Frames sent at a time: some 230 KB."""
WINDOW = 4_000_000

FRAME = np.dtype(
    [
        ("length", ">u4"),
        ("serial", ">u4"),
        ("business", ">u2"),
        ("access_code", ">u4"),
        ("version", "u1", (3,)),
        ("enciphered", "u1"),
        ("key", ">u4"),
        ("plate", "S21"),
        ("colour", "u1"),
        ("sub", ">u2"),
        ("size", ">u4"),
        ("flag", "u1"),
        ("day", "u1"),
        ("month", "u1"),
        ("year", ">u2"),
        ("hour", "u1"),
        ("minute", "u1"),
        ("second", "u1"),
        ("lon", ">u4"),
        ("lat", ">u4"),
        ("speed", ">u2"),
        ("recorder", ">u2"),
        ("mileage", ">u4"),
        ("heading", ">u2"),
        ("altitude", ">u2"),
        ("status", ">u4"),
        ("alarm", ">u4"),
        ("crc", ">u2"),
    ]
)
"""0x1202 of 2011 without delimiters and escapes."""
SIZE = FRAME.itemsize
_DATE, _CRC = (int(FRAME.fields[name][1]) for name in ("day", "crc"))  # type: ignore[index]  # both exist
_DATE_SIZE = 5
LONGEST = 2 * SIZE + 2


def frames_of(
    rows: pa.Table, plates: npt.NDArray[np.bytes_], colours: npt.NDArray[np.uint8], link: int
) -> npt.NDArray[np.void]:
    """Frames of rows of POSITION, dtype FRAME.

    plates, colours : of each row, plates in GBK, dtype S21
    link : whose access code they bear, 0 to LINKS - 1
    """
    out = np.zeros(len(rows), FRAME)
    out["length"] = SIZE + 2
    out["business"], out["sub"], out["size"] = 0x1200, 0x1202, 36
    out["access_code"] = params("2011", link + 1).access_code
    out["version"] = np.frombuffer(VERSION_2011, np.uint8)
    out["plate"], out["colour"] = plates, colours
    seconds = _numbers(rows, "time", np.int64) // 1_000_000 + 8 * 3600
    days = (seconds // 86_400).astype("M8[D]")
    months = days.astype("M8[M]")
    out["day"] = (days - months.astype("M8[D]")).astype(int) + 1
    out["month"] = months.astype(int) % 12 + 1
    out["year"] = days.astype("M8[Y]").astype(int) + 1970
    out["hour"] = seconds // 3600 % 24
    out["minute"] = seconds // 60 % 60
    out["second"] = seconds % 60
    placed = np.asarray(rows["lat"].is_valid()) & np.asarray(rows["positioned"])
    for name, column in (("lat", "lat"), ("lon", "lon")):
        out[name] = np.where(placed, np.rint(_numbers(rows, column, np.float64) * 1e6), 0)
    for name, column in (
        ("speed", "speed_kmh"),
        ("recorder", "recorder_speed_kmh"),
        ("mileage", "mileage_km"),
        ("heading", "heading_deg"),
        ("altitude", "altitude_m"),
    ):
        out[name] = np.rint(_numbers(rows, column, np.float64))
    status = _numbers(rows, "status", np.int64)
    out["status"] = np.where(placed, status | 2, status & ~2)
    out["alarm"] = _numbers(rows, "alarm", np.int64)
    _seal(address(out), len(out))
    return out


def _numbers(rows: pa.Table, name: str, kind: Any) -> npt.NDArray[Any]:
    column = rows[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return pc.fill_null(column, 0).to_numpy().astype(kind)


@njit(cache=True, nogil=True)
def _seal(frames: int, count: int) -> None:
    """Put in the check sums."""
    for number in range(count):
        at = frames + number * SIZE
        put_u16(at + _CRC, crc16(at, at + _CRC))


@njit(cache=True, nogil=True)
def _render(frames: int, count: int, date: int, change: int, scratch: int, out: int) -> int:
    """Write frames with another date, delimited and escaped. Returns the end.

    frames : address of SIZE bytes a frame and BLOCK more behind the last
    date : address of day, month, year and hour
    change : what that does to the check sum
    """
    to = out
    for number in range(count):
        frame = frames + number * SIZE
        for k in range(0, SIZE, BLOCK):
            copy_block(scratch + k, frame + k)
        for k in range(_DATE_SIZE):
            put8(scratch + _DATE + k, u8(date + k))
        put_u16(scratch + _CRC, u16(frame + _CRC) ^ change)
        put8(to, 0x5B)
        to += 1
        for k in range(0, SIZE, BLOCK):
            at = scratch + k
            size = min(SIZE - k, BLOCK)
            bits = find(at, 0x5A) | find(at, 0x5B) | find(at, 0x5D) | find(at, 0x5E)
            if bits & ((1 << size) - 1) == 0:
                copy_block(to, at)
                to += size
                continue
            for i in range(size):
                value = u8(at + i)
                if 0x5A <= value <= 0x5E and value != 0x5C:
                    put8(to, 0x5A if value < 0x5C else 0x5E)
                    put8(to + 1, 1 if value == 0x5B or value == 0x5D else 2)
                    to += 2
                else:
                    put8(to, value)
                    to += 1
        put8(to, 0x5D)
        to += 1
    return to


class Lap:
    """The frames of one link with the date of one lap after the other."""

    def __init__(self, frames: npt.NDArray[np.void]) -> None:
        self.frames = np.zeros(len(frames) + 1, FRAME)  # one more: blocks reach beyond the last
        self.frames[:-1] = frames
        self._date = np.zeros(_DATE_SIZE, np.uint8)
        self._change = 0
        self._scratch = np.zeros(SIZE + BLOCK, np.uint8)
        self._out = np.zeros(CHUNK * LONGEST + BLOCK, np.uint8)

    def __len__(self) -> int:
        return len(self.frames) - 1

    def begin(self, moment: datetime) -> None:
        """Day and hour of this moment from here on."""
        first = self.frames[:1].copy()
        before = first.tobytes()[:_CRC]
        first["day"], first["month"], first["year"] = moment.day, moment.month, moment.year
        first["hour"] = moment.hour
        after = first.tobytes()[:_CRC]
        self._date[:] = np.frombuffer(after, np.uint8)[_DATE : _DATE + _DATE_SIZE]
        # The check sum is linear: the same bits at the same place change it in the same way.
        self._change = binascii.crc_hqx(before, 0xFFFF) ^ binascii.crc_hqx(after, 0xFFFF)

    def bytes_of(self, first: int, count: int) -> memoryview:
        """``count`` frames as they are sent; valid until the next call."""
        out = address(self._out)
        end = _render(
            address(self.frames) + first * SIZE,
            count,
            address(self._date),
            self._change,
            address(self._scratch),
            out,
        )
        return self._out.data[: end - out]


class Flow:
    """How many positions are on their way."""

    def __init__(self, status: Path, before: int) -> None:
        self._status = status
        self._before = before
        self._turn = threading.Lock()
        self.sent = self.handled = 0

    def look(self) -> None:
        """Read what the pipeline says of itself."""
        try:
            counters = json.loads(self._status.read_bytes())["counters"]
        except (OSError, ValueError, KeyError):
            return
        self.handled = counters["positions"] - self._before

    def add(self, count: int) -> None:
        with self._turn:
            self.sent += count

    @property
    def full(self) -> bool:
        return self.sent - self.handled > WINDOW


class Stream(City):
    """One lower platform that sends laps."""

    def __init__(self, port: int, number: int, lap: Lap, flow: Flow) -> None:
        super().__init__("2011", port, number, Pass(b"", 0, 0, 0))
        self._lap = lap
        self._flow = flow
        self.rate = 0.0
        self.first = 0
        self.laps = 0
        self.base = datetime.now(SHANGHAI)

    def load(self) -> None:
        began = time.perf_counter()
        sent = 0
        while True:
            self._lap.begin(self.base + LAP * (self.first + self.laps))
            for at in range(0, len(self._lap), CHUNK):
                while not self.rate and self._flow.full and time.perf_counter() < self.until:
                    time.sleep(0.01)
                if time.perf_counter() >= self.until:
                    return
                count = min(CHUNK, len(self._lap) - at)
                self._socket.sendall(self._lap.bytes_of(at, count))
                self._flow.add(count)
                sent += count
                if self.rate:
                    time.sleep(max(began + sent / self.rate - time.perf_counter(), 0.0))
            self.laps += 1


def base_of(now: datetime) -> datetime:
    """The hour of lap 0: a hundred days ago, so that hundreds of laps lie in the past."""
    day = (now - timedelta(days=100)).astimezone(SHANGHAI)
    return day.replace(hour=10, minute=0, second=0, microsecond=0)


def main(words: list[str]) -> None:
    path, port, seconds, rate, first, status, before = words
    loading = time.perf_counter()
    flow = Flow(Path(status), int(before))
    with np.load(path) as kept:
        laps = [Lap(kept[f"link{number}"].view(FRAME).reshape(-1)) for number in range(LINKS)]
    streams = [Stream(int(port), number + 1, lap, flow) for number, lap in enumerate(laps)]
    laps[0].bytes_of(0, 1)  # compiled before the clock runs
    base = base_of(datetime.now(UTC))
    before_s, began = time.process_time(), time.perf_counter()
    for one in streams:
        one.base, one.first, one.rate = base, int(first), float(rate) / LINKS
        one.until = began + float(seconds)
        one.start()
    while any(one.is_alive() for one in streams):
        flow.look()
        time.sleep(0.1)
    cpu_s = time.process_time() - before_s
    figures = {
        "sent": flow.sent,
        "took_s": max(one.done_at for one in streams) - began,
        "cpu_s": cpu_s,
        "ready_s": began - loading,
        "next_lap": int(first) + max(one.laps for one in streams) + 1,
        "problems": [one.problem for one in streams if one.problem],
    }
    for one in streams:
        one.close()
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    watch_parent()
    main(sys.argv[1:])
