"""The compiled loop gives the rows of the Python path, whatever the bytes."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.schemas import POSITION
from sizao.feeds.jt808.positions import Limits, position_batch
from sizao.feeds.jt809 import kernel
from sizao.feeds.jt809.bulk import ROOM, Bulk
from sizao.feeds.jt809.framing import Framer, unescape
from sizao.feeds.jt809.outcome import MAIN
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.upper import Upper
from sizao.feeds.jt809.vehicles import Directory

from .talk import KEYS, REGISTER, SECOND, START_US, params, position, position_frame
from .vectors import load

ROOT = Path(__file__).resolve().parents[3]
NOW_US = START_US + 3600 * SECOND
CHANCE = random.Random(809)


def both_ways(data: bytes, link: LinkParams) -> tuple[list[Any], list[Any]]:
    """Rows and quarantine of the compiled loop and of the Python path."""
    found = []
    for threshold in (0, 1 << 60):
        upper = Upper(link, Directory(REGISTER), new_code=lambda: 1)
        upper.bulk_from = threshold
        upper.connected(MAIN, NOW_US)
        upper.channels[MAIN].up = True
        positions, quarantine = [], []
        for at in range(0, len(data), 5000):
            out = upper.receive(MAIN, data[at : at + 5000], NOW_US)
            batches = [*out.batches, position_batch(out.positions)]
            positions += pa.Table.from_batches(batches, schema=POSITION).to_pylist()
            quarantine += [row[3:] for row in out.quarantine]
        positions.sort(key=lambda row: repr(sorted(row.items(), key=str)))
        found.append((positions, sorted(quarantine, key=repr), upper.counts.frames))
    assert found[0] == found[1]
    return found[0][0], found[0][1]


def some_rows(n: int, *, whole: bool) -> list[dict[str, Any]]:
    rows = []
    for number in range(n):
        row = position(second=CHANCE.randrange(3600))
        row["lat"] = CHANCE.choice([None, -26.5, 26.5, CHANCE.uniform(-89, 89)])
        row["lon"] = None if row["lat"] is None else CHANCE.uniform(-179, 179)
        row["speed_kmh"] = float(CHANCE.randrange(450)) if whole else CHANCE.randrange(4500) / 10
        row["recorder_speed_kmh"] = CHANCE.choice([None, 0.0, float(CHANCE.randrange(450))])
        row["mileage_km"] = CHANCE.choice([None, float(CHANCE.randrange(1 << 20))])
        row["altitude_m"] = float(CHANCE.randrange(10_000))
        row["alarm"] = CHANCE.getrandbits(32)
        row["status"] = CHANCE.getrandbits(32) & ~0x1C | CHANCE.choice([0, 2])
        row["heading_deg"] = float(CHANCE.randrange(360))
        row["time"] += number % 3 * SECOND
        rows.append(row)
    return rows


def stream(link: LinkParams, n: int) -> list[bytes]:
    frames = []
    for number in range(n):
        rows = some_rows(CHANCE.choice([1, 1, 1, 5, 3]), whole=link.edition == "2011")
        sub = 0x1202 if len(rows) == 1 and CHANCE.random() < 0.8 else 0x1203
        plate = f"川DI{CHANCE.randrange(40):04d}", CHANCE.choice([1, 2])
        frames.append(position_frame(link, rows, number, plate, sub))
    return frames


@pytest.mark.parametrize("edition", ["2011", "2019"])
def test_positions(edition: str) -> None:
    link = params(edition=edition)
    data = b"".join(stream(link, 400))
    rows, quarantine = both_ways(data, link)
    assert len(rows) > 500
    assert quarantine == []
    assert {row["source"] for row in rows} == {"jt809:province"}
    assert "10000000001" in {row["vehicle"] for row in rows}
    assert "plate:1:川DI0001" in {row["vehicle"] for row in rows}


@pytest.mark.parametrize("edition", ["2011", "2019"])
def test_the_loop_takes_nearly_all_of_them(edition: str) -> None:
    link = params(edition=edition)
    frames = stream(link, 300)
    found = Bulk(Directory(REGISTER)).decode(b"".join(frames), link, NOW_US)
    assert found.frames == 300
    assert len(found.rest) < 3  # a location of 35 bytes
    assert found.pending == b""


def test_so_many_new_plates_in_one_arrival_are_no_trouble() -> None:
    """As after each start of a gateway: what the loop leaves takes 200 times as long."""
    link = params(edition="2011")
    frames = [
        position_frame(link, some_rows(1, whole=True), number, (f"川E{number:05d}", 2), 0x1202)
        for number in range(3000)
    ]
    data = b"".join(frames + frames[::-1])
    found = Bulk(Directory(REGISTER)).decode(data, link, NOW_US)
    assert found.rest == []
    assert found.batch is not None
    names = found.batch.column("vehicle").to_pylist()
    assert names == [f"plate:2:川E{number:05d}" for number in [*range(3000), *range(2999, -1, -1)]]


@pytest.mark.parametrize("edition", ["2011", "2019"])
def test_enciphered_positions(edition: str) -> None:
    link = params(edition=edition, keys=KEYS, encrypt=True, key=256178)
    frames = stream(link, 200)
    # Somebody who changes keys, and somebody who does not encipher, are read too.
    frames[100:100] = stream(replace(link, key=77), 5) + stream(replace(link, encrypt=False), 5)
    rows, quarantine = both_ways(b"".join(frames), link)
    assert len(rows) > 200
    assert quarantine == []
    found = Bulk(Directory(REGISTER)).decode(b"".join(frames), link, NOW_US)
    assert len(found.rest) < 10


@pytest.mark.parametrize("edition", ["2011", "2019"])
def test_damaged_streams(edition: str) -> None:
    link = params(edition=edition, limits=Limits(future_s=60, age_s=7200))
    frames = stream(link, 200)
    data = bytearray(b"".join(frames))
    for _ in range(150):
        at = CHANCE.randrange(len(data))
        kind = CHANCE.randrange(4)
        if kind == 0:
            data[at] ^= 1 << CHANCE.randrange(8)
        elif kind == 1:
            del data[at : at + CHANCE.randrange(1, 60)]
        elif kind == 2:
            data[at:at] = bytes((CHANCE.choice([0x5A, 0x5B, 0x5D, 0x5E, 0, 13]),))
        else:
            data[at:at] = frames[CHANCE.randrange(200)]
    rows, quarantine = both_ways(bytes(data), link)
    assert len(rows) > 200
    assert {reason for reason, _, _ in quarantine} >= {"bad_crc", "no_frame"}


def test_times_in_the_future_and_too_old() -> None:
    link = params(edition="2011", limits=Limits(future_s=60, age_s=3600))
    seconds = [3600, 3661, 1, -1, 3650]
    frames = [position_frame(link, [position(second=s)], n) for n, s in enumerate(seconds)]
    rows, quarantine = both_ways(b"".join(frames), link)
    assert len(rows) == 3
    assert [reason for reason, _, _ in quarantine] == ["future_time", "too_old"]


@pytest.mark.parametrize("vector", load("frame"))
def test_vectors(vector: dict[str, Any]) -> None:
    if "gnss_center_id" not in vector["expected"]:
        return
    link = params(
        edition=vector["version"], access_code=vector["expected"]["gnss_center_id"], keys=None
    )
    rows, _ = both_ways(bytes.fromhex(vector["hex"]), link)
    positions = vector["sub_message_id"] in ("0x1202", "0x1203")
    enciphered = vector["expected"].get("encrypt_flag")
    assert bool(rows) is (positions and not enciphered)


def test_many_plates_grow_the_table() -> None:
    link = params(edition="2011")
    bulk = Bulk(Directory())
    names = set()
    for block in range(12):
        plates = [(f"川D{n:05d}", 2) for n in range(block * 400, block * 400 + 500)]
        data = b"".join(position_frame(link, [position()], n, p) for n, p in enumerate(plates))
        found = bulk.decode(data, link, NOW_US)
        assert found.batch is not None
        got = found.batch.column("vehicle").to_pylist()
        if not found.rest:
            assert got == [f"plate:2:{plate}" for plate, _ in plates]
        names |= set(got)
    assert len(names) > 4000


def test_a_learnt_number_is_used_at_once() -> None:
    link = params(edition="2011")
    directory = Directory()
    bulk = Bulk(directory)
    frame = position_frame(link, [position()])
    before = bulk.decode(frame, link, NOW_US).batch
    directory.learn("川DI0001", 2, "010000000009")
    after = bulk.decode(frame, link, NOW_US).batch
    assert before is not None
    assert after is not None
    assert before.column("vehicle").to_pylist() == ["plate:2:川DI0001"]
    assert after.column("vehicle").to_pylist() == ["10000000009"]


def test_what_is_cut_waits_for_the_rest() -> None:
    link = params(edition="2019")
    frames = stream(link, 50)
    data = b"".join(frames)
    whole = Framer().feed(data)
    for cut in range(1, len(data), 97):
        bulk = Bulk(Directory())
        first = bulk.decode(data[:cut], link, NOW_US)
        second = bulk.decode(first.pending + data[cut:], link, NOW_US)
        assert first.frames + second.frames == len(whole) == 50
        assert first.strays == second.strays == []
    assert all(unescape(raw) for raw in whole)


def test_a_frame_of_nothing_but_escapes_stays_in_its_room() -> None:
    """Longer than the loop's scratch room: what is behind that belongs to somebody else."""
    link = params(edition="2011")
    bulk = Bulk(Directory())
    memory = np.full(64 * kernel.ARENA, 0xAA, np.uint8)
    bulk._scratch = memory[: kernel.ARENA]
    for frame in (
        b"\x5b" + 50_000 * b"\x5a\x02" + b"\x5d",
        b"\x5b" + 9000 * b"\x5e\x01a" + b"\x5d",
    ):
        found = bulk.decode(frame, link, NOW_US)
        assert found.rest == [frame[1:-1]]
        assert (memory[kernel.ARENA :] == 0xAA).all()


