"""Quarantine read again: what decodes now, what never will, and nothing else gets in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.schemas import TOPICS
from sizao.feeds.jt808.encode import encode_frame
from sizao.feeds.jt808.framing import escape
from sizao.feeds.reasons import reason_words
from sizao.feeds.redecode import NEVER, Kept, again, explain
from sizao.feeds.weighing.record import read_weighing
from tests.runtime.terminal import location

NOW_US = 1_790_000_000_000_000


def kept(raw: bytes, reason: str = "unsupported", **more: object) -> Kept:
    base = {"source": "jt808", "peer": "13800000001", "detail": "", "received_us": NOW_US}
    return Kept(**{**base, "reason": reason, "raw": raw, **more})  # type: ignore[arg-type]


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


def test_every_reason_has_words() -> None:
    assert reason_words("over_quota")[1].startswith("over")
    assert reason_words("never heard of") == ("never heard of", "never heard of")
