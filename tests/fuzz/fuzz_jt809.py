"""Coverage-guided fuzzing of everything that reads JT/T 809 bytes from strangers.

    python tests/fuzz/fuzz_jt809.py -max_total_time=1200 tests/fuzz/corpus/jt809

The first byte of an input chooses: bit 0 a raw stream or frames sealed here, bit 1 the edition,
bit 2 the upper or the lower platform, bit 3 the main or the sub link, bit 4 logged in or not, bit 5
the compiled loop or the Python path. The second says how the stream is cut. Sealed frames are each
a byte that picks the message, a byte of length, and the body, so that the fuzzer reaches past the
CRC without having to guess it.

Whatever comes, nothing may be raised, every buffer keeps its bound, rows fit their schemas, what
was decoded without an error is written again as something that decodes the same, and a good frame
after the noise is read. ``run_one`` is the target without the fuzzer; a test runs the corpus
through it.
"""

from __future__ import annotations

import json
import struct
import sys
from typing import Any

try:
    import atheris
except ImportError:
    atheris = None

if atheris is not None and __name__ == "__main__":
    # The compiled loops must stay as they are; another test holds them to the Python path.
    with atheris.instrument_imports(
        include=["sizao.feeds.jt809"],
        exclude=[
            f"sizao.feeds.{name}" for name in ("jt809.kernel", "jt809.placing", "jt808.kernel")
        ],
    ):
        import sizao.feeds.jt809.door
        import sizao.feeds.jt809.lower
        import sizao.feeds.jt809.upper  # noqa: F401 - imported to be instrumented

from sizao.core.schemas import TOPICS, check
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.jt809 import Framer, decode_body, decode_frame, encode_body, encode_frame
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.door import first_frame, knock
from sizao.feeds.jt809.framing import MAX_RAW
from sizao.feeds.jt809.lines import decode_line
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.messages import MESSAGES, SUBMESSAGES, family_of
from sizao.feeds.jt809.outcome import MAIN, SUB, Outcome
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.reasons import REASONS
from sizao.feeds.jt809.rows import from_row
from sizao.feeds.jt809.subs import join
from sizao.feeds.jt809.upper import Upper
from sizao.feeds.jt809.vehicles import Directory

NOW_US = 1_767_225_600_000_000
IDS = [*MESSAGES, *SUBMESSAGES, 0x1200, 0x9400]
KEYS = Keys(30000000, 20000000, 20000000)
PARAMS = {
    edition: LinkParams(
        name="fuzz", edition=edition, access_code=5, user=6, password="pw", keys=KEYS
    )
    for edition in ("2011", "2019")
}
ROW: dict[str, Any] = {
    "time": NOW_US,
    "lat": 26.5,
    "lon": 101.7,
    "status": 3,
    "positioned": True,
    "alarm": 0,
    "speed_kmh": 60.0,
    "heading_deg": 90.0,
    "altitude_m": 1200.0,
    "recorder_speed_kmh": None,
    "mileage_km": None,
}
REFUSALS = (KeyError, ValueError, OverflowError, TypeError, struct.error)
"""What encoding may say to fields it cannot write."""


def sealed(message: int, body: bytes, edition: str, serial: int = 1) -> bytes:
    params = PARAMS[edition]
    sent = NOW_US // 1_000_000 if edition == "2019" else None
    return encode_frame(
        message, params.access_code, serial, body, sent=sent, version=params.version
    )


def good(edition: str, sub: int) -> bytes:
    """A position that must be read."""
    params = PARAMS[edition]
    body = join(sub, from_row(ROW, edition), edition, params.dialect, "川DI0001", 2)
    return sealed(sub, body, edition)


def stream_of(data: bytes, edition: str) -> bytes:
    """The bytes a connection receives."""
    rest = data[2:]
    if data[0] & 1 == 0:
        return rest
    frames = []
    at = serial = 0
    while at + 2 <= len(rest):
        message, length = IDS[rest[at] % len(IDS)], rest[at + 1]
        body = rest[at + 2 : at + 2 + length]
        at += 2 + length
        serial += 1
        if message in SUBMESSAGES:
            dialect = PARAMS[edition].dialect
            body = join(message, body, edition, dialect, "川DI0001", 2)
        frames.append(sealed(message, body, edition, serial))
    return b"".join(frames)


