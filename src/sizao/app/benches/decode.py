"""``sizao bench decode``: JT/T 808 frames a second on one core, from bytes to Arrow columns.

Plain: 2013-form 0x0200 reports with the usual items, all different. Mixed: 0x0200 and 0x0704 in
the proportions of the golden vectors: both header forms, active-safety items, vendor items,
escapes, batches; what the loop refuses goes through the Python path, and its time counts. Both
are read 1 MiB at a time, as from a file, and end as record batches. Generation is not timed.

Baselines, on the plain frames: a bare decoder of a few lines around ``struct``, which checks the
checksum and the length and makes one tuple a frame, and the Python path that a session takes for
a frame on its own.
"""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from sizao.feeds.jt808.batch import encode_batch, split_batch
from sizao.feeds.jt808.bulk import decode_bulk
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.fields import time_us
from sizao.feeds.jt808.framing import Framer, checksum
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.positions import position_batch, position_row
from sizao.feeds.jt808.problems import Malformed

START_US = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC, event time of the first report."""
RECEIVED_US = START_US + 10**12

CHUNK = 1 << 20
"""Bytes decoded at a time."""


def run(quick: bool = False) -> dict[str, Any]:
    """Frames a second; ``quick`` takes a twentieth of the frames and three runs."""
    distinct, copies, runs = (5_000, 1, 3) if quick else (100_000, 5, 9)
    plain, mixed = _plain(distinct), _mixed(distinct)
    buffer, mixed_buffer = b"".join(plain) * copies, b"".join(mixed) * copies
    # The first call loads or compiles the loop.
    _columns(b"".join(plain[:10]))
    frames = distinct * copies
    plain_runs = _rates(runs, frames, lambda: _columns(buffer)[0])
    mixed_runs = _rates(runs, frames, lambda: _columns(mixed_buffer)[0])
    some = b"".join(plain[: distinct // 5])
    struct_runs = _rates(min(runs, 5), distinct // 5, lambda: _by_struct(some))
    python_runs = _rates(min(runs, 5), distinct // 5, lambda: _python_path(some))
    _, positions, python = _columns(mixed_buffer)
    value, baseline = median(plain_runs), median(struct_runs)
    return {
        "name": "decode",
        "unit": "frames/s",
        "value": round(value),
        "runs": len(plain_runs),
        "baseline": {"name": "plain struct decoder in Python", "value": round(baseline)},
        "ratio": round(value / baseline, 1),
        "plain_frames_per_s": round(value),
        "plain_range": [round(min(plain_runs)), round(max(plain_runs))],
        "plain_bytes_per_s": round(value * len(buffer) / frames),
        "python_path_frames_per_s": round(median(python_runs)),
        "mixed_frames_per_s": round(median(mixed_runs)),
        "mixed_range": [round(min(mixed_runs)), round(max(mixed_runs))],
        "mixed_positions_per_s": round(median(mixed_runs) * positions / frames),
        "mixed_bytes_per_s": round(median(mixed_runs) * len(mixed_buffer) / frames),
        "mixed_frames_by_python": python // copies,
        "frames": frames,
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


def _columns(buffer: bytes) -> tuple[int, int, int]:
    """Record batches of everything; returns frames, positions, frames by the Python path."""
    frames = positions = python = 0
    pending = b""
    for at in range(0, len(buffer), CHUNK):
        found = decode_bulk(pending + buffer[at : at + CHUNK], RECEIVED_US)
        pending = found.pending
        frames += found.frames
        positions += len(found.positions) + len(position_batch(_rest(found.rest)))
        python += len(found.rest)
    return frames, positions, python


def _rest(raws: list[tuple[int, bytes]]) -> list[Any]:
    """What a session makes of a report that the loop refused."""
    rows = []
    for _, raw in raws:
        try:
            frame = open_frame(raw)
        except Malformed:
            continue
        stores = frame.header.message_id == 0x0704
        for body in split_batch(frame.body)[2] if stores else [frame.body]:
            row, _ = position_row(body, frame.header.phone, RECEIVED_US, catch_up=stores)
            if row is not None:
                rows.append(row)
    return rows


def _python_path(buffer: bytes) -> int:
    """Framing, checks and one row a report, without the compiled loop."""
    rows = []
    for raw in Framer(len(buffer)).feed(buffer):
        frame = open_frame(raw)
        rows.append(position_row(frame.body, frame.header.phone, RECEIVED_US)[0])
    return len(rows)


_HEAD = struct.Struct(">HH6sHIIIIHHH6s")


def _by_struct(buffer: bytes) -> int:
    """What one would write first: split, unescape, check, unpack, walk the items."""
    rows = []
    for raw in buffer.split(b"\x7e"):
        if not raw:
            continue
        plain = raw.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
        if checksum(plain) or plain[2] << 8 | plain[3] != len(plain) - 13:
            continue
        _, _, phone, serial, alarm, status, lat, lon, high, speed, course, at = _HEAD.unpack_from(
            plain
        )
        mileage = recorder = None
        offset, end = _HEAD.size, len(plain) - 1
        while offset < end:
            item, length = plain[offset], plain[offset + 1]
            if item == 1:
                mileage = int.from_bytes(plain[offset + 2 : offset + 6], "big") / 10
            elif item == 3:
                recorder = int.from_bytes(plain[offset + 2 : offset + 4], "big") / 10
            offset += 2 + length
        rows.append(
            (
                phone.hex().lstrip("0"),
                time_us(at),
                -lat / 1e6 if status & 4 else lat / 1e6,
                -lon / 1e6 if status & 8 else lon / 1e6,
                speed / 10,
                course,
                high,
                recorder,
                mileage,
                alarm,
                status,
                serial,
            )
        )
    return len(rows)


def _body(number: int, chance: random.Random, items: list[dict[str, Any]] | None = None) -> bytes:
    usual: list[dict[str, Any]] = [
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
        items=usual if items is None else items,
    )


def _plain(count: int) -> list[bytes]:
    chance = random.Random(808)
    return [
        encode_frame(0x0200, str(13_900_000_000 + n % 20_000), n, _body(n, chance))
        for n in range(count)
    ]


def _safety(chance: random.Random) -> bytes:
    """One item 0x64 to 0x67 of random content and the right length."""
    item = chance.randrange(0x64, 0x68)
    length = {0x64: 47, 0x65: 47, 0x66: 41 + 9, 0x67: 41}[item]
    value = bytearray(chance.randbytes(length))
    if item == 0x66:
        value[40] = 1  # wheels
    return bytes((item, length)) + bytes(value)


def _items(number: int, chance: random.Random) -> list[dict[str, Any]]:
    """Items as the vectors have them: some of the usual, and vendors' of any id and length."""
    items: list[dict[str, Any]] = []
    for share, item in (
        (0.7, {"id": "0x01", "mileage_km": number / 10}),
        (0.3, {"id": "0x02", "fuel_l": 40.5}),
        (0.2, {"id": "0x03", "recorder_speed_kmh": chance.randrange(1000) / 10}),
        (0.1, {"id": "0x14", "video_alarm": 1}),
        (0.2, {"id": "0x25", "ext_signal_status": chance.randrange(1 << 31)}),
        (0.1, {"id": "0x2A", "io_status": 1}),
        (0.1, {"id": "0x2B", "analog_ad0": 3, "analog_ad1": 4}),
        (0.4, {"id": "0x30", "rssi": chance.randrange(32)}),
        (0.4, {"id": "0x31", "gnss_satellites": chance.randrange(25)}),
    ):
        if chance.random() < share:
            items.append(item)
    while chance.random() < 0.5:
        vendor = chance.randrange(0xE0, 0x100)
        value = chance.randbytes(chance.choice((1, 2, 4, 8, 20, 40)))
        items.append({"id": f"0x{vendor:02X}", "raw": value.hex()})
    return items


def _mixed(count: int) -> list[bytes]:
    """88 % reports, one in five of them with an active-safety item, and 12 % batches of one to
    eight; 15 % of the 2019 form; one frame in a thousand with a wrong checksum."""
    chance = random.Random(809)
    frames = []
    for n in range(count):
        phone = str(13_900_000_000 + n % 20_000)
        version = 2019 if chance.random() < 0.15 else 2013
        if chance.random() < 0.12:
            bodies = [
                _body(n - k, chance, _items(n, chance)[:4]) for k in range(chance.randint(1, 8))
            ]
            frame = encode_frame(0x0704, phone, n, encode_batch(bodies), version)
        else:
            body = _body(n, chance, _items(n, chance))
            if chance.random() < 0.2:
                body += _safety(chance)
            frame = encode_frame(0x0200, phone, n, body, version)
        if n % 1000 == 999:
            frame = frame[:12] + bytes((frame[12] ^ 0x40,)) + frame[13:]
        frames.append(frame)
    return frames
