"""Pictures, sound and video: 0x0800, 0x0801, 0x0802, 0x0805 up; 0x8800 to 0x8805 down.

Source: JT/T 808-2013 clauses 8.51 to 8.60. The 2011 form of 0x0802 has no media ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.jt808.codecs import U8, U16, U32, CountOf, Fields, Raw
from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt808.layout import Each, F, Layout, Widths
from sizao.feeds.jt808.location import BASE, decode_base, encode_base

PREFIX = 16
"""Bytes of media data shown by ``sizao decode``."""

KINDS = {0: "image", 1: "audio", 2: "video"}
"""Media types."""
FORMATS = {0: "jpg", 1: "tif", 2: "mp3", 3: "wav", 4: "wmv"}
"""Media formats."""

_TYPE = F("media_type", U8, "", "0 picture, 1 sound, 2 video")
_EVENT = F("event", U8, "", "0 asked, 1 timed, 2 robbery, 3 collision, 4 and 5 doors, 6-8 motion")
_CHANNEL = F("channel", U8, "", "camera or microphone; 0 all of them")
_DELETE = F("delete_flag", U8, "", "0 keep, 1 delete after sending")


class BaseLocation:
    """The 28 bytes of a location without items."""

    kind = "location[28]"

    def read(self, reader: Reader, seen: Fields, version: str) -> dict[str, Any]:
        return decode_base(reader.take(BASE.size))

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return encode_base(value)


EVENT = Layout(
    "8.51",
    F("media_id", U32, "", "number of the medium"),
    _TYPE,
    F("media_format", U8, "", "0 JPEG, 1 TIF, 2 MP3, 3 WAV, 4 WMV"),
    _EVENT,
    _CHANNEL,
)
"""0x0800: media exist."""

_HEAD = Layout("8.52", *EVENT.fields, F("location", BaseLocation(), "", "where it was taken"))


def split_media(body: bytes) -> tuple[dict[str, Any], bytes]:
    """0x0801 as fields and the media data. Raises Malformed."""
    reader = Reader(body)
    return _HEAD.read(reader, {}, ""), reader.rest()


def decode_data(body: bytes, version: str) -> dict[str, Any]:
    """0x0801: the media with the place where they were taken; of the data its length and the
    first :data:`PREFIX` bytes, because it may be megabytes. Clause 8.52."""
    fields, data = split_media(body)
    return {**fields, "data_length": len(data), "data_prefix_hex": data[:PREFIX].hex()}


def encode_data(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x0801 body. ``data_hex`` is the whole data; decoded fields of up to 16 bytes do too.

    Raises ValueError if the data is not all there.
    """
    data = bytes.fromhex(fields.get("data_hex", fields.get("data_prefix_hex", "")))
    if len(data) != fields.get("data_length", len(data)):
        raise ValueError(f"{fields['data_length']} bytes of media, {len(data)} are given")
    return _HEAD.write(fields, fields, version) + data


def media_body(fields: Mapping[str, Any], data: bytes) -> bytes:
    """A 0x0801 body of fields and data."""
    return _HEAD.write(fields, fields, "") + data


UPLOAD_ANSWER = Layout(
    "8.53",
    F("media_id", U32, "", "number of the medium"),
    F("retransmit_ids", Each(U16, U8), "", "parts to send again; none: all came", absent=[]),
)
"""0x8800: all arrived, or the parts to send again."""

SHOT = Layout(
    "8.54",
    F("channel", U8, "", "camera"),
    F("command", U16, "", "0 stop, 0xFFFF record, else pictures to take"),
    F("interval_s", U16, "s", "between pictures, or length of the recording"),
    F("save_flag", U8, "", "0 send at once, 1 keep"),
    F("resolution", U8, "", "1 320x240, 2 640x480, 3 800x600, 4 1024x768, 5-8 QCIF to D1"),
    F("quality", U8, "", "1 best to 10"),
    F("brightness", U8, "", "0 to 255"),
    F("contrast", U8, "", "0 to 127"),
    F("saturation", U8, "", "0 to 127"),
    F("chroma", U8, "", "0 to 255"),
)
"""0x8801: take pictures or record."""

SHOT_ANSWER = Layout(
    "8.55",
    F("reply_serial", U16, "", "serial of the order"),
    F("result", U8, "", "0 done, 1 failed, 2 no such channel"),
    F("media_ids", Each(U32, U16), "", "media made, with result 0", absent=[]),
)
"""0x0805: ids of the pictures taken; none are listed unless the result is 0."""

_WHEN = (
    F("start_bcd", Raw(6), "BCD", "from; zeros: from the beginning"),
    F("end_bcd", Raw(6), "BCD", "until; zeros: until now"),
)

SEARCH = Layout("8.56", _TYPE, _CHANNEL, _EVENT, *_WHEN)
"""0x8802: which media are stored?"""

_FOUND = (_TYPE, _CHANNEL, _EVENT, F("location", BaseLocation(), "", "where it was taken"))


def _found(*first: F) -> Layout:
    return Layout(
        "8.57",
        F("reply_serial", U16, "", "serial of the search"),
        F("count", CountOf("items", U16), "", "media that follow"),
        F("items", Each(Layout("8.57", *first, *_FOUND), "count"), "", "media found"),
    )


FOUND = Widths(
    "8.57", {"2013": _found(F("media_id", U32, "", "number of the medium")), "2011": _found()}
)
"""0x0802: the media that are stored."""

UPLOAD = Layout("8.58", _TYPE, _CHANNEL, _EVENT, *_WHEN, _DELETE)
"""0x8803: send stored media."""

RECORD = Layout(
    "8.59",
    F("command", U8, "", "0 stop, 1 start"),
    F("duration_s", U16, "s", "0: until stopped"),
    F("save_flag", U8, "", "0 send at once, 1 keep"),
    F("sampling", U8, "", "0 8 kHz, 1 11 kHz, 2 23 kHz, 3 32 kHz"),
)
"""0x8804: record sound."""

UPLOAD_ONE = Layout("8.60", F("media_id", U32, "", "number of the medium"), _DELETE)
"""0x8805: send one stored medium."""
