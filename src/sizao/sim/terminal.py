"""The terminals: true motion in, JT/T 808 frames with send times out. No sockets here.

Each measures with a receiver's errors, reports every 10 to 20 s (3 min with the engine off) and
has its quirks: 2013 or 2019 edition; no fix in tunnels; no radio in some tunnels and on some
mountain roads, after which stored reports follow in 0x0704 before live ones go on; one report in
a hundred sent twice and one held up by 20 to 80 s; driver cards put in and taken out (0x0702);
now and then the alarm of a camera (T/JSATL 12).
One device in a hundred is faulty: a receiver that hangs, single spikes of speed, a wrong clock,
stray bytes between frames, wrong checksums.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from sizao.core.places import ROAD_CLASS_CODES
from sizao.core.vehicles import COACHES, KIND_CODES
from sizao.feeds.jt808 import encode_body, encode_frame
from sizao.roads.network import Network
from sizao.sim import _sampling, _wire, cameras
from sizao.sim._motion import PARKED, _unit
from sizao.sim._sampling import DARK, SILENT, SOUND, tampered
from sizao.sim.fleet import Fleet, driver_of
from sizao.sim.traffic import Motion

FAULTY_SHARE = 0.01
TWICE_SHARE, LATE_SHARE = 0.01, 0.01
"""Shares of reports that are sent twice, or held up on their way."""
KEPT_ALARMS = 2_000
"""Alarms whose pictures can still be asked for."""
_BLIND_SHARE = {"county": 0.03, "village": 0.06}
"""Share of segments without mobile coverage, by road class."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames in the order of sending. Shape (m,) each; ``first`` has m + 1 entries.

    vehicle : int32, row of the fleet; send_us : int64, microseconds since the epoch, UTC
    data : uint8, frame i is data[first[i]:first[i + 1]]
    """

    vehicle: npt.NDArray[np.int32]
    send_us: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    data: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.vehicle)

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        """(vehicle, send_us, frame) in order."""
        raw = self.data.tobytes()
        first = self.first.tolist()
        for i, (vehicle, send_us) in enumerate(
            zip(self.vehicle.tolist(), self.send_us.tolist(), strict=True)
        ):
            yield vehicle, send_us, raw[first[i] : first[i + 1]]


def _meddled(fleet: Fleet, seed: int, sound: npt.NDArray[np.bool_]) -> npt.NDArray[np.integer[Any]]:
    """Vehicles whose terminals somebody meddles with: as many as break, and never the police's.

    Two speeds can only contradict each other where there is a tachograph.
    """
    who = np.flatnonzero(sound & fleet.recorder & (fleet.kind != KIND_CODES["police"]))
    chosen = np.random.default_rng([seed, 9]).permutation(who)
    return chosen[: max(3, round(len(fleet) * FAULTY_SHARE)) if len(fleet) > 10 else 0]


class Terminals:
    """All terminals of a fleet. Feed every span of motion in order."""

    def __init__(self, network: Network, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        n = len(fleet)
        rng = np.random.default_rng([seed, 3])
        self.seed = seed
        self.fault = np.full(n, SOUND, np.int8)
        faulty = rng.permutation(n)[: max(2, round(n * FAULTY_SHARE)) if n > 10 else 0]
        self.fault[faulty] = 1 + np.arange(len(faulty)) % 5
        meddled = _meddled(fleet, seed, self.fault == SOUND)
        self.fault[meddled] = _sampling.SHIELDED + np.arange(len(meddled)) % 3
        """What is wrong with each device: SOUND, or FROZEN ... of ``_sampling``."""
        self.blind_until_s = np.zeros(n, np.int64)
        """No radio before this moment, whatever the road."""
        share = np.zeros(len(network))
        for name, part in _BLIND_SHARE.items():
            share[network.road_class == ROAD_CLASS_CODES[name]] = part
        self._blind = rng.random(len(network)) < share
        self._tunnel = network.tunnel
        self._memory = np.zeros(n, _sampling.MEMORY)
        self._memory["mileage"] = rng.integers(8_000, 400_000, n)
        self._serial = rng.integers(0, 65536, n).astype(np.uint16)
        self._phone = np.array(
            [list(bytes.fromhex(phone.zfill(20))) for phone in fleet.phone], np.uint8
        ).reshape(n, 10)
        self._camera = rng.random(n) < cameras.SHARE
        self._coach = np.isin(fleet.kind, [KIND_CODES[kind] for kind in COACHES])
        self.staged = False
        """Whether drivers nod off and coaches are too full by a plan; see ``cameras``."""
        self.shown: list[cameras.Shown] = []
        """If so, the alarms sent since somebody took them out."""
        self._panics = np.array([kind != "police" for kind in fleet.register["kind"].to_pylist()])
        self._road: tuple[Any, ...] = (
            network.lat,
            network.lon,
            network.along_m,
            network.first,
            network.tunnel,
        )
        self._line_free_us = np.zeros(n, np.int64)
        self._batches = np.zeros(n, np.int32)
        self._held = np.empty(0, _wire.REPORT)
        self._held_segment = np.empty(0, np.int32)
        self._waiting = np.empty(0, _wire.REPORT)
        self.alarms: OrderedDict[tuple[int, int], str] = OrderedDict()
        """Kind of the newest alarms, by vehicle and second of the alarm."""
        self._card_in = np.full(n, -1, np.int8)
        self._cards_waiting: list[tuple[int, int, int, bool, int]] = []

    def serial(self, vehicle: int) -> int:
        """The next serial number of a terminal, which is thereby used."""
        number = int(self._serial[vehicle])
        self._serial[vehicle] = (number + 1) & 0xFFFF
        return number

    def feed(self, motion: Motion, only: npt.NDArray[np.bool_] | None = None) -> Frames:
        """Frames that go out up to the end of this span. ``only``: who has a terminal yet."""
        self._measure(motion, np.ones(len(self.fleet), np.bool_) if only is None else only)
        self._watch_cards(motion, only)
        return self._due((motion.start_s + motion.seconds) * 1_000_000)

    def drain(self) -> Frames:
        """What is still on its way: sent late, or twice. Who has no radio keeps what he stored."""
        return self._due(np.iinfo(np.int64).max)

    def _measure(self, motion: Motion, wanted: npt.NDArray[np.bool_]) -> None:
        fleet = self.fleet
        room = int((motion.seconds // fleet.interval_s + 2).sum())
        reports = np.empty(room, _wire.REPORT)
        segment = np.empty(room, np.int32)
        count = _sampling.sample(
            self.seed,
            motion.start_s,
            motion.segment,
            motion.offset_m,
            motion.speed_kmh,
            motion.mode,
            fleet.interval_s,
            fleet.recorder,
            self.fault,
            self._panics,
            *self._road,
            wanted,
            self._memory,
            reports,
            segment,
        )
        reports = np.concatenate([self._held, reports[:count]])
        segment = np.concatenate([self._held_segment, segment[:count]])
        order = np.argsort(reports["vehicle"], kind="stable")  # held ones stay first
        reports, segment = reports[order], segment[order]
        vehicle = reports["vehicle"]
        radio = (
            ~self._blind[segment]
            & (~self._tunnel[segment] | fleet.radio_in_tunnels[vehicle])
            & (reports["send_us"] >= self.blind_until_s[vehicle] * 1_000_000)
        )
        sent = np.empty(len(reports), np.bool_)
        _send(self.seed, reports, radio, self._line_free_us, self._batches, sent)
        self._held, self._held_segment = reports[~sent], segment[~sent]
        gone = reports[sent]
        again = gone[(gone["batch"] == 0) & (_chance(self.seed, gone, 161) < TWICE_SHARE)].copy()
        again["send_us"] += 3_000_000
        again["damage"] = 0
        late = (gone["batch"] == 0) & (_chance(self.seed, gone, 162) < LATE_SHARE)
        gone["send_us"][late] += 20_000_000 + (6e7 * _chance(self.seed, gone[late], 163)).astype(
            np.int64
        )
        self._waiting = np.concatenate([self._waiting, gone, again])

    def _watch_cards(self, motion: Motion, only: npt.NDArray[np.bool_] | None) -> None:
        """A card is in while its driver has the engine on; find where that changes."""
        here = np.where(motion.mode >= PARKED, -1, motion.driver).astype(np.int8)
        here[~self.fleet.card | (self.fault == DARK)] = -1
        if only is not None:
            here[~only] = -1
        before = np.concatenate([self._card_in[:, None], here[:, :-1]], axis=1)
        for vehicle, column in np.argwhere(here != before):
            at = motion.start_s + 1 + int(column)
            if self.fault[vehicle] == SILENT and tampered(self.seed, vehicle, SILENT, at):
                continue  # no supply, no message
            old, new = int(before[vehicle, column]), int(here[vehicle, column])
            if old >= 0:
                self._cards_waiting.append((at * 1_000_000 + 50_000, at, vehicle, False, old))
            if new >= 0:
                self._cards_waiting.append((at * 1_000_000 + 100_000, at, vehicle, True, new))
        self._card_in = here[:, -1].copy()

    def _due(self, end_us: int) -> Frames:
        due = self._waiting["send_us"] < end_us
        reports, self._waiting = self._waiting[due], self._waiting[~due]
        order = np.lexsort(
            (reports["time_s"], reports["batch"], reports["vehicle"], reports["send_us"])
        )
        reports = reports[order]
        chance = _chance(self.seed, reports, 191)
        if self.staged:
            code = cameras.staged(self.seed, reports, self._camera, self._coach, chance)
        else:
            code = cameras.seen(reports, self._camera, chance).astype(np.int8)
        alarmed = code > 0
        watched, chance, code = reports[alarmed], chance[alarmed], code[alarmed]
        reports = reports[~alarmed]
        data, first, row = _wire.encode(reports, self._phone, self.fleet.edition_2019, self._serial)
        frames = Frames(reports["vehicle"][row], reports["send_us"][row], first, data)
        if len(watched):
            when = zip(watched["send_us"].tolist(), watched["vehicle"].tolist(), strict=True)
            rows = [(us, number, vehicle, False, 0) for number, (us, vehicle) in enumerate(when)]

            def report(number: int, vehicle: int, *_: int) -> bytes:
                told = cameras.shown(watched[number], code[number], chance[number])
                if self.staged:
                    self.shown += told
                else:
                    # The demonstration's mistakes are of the higher level: somebody is to see one.
                    told = [one._replace(level=2) for one in told]
                self.alarms[vehicle, told[0].time_s] = told[0].kind
                while len(self.alarms) > KEPT_ALARMS:
                    self.alarms.popitem(last=False)
                return self._report_frame(vehicle, cameras.body(watched[number], told))

            frames = _merge(frames, rows, report)
        cards = [card for card in self._cards_waiting if card[0] < end_us]
        if not cards:
            return frames
        self._cards_waiting = [card for card in self._cards_waiting if card[0] >= end_us]
        return _merge(frames, sorted(cards), self._card_frame)

    def _report_frame(self, vehicle: int, body: bytes) -> bytes:
        phone, serial = self.fleet.phone[vehicle], self.serial(vehicle)
        return encode_frame(0x0200, phone, serial, body, self.edition(vehicle))

    def _card_frame(self, at: int, vehicle: int, inserted: bool, which: int) -> bytes:
        version = self.edition(vehicle)
        fields: dict[str, Any] = {"status": 1 if inserted else 2, "time": _iso(at)}
        if inserted:
            licence, name = driver_of(vehicle, which)
            fields |= {
                "ic_read_result": 0,
                "driver_name": name,
                "license_no": licence,
                "license_authority": "模拟发证机关",
                "license_expiry": "20301231",
            }
        body = encode_body(0x0702, fields, version)
        phone, serial = self.fleet.phone[vehicle], self.serial(vehicle)
        return encode_frame(0x0702, phone, serial, body, version)

    # What a connection says besides reports.

    def edition(self, vehicle: int) -> str:
        """Edition of the standard a terminal speaks: "2013" or "2019"."""
        return "2019" if self.fleet.edition_2019[vehicle] else "2013"

    def frame(self, vehicle: int, message_id: int, fields: dict[str, Any]) -> bytes:
        """Any other message of a terminal, from the keys ``feeds.jt808`` decodes it to."""
        version = self.edition(vehicle)
        body = encode_body(message_id, fields, version) if fields else b""
        phone, serial = self.fleet.phone[vehicle], self.serial(vehicle)
        return encode_frame(message_id, phone, serial, body, version)

    def registration(self, vehicle: int) -> bytes:
        """0x0100 of a terminal."""
        row = self.fleet.register.slice(vehicle, 1).to_pylist()[0]
        fields = {
            "province_id": 51,
            "city_id": 400,
            "maker_id": "SIZAO",
            "terminal_model": "SIM-1",
            "terminal_id": f"S{vehicle + 1:06d}",
            "plate_color": row["plate_colour"],
            "plate": row["plate"],
        }
        return self.frame(vehicle, 0x0100, fields)

    def authentication(self, vehicle: int, code: str) -> bytes:
        """0x0102 of a terminal with the code it was given."""
        fields = {"auth_code": code, "imei": "0" * 15, "software_version": "sim-1"}
        return self.frame(vehicle, 0x0102, fields)


def _iso(at_s: int) -> str:
    from datetime import UTC, datetime

    from sizao.core.clock import SHANGHAI

    return datetime.fromtimestamp(at_s, UTC).astimezone(SHANGHAI).isoformat()


def _merge(frames: Frames, cards: list[tuple[int, int, int, bool, int]], make: Any) -> Frames:
    """Card frames among the reports, by send time."""
    raws = [make(at, vehicle, inserted, which) for _, at, vehicle, inserted, which in cards]
    send = np.concatenate([frames.send_us, np.array([card[0] for card in cards], np.int64)])
    vehicle = np.concatenate([frames.vehicle, np.array([card[2] for card in cards], np.int32)])
    order = np.argsort(send, kind="stable")
    sizes = np.concatenate([np.diff(frames.first), [len(raw) for raw in raws]])
    starts = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    pool = np.concatenate([frames.data, np.frombuffer(b"".join(raws), np.uint8)])
    first = np.concatenate(([0], np.cumsum(sizes[order]))).astype(np.int64)
    return Frames(
        vehicle[order], send[order], first, _gather(pool, starts[order], sizes[order], first)
    )


@njit(cache=True)
def _gather(
    pool: npt.NDArray[np.uint8],
    start: npt.NDArray[np.int64],
    size: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
) -> npt.NDArray[np.uint8]:
    out = np.empty(first[-1], np.uint8)
    for i in range(len(start)):
        out[first[i] : first[i] + size[i]] = pool[start[i] : start[i] + size[i]]
    return out


@njit(cache=True)
def _chance(seed: int, reports: npt.NDArray[Any], purpose: int) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for each report, the same whenever it is asked."""
    out = np.empty(len(reports))
    for i in range(len(reports)):
        out[i] = _unit(seed, reports[i]["vehicle"], purpose, reports[i]["time_s"])
    return out


