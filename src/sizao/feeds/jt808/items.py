"""Additional items of a location report: ``id u8, length u8, value``.

An id with a length the standard does not give it is vendor data: its bytes are kept as ``raw``.
To teach Sizao a new item, add a line to :data:`ITEMS`.

Source: JT/T 808-2013 table 27, JT/T 808-2019 table 27, JT/T 1078-2016 table 13.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from sizao.feeds.jt808.alarms import FAMILIES, IDENTITY, WIDE_IDENTITY, is_wide
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.vendors import DIALECTS, dialect_of

Decode = Callable[[bytes], dict[str, Any]]
Encode = Callable[[Mapping[str, Any]], bytes]


def _number(key: str, form: str, scale: int = 1) -> tuple[int, Decode, Encode]:
    """An item that is one number: its length, its decoder, its encoder."""
    code = struct.Struct(form)

    def decode(value: bytes) -> dict[str, Any]:
        (number,) = code.unpack(value)
        return {key: number / scale if scale > 1 else number}

    def encode(item: Mapping[str, Any]) -> bytes:
        value = item[key]
        return code.pack(round(value * scale) if scale > 1 else value)

    return code.size, decode, encode


def _struct(form: str, *keys: str) -> tuple[int, Decode, Encode]:
    """An item that is a few numbers in a row."""
    code = struct.Struct(form)

    def decode(value: bytes) -> dict[str, Any]:
        return dict(zip(keys, code.unpack(value), strict=True))

    def encode(item: Mapping[str, Any]) -> bytes:
        return code.pack(*(item[key] for key in keys))

    return code.size, decode, encode


def _overspeed(value: bytes) -> dict[str, Any]:
    # The area id is there only when the place type says that there is an area.
    area = int.from_bytes(value[1:], "big") if len(value) == 5 else None
    return {"overspeed_area_type": value[0], "overspeed_area_id": area}


def _put_overspeed(item: Mapping[str, Any]) -> bytes:
    area = item["overspeed_area_id"]
    return bytes((item["overspeed_area_type"],)) + (
        b"" if area is None else int(area).to_bytes(4, "big")
    )


def _analog(value: bytes) -> dict[str, Any]:
    ad1, ad0 = struct.unpack(">HH", value)
    return {"analog_ad0": ad0, "analog_ad1": ad1}


def _put_analog(item: Mapping[str, Any]) -> bytes:
    return struct.pack(">HH", item["analog_ad1"], item["analog_ad0"])


ITEMS: dict[int, list[tuple[int, Decode, Encode]]] = {
    0x01: [_number("mileage_km", ">I", 10)],
    0x02: [_number("fuel_l", ">H", 10)],
    0x03: [_number("recorder_speed_kmh", ">H", 10)],
    0x04: [_number("manual_alarm_event_id", ">H")],
    # 0x05 (30 tyre pressures) has no agreed unit: it stays raw.
    0x06: [_number("compartment_temp_c", ">h")],
    0x11: [(1, _overspeed, _put_overspeed), (5, _overspeed, _put_overspeed)],
    0x12: [_struct(">BIB", "area_type", "area_id", "direction")],
    0x13: [_struct(">IHB", "route_id", "travel_time_s", "result")],
    0x14: [_number("video_alarm", ">I")],
    0x15: [_number("video_loss_channels", ">I")],
    0x16: [_number("video_mask_channels", ">I")],
    0x17: [_number("storage_fault", ">H")],
    0x18: [_struct(">HB", "abnormal_driving", "fatigue_degree")],
    0x25: [_number("ext_signal_status", ">I")],
    0x2A: [_number("io_status", ">H")],
    0x2B: [(4, _analog, _put_analog)],
    0x30: [_number("rssi", ">B")],
    0x31: [_number("gnss_satellites", ">B")],
}
"""Item id to its forms: length in bytes, decoder, encoder."""

_DECODERS: dict[tuple[int, int], Decode] = {
    (item, length): decode for item, forms in ITEMS.items() for length, decode, _ in forms
}


def _decode_alarm(item: int, value: bytes) -> dict[str, Any] | None:
    """The fields of an active-safety item under its family's name, or None if it is another's."""
    dialect = dialect_of(item, value) if item in FAMILIES else None
    if dialect is None:
        return None
    return {FAMILIES[item]: dialect.items[item].decode(value, "")}


def _encode_alarm(item: int, fields: Mapping[str, Any]) -> bytes:
    size = WIDE_IDENTITY if is_wide(fields["alarm_ident"]) else IDENTITY
    dialect = next(one for one in DIALECTS if one.size == size)
    return dialect.items[item].encode(fields, "")


def decode_item(item: int, value: bytes) -> dict[str, Any]:
    """One item as JSON keys; unknown ids and lengths give ``raw`` hex."""
    entry: dict[str, Any] = {"id": f"0x{item:02X}", "length": len(value)}
    decode = _DECODERS.get((item, len(value)))
    fields = decode(value) if decode else _decode_alarm(item, value)
    entry.update({"raw": value.hex()} if fields is None else fields)
    return entry


def decode_items(body: bytes, at: int) -> tuple[list[dict[str, Any]], Malformed | None]:
    """All items from offset ``at`` on, and what is wrong with the last one, if anything.

    A cut-off item ends the list and is reported; the items before it are good.
    """
    items: list[dict[str, Any]] = []
    end = len(body)
    while at < end:
        stop = at + 2 + body[at + 1] if at + 1 < end else end + 1
        if stop > end:
            return items, Malformed(
                "truncated_extra",
                f"item 0x{body[at]:02X} at byte {at} runs past the end of the body",
            )
        items.append(decode_item(body[at], body[at + 2 : stop]))
        at = stop
    return items, None


def encode_item(entry: Mapping[str, Any]) -> bytes:
    """Bytes of an item as :func:`decode_item` gives it: by its fields, or by its ``raw``.

    Raises KeyError if the fields belong to no known item.
    """
    number = int(str(entry["id"]), 16)
    family = FAMILIES.get(number)
    if "raw" in entry:
        value = bytes.fromhex(entry["raw"])
    elif family is not None and family in entry:
        value = _encode_alarm(number, entry[family])
    else:
        value = ITEMS[number][0][2](entry)
    return bytes((number, len(value))) + value
