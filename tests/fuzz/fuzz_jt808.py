"""Coverage-guided fuzzing of everything that reads JT/T 808 bytes from strangers.

    python tests/fuzz/fuzz_jt808.py -max_total_time=1200 tests/fuzz/corpus/jt808

The first byte of an input says how the rest is used, so that the fuzzer reaches past the checksum
without having to guess it:

- even: a raw stream;
- odd: frames, each a byte that picks the message and a byte of length before its body, sealed here;
  a byte 0xFF in the message's place makes what follows a raw stretch, such as a piece of a file.

The second byte says how the stream is cut into chunks. Whatever comes, nothing may be raised, every
buffer keeps its bound, rows fit their schemas, and a good frame after the noise is read.

``run_one`` is the target without the fuzzer; a test runs the corpus through it.
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:
    atheris = None

if atheris is not None and __name__ == "__main__":
    with atheris.instrument_imports(include=["sizao.feeds.jt808", "sizao.log.spool"]):
        import sizao.feeds.jt808.attachments
        import sizao.feeds.jt808.session  # noqa: F401 - imported to be instrumented

from sizao.core.schemas import TOPICS, check
from sizao.feeds.jt808 import Framer, decode_body, decode_frame, encode_decoded, encode_frame
from sizao.feeds.jt808.attachments import AttachmentLimits, AttachmentSession
from sizao.feeds.jt808.auth import DerivedCodes
from sizao.feeds.jt808.framing import MAX_RAW
from sizao.feeds.jt808.lines import decode_line
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.outcome import Outcome, batches
from sizao.feeds.jt808.policy import EvidencePolicy, SessionParams, derived_numbers
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.jt808.reasons import REASONS
from sizao.feeds.jt808.session import Session
from sizao.feeds.jt808.shelf import Shelf
from sizao.log.evidence import EvidenceStore
from sizao.log.spool import Spool

NOW_US = 1_767_225_600_000_000
PHONE = "10000000001"
IDS = sorted(MESSAGES)
FOLDER = Path(tempfile.mkdtemp(prefix="sizao-fuzz-"))
SPOOL = Spool(FOLDER / "spool", max_bytes=1 << 22, max_files=4)
STORE = EvidenceStore(FOLDER / "evidence")
CODES = DerivedCodes(b"a secret of 16 b")
PARAMS = SessionParams(
    require_auth=False,
    evidence=EvidencePolicy("192.0.2.1", 6818, derived_numbers(b"a secret of 16 b")),
)
UPLOADS = AttachmentLimits(max_file=1 << 16, max_files=4)
GOOD = encode_frame(0x0200, PHONE, 7, encode_location(time_us=NOW_US, lat=26.5, lon=101.7))

REFUSALS = (KeyError, ValueError, OverflowError, struct.error)
"""What encoding may say to fields it cannot write."""


def stream_of(data: bytes) -> bytes:
    """The bytes a connection receives."""
    mode, rest = data[0], data[2:]
    if mode % 2 == 0:
        return rest
    frames = []
    version = 2019 if mode & 2 else 2013
    parts = bool(mode & 4)
    at = serial = 0
    while at + 2 <= len(rest):
        message_id, length = IDS[rest[at] % len(IDS)], rest[at + 1]
        body = rest[at + 2 : at + 2 + length]
        bare = rest[at] == 0xFF
        at += 2 + length
        if bare:
            frames.append(body)
            continue
        serial += 1
        part = None
        if parts and body:
            part = (1 + (body[0] & 3), 1 + (body[0] >> 4 & 3))
            body = body[1:]
        frames.append(encode_frame(message_id, PHONE, serial, body, version, part))
    return b"".join(frames)


def run_one(data: bytes) -> None:
    """One input. Raises whatever is wrong with the code under test."""
    if len(data) < 3:
        return
    stream = stream_of(data)
    step = 1 + data[1]
    session = Session("192.0.2.9:1", CODES, PARAMS, NOW_US, spool=SPOOL)
    closed = False
    for at in range(0, len(stream), step):
        outcome = session.receive(stream[at : at + step], NOW_US)
        closed = closed or outcome.closed is not None
        _hold(session, outcome)
    _hold(session, session.tick(NOW_US + 7_000_000))
    after = session.receive(b"\x7e" + GOOD, NOW_US)
    # Whoever has said goodbye is not heard any more.
    closed = closed or after.closed is not None
    assert closed or any(row[1] == NOW_US for row in after.positions), (
        "the good frame after the noise was lost"
    )
    _hold(session, after)
    _hold(session, session.close(NOW_US + 8_000_000))
    assert SPOOL.files == SPOOL.bytes == 0, "the spool keeps what nobody waits for"
    _attachments(stream, step)
    framer = Framer()
    for raw in framer.feed(stream):
        _decoded(raw)
    json.dumps(decode_line(stream.hex()))
    for message_id in (IDS[data[0] % len(IDS)], 0x0200, 0x0704):
        json.dumps(decode_body(message_id, data[2:], "2013"))


def _attachments(stream: bytes, step: int) -> None:
    """The same bytes at the attachment server, where every alarm was asked for."""
    shelf = Shelf(remember=8)
    session = AttachmentSession("192.0.2.9:2", lambda phone, key: "", shelf, SPOOL, UPLOADS)
    for at in range(0, len(stream), step):
        taken = session.receive(stream[at : at + step], NOW_US)
        for arrived in taken.arrived:
            row = arrived.waiting.keep(STORE, NOW_US, "jt808")
            shelf.done(arrived.waiting.place)
            _hold_rows({"evidence": [row]})
            STORE.path(row[0]).unlink(missing_ok=True)
        _hold_rows({"quarantine": taken.quarantine})
        assert session.pending <= MAX_RAW + 1
        if taken.closed is not None:
            break
    shelf.close()
    assert SPOOL.files == SPOOL.bytes == 0, "the spool keeps what nobody waits for"


def _hold_rows(rows: dict[str, list[Any]]) -> None:
    for topic, some in rows.items():
        check(rows_to_batch(some, TOPICS[topic]), TOPICS[topic])


def _hold(session: Session, outcome: Outcome) -> None:
    """Bounds and promises of an outcome."""
    for upload in outcome.uploads:
        row = upload.keep(STORE)
        assert STORE.has(row[0])
        STORE.path(row[0]).unlink()
    for topic, batch in batches([outcome]).items():
        check(batch, TOPICS[topic])
    assert {row[3] for row in outcome.quarantine} <= REASONS.keys()
    assert len(session._framer.pending) <= MAX_RAW
    assert session._parts.size <= PARAMS.reassembly.max_bytes
    assert len(session._parts) <= PARAMS.reassembly.max_messages
    assert len(session._asked) <= PARAMS.evidence.remember
    for frame in outcome.replies:
        for raw in Framer().feed(frame):
            assert "error" not in decode_frame(raw), "we sent a bad frame"


def _decoded(raw: bytes) -> None:
    """A frame is decoded whatever it is; what was read well can be written and read again."""
    fields = decode_frame(raw)
    json.dumps(fields)
    if "'error'" in str(fields) or "\ufffd" in str(fields):
        return
    try:
        again = encode_decoded(fields)
    except REFUSALS:
        return
    assert decode_frame(again[1:-1])["message_id"] == fields["message_id"]


def main() -> None:
    """Fuzz until told to stop."""
    if atheris is None:
        sys.exit("atheris is not installed: pip install atheris")
    atheris.Setup(sys.argv, run_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