@pytest.mark.parametrize("longest", [40, kernel.SCRATCH])
def test_what_came_before_is_put_into_the_free_room(longest: int) -> None:
    link = params(edition="2019")
    frames = stream(link, 60)
    frames.insert(30, frames[0][:1] + b"a" * longest)
    data = b"".join(frames)
    plain = Upper(link, Directory(REGISTER), new_code=lambda: 1)
    roomy = Upper(link, Directory(REGISTER), new_code=lambda: 1)
    for upper in (plain, roomy):
        upper.bulk_from = 0
        upper.connected(MAIN, NOW_US)
        upper.channels[MAIN].up = True
    for at in range(0, len(data), 700):
        piece = data[at : at + 700]
        buffer = bytearray(ROOM) + piece
        expected = plain.receive(MAIN, piece, NOW_US)
        found = roomy.receive(MAIN, memoryview(buffer), NOW_US, ROOM)
        buffer[:] = b"\xff" * len(buffer)  # the wire's again
        assert buffer[ROOM:] != piece
        assert found.batches == expected.batches
        assert found.quarantine == expected.quarantine
        assert found.positions == expected.positions
    assert roomy.counts == plain.counts
    assert plain.counts.positions > 60


def test_a_full_table_of_plates_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "MAX_PLATES", 1024)
    link = params(edition="2011")
    bulk = Bulk(Directory())
    plates = [(f"川D{n:05d}", 2) for n in range(2500)]
    frames = [position_frame(link, [position()], n, plate) for n, plate in enumerate(plates)]
    for some in (frames, frames[::-1]):
        found = bulk.decode(b"".join(some), link, NOW_US)
        assert found.rest == []
        assert found.batch is not None
        names = found.batch.column("vehicle").to_pylist()
        assert sorted(names) == [f"plate:2:{plate}" for plate, _ in plates]
        assert names == sorted(names, reverse=some is not frames)
    assert len(bulk._keys) == 1024


