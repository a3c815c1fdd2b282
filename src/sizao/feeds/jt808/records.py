"""What passes through: recorder data, waybills, CAN frames, bytes for other devices.

The recorder's data blocks follow GB/T 19056 and stay raw here.

Source: JT/T 808-2013, the clause of each layout.
"""

from __future__ import annotations

from sizao.feeds.jt808.codecs import (
    U16,
    U32,
    CountOf,
    LengthOf,
    Raw,
    RestRaw,
    SizedRaw,
    SizedText,
    Word,
)
from sizao.feeds.jt808.layout import Each, F, Layout

_WHICH = "command word of GB/T 19056"

RECORDER_QUERY = Layout(
    "8.43",
    F("command", Word(1, 2), "", _WHICH),
    F("data_hex", RestRaw(), "", "data block of GB/T 19056"),
)
"""0x8700: send recorder data. 0x8701 (8.45): set recorder parameters."""

RECORDER_DATA = Layout(
    "8.44",
    F("reply_serial", U16, "", "serial of the query"),
    F("command", Word(1, 2), "", _WHICH),
    F("data_hex", RestRaw(), "", "data block of GB/T 19056"),
)
"""0x0700: recorder data."""

WAYBILL = Layout("8.46", F("text", SizedText(U32), "", "the waybill"))
"""0x0701: electronic waybill."""

CAN = Layout(
    "8.50",
    F("count", CountOf("items", U16), "", "frames that follow"),
    F("first_time_bcd", Raw(5), "BCD", "time of the first: hhmmss and milliseconds"),
    F(
        "items",
        Each(
            Layout(
                "8.50",
                F("can_id_raw", Word(4, 8), "bits", "31 channel, 30 extended, 29 average, 0-28 id"),
                F("data_hex", Raw(8), "", "CAN data"),
            ),
            "count",
        ),
        "",
        "CAN frames",
    ),
)
"""0x0705: CAN bus frames."""

TRANSPARENT = Layout(
    "8.61, 8.62",
    F(
        "transparent_type",
        Word(1, 2),
        "",
        "0x00 GNSS, 0x0B card, 0x41 and 0x42 serial, 0xF0- maker's",
    ),
    F("data_hex", RestRaw(), "", "the bytes"),
)
"""0x0900 and 0x8900: bytes passed through."""

COMPRESSED = Layout(
    "8.63",
    F("compressed_length", LengthOf("data_hex", U32), "B", "length of the GZIP bytes"),
    F("data_hex", SizedRaw("compressed_length"), "", "the bytes"),
)
"""0x0901: GZIP bytes passed through."""
