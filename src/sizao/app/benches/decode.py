"""``sizao bench decode``: JT/T 808 frames a second on one core.

Plain: 2013-form 0x0200 reports with the usual items, all different, in one buffer, through the
compiled loop. Mixed: what a link really carries, where the loop hands everything but plain
reports to the Python path, whose time counts. Baseline: the Python path alone on the same plain
frames, to the same columns. Generation is not timed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from sizao.feeds.jt808.batch import encode_batch, split_batch
from sizao.feeds.jt808.bulk import Bulk, decode_bulk
from sizao.feeds.jt808.decode import decode_body, open_frame
from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.framing import Framer
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.positions import position_row
from sizao.feeds.jt808.problems import Malformed

START_US = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC, event time of the first report."""
_ADAS = b"\x64\x2f" + bytes(range(47))
"""A driving-assistance item, 0x64."""


def run(quick: bool = False) -> dict[str, Any]:
    """Frames a second; ``quick`` takes a twentieth of the frames and three runs."""
    distinct, copies, runs = (5_000, 1, 3) if quick else (100_000, 5, 9)
    plain = _plain(distinct)
    mixed = _mixed(distinct)
    buffer = b"".join(plain) * copies
    mixed_buffer = b"".join(mixed) * copies
    # The first call loads or compiles the loop.
    decode_bulk(b"".join(plain[:10]))
    plain_runs = _rates(runs, distinct * copies, lambda: decode_bulk(buffer).frames)
    mixed_runs = _rates(runs, distinct * copies, lambda: _both_paths(mixed_buffer))
    some = b"".join(plain[: distinct // 5])
    python_runs = _rates(min(runs, 5), distinct // 5, lambda: _python_path(some))
    value, python = median(plain_runs), median(python_runs)
    return {
        "name": "decode",
        "unit": "frames/s",
        "value": round(value),
        "runs": len(plain_runs),
        "baseline": {"name": "Python path, plain frames", "value": round(python)},
        "ratio": round(value / python, 1),
        "plain_frames_per_s": round(value),
        "plain_range": [round(min(plain_runs)), round(max(plain_runs))],
        "plain_bytes_per_s": round(value * len(buffer) / (distinct * copies)),
        "mixed_frames_per_s": round(median(mixed_runs)),
        "mixed_range": [round(min(mixed_runs)), round(max(mixed_runs))],
        "frames": distinct * copies,
        "distinct_frames": distinct,
    }


def _rates(runs: int, frames: int, work: Callable[[], int]) -> list[float]:
    """Frames a second of each run, by CPU time: other processes on the machine do not count."""
    rates = []
    for _ in range(runs):
        start = time.process_time()
        done = work()
        rates.append(frames / (time.process_time() - start))
        if done != frames:
            raise AssertionError(f"{done} of {frames} frames decoded")
    return rates


def _python_path(buffer: bytes) -> int:
    """Framing, checks and one row a report, without the compiled loop."""
    rows = []
    for raw in Framer(len(buffer)).feed(buffer):
        frame = open_frame(raw)
        rows.append(position_row(frame.body, frame.header.phone, START_US + 10**12)[0])
    return len(rows)


def _both_paths(buffer: bytes) -> int:
    """The loop, then what a session does with the rest: rows of batches, fields of others."""
    found: Bulk = decode_bulk(buffer)
    rows = []
    for _, raw in found.rest:
        try:
            frame = open_frame(raw)
        except Malformed:
            continue
        header = frame.header
        if header.message_id == 0x0704:
            for body in split_batch(frame.body)[2]:
                rows.append(position_row(body, header.phone, START_US + 10**12, catch_up=True))
        else:
            decode_body(header.message_id, frame.body, header.version)
    return found.frames


def _body(number: int, chance: random.Random) -> bytes:
    items: list[dict[str, Any]] = [
        {"id": "0x01", "mileage_km": number / 10},
        {"id": "0x02", "fuel_l": chance.randrange(4000) / 10},
        {"id": "0x03", "recorder_speed_kmh": chance.randrange(1000) / 10},
        {"id": "0x11", "overspeed_area_type": 0, "overspeed_area_id": None},
        {"id": "0x25", "ext_signal_status": chance.randrange(1 << 15)},
        {"id": "0x30", "rssi": chance.randrange(32)},
        {"id": "0x31", "gnss_satellites": chance.randrange(25)},
    ]
    return encode_location(
        time_us=START_US + number * 1_000_000,
        lat=26.05 + chance.random(),
        lon=101.2 + chance.random(),
        speed_kmh=chance.randrange(1000) / 10,
        heading_deg=chance.randrange(360),
        altitude_m=chance.randrange(900, 3000),
        items=items,
    )


def _plain(count: int) -> list[bytes]:
    chance = random.Random(808)
    return [
        encode_frame(0x0200, str(13_900_000_000 + n % 20_000), n, _body(n, chance))
        for n in range(count)
    ]


def _mixed(count: int) -> list[bytes]:
    """86 % reports (one in five of the 2019 form), 2 % with an active-safety item, 8 %
    heartbeats, 2 % batches of ten, 1 % driver cards out, 1 % with a wrong checksum."""
    chance = random.Random(809)
    frames = []
    for n in range(count):
        phone = str(13_900_000_000 + n % 20_000)
        draw = chance.randrange(100)
        body = _body(n, chance)
        if draw < 88:
            if draw < 2:
                body += _ADAS
            frames.append(encode_frame(0x0200, phone, n, body, 2019 if draw % 5 == 0 else 2013))
        elif draw < 96:
            frames.append(encode_frame(0x0002, phone, n, b""))
        elif draw < 98:
            frames.append(encode_frame(0x0704, phone, n, encode_batch([body] * 10)))
        elif draw < 99:
            frames.append(encode_frame(0x0702, phone, n, bytes.fromhex("02260101080000")))
        else:
            good = encode_frame(0x0002, phone, n, b"")
            frames.append(good[:-2] + bytes((good[-2] ^ 1,)) + good[-1:])
    return frames
