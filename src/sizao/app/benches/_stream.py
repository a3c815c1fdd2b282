"""Load for the pipeline's benchmark, run as a process of its own.

``python -m sizao.app.benches._stream FILE PORT SECONDS RATE FIRST STATUS BEFORE`` logs in as four
lower platforms of JT/T 809 (2011) and sends the frames of FILE, of some hours, lap after lap. Each
simulated vehicle is sent as many: under one plate, and :data:`APART_S` later under the next. Each
lap begins an hour after the one before has ended. Plate, day and hour in each frame are replaced,
its check sum corrected and the frame escaped anew, in a compiled loop, so that no position comes
twice and hours of a large fleet take little memory. RATE positions a second altogether; with 0 as
fast as the pipeline takes them, which is read from its heartbeat in STATUS: no more than
:data:`WINDOW` positions are on their way. FIRST is the number of the first lap, BEFORE how many
positions the pipeline had handled.
"""

from __future__ import annotations

import binascii
import json
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.app.benches._frames import FRAME, SIZE
from sizao.app.benches._platforms import City, Pass
from sizao.core.clock import SHANGHAI
from sizao.core.loads import (
    BLOCK,
    address,
    copy_block,
    find,
    get32,
    get64,
    lowest_bit,
    put8,
    put32,
    put64,
    put_u16,
    u8,
    u16,
)
from sizao.core.tied import watch_parent

Ints: TypeAlias = npt.NDArray[np.int64]

LINKS = 4
APART_S = 1.25
"""A simulated vehicle's further plates report so much after each other."""
SILENCE = timedelta(hours=1)
"""Between two laps."""
CHUNK = 2_500
"""Frames sent at a time, about: some 230 KB."""
WINDOW = 4_000_000

_PLATE, _DATE, _CRC = (
    int(FRAME.fields[name][1])  # type: ignore[index]  # all exist
    for name in ("plate", "day", "crc")
)
_PLATE_SIZE = 21
_HOUR = 4
"""Bytes from the day to the hour."""
_DATE_SIZE = _HOUR + 1
LONGEST = 2 * SIZE + 2
_GROUP = 16
"""Frames changed before the first of them is escaped: to read what has just been written in other
pieces makes the processor wait."""


@njit(cache=True, nogil=True)
def _render(
    frames: int,
    starts: Ints,
    ends: Ints,
    who: Ints,
    vehicles: int,
    plates: int,
    plate_changes: Ints,
    dates: int,
    date_changes: Ints,
    first_hour: int,
    scratch: int,
    out: int,
) -> int:
    """Write frames with other plates and dates, delimited and escaped. Returns the end.

    frames : address of SIZE bytes a frame and BLOCK more behind the last
    starts, ends : which frames are sent under the first plates, the second, and so on
    who : simulated vehicle of each frame; ``vehicles`` is how many there are
    plates : address of 21 bytes for each vehicle under its first plate, then under its second ...
    plate_changes : what each of them does to the check sum
    dates, date_changes : address of day, month, year and hour for each hour from ``first_hour``
        on, and what that does to the check sum
    """
    to = out
    for turn in range(len(starts)):
        for first in range(starts[turn], ends[turn], _GROUP):
            last = min(first + _GROUP, ends[turn])
            place: Any = scratch
            for number in range(first, last):
                frame = frames + number * SIZE
                for k in range(0, SIZE, BLOCK):
                    copy_block(place + k, frame + k)
                vehicle = turn * vehicles + who[number]
                hour = u8(frame + _DATE + _HOUR) - first_hour
                plate = plates + vehicle * _PLATE_SIZE
                for k in (0, 8, _PLATE_SIZE - 8):
                    put64(place + _PLATE + k, get64(plate + k))
                date = dates + hour * _DATE_SIZE
                for k in (0, _DATE_SIZE - 4):
                    put32(place + _DATE + k, get32(date + k))
                change = plate_changes[vehicle] ^ date_changes[hour]
                put_u16(place + _CRC, u16(frame + _CRC) ^ change)
                place += SIZE
            for ready in range(scratch, place, SIZE):
                put8(to, 0x5B)
                to = _escaped(ready, to + 1)
                put8(to, 0x5D)
                to += 1
    return to


@njit(cache=True, inline="always")
def _escaped(frame: int, to: int) -> int:
    """Write a frame's bytes escaped. Returns the end."""
    for k in range(0, SIZE, BLOCK):
        at = frame + k
        size = min(SIZE - k, BLOCK)
        bits: Any = find(at, 0x5A) | find(at, 0x5B) | find(at, 0x5D) | find(at, 0x5E)
        bits &= (1 << size) - 1
        done: Any = 0
        copy_block(to, at)
        while bits:
            special = lowest_bit(bits)
            bits &= bits - 1
            to += special - done
            done = special + 1
            value = u8(at + special)
            put8(to, 0x5A if value < 0x5C else 0x5E)
            put8(to + 1, 1 if value == 0x5B or value == 0x5D else 2)
            to += 2
            # What is left of the block, and more, which is written over.
            copy_block(to, at + done)
        to += size - done
    return to