def run_one(data: bytes) -> None:
    """One input. Raises whatever is wrong with the code under test."""
    if len(data) < 3:
        return
    mode = data[0]
    edition = "2019" if mode & 2 else "2011"
    params, directory = PARAMS[edition], Directory()
    side: Upper | Lower
    if mode & 4:
        side = Upper(params, directory, NOW_US, new_code=lambda: 9)
    else:
        side = Lower(params, directory, NOW_US)
    channel = SUB if mode & 8 else MAIN
    side.connected(channel, NOW_US, "192.0.2.9:1")
    if mode & 16:
        side.channels[channel].up = True
    side.bulk_from = 0 if mode & 32 else 1 << 30
    stream = stream_of(data, edition)
    step = 1 + data[1] * (1 + (mode >> 6))
    for at in range(0, len(stream), step):
        _hold(side, channel, side.receive(channel, stream[at : at + step], NOW_US))
    _hold(side, channel, side.tick(NOW_US + 1_000_000))
    sub = 0x1202 if mode & 4 else 0x9202
    after = side.receive(channel, b"\x5d" + good(edition, sub), NOW_US)
    if side.up(channel):
        times = [row[1] for row in after.positions]
        for batch in after.batches:
            times += batch.column("time").cast("int64").to_pylist()
        assert NOW_US in times or channel in after.closed, "the good frame was lost"
    _hold(side, channel, after)
    _hold(side, channel, side.closed(channel, NOW_US + 2_000_000))
    _hold(side, channel, side.tick(NOW_US + 200_000_000))
    raw = first_frame(stream[:2000])
    if raw is not None:
        knock(raw, {5: side}, "192.0.2.9")
    for raw in Framer().feed(stream):
        _decoded(raw, edition)
    json.dumps(decode_line(stream.hex(), KEYS))
    for message in (IDS[data[1] % len(IDS)], 0x1202, 0x1203):
        if message in SUBMESSAGES:
            body = join(message, data[2:], edition, params.dialect, "川DI0001", 2)
            _written(message, decode_body(family_of(message), body, edition), edition)


def _decoded(raw: bytes, edition: str) -> None:
    fields = decode_frame(raw)
    json.dumps(fields)
    json.dumps(decode_frame(raw, KEYS, edition))
    if "sub_type" in fields:
        _written(int(fields["sub_type"], 16), fields, fields["version"])


def _written(message: int, fields: dict[str, Any], edition: str) -> None:
    """What was read without an error, to the byte and as text, can be written and read again."""
    said = json.dumps(fields, ensure_ascii=False)
    if "error" in fields or message not in SUBMESSAGES or "null" in said or "\ufffd" in said:
        return
    if "trailing" in said:
        # The fewer bytes may fit another layout.
        return
    try:
        body = encode_body(message, fields, edition)
    except REFUSALS:
        return
    again = decode_body(family_of(message), body, edition)
    # Lengths may shrink: NUL padding inside counted text is not written again.
    lengths = {"data_length", "data_hex", "gnss_length", "padding", "ewaybill_length"}
    for key in again.keys() - lengths:
        assert again[key] == fields[key], f"0x{message:04X}: {key} is not written as it was read"


def _hold(side: Upper | Lower, channel: str, out: Outcome) -> None:
    for topic, rows in (
        ("positions", out.positions),
        ("platform_messages", out.messages),
        ("quarantine", out.quarantine),
    ):
        if rows:
            check(rows_to_batch(rows, TOPICS[topic]), TOPICS[topic])
    for batch in out.batches:
        check(batch, TOPICS["positions"])
    assert {row[3] for row in out.quarantine} <= set(REASONS)
    line = side.channels.get(channel)
    if line is not None:
        assert len(line.framer.pending) <= MAX_RAW + 1
    for name in out.closed:
        assert name in (MAIN, SUB)


def main() -> None:
    if atheris is None:
        raise SystemExit("atheris is not installed")
    # Compiled before the clock of a single input runs.
    run_one(bytes((0b110100, 0)) + good("2011", 0x1202))
    atheris.Setup(sys.argv, run_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
