"""The attachment server's state machine: any bytes, any cut, bounded memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sizao.core.errors import EvidenceError
from sizao.feeds.jt808 import decode_frame, encode_body, encode_frame
from sizao.feeds.jt808.attachments import AttachmentLimits, AttachmentSession, Shelf
from sizao.feeds.jt808.evidence import MARK, piece
from sizao.feeds.jt808.framing import MAX_RAW
from sizao.feeds.jt808.shelf import channel_of
from sizao.log.spool import Spool

from .test_safety import ident
from .test_session import NOW, PHONE

DATA = bytes(range(256)) * 8
NAME = "00_65_6501_0_n.jpg"
ABOUT = {"name": NAME, "file_type": 0, "size": len(DATA)}
ANNOUNCED = {
    "terminal_id": "T000001",
    "alarm_ident": ident(),
    "alarm_number": "n",
    "info_type": 0,
    "files": [{"name": NAME, "size": len(DATA)}],
}


def frame(message_id: int, fields: dict[str, Any]) -> bytes:
    return encode_frame(message_id, PHONE, 1, encode_body(message_id, fields))


WHOLE = (
    frame(0x1210, ANNOUNCED)
    + frame(0x1211, ABOUT)
    + piece(NAME, 0, DATA[:1000])
    + piece(NAME, 1000, DATA[1000:])
    + frame(0x1212, ABOUT)
)


class Server:
    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder, max_bytes=1 << 20)
        self.shelf = Shelf()
        limits = AttachmentLimits(max_file=1 << 16)
        self.session = AttachmentSession(
            "p", lambda phone, key: "n", self.shelf, self.spool, limits
        )
        self.replies: list[dict[str, Any]] = []
        self.files: list[bytes] = []
        self.reasons: list[str] = []

    def play(self, data: bytes, size: int = 1 << 20) -> Server:
        for at in range(0, len(data), size):
            taken = self.session.receive(data[at : at + size], NOW)
            assert self.session.pending <= MAX_RAW + 1
            self.replies += [decode_frame(raw[1:-1]) for raw in taken.replies]
            self.reasons += [row[3] for row in taken.quarantine]
            for arrived in taken.arrived:
                self.files.append(b"".join(arrived.waiting.file.chunks()))
                self.shelf.done(arrived.waiting.place)
                arrived.waiting.file.close()
                self.replies += [decode_frame(raw[1:-1]) for raw in arrived.replies]
            if taken.closed:
                break
        return self


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@pytest.mark.parametrize("size", [1, 7, 61, 63, 1000, 1 << 20])
def test_any_cut_gives_the_file(folder: Path, size: int) -> None:
    server = Server(folder).play(WHOLE, size)
    assert server.files == [DATA]
    assert [one["message_id"] for one in server.replies] == ["0x8001", "0x8001", "0x9212"]
    assert server.replies[-1]["result"] == 0
    assert (server.spool.files, server.spool.bytes) == (0, 0)


def test_the_missing_stretches_are_named(folder: Path) -> None:
    begun = frame(0x1210, ANNOUNCED) + frame(0x1211, ABOUT)
    some = piece(NAME, 100, DATA[100:200]) + piece(NAME, 150, DATA[150:400])
    server = Server(folder).play(begun + some + frame(0x1212, ABOUT))
    assert server.replies[-1]["result"] == 1
    assert server.replies[-1]["retransmit"] == [
        {"offset": 0, "length": 100},
        {"offset": 400, "length": len(DATA) - 400},
    ]
    rest = piece(NAME, 0, DATA[:100]) + piece(NAME, 400, DATA[400:])
    assert server.play(rest + frame(0x1212, ABOUT)).files == [DATA]


def test_what_lies_outside_the_file_is_refused_and_the_rest_goes_on(folder: Path) -> None:
    begun = frame(0x1210, ANNOUNCED) + frame(0x1211, ABOUT)
    server = Server(folder).play(begun + piece(NAME, len(DATA) - 1, b"xy"))
    assert server.reasons == ["bad_length"]
    assert server.play(WHOLE).files == [DATA]


def test_noise_between_pieces_is_passed_over(folder: Path) -> None:
    begun = frame(0x1210, ANNOUNCED) + frame(0x1211, ABOUT)
    noise = b"\x00noise\x30\x31\x63"
    server = Server(folder).play(begun + noise + piece(NAME, 0, DATA) + frame(0x1212, ABOUT))
    assert server.files == [DATA]
    assert server.reasons == ["no_frame"]


@pytest.mark.parametrize(
    "again",
    [frame(0x1212, ABOUT), frame(0x1212, ABOUT) * 2, WHOLE],
    ids=["once", "twice", "sent again"],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_file_told_again_before_it_is_kept_is_complete(
    folder: Path, again: bytes, size: int
) -> None:
    """In one chunk a file arrives and is told of again: nobody can have kept it in between."""
    server = Server(folder).play(WHOLE + again, size)
    assert server.files == [DATA]
    assert {one["result"] for one in server.replies} == {0}
    assert server.reasons == []


def test_a_heartbeat_is_answered(folder: Path) -> None:
    server = Server(folder).play(frame(0x0002, {}) * 9)
    assert [one["result"] for one in server.replies] == [0] * 9


def test_refusals_close(folder: Path) -> None:
    server = Server(folder)
    taken = server.session.receive(frame(0x1211, ABOUT) * 5, NOW)
    assert taken.closed == "refused"
    assert taken.quarantine == [], "a stranger's bytes are not kept"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from(
                [WHOLE, WHOLE[:90], MARK, frame(0x1210, ANNOUNCED), frame(0x1212, ABOUT)]
            ),
            st.builds(
                piece,
                st.sampled_from([NAME, "x"]),
                st.integers(0, 2**32 - 1),
                st.binary(max_size=50),
            ),
        ),
        max_size=6,
    ),
    st.integers(1, 300),
)
def test_any_bytes_and_cuts(folder: Path, pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    cut, whole = Server(folder).play(data, size), Server(folder).play(data)
    assert cut.files == whole.files
    # An answer that waits for the disk may be overtaken; serials show the order of making.
    orders = [sorted(one.replies, key=lambda r: r["serial"]) for one in (cut, whole)]
    assert orders[0] == orders[1]
    for server in (cut, whole):
        server.shelf.close()
        assert (server.spool.files, server.spool.bytes) == (0, 0)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12))
def test_stretches_are_joined(some: list[tuple[int, int]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        file = Spool(Path(name)).open_sized(64)
        have: set[int] = set()
        for at, length in some:
            if at + length <= 64:
                file.write(at, bytes(length))
                have |= set(range(at, at + length))
            else:
                with pytest.raises(EvidenceError):
                    file.write(at, bytes(length))
        missing = {n for at, length in file.missing() for n in range(at, at + length)}
        assert missing == set(range(64)) - have
        file.close()


def test_channels_in_names() -> None:
    assert channel_of("00_65_6501_0_n.jpg") == 65
    assert [channel_of(one) for one in ("a.jpg", "a_b_c.jpg", "a_999_c.jpg", "a_²_c")] == [None] * 4
