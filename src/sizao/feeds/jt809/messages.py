"""Every message Sizao reads and writes, one line each: header id, sub id, names, layouts.

A message that is not here keeps its body as ``body_hex``, a sub-message its data as ``data_hex``.
To add one: declare its layout in the file of its family, add the line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sizao.feeds.jt809 import alarms, control, exchange, layouts, links, platform, position
from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.layouts import Layout

Decode = Callable[[bytes, str, Dialect], dict[str, Any]]
Encode = Callable[[Mapping[str, Any], str, Dialect], bytes]


class Message(NamedTuple):
    """A message or sub-message: what it is called, its layouts, or functions where it is more
    than a list of fields."""

    zh: str
    en: str
    layouts: Sequence[Layout] = ()
    decode: Decode | None = None
    encode: Encode | None = None

    def read(self, data: bytes, edition: str, dialect: Dialect) -> dict[str, Any]:
        """Raises Malformed."""
        if self.decode is not None:
            return self.decode(data, edition, dialect)
        return layouts.decode(self.layouts, data, edition, dialect)

    def write(self, fields: Mapping[str, Any], edition: str, dialect: Dialect) -> bytes:
        """Raises KeyError for a missing field."""
        if self.encode is not None:
            return self.encode(fields, edition, dialect)
        return layouts.encode(self.layouts, fields, edition, dialect)


def _waybill(data: bytes, edition: str, dialect: Dialect) -> dict[str, Any]:
    fields = layouts.decode(exchange.WAYBILL, data, edition, dialect)
    return {"ewaybill_length": int.from_bytes(data[:4], "big"), **fields}


def _put_waybill(fields: Mapping[str, Any], edition: str, dialect: Dialect) -> bytes:
    return layouts.encode(exchange.WAYBILL, fields, edition, dialect)


def _position(zh: str, en: str) -> Message:
    return Message(
        zh,
        en,
        decode=lambda data, edition, dialect: position.decode_position(data, edition),
        encode=lambda fields, edition, dialect: position.encode_position(fields, edition),
    )


def _history(zh: str, en: str) -> Message:
    return Message(
        zh,
        en,
        decode=lambda data, edition, dialect: position.decode_history(data, edition),
        encode=lambda fields, edition, dialect: position.encode_history(fields, edition),
    )


MESSAGES: dict[int, Message] = {
    0x1001: Message("主链路登录请求", "main link login", links.LOGIN),
    0x1002: Message("主链路登录应答", "main link login answer", links.LOGIN_ANSWER),
    0x1003: Message("主链路注销请求", "main link logout", links.LOGOUT),
    0x1004: Message("主链路注销应答", "main link logout answer", links.EMPTY),
    0x1005: Message("主链路连接保持请求", "main link keepalive", links.EMPTY),
    0x1006: Message("主链路连接保持应答", "main link keepalive answer", links.EMPTY),
    0x1007: Message("主链路断开通知", "main link is down", links.CODE),
    0x1008: Message("下级平台主动关闭链路通知", "lower platform closes the links", links.CODE),
    0x9001: Message("从链路连接请求", "sub link connection", links.VERIFY),
    0x9002: Message("从链路连接应答", "sub link connection answer", links.CODE),
    0x9003: Message("从链路注销请求", "sub link logout", links.VERIFY),
    0x9004: Message("从链路注销应答", "sub link logout answer", links.EMPTY),
    0x9005: Message("从链路连接保持请求", "sub link keepalive", links.EMPTY),
    0x9006: Message("从链路连接保持应答", "sub link keepalive answer", links.EMPTY),
    0x9007: Message("从链路断开通知", "sub link is down", links.CODE),
    0x9008: Message("上级平台主动关闭链路通知", "upper platform closes the links", links.CODE),
    0x9101: Message("接收定位信息数量通知", "number of positions received", links.RECEIVED),
}
"""Messages without a sub-message."""

SUBMESSAGES: dict[int, Message] = {
    0x1102: Message("平台连接情况统计", "connection statistics", links.CONNECTIONS),
    0x1201: Message("上传车辆注册信息", "vehicle registration", exchange.REGISTRATION),
    0x1202: _position("实时上传车辆定位信息", "position"),
    0x1203: _history("车辆定位信息自动补报", "positions sent later"),
    0x1205: Message("启动车辆定位信息交换应答", "exchange begun", exchange.TAKEN),
    0x1206: Message("结束车辆定位信息交换应答", "exchange ended", exchange.TAKEN),
    0x1207: Message("申请交换指定车辆定位信息请求", "ask for a vehicle", exchange.PERIOD),
    0x1208: Message("取消交换指定车辆定位信息请求", "no more of a vehicle", links.EMPTY),
    0x1209: Message("补发车辆定位信息请求", "ask for missed positions", exchange.PERIOD),
    0x120A: Message("上报车辆驾驶员身份识别信息应答", "driver answer", exchange.DRIVER),
    0x120B: Message(
        "上报车辆电子运单应答", "waybill answer", exchange.WAYBILL, _waybill, _put_waybill
    ),
    0x120C: Message("主动上报驾驶员身份信息", "driver report", exchange.DRIVER),
    0x120D: Message(
        "主动上报车辆电子运单信息", "waybill report", exchange.WAYBILL, _waybill, _put_waybill
    ),
    0x1301: Message("平台查岗应答", "duty check answer", platform.ANSWER),
    0x1302: Message("下发平台间报文应答", "platform text answer", platform.TEXT_TAKEN),
    0x1401: Message("报警督办应答", "supervision answer", alarms.SUPERVISION_ANSWER),
    0x1402: Message("上报报警信息", "alarm report", alarms.ALARM_REPORT),
    0x1403: Message("主动上报报警处理结果", "alarm handled", alarms.ALARM_HANDLED),
    0x1501: Message("车辆单向监听应答", "listening answer", control.LISTEN_ANSWER),
    0x1502: Message("车辆拍照应答", "photograph", (), control.decode_photo, control.encode_photo),
    0x1503: Message("下发车辆报文应答", "vehicle text answer", control.VEHICLE_TEXT_ANSWER),
    0x1504: Message("上报车辆行驶记录应答", "recorder data", control.RECORDER_ANSWER),
    0x1505: Message("车辆应急接入监管平台应答", "emergency answer", control.EMERGENCY_ANSWER),
    0x1601: Message("补报车辆静态信息应答", "static vehicle data", exchange.VEHICLE),
    0x9201: Message("车辆注册信息应答", "registration answer", exchange.REGISTERED),
    0x9202: _position("交换车辆定位信息", "position exchanged"),
    0x9203: _history("车辆定位信息交换补发", "missed positions exchanged"),
    0x9204: Message("交换车辆静态信息", "static vehicle data exchanged", exchange.VEHICLE),
    0x9205: Message("启动车辆定位信息交换请求", "begin exchange", exchange.REASON),
    0x9206: Message("结束车辆定位信息交换请求", "end exchange", exchange.REASON),
    0x9207: Message(
        "申请交换指定车辆定位信息应答", "vehicle asked for", exchange.RESULT_OR_ANSWERED
    ),
    0x9208: Message("取消交换指定车辆定位信息应答", "vehicle no more", exchange.RESULT_OR_ANSWERED),
    0x9209: Message("补发车辆定位信息应答", "missed asked for", exchange.RESULT_OR_ANSWERED),
    0x920A: Message("上报车辆驾驶员身份识别信息请求", "who drives", links.EMPTY),
    0x920B: Message("上报车辆电子运单请求", "which waybill", links.EMPTY),
    0x920C: Message("上报车辆行驶路线请求", "which route", links.EMPTY),
    0x9301: Message("平台查岗请求", "duty check", platform.QUESTION),
    0x9302: Message("下发平台间报文请求", "platform text", platform.TEXT),
    0x9401: Message("报警督办请求", "supervision", alarms.SUPERVISION),
    0x9402: Message("报警预警", "alarm warning", alarms.ALARM_NOTICE),
    0x9403: Message("实时交换报警信息", "alarm exchanged", alarms.ALARM_NOTICE),
    0x9501: Message("车辆单向监听请求", "listen in", control.LISTEN),
    0x9502: Message("车辆拍照请求", "take a photograph", control.PHOTO),
    0x9503: Message("下发车辆报文请求", "text to a vehicle", control.VEHICLE_TEXT),
    0x9504: Message("上报车辆行驶记录请求", "which recorder data", control.RECORDER),
    0x9505: Message("车辆应急接入监管平台请求", "emergency connection", control.EMERGENCY),
    0x9601: Message("补报车辆静态信息请求", "which static data", links.EMPTY),
}
"""Sub-messages by their own id; the first two digits with 00 are those of the message, but
0x1102 stands in the header itself."""

FAMILIES = frozenset(
    {0x1102, 0x1200, 0x1300, 0x1400, 0x1500, 0x1600, 0x9200, 0x9300, 0x9400, 0x9500, 0x9600}
)
"""Messages that carry a sub-message."""


def family_of(sub: int) -> int:
    """The message a sub-message belongs into."""
    return sub if sub == 0x1102 else sub & 0xFF00


UNPROVEN = frozenset(
    {
        *(0x1003, 0x1004, 0x1005, 0x1006, 0x1008, 0x9003, 0x9004, 0x9006, 0x9008, 0x9101),
        *(0x1205, 0x1206, 0x1207, 0x1208, 0x1209, 0x120C, 0x120D, 0x1302, 0x1502, 0x1504, 0x1505),
        *(0x9201, 0x9202, 0x9203, 0x9204, 0x9205, 0x9206, 0x9207, 0x9208, 0x9209),
        *(0x920A, 0x920B, 0x920C, 0x9302, 0x9502, 0x9503, 0x9504, 0x9505, 0x9601),
    }
)
"""No frame with known values was at hand for these. Decoding a sub-message of them keeps
``data_hex`` too, so that nothing is lost should its layout turn out to be read wrongly."""