PROGRAM = """
import sys
from pathlib import Path
from tests.loops_met import Met
met = Met.listening()
from sizao.feeds.jt809.bulk import Bulk, warm_up
from sizao.feeds.jt809.vehicles import Directory
from tests.feeds.jt809.talk import SECOND, START_US, params
if sys.argv[2] == "warm":
    warm_up()
met.forget()
bulk, data = Bulk(Directory()), Path(sys.argv[1]).read_bytes()
for _ in range(2):
    assert len(bulk.decode(data, params(edition="2011"), START_US + 3600 * SECOND).batch) == 600
print(*sorted(met.loaded))
"""


@pytest.mark.parametrize(("how", "expected"), [("warm", False), ("cold", True)])
def test_no_arrival_compiles_or_loads_a_loop_after_the_warm_up(
    tmp_path: Path, how: str, expected: bool
) -> None:
    """Control: without it they do, when the table of plates grows, too."""
    link = params(edition="2011")
    plates = [(f"川D{n:05d}", 2) for n in range(600)]
    data = b"".join(position_frame(link, [position()], n, p) for n, p in enumerate(plates))
    (tmp_path / "frames").write_bytes(data)
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "frames"), how],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert ("enter" in said.stdout.split()) is expected, said.stdout
    assert bool(said.stdout.split()) is expected, said.stdout
