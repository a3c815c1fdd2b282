"""0x1400 and 0x9400: alarms, and the supervision of how they are handled (报警督办).

Platforms disagree about the supervision id (u32, or 34 characters), about the 2019 body of
0x1401, about two times or three, in seconds or milliseconds; :class:`.dialect.Dialect` holds the
choice for writing, the bytes show it when reading.

Source: JT/T 809-2011 clause 4.5.10; -2019 the same clause; dialects from captures.
"""

from __future__ import annotations

from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.fields import (
    ALARM_TIME,
    TIME,
    U8,
    U16,
    U32,
    WORD,
    Counted,
    Hex,
    Kind,
    PlatformId,
    Text,
)
from sizao.feeds.jt809.layouts import Layout

_U32_ID: tuple[str, Kind] = ("supervision_id", Hex(4))
_TEXT_ID: tuple[str, Kind] = ("supervision_id", Text(34))


def _text34(dialect: Dialect) -> bool:
    return dialect.supervision_id == "text34"


def _reply(length: str, text34: bool) -> Layout:
    source: tuple[tuple[str, Kind], ...] = (
        (("source_data_type", WORD), ("source_msg_sn", U32)) if length == "long" else ()
    )

    def chosen(dialect: Dialect) -> bool:
        return _text34(dialect) is text34 and dialect.supervision_reply == length

    return Layout(
        (_TEXT_ID if text34 else _U32_ID, *source, ("result", U8)),
        ("2019",) if length == "long" else ("2011",),
        chosen=chosen,
    )


SUPERVISION_ANSWER = (
    _reply("short", False),
    _reply("long", False),
    _reply("short", True),
    _reply("long", True),
)
"""0x1401."""

_HEAD = (("alarm_source", U8), ("alarm_type", U16), ("alarm_time", TIME))
_REST = (
    ("supervision_deadline", TIME),
    ("level", U8),
    ("supervisor", Text(16)),
    ("supervisor_tel", Text(20)),
    ("supervisor_email", Text(32)),
)
SUPERVISION = (
    Layout((*_HEAD, _U32_ID, *_REST)),
    Layout((*_HEAD, _TEXT_ID, *_REST), (), chosen=_text34),
)
"""0x9401."""

_OLD_ALARM = Layout((*_HEAD, ("content", Counted())), ("2011",))
_SOURCE = (("source_platform_id", PlatformId()), ("alarm_type", U16))
_TARGET = (
    ("plate", Text(21)),
    ("plate_color", U8),
    ("destination_platform_id", PlatformId()),
    ("route_id", U32),
    ("content", Counted()),
)
_PERIOD = (("start_time", ALARM_TIME), ("end_time", ALARM_TIME))
_NEW_ALARM = (
    Layout(
        (*_SOURCE, ("alarm_time", ALARM_TIME), *_PERIOD, *_TARGET),
        ("2019",),
        {"time_fields": 3},
        lambda dialect: False,
    ),
    Layout(
        (*_SOURCE, *_PERIOD, *_TARGET),
        ("2019",),
        {"time_fields": 2},
        lambda dialect: dialect.alarm_times == 2,
    ),
)
ALARM_REPORT = (Layout((*_HEAD, ("info_id", U32), ("content", Counted())), ("2011",)), *_NEW_ALARM)
"""0x1402."""
ALARM_HANDLED = (Layout((("info_id", U32), ("result", U8)), ("2011",)), *_NEW_ALARM)
"""0x1403: in 2011 how an alarm was handled, in 2019 a notice of one."""
ALARM_NOTICE = (_OLD_ALARM, *_NEW_ALARM)
"""0x9402, 0x9403."""

SOURCES: dict[int, tuple[str, str]] = {
    1: ("车载终端", "terminal"),
    2: ("企业监控平台", "enterprise platform"),
    3: ("政府监管平台", "government platform"),
    9: ("其他", "other"),
}
ALARM_TYPES: dict[int, tuple[str, str]] = {
    0x01: ("超速报警", "overspeed"),
    0x02: ("疲劳驾驶报警", "fatigue"),
    0x03: ("紧急报警", "emergency"),
    0x04: ("进入指定区域报警", "entering an area"),
    0x05: ("离开指定区域报警", "leaving an area"),
    0x06: ("路段堵塞报警", "blocked road"),
    0x07: ("危险路段报警", "dangerous road"),
    0x08: ("越界报警", "out of bounds"),
    0x09: ("盗警", "theft"),
    0x0A: ("劫警", "robbery"),
    0x0B: ("偏离路线报警", "off route"),
    0x0C: ("车辆移动报警", "moved"),
    0x0D: ("超时驾驶报警", "over-time driving"),
    0xFF: ("其他报警", "other"),
}
"""Alarm codes of 809-2011; peers add their own above."""
RESULTS: dict[int, tuple[str, str]] = {
    0: ("处理中", "in progress"),
    1: ("已处理完毕", "done"),
    2: ("不作处理", "not handled"),
    3: ("将来处理", "later"),
}
"""Result of 0x1401 and 0x1403."""
LEVELS: dict[int, tuple[str, str]] = {0: ("紧急", "urgent"), 1: ("一般", "normal")}
