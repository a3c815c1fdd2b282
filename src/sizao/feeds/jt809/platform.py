"""0x1300 and 0x9300: duty checks and texts between platforms.

Source: JT/T 809-2011 clause 4.5.9; -2019 widens the object id, adds the seconds to answer in and
who answered.
"""

from __future__ import annotations

from sizao.feeds.jt809.fields import U8, U32, WORD, Counted, Text
from sizao.feeds.jt809.layouts import Layout

QUESTION = (
    Layout(
        (
            ("object_type", U8),
            ("object_id", Text(12)),
            ("info_id", U32),
            ("content", Counted()),
        ),
        ("2011",),
    ),
    Layout(
        (
            ("object_type", U8),
            ("object_id", Text(20)),
            ("answer_time", U8),
            ("info_id", U32),
            ("content", Counted()),
        ),
        ("2019",),
    ),
)
ANSWER = (
    Layout(
        (
            ("object_type", U8),
            ("object_id", Text(12)),
            ("info_id", U32),
            ("content", Counted()),
        ),
        ("2011",),
    ),
    Layout(
        (
            ("object_type", U8),
            ("responder", Text(16)),
            ("responder_tel", Text(20)),
            ("object_id", Text(20)),
            ("source_data_type", WORD),
            ("source_msg_sn", U32),
            ("content", Counted()),
        ),
        ("2019",),
    ),
)
TEXT = (
    QUESTION[0],
    Layout(
        (
            ("object_type", U8),
            ("object_id", Text(20)),
            ("info_id", U32),
            ("content", Counted()),
        ),
        ("2019",),
    ),
)
TEXT_TAKEN = (
    Layout((("info_id", U32),), ("2011",)),
    Layout((("source_data_type", WORD), ("source_msg_sn", U32)), ("2019",)),
)

OBJECT_TYPES: dict[int, str] = {
    1: "当前连接的下级平台",
    2: "下级平台所属单一业户",
    3: "下级平台所属所有业户",
    4: "下级平台所属所有平台",
    5: "下级平台所属所有平台和业户",
    6: "下级平台所属所有政府监管平台",
    7: "下级平台所属所有企业监控平台",
    8: "下级平台所属所有经营性企业监控平台",
    9: "下级平台所属所有非经营性企业监控平台",
}
"""Whom a duty check or a text is meant for."""