@dataclass(frozen=True)
class Recorded:
    """A lap of one link."""

    frames: npt.NDArray[np.void]
    """Dtype FRAME, under the first plates, in the order in which they came."""
    came_s: npt.NDArray[np.float64]
    """When each came, from the lap's beginning."""
    who: npt.NDArray[np.int64]
    """Simulated vehicle of each."""
    plates: npt.NDArray[np.bytes_]
    """Shape (doubles, vehicles), GBK, dtype S21."""

    def save(self, to: dict[str, Any], name: str) -> None:
        """Put plain arrays to what goes into a file."""
        to[f"{name}.frames"] = self.frames.view(np.uint8).reshape(len(self.frames), -1)
        to[f"{name}.came_s"], to[f"{name}.who"] = self.came_s, self.who
        to[f"{name}.plates"] = self.plates

    @classmethod
    def load(cls, kept: Any, name: str) -> Recorded:
        frames = kept[f"{name}.frames"].view(FRAME).reshape(-1)
        return cls(frames, *(kept[f"{name}.{part}"] for part in ("came_s", "who", "plates")))


class Lap:
    """The frames of one link, under all plates, with the dates of one lap after the other."""

    def __init__(self, recorded: Recorded) -> None:
        count = len(recorded.frames)
        self.came_s = recorded.came_s
        self.hours = int(np.ceil(self.came_s.max() / 3600))
        """A lap lasts so long, the last reports of further plates left out."""
        self._frames = np.zeros(count + 1, FRAME)  # one more: blocks reach beyond the last
        self._frames[:-1] = recorded.frames
        self._who = recorded.who.astype(np.int64)
        self._apart_s = np.arange(len(recorded.plates)) * APART_S
        self._vehicles = recorded.plates.shape[1]
        self._plates = np.ascontiguousarray(recorded.plates).view(np.uint8).reshape(-1)
        self._plate_changes = _plate_changes(recorded.plates)
        hours = recorded.frames["hour"]
        self._first_hour, last_hour = int(hours.min()), int(hours.max())
        self._dates = np.zeros((last_hour - self._first_hour + 1, _DATE_SIZE), np.uint8)
        self._date_changes = np.zeros(len(self._dates), np.int64)
        self._scratch = np.zeros(_GROUP * SIZE + BLOCK, np.uint8)
        self._out = np.zeros(0, np.uint8)
        self.step_s = max(CHUNK * self.came_s.max() / (count * len(self._apart_s)), 0.1)
        """Seconds of a lap that are sent at a time."""

    @property
    def end_s(self) -> float:
        """When the last plate's last report comes."""
        return float(self.came_s.max() + self._apart_s[-1]) + 0.001

    def begin(self, moment: datetime) -> None:
        """This is the first hour of the lap from here on."""
        first = self._frames[:1].copy()
        for number in range(len(self._dates)):
            first["hour"] = self._first_hour + number
            before = first.tobytes()[:_CRC]
            then = moment + timedelta(hours=number)
            changed = first.copy()
            changed["day"], changed["month"], changed["year"] = then.day, then.month, then.year
            changed["hour"] = then.hour
            after = changed.tobytes()[:_CRC]
            self._dates[number] = np.frombuffer(after, np.uint8)[_DATE : _DATE + _DATE_SIZE]
            # The check sum is linear: the same bits at the same place change it in the same way.
            change = binascii.crc_hqx(before, 0xFFFF) ^ binascii.crc_hqx(after, 0xFFFF)
            self._date_changes[number] = change

    def bytes_of(self, from_s: float, until_s: float) -> tuple[memoryview, int]:
        """What comes in these seconds of the lap as it is sent, valid until the next call, and how
        many frames that is."""
        starts = np.searchsorted(self.came_s, from_s - self._apart_s)
        ends = np.searchsorted(self.came_s, until_s - self._apart_s)
        count = int((ends - starts).sum())
        if len(self._out) < count * LONGEST + BLOCK:
            self._out = np.zeros(2 * count * LONGEST + BLOCK, np.uint8)
        out = address(self._out)
        end = _render(
            address(self._frames),
            starts,
            ends,
            self._who,
            self._vehicles,
            address(self._plates),
            self._plate_changes,
            address(self._dates),
            self._date_changes,
            self._first_hour,
            address(self._scratch),
            out,
        )
        return self._out.data[: end - out], count


def _plate_changes(plates: npt.NDArray[np.bytes_]) -> Ints:
    """What each plate in the place of its vehicle's first one does to the check sum."""
    many = np.ascontiguousarray(plates).view(np.uint8).reshape(*plates.shape, _PLATE_SIZE)
    found = np.zeros(plates.shape, np.int64)
    behind = bytes(_CRC - _PLATE - _PLATE_SIZE)
    for place in np.ndindex(*plates.shape):
        # Zeros before the first bit that differs do not count.
        found[place] = binascii.crc_hqx((many[place] ^ many[0, place[1]]).tobytes() + behind, 0)
    return found.reshape(-1)


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
        lap = self._lap
        while True:
            lap.begin(self.base + (timedelta(hours=lap.hours) + SILENCE) * (self.first + self.laps))
            for from_s in np.arange(0.0, lap.end_s, lap.step_s):
                while not self.rate and self._flow.full and time.perf_counter() < self.until:
                    time.sleep(0.01)
                if time.perf_counter() >= self.until:
                    return
                data, count = lap.bytes_of(from_s, from_s + lap.step_s)
                self._socket.sendall(data)
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
        laps = [Lap(Recorded.load(kept, f"link{number}")) for number in range(LINKS)]
    streams = [Stream(int(port), number + 1, lap, flow) for number, lap in enumerate(laps)]
    laps[0].bytes_of(0.0, laps[0].step_s)  # compiled before the clock runs
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
