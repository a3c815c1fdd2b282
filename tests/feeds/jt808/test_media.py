"""Media come in parts through the spool into the evidence store, in bounded memory."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from sizao.core.errors import EvidenceError
from sizao.feeds.jt808 import encode_message
from sizao.feeds.jt808.media import media_body
from sizao.feeds.jt808.outcome import Outcome
from sizao.feeds.jt808.session import Session
from sizao.log.evidence import EvidenceStore
from sizao.log.spool import Spool

from .test_session import CODES, NOW, OPEN, PHONE, reasons, replies

PHOTO = random.Random(1).randbytes(5000)
FIELDS: dict[str, Any] = {
    "media_id": 77,
    "media_type": 0,
    "media_format": 0,
    "event": 1,
    "channel": 3,
    "location": {
        "alarm": 0,
        "status": 3,
        "lat": 26.58,
        "lon": 101.72,
        "altitude_m": 1200,
        "speed_kmh": 40.0,
        "heading_deg": 90,
        "time_bcd": "260101080000",
    },
}


class Camera:
    """A terminal with a medium to send, and the platform's store."""

    def __init__(self, folder: Path, **limits: int) -> None:
        self.spool = Spool(folder / "spool", **limits)
        self.store = EvidenceStore(folder / "evidence")
        self.session = Session("peer", CODES, OPEN, NOW, spool=self.spool)
        self.frames = encode_message(0x0801, PHONE, 10, media_body(FIELDS, PHOTO), max_body=700)

    def send(self, *indexes: int, now_us: int = NOW) -> Outcome:
        return self.session.receive(b"".join(self.frames[i - 1] for i in indexes), now_us)


def test_a_photo_in_parts_is_kept_and_then_answered(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    order = list(range(1, len(camera.frames) + 1))
    random.Random(2).shuffle(order)
    for index in order[:-1]:
        outcome = camera.send(index)
        assert outcome.replies == []
        assert outcome.uploads == []
    outcome = camera.send(order[-1])
    assert outcome.replies == [], "not before it is kept"
    (upload,) = outcome.uploads
    row = upload.keep(camera.store)
    assert camera.store.read(row[0]) == PHOTO
    assert row[1:3] == (NOW, NOW)
    assert row[3:] == (PHONE, None, "image", "jpg", "77", len(PHOTO), 3, "jt808")
    done, *others = replies(Outcome(replies=upload.replies))
    assert done["message_id"] == "0x8800"
    assert (done["media_id"], done["retransmit_ids"]) == (77, [])
    assert {one["reply_serial"] for one in others} == set(range(10, 10 + len(order)))
    assert (camera.spool.bytes, camera.spool.files) == (0, 0)


def test_missing_parts_are_asked_for_by_the_media_id(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.send(1, 2, 5)
    (request,) = replies(camera.session.tick(NOW + 6_000_000))
    assert request["message_id"] == "0x8800"
    assert request["retransmit_ids"] == [3, 4, *range(6, len(camera.frames) + 1)]
    outcome = camera.send(*request["retransmit_ids"])
    assert camera.store.read(outcome.uploads[0].keep(camera.store)[0]) == PHOTO


def test_without_the_first_part_the_serial_names_the_medium(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.send(2)
    (request,) = replies(camera.session.tick(NOW + 6_000_000))
    assert request["message_id"] == "0x8003"
    assert request["original_serial"] == 10


def test_a_repeated_part_is_one_medium(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    everything = range(1, len(camera.frames) + 1)
    assert len(camera.send(*everything, *everything).uploads) == 1


def test_a_medium_that_stays_incomplete_is_given_up(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.send(1, 3)
    assert camera.spool.bytes == 1400
    outcome = camera.session.tick(NOW + 301_000_000)
    assert reasons(outcome) == ["incomplete"]
    assert outcome.quarantine[0][5].startswith(media_body(FIELDS, PHOTO)[:700])
    assert (camera.spool.bytes, camera.spool.files) == (0, 0)


def test_a_full_spool_refuses_and_forgets(tmp_path: Path) -> None:
    camera = Camera(tmp_path, max_bytes=1500)
    outcome = camera.send(1, 2, 3)
    assert "no_room" in reasons(outcome)
    assert replies(outcome)[0]["result"] == 1
    camera.session.close(NOW)
    assert (camera.spool.bytes, camera.spool.files) == (0, 0)


def test_there_are_only_so_many_files(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_files=1)
    spool.open()
    with pytest.raises(EvidenceError, match="wait"):
        spool.open()


def test_the_spool_leaves_no_files_behind(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    camera.send(1, 2)
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_store_that_refuses_gives_the_refusal(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    outcome = camera.send(*range(1, len(camera.frames) + 1))
    with pytest.raises(EvidenceError):
        outcome.uploads[0].keep(EvidenceStore(tmp_path / "evidence", max_bytes=10))
    assert {one["result"] for one in replies(Outcome(replies=outcome.uploads[0].refusal))} == {1}
    assert camera.spool.files == 0


def test_control_without_a_spool_the_parts_are_in_memory(tmp_path: Path) -> None:
    session = Session("peer", CODES, OPEN, NOW)
    camera = Camera(tmp_path)
    session.receive(b"".join(camera.frames[:-1]), NOW)
    assert session._parts.size > len(PHOTO), "this is what the spool is for"
    camera.send(*range(1, len(camera.frames)))
    assert camera.session._parts.size < len(PHOTO) / 2
    assert reasons(session.receive(camera.frames[-1], NOW)) == ["unsupported"]
