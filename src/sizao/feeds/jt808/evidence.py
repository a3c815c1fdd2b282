"""Evidence files of active-safety alarms: 0x9208 asks, 0x1210 to 0x1212 announce, 0x9212 ends;
between 0x1211 and 0x1212 the file itself comes as raw pieces.

Source: T/JSATL 12-2017 tables 4-21 to 4-27. Guangdong widens terminal ids from 7 to 30 bytes and
identities from 16 to 40; the total length tells which.
"""

from __future__ import annotations

import struct

from sizao.feeds.jt808.alarms import IDENTITIES, is_wide
from sizao.feeds.jt808.codecs import U8, U16, U32, Fields, Raw, SizedText, Text
from sizao.feeds.jt808.layout import Each, F, Layout, Widths


def _width(fields: Fields) -> str:
    return "wide" if is_wide(fields["alarm_ident"]) else "narrow"


REQUEST = Widths(
    "T/JSATL 12 table 4-21",
    {
        name: Layout(
            "T/JSATL 12 table 4-21",
            F("server_ip", SizedText(), "", "where to send"),
            F("tcp_port", U16, "", "by TCP"),
            F("udp_port", U16, "", "by UDP; 0: not"),
            F("alarm_ident", IDENTITIES[name], "", "the alarm, as its item gave it"),
            F("alarm_number", Text(32), "", "the platform's name of the alarm"),
            F("reserved", Raw(16), "", "zeros"),
        )
        for name in ("narrow", "wide")
    },
    choose=_width,
    loose=True,
)
"""0x9208: where to send the files of an alarm."""

_FILE = Layout(
    "T/JSATL 12 table 4-23",
    F("name", SizedText(), "", "file name"),
    F("size", U32, "B", "file size"),
)

ANNOUNCEMENT = Widths(
    "T/JSATL 12 table 4-22",
    {
        name: Layout(
            "T/JSATL 12 table 4-22",
            F("terminal_id", Text(width), "", "the maker's number of the terminal"),
            F("alarm_ident", IDENTITIES[name], "", "the alarm"),
            F("alarm_number", Text(32), "", "the platform's name of the alarm"),
            F("info_type", U8, "", "0 an alarm's files, 1 a repeat"),
            F("files", Each(_FILE, U8), "", "files that will follow"),
        )
        for name, width in (("narrow", 7), ("wide", 30))
    },
    choose=_width,
)
"""0x1210: the files that will follow."""

FILE = Layout(
    "T/JSATL 12 tables 4-25, 4-26",
    F("name", SizedText(), "", "file name"),
    F("file_type", U8, "", "0 picture, 1 sound, 2 video, 3 text, 4 other"),
    F("size", U32, "B", "file size"),
)
"""0x1211 and 0x1212: one file, before and after it was sent."""

FILE_ANSWER = Layout(
    "T/JSATL 12 table 4-27",
    F("name", SizedText(), "", "file name"),
    F("file_type", U8, "", "as announced"),
    F("result", U8, "", "0 complete, 1 send the stretches again"),
    F(
        "retransmit",
        Each(
            Layout(
                "T/JSATL 12 table 4-28",
                F("offset", U32, "B", "begin of the stretch"),
                F("length", U32, "B", "its length"),
            ),
            U8,
        ),
        "",
        "stretches that are missing",
        absent=[],
        always=True,
    ),
)
"""0x9212: complete, or the stretches to send again."""

FILE_KINDS = {0: "image", 1: "audio", 2: "video", 3: "text", 4: "other"}
"""``file_type`` to ``kind`` of a row of topic evidence."""

MARK = b"\x30\x31\x63\x64"
"""First bytes of a piece of raw data."""
PIECE = struct.Struct(">4s50sII")
"""Head of a piece: mark, file name, offset, length; the data follow. T/JSATL 12 table 4-24."""


def piece(name: str, offset: int, data: bytes) -> bytes:
    """A piece of a file as it goes over the wire; the name is cut at 50 bytes."""
    return PIECE.pack(MARK, name.encode("gbk", "replace"), offset, len(data)) + data
