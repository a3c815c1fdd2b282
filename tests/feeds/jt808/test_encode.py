"""Building frames and the small fields inside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.loads import address
from sizao.feeds.jt808 import decode_body, decode_frame, encode_body, encode_frame, encode_message
from sizao.feeds.jt808 import kernel as loop
from sizao.feeds.jt808.fields import bcd_from_iso, bcd_time, iso_time, pad, text, time_us
from sizao.feeds.jt808.items import ITEMS, decode_items, encode_item
from sizao.feeds.jt808.location import decode_report, encode_location
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.registration import layout_of
from sizao.feeds.jt808.text import MAX_BYTES

phones = st.text("0123456789", min_size=1, max_size=12)


def compiled_time_us(raw: bytes) -> int:
    buffer = np.frombuffer(raw, np.uint8)
    return int(loop.bcd_time_us(address(buffer)))


compiled_time_us(bytes(6))  # compiled here, not within a test's deadline


@given(
    st.sampled_from(sorted(MESSAGES)),
    phones,
    st.integers(0, 0xFFFF),
    st.binary(max_size=200),
    st.sampled_from([2011, 2013, 2019]),
    st.one_of(st.none(), st.tuples(st.integers(1, 0xFFFF), st.integers(1, 0xFFFF))),
)
def test_a_frame_comes_back(
    message: int,
    phone: str,
    serial: int,
    body: bytes,
    version: int,
    parts: tuple[int, int] | None,
) -> None:
    frame = encode_frame(message, phone, serial, body, version, parts)
    assert frame.count(0x7E) == 2
    fields = decode_frame(frame[1:-1])
    assert fields["checksum_ok"] is True
    assert fields["message_id"] == f"0x{message:04X}"
    assert fields["phone"] == (phone.lstrip("0") or "0")
    assert fields["serial"] == serial
    assert fields["body_length"] == len(body)
    assert len(fields["phone_raw"]) == (20 if version == 2019 else 12)
    assert fields["subpackage"] == (parts and {"total": parts[0], "index": parts[1]})


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ValueError, match="digits"):
        encode_frame(0x0002, "1" * 13, 1, b"")
    with pytest.raises(ValueError, match="sub-package"):
        encode_frame(0x0200, "1", 1, bytes(1024))
    with pytest.raises(KeyError):
        encode_body(0x1210, {})


def test_a_long_body_goes_in_parts() -> None:
    frames = encode_message(0x0704, "1", 0xFFFF, bytes(2500))
    headers = [decode_frame(frame[1:-1]) for frame in frames]
    assert [h["serial"] for h in headers] == [0xFFFF, 0, 1]
    assert [h["subpackage"] for h in headers] == [{"total": 3, "index": n} for n in (1, 2, 3)]


dates = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31, 23, 59, 59))  # noqa: DTZ001 - local time of the wire


@given(dates)
def test_times_are_in_utc_plus_8(local: datetime) -> None:
    local = local.replace(microsecond=0)
    moment = local.replace(tzinfo=UTC) - timedelta(hours=8)
    at_us = int(moment.timestamp()) * 1_000_000
    raw = bcd_time(at_us)
    assert raw.hex() == local.strftime("%y%m%d%H%M%S")
    assert time_us(raw) == at_us
    assert compiled_time_us(raw) == at_us
    iso = iso_time(raw)
    assert iso == local.strftime("%Y-%m-%dT%H:%M:%S+08:00")
    assert bcd_from_iso(iso) == raw


@given(st.binary(min_size=6, max_size=6))
def test_impossible_times_are_null_in_both_paths(raw: bytes) -> None:
    at_us = time_us(raw)
    compiled = compiled_time_us(raw)
    assert compiled == (loop.NO_TIME if at_us is None else at_us)
    assert (iso_time(raw) is None) == (at_us is None)


def test_every_day_of_the_century_is_the_same_in_both_paths() -> None:
    for year in range(100):
        for month in range(14):
            for day in range(33):
                raw = bytes.fromhex(f"{year:02d}{month:02d}{day:02d}000000")
                expected = time_us(raw)
                got = compiled_time_us(raw)
                assert got == (loop.NO_TIME if expected is None else expected)


def test_a_year_that_two_digits_cannot_write() -> None:
    with pytest.raises(ValueError, match="1999"):
        bcd_time(0 + 946_000_000 * 1_000_000)


def test_text_padding() -> None:
    assert text(b"\0\x004") == "4"
    assert text("川D12345".encode("gbk") + b"\0\0") == "川D12345"
    assert text(b"BSJ-M7B ") == "BSJ-M7B "
    assert pad("川D", 5) == b"\xb4\xa8D\0\0"
    assert text(b"\xff\xfe") == "\ufffd" * len(text(b"\xff\xfe"))


@pytest.mark.parametrize("item", sorted(ITEMS))
def test_every_item_is_undone(item: int) -> None:
    for length, _, _ in ITEMS[item]:
        value = bytes(range(1, length + 1))
        ((entry,), problem) = decode_items(bytes((item, length)) + value, 0)
        assert problem is None
        assert "raw" not in entry
        assert encode_item(entry) == bytes((item, length)) + value
        ((odd,), _) = decode_items(bytes((item, length + 7)) + value + bytes(7), 0)
        assert "raw" in odd, "a length the standard does not give is vendor data"


@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 6553), st.integers(0, 360))
def test_a_location_comes_back(lat: float, lon: float, speed: float, heading: int) -> None:
    body = encode_location(
        time_us=1_767_225_600_000_000, lat=lat, lon=lon, speed_kmh=speed, heading_deg=heading
    )
    fields = decode_report(body, "2013")
    assert fields["lat"] == pytest.approx(lat, abs=6e-7)
    assert fields["lon"] == pytest.approx(lon, abs=6e-7)
    assert fields["speed_kmh"] == pytest.approx(speed, abs=0.051)
    assert fields["heading_deg"] == heading
    assert "plausible" not in fields


@pytest.mark.parametrize("version", ["2011", "2013"])
@pytest.mark.parametrize("plate", ["川D12345", "川D123456", "LZZ1234567890ABCD"])
def test_registrations_of_two_editions_share_a_header_and_are_told_apart(
    version: str, plate: str
) -> None:
    fields = {
        "province_id": 51,
        "city_id": 400,
        "maker_id": "70111",
        "terminal_model": "BSJ-M7",
        "terminal_id": "A000001",
        "plate_color": 0 if plate.startswith("L") else 2,
        "plate": plate,
    }
    body = encode_body(0x0100, fields, version)
    assert layout_of(body, "2013") == version
    assert decode_body(0x0100, body, "2013") == {**fields, "version": version}


def test_the_2011_form_of_the_driver_report() -> None:
    fields = {
        "driver_name": "张三",
        "id_card_no": "510400199001010000",
        "license_no": "99999919900000001",
        "license_authority": "模拟发证机关",
    }
    body = encode_body(0x0702, fields, 2011)
    assert decode_body(0x0702, body, "2013") == {**fields, "version": "2011"}


def test_parameters_are_as_wide_as_the_standard_says() -> None:
    params = [
        {"id": "0x0084", "value": 2},
        {"id": "0x0055", "value": 80},
        {"id": "0xF001", "value": 1},
    ]
    body = encode_body(0x8103, {"params": params})
    found = decode_body(0x8103, body, "2013")["params"]
    assert [one["length"] for one in found] == [1, 4, 4]


def test_a_2019_terminal_may_authenticate_in_the_old_form() -> None:
    assert decode_body(0x0102, b"ab12", "2019") == {"auth_code": "ab12"}
    fields = {"auth_code": "ab12", "imei": "1" * 15, "software_version": "1.0"}
    assert decode_body(0x0102, encode_body(0x0102, fields, 2019), "2019") == fields


def test_a_text_is_cut_between_characters() -> None:
    body = encode_body(0x8300, {"flag": 1, "text": "a" + "慢" * 600})
    assert len(body) == 1 + MAX_BYTES - 1
    assert decode_body(0x8300, body, "2013")["text"] == "a" + "慢" * 511
    odd = encode_body(0x8300, {"flag": 1, "text": "慢\U0001f600"})
    assert decode_body(0x8300, odd, "2013")["text"] == "慢?"


def test_a_resend_request_has_room_for_255_parts_before_2019() -> None:
    fields = {"original_serial": 7, "indexes": list(range(1, 301))}
    old = decode_body(0x8003, encode_body(0x8003, fields, 2013), "2013")
    new = decode_body(0x8003, encode_body(0x8003, fields, 2019), "2019")
    assert (old["count"], new["count"]) == (255, 300)
    assert new["indexes"] == fields["indexes"]


@given(
    st.sampled_from(sorted(MESSAGES)), st.binary(max_size=120), st.sampled_from(["2013", "2019"])
)
def test_any_body_decodes_or_says_why(message: int, body: bytes, version: str) -> None:
    fields = decode_body(message, body, version)
    if "error" in fields:
        assert fields["error"]["detail"]
