"""What a run leaves: delay of every vehicle, and for one run where everybody was."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from defusedxml.ElementTree import iterparse, parse

from sizao.core.errors import ConfigError
from sizao.plan.microsim.network import CENTRE, links
from sizao.plan.signals.junction import Junction


def linked(net: Path, junction: Junction) -> dict[int, str]:
    """Movement of each link of the signal, by the number netconvert gave it."""
    named = {(start, end): movement for start, end, _, _, movement in links(junction)}
    found = {}
    for one in parse(net).getroot().iter("connection"):
        if one.get("tl") == CENTRE:
            found[int(one.get("linkIndex"))] = named[one.get("from"), one.get("to")]
    if not found:
        raise ConfigError("netconvert made a junction without a signal")
    return found


@dataclass(frozen=True)
class Trips:
    """One run. delay_s : mean over vehicles, waiting to get in included; stops : mean a vehicle.

    unserved : vehicles that were not through when the run ended
    """

    vehicles: int
    delay_s: float
    stops: float
    unserved: int


def trips(path: Path, warmup_s: float) -> Trips:
    """Vehicles that wanted to start after the warm-up.

    Delay is time lost against free driving plus waiting at the edge of the network for room.
    """
    count = unserved = 0
    delay = stops = 0.0
    for _, one in iterparse(path):
        if one.tag != "tripinfo":
            continue
        waited = float(one.get("departDelay"))
        departed = float(one.get("depart"))
        wanted = departed - max(waited, 0.0) if departed >= 0 else math.inf
        if wanted >= warmup_s:
            count += 1
            delay += float(one.get("timeLoss")) + max(waited, 0.0)
            stops += float(one.get("waitingCount"))
            unserved += float(one.get("arrival")) < 0
        one.clear()
    if not count:
        raise ConfigError("no vehicle got through the simulated junction")
    return Trips(count, delay / count, stops / count, unserved)


MAGIC = b"SZJ1"
_HEAD = struct.Struct("<4sHHHH")
_ROW = struct.Struct("<HhhBB")
SCALE = 20.0
"""Units a metre: positions are whole twentieths of a metre, within 1.6 km."""


def film(path: Path, begin_s: int, end_s: int) -> bytes:
    """Positions second by second, as the page plays them.

    Little endian: ``SZJ1``, first second, frames, scale, rows of 8 bytes; then each frame: number
    of vehicles (u16) and for each its number (u16), east and north in 1/SCALE m (i16), heading in
    256ths of a turn (u8), 1 if heavy (u8). Source: SUMO's floating car data output.
    """
    frames: list[bytes] = []
    rows: list[bytes] = []
    for event, one in iterparse(path, events=("start", "end")):
        if one.tag == "timestep" and event == "start":
            rows = []
        elif one.tag == "vehicle" and event == "end":
            rows.append(_row(one.attrib))
        elif one.tag == "timestep" and event == "end":
            if begin_s <= float(one.get("time")) < end_s:
                frames.append(struct.pack("<H", len(rows)) + b"".join(rows))
            one.clear()
    return _HEAD.pack(MAGIC, begin_s, len(frames), int(SCALE), _ROW.size) + b"".join(frames)


def _row(found: Mapping[str, str]) -> bytes:
    x, y = (round(max(-1600, min(1600, float(found[name]))) * SCALE) for name in "xy")
    return _ROW.pack(
        int(found["id"]) & 0xFFFF, x, y,
        int(float(found["angle"]) / 360 * 256) & 0xFF, int(found.get("type") == "heavy"),
    )  # fmt: skip