@njit(cache=True)
def _send(
    seed: int,
    reports: npt.NDArray[Any],
    radio: npt.NDArray[np.bool_],
    line_free_us: npt.NDArray[np.int64],
    batches: npt.NDArray[np.int32],
    sent: npt.NDArray[np.bool_],
) -> None:
    """Give each report its send time, vehicle by vehicle: at once with radio; without, in a
    batch when radio is back, before the live report that noticed. ``sent`` says which go."""
    n = len(reports)
    row = 0
    while row < n:
        vehicle = reports[row]["vehicle"]
        stop = row
        while stop < n and reports[stop]["vehicle"] == vehicle:
            stop += 1
        held = row  # first report not sent yet
        for k in range(row, stop):
            if not radio[k]:
                sent[k] = False
                continue
            now_us = reports[k]["send_us"]
            wait = int(200_000 + 1_300_000 * _unit(seed, vehicle, 171, now_us // 1_000_000))
            at = max(now_us + wait, line_free_us[vehicle])
            in_batch = 0
            for h in range(held, k):
                if in_batch % 20 == 0:
                    batches[vehicle] += 1
                    if in_batch > 0:
                        at += 250_000
                in_batch += 1
                reports[h]["batch"] = batches[vehicle]
                reports[h]["send_us"] = at
                sent[h] = True
            if in_batch > 0:
                at += 250_000
            reports[k]["send_us"] = at
            sent[k] = True
            line_free_us[vehicle] = at + 1
            held = k + 1
        row = stop
