"""Quarantine read again: what decodes now, what never will, and nothing else gets in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.schemas import TOPICS
from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.framing import escape
from sizao.feeds.jt808.location import decode_base
from sizao.feeds.jt808.media import media_body
from sizao.feeds.jt808.redecode import NO_PLACE
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.encode import encode_body as jt809_body
from sizao.feeds.jt809.encode import encode_frame as jt809_frame
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.redecode import LinkReader
from sizao.feeds.jt809.rows import from_row
from sizao.feeds.jt809.subs import join
from sizao.feeds.jt809.vehicles import Directory, Vehicle
from sizao.feeds.reasons import reason_words
from sizao.feeds.redecode import NEVER, Kept, again, explain
from sizao.feeds.weighing.record import read_weighing
from sizao.log.evidence import EvidenceStore
from tests.runtime.terminal import location

if TYPE_CHECKING:
    from pathlib import Path

NOW_US = 1_790_000_000_000_000


def kept(raw: bytes, reason: str = "unsupported", **more: object) -> Kept:
    base = {"source": "jt808", "peer": "13800000001", "detail": "", "received_us": NOW_US}
    return Kept(**{**base, "reason": reason, "raw": raw, **more})  # type: ignore[arg-type]  # any field


def frame(body: bytes, message: int = 0x0200, phone: str = "13800000001") -> bytes:
    return encode_frame(message, phone, 7, body)[1:-1]


def body() -> bytes:
    import time

    return location(50.0, time.time() - NOW_US / 1e6 + 5)


def test_a_position_that_decodes_now_is_a_row_marked_as_late() -> None:
    found = again(kept(frame(body()), "future_time"))
    assert found.good
    [(topic, [row])] = found.records
    assert topic == "positions"
    named = dict(zip(TOPICS[topic].names, row, strict=True))
    assert named["vehicle"] == "13800000001"
    assert named["received"] == NOW_US, "its own moment of receipt, not the repair's"
    assert named["catch_up"] is True
    assert named["source"] == "jt808"


def test_one_location_of_a_batch_is_read_as_what_it_is() -> None:
    found = again(kept(body(), "future_time", detail="item 2 of 5 in 0x0704"))
    assert [topic for topic, _ in found.records] == ["positions"]
    assert "time" in explain(kept(body(), detail="item 2 of 5 in 0x0704"))


def test_what_is_still_bad_says_why() -> None:
    raw = frame(body())
    spoilt = raw[:-1] + bytes([raw[-1] ^ 0x55])
    found = again(kept(spoilt, "bad_checksum"))
    assert (found.good, found.reason, found.rows) == (False, "bad_checksum", 0)
    assert explain(kept(spoilt))["error"]["kind"] == "bad_checksum"


@pytest.mark.parametrize("reason", NEVER)
def test_who_sent_it_is_not_healed_by_a_better_decoder(reason: str) -> None:
    found = again(kept(frame(body()), reason))
    assert not found.good
    assert found.records == []


def test_a_weighing_refused_for_a_value_is_taken_once_the_form_knows_it() -> None:
    sent = {"id": "w1", "time": "2026-09-21T21:33:00+08:00", "gross_kg": "a lot"}
    item = read_weighing(sent, source="weigh:ws1", station="ws1", received_us=NOW_US)
    assert item.refused
    source = {"source": "weigh:ws1", "peer": "10.0.0.1"}
    assert not again(kept(item.raw, item.problems[0].reason, **source)).good
    mended = item.raw.replace(b'"a lot"', b"41000")
    [(topic, [row])] = again(kept(mended, "bad_value", **source)).records
    assert topic == "weighings"
    assert dict(zip(TOPICS[topic].names, row, strict=True))["gross_kg"] == 41000


def test_pictures_that_were_left_out_do_not_spoil_the_record() -> None:
    sent = {"id": "w1", "time": "2026-09-21T21:33:00+08:00", "gross_kg": 9000,
            "images": ["(123456 characters left out)"]}  # fmt: skip
    found = again(kept(json.dumps(sent).encode(), "bad_value", source="weigh:ws1"))
    assert found.good
    assert found.rows == 1


def test_a_source_nobody_reads_again_says_so() -> None:
    assert again(kept(b"x", source="crashes:a")).reason == "no_decoder"


@given(
    raw=st.binary(max_size=200) | st.text(max_size=80).map(str.encode),
    source=st.sampled_from(["jt808", "replay", "weigh:a", "gat1400:b", "weather:c", "?"]),
    detail=st.sampled_from(["", "item 1 of 2 in 0x0704", "x"]),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_judged(raw: bytes, source: str, detail: str) -> None:
    one = kept(raw, source=source, detail=detail)
    found = again(one)
    assert found.good or not found.records
    json.dumps(explain(one))


@given(st.binary(min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_frame_of_any_body_is_judged(content: bytes) -> None:
    for message in (0x0200, 0x0702, 0x0704, 0x0100, 0x0002):
        one = kept(frame(content, message))
        json.dumps(explain(one))
        again(one)
    again(kept(escape(content)))


# Platform links


KEYS = Keys(0x1234, 0x5678, 0x9ABC)


def link(edition: str, **more: Any) -> LinkReader:
    params = LinkParams(name="county", edition=edition, access_code=7, **more)
    directory = Directory([Vehicle("13800000001", "川DI0001", 2, "heavy_truck", None, None)])
    return LinkReader(params, directory)


def linked(message: int, fields: dict[str, Any], reader: LinkReader, **more: Any) -> Kept:
    """A record as a link leaves it: no delimiters, still escaped."""
    params = reader.params
    sealed = jt809_frame(
        message,
        params.access_code,
        5,
        jt809_body(message, fields, params.edition, params.dialect),
        sent=None if params.edition == "2011" else NOW_US // 1_000_000,
        **more,
    )
    return kept(sealed[1:-1], source="jt809:county")


QUESTION = {"object_type": 1, "object_id": "51", "answer_time": 60, "info_id": 9, "content": "?"}


@pytest.mark.parametrize("edition", ["2011", "2019"])
def test_a_message_of_a_link_is_read_as_the_link_is_set_today(edition: str) -> None:
    reader = link(edition)
    one = linked(0x9301, QUESTION, reader)
    assert again(one).reason == "no_decoder", "without the link nobody can say"
    [(topic, [row])] = again(one, {"jt809:county": reader}).records
    named = dict(zip(TOPICS[topic].names, row, strict=True))
    assert topic == "platform_messages"
    assert (named["kind"], named["direction"]) == ("0x9300/0x9301", "in")
    assert named["received"] == NOW_US
    other = link("2011" if edition == "2019" else "2019")
    assert not again(one, {"jt809:county": other}).good


def test_a_key_that_was_missing_heals_what_was_enciphered() -> None:
    plain = link("2019")
    one = linked(0x9301, QUESTION, plain, key=99, keys=KEYS)
    assert again(one, {"jt809:county": plain}).reason == "encrypted_body"
    with_key = link("2019", keys=KEYS)
    assert again(one, {"jt809:county": with_key}).rows == 1
    assert explain(one, {"jt809:county": with_key})["content"] == "?"


def test_positions_of_a_link_are_rows_that_came_late() -> None:
    reader = link("2019")
    row = dict.fromkeys(TOPICS["positions"].names)
    row |= {"time": NOW_US - 5_000_000, "lat": 26.5, "lon": 101.7, "speed_kmh": 50.0,
            "heading_deg": 90.0, "altitude_m": 1000.0, "status": 3, "positioned": True}  # fmt: skip
    body = join(0x1202, from_row(row, "2019"), "2019", reader.params.dialect, "川DI0001", 2)
    raw = jt809_frame(0x1202, 7, 5, body, sent=NOW_US // 1_000_000)[1:-1]
    one = kept(raw, "future_time", source="jt809:county")
    [(topic, [made])] = again(one, {"jt809:county": reader}).records
    named = dict(zip(TOPICS[topic].names, made, strict=True))
    assert (topic, named["vehicle"], named["catch_up"]) == ("positions", "13800000001", True)
    assert named["source"] == "jt809:county"


@pytest.mark.parametrize("reason", ["not_logged_in", "unsupported"])
def test_what_belongs_to_a_session_stays_refused(reason: str) -> None:
    reader = link("2019")
    login = {"user_id": 1, "password": "x", "gnss_center_id": 7, "down_link_ip": "1.2.3.4",
             "down_link_port": 1}  # fmt: skip
    raw = linked(0x1001, login, reader).raw
    found = again(kept(raw, reason, source="jt809:county"), {"jt809:county": reader})
    assert (found.good, found.records) == (False, [])


@given(raw=st.binary(max_size=200), edition=st.sampled_from(["2011", "2019"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_of_a_link_are_judged(raw: bytes, edition: str) -> None:
    readers = {"jt809:county": link(edition)}
    one = kept(raw, source="jt809:county")
    found = again(one, readers)
    assert found.good or not found.records
    json.dumps(explain(one, readers))


# Media


def medium(data: bytes) -> bytes:
    fields = {"media_id": 3, "media_type": 0, "media_format": 0, "event": 0, "channel": 1,
              "location": decode_base(body()[:28])}  # fmt: skip
    return media_body(fields, data)


def test_a_medium_that_had_no_place_gets_one(tmp_path: Path) -> None:
    """Refused by a gateway without a store: whole in one frame, or joined of parts."""
    photo = b"\xff\xd8 a photo \x7e\x7d"
    whole = kept(frame(medium(photo), 0x0801), "unsupported", detail=NO_PLACE)
    joined = kept(medium(photo), "unsupported", detail=NO_PLACE)
    store = EvidenceStore(tmp_path)
    for one in (whole, joined):
        [upload] = again(one).media
        row = dict(zip(TOPICS["evidence"].names, upload.keep(store), strict=True))
        assert store.read(row["evidence"]) == photo
        assert (row["subject"], row["kind"], row["source"]) == ("13800000001", "image", "jt808")
        assert row["received"] == NOW_US


def test_half_a_medium_is_no_medium() -> None:
    assert not again(kept(medium(b"half"), "no_room", detail="the spool is full")).media
    part = encode_frame(0x0801, "13800000001", 7, medium(b"x"), subpackage=(2, 1))[1:-1]
    assert not again(kept(part, "unsupported", detail=NO_PLACE)).media


def test_every_reason_has_words() -> None:
    assert reason_words("over_quota")[1].startswith("over")
    assert reason_words("never heard of") == ("never heard of", "never heard of")
