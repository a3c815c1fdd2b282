"""Terminal parameters: 0x8103 sets them, 0x8106 asks for some, 0x0104 answers.

Each is ``id u32, length u8, value``. A known number is read at whatever width of 1, 2 or 4 bytes
it came; an unknown id or an odd width keeps its bytes as ``raw``.

Source: JT/T 808-2013 tables 12 and 13; -2019 tables 11 and 12.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sizao.feeds.jt808.codecs import CountOf, Word
from sizao.feeds.jt808.fields import Reader, text, word
from sizao.feeds.jt808.layout import Each, F, Layout
from sizao.feeds.jt808.problems import Malformed


class Parameter(NamedTuple):
    """What the standard says of one parameter."""

    zh: str
    name: str
    width: int
    """Bytes of a number; 0: text."""
    unit: str = ""


PARAMETERS: dict[int, Parameter] = {
    0x0001: Parameter("终端心跳发送间隔", "heartbeat interval", 4, "s"),
    0x0002: Parameter("TCP 应答超时", "TCP answer timeout", 4, "s"),
    0x0003: Parameter("TCP 重传次数", "TCP repeats", 4),
    0x0004: Parameter("UDP 应答超时", "UDP answer timeout", 4, "s"),
    0x0005: Parameter("UDP 重传次数", "UDP repeats", 4),
    0x0006: Parameter("SMS 应答超时", "SMS answer timeout", 4, "s"),
    0x0007: Parameter("SMS 重传次数", "SMS repeats", 4),
    0x0010: Parameter("主服务器 APN", "main server APN", 0),
    0x0011: Parameter("主服务器拨号用户名", "main server dial-up user", 0),
    0x0012: Parameter("主服务器拨号密码", "main server dial-up password", 0),
    0x0013: Parameter("主服务器地址", "main server address", 0),
    0x0014: Parameter("备份服务器 APN", "backup server APN", 0),
    0x0015: Parameter("备份服务器拨号用户名", "backup server dial-up user", 0),
    0x0016: Parameter("备份服务器拨号密码", "backup server dial-up password", 0),
    0x0017: Parameter("备份服务器地址", "backup server address", 0),
    0x0018: Parameter("服务器 TCP 端口", "server TCP port", 4),
    0x0019: Parameter("服务器 UDP 端口", "server UDP port", 4),
    0x001A: Parameter("IC 卡认证主服务器地址", "card server address", 0),
    0x001B: Parameter("IC 卡认证主服务器 TCP 端口", "card server TCP port", 4),
    0x001C: Parameter("IC 卡认证主服务器 UDP 端口", "card server UDP port", 4),
    0x001D: Parameter("IC 卡认证备份服务器地址", "backup card server address", 0),
    0x0020: Parameter("位置汇报策略", "reporting by time 0, distance 1, both 2", 4),
    0x0021: Parameter("位置汇报方案", "reporting by ACC 0, by sign-in 1", 4),
    0x0022: Parameter("驾驶员未登录汇报时间间隔", "interval without driver", 4, "s"),
    0x0023: Parameter("从服务器 APN", "secondary server APN (2019)", 0),
    0x0024: Parameter("从服务器拨号用户名", "secondary server dial-up user (2019)", 0),
    0x0025: Parameter("从服务器拨号密码", "secondary server dial-up password (2019)", 0),
    0x0026: Parameter("从服务器备份地址", "secondary server address (2019)", 0),
    0x0027: Parameter("休眠时汇报时间间隔", "interval asleep", 4, "s"),
    0x0028: Parameter("紧急报警时汇报时间间隔", "interval in an emergency", 4, "s"),
    0x0029: Parameter("缺省时间汇报间隔", "interval", 4, "s"),
    0x002C: Parameter("缺省距离汇报间隔", "distance", 4, "m"),
    0x002D: Parameter("驾驶员未登录汇报距离间隔", "distance without driver", 4, "m"),
    0x002E: Parameter("休眠时汇报距离间隔", "distance asleep", 4, "m"),
    0x002F: Parameter("紧急报警时汇报距离间隔", "distance in an emergency", 4, "m"),
    0x0030: Parameter("拐点补传角度", "turn that is reported", 4, "deg"),
    0x0031: Parameter("电子围栏半径", "radius of unlawful movement", 2, "m"),
    0x0032: Parameter("违规行驶时段范围", "forbidden hours, hhmm to hhmm (2019)", 4),
    0x0040: Parameter("监控平台电话号码", "platform phone", 0),
    0x0041: Parameter("复位电话号码", "reset phone", 0),
    0x0042: Parameter("恢复出厂设置电话号码", "factory reset phone", 0),
    0x0043: Parameter("监控平台 SMS 电话号码", "platform SMS phone", 0),
    0x0044: Parameter("接收终端 SMS 文本报警号码", "alarm SMS phone", 0),
    0x0045: Parameter("终端电话接听策略", "answering calls", 4),
    0x0046: Parameter("每次最长通话时间", "longest call", 4, "s"),
    0x0047: Parameter("当月最长通话时间", "calls a month", 4, "s"),
    0x0048: Parameter("监听电话号码", "listening phone", 0),
    0x0049: Parameter("监管平台特权短信号码", "privileged SMS phone", 0),
    0x0050: Parameter("报警屏蔽字", "alarms masked", 4, "bits"),
    0x0051: Parameter("报警发送文本 SMS 开关", "alarms sent by SMS", 4, "bits"),
    0x0052: Parameter("报警拍摄开关", "alarms photographed", 4, "bits"),
    0x0053: Parameter("报警拍摄存储标志", "alarm photos kept", 4, "bits"),
    0x0054: Parameter("关键标志", "key alarms", 4, "bits"),
    0x0055: Parameter("最高速度", "speed limit", 4, "km/h"),
    0x0056: Parameter("超速持续时间", "overspeed after", 4, "s"),
    0x0057: Parameter("连续驾驶时间门限", "continuous driving", 4, "s"),
    0x0058: Parameter("当天累计驾驶时间门限", "driving a day", 4, "s"),
    0x0059: Parameter("最小休息时间", "shortest rest", 4, "s"),
    0x005A: Parameter("最长停车时间", "longest parking", 4, "s"),
    0x005B: Parameter("超速报警预警差值", "overspeed warning margin", 2, "0.1 km/h"),
    0x005C: Parameter("疲劳驾驶预警差值", "fatigue warning margin", 2, "s"),
    0x005D: Parameter("碰撞报警参数设置", "collision: high byte 0.1 g, low byte 4 ms", 2),
    0x005E: Parameter("侧翻报警参数设置", "rollover angle", 2, "deg"),
    0x0064: Parameter("定时拍照控制", "photos by time", 4, "bits"),
    0x0065: Parameter("定距拍照控制", "photos by distance", 4, "bits"),
    0x0070: Parameter("图像/视频质量", "picture quality, 1 best", 4),
    0x0071: Parameter("亮度", "brightness", 4),
    0x0072: Parameter("对比度", "contrast", 4),
    0x0073: Parameter("饱和度", "saturation", 4),
    0x0074: Parameter("色度", "chroma", 4),
    0x007A: Parameter("视频相关报警屏蔽字", "video alarms masked (JT/T 1078)", 4, "bits"),
    0x007B: Parameter("图像分析报警参数设置", "picture analysis (JT/T 1078)", 2),
    0x0080: Parameter("车辆里程表读数", "odometer", 4, "0.1 km"),
    0x0081: Parameter("车辆所在的省域 ID", "province", 2),
    0x0082: Parameter("车辆所在的市域 ID", "city", 2),
    0x0083: Parameter("机动车号牌", "plate", 0),
    0x0084: Parameter("车牌颜色", "plate colour", 1, "JT/T 697.7"),
    0x0090: Parameter("GNSS 定位模式", "satellite systems", 1, "bits"),
    0x0091: Parameter("GNSS 波特率", "receiver baud rate code", 1),
    0x0092: Parameter("GNSS 详细定位数据输出频率", "receiver output rate code", 1),
    0x0093: Parameter("GNSS 详细定位数据采集频率", "receiver sampling", 4, "s"),
    0x0094: Parameter("GNSS 详细定位数据上传方式", "receiver upload by", 1),
    0x0095: Parameter("GNSS 详细定位数据上传设置", "receiver upload setting", 4),
    0x0100: Parameter("CAN 通道 1 采集时间间隔", "CAN 1 sampling", 4, "ms"),
    0x0101: Parameter("CAN 通道 1 上传时间间隔", "CAN 1 upload", 2, "s"),
    0x0102: Parameter("CAN 通道 2 采集时间间隔", "CAN 2 sampling", 4, "ms"),
    0x0103: Parameter("CAN 通道 2 上传时间间隔", "CAN 2 upload", 2, "s"),
}
"""Parameters with a known meaning. 0x0075 to 0x0079 (JT/T 1078), 0x0110 and a maker's own from
0xF000 on are structures: they stay raw."""


def _decode_one(number: int, value: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": word(number), "length": len(value)}
    known = PARAMETERS.get(number)
    if known is not None and not known.width:
        entry["value"] = text(value)
    elif known is not None and len(value) in (1, 2, 4):
        entry["value"] = int.from_bytes(value, "big")
    else:
        entry["raw"] = value.hex()
    return entry


def _decode_list(reader: Reader, declared: int) -> list[dict[str, Any]]:
    """Parameters to the end of the body. Raises Malformed ``count_mismatch``."""
    params: list[dict[str, Any]] = []
    while reader.left >= 5:
        mark = reader.at
        number, length = reader.u32(), reader.u8()
        if length > reader.left:
            reader.at = mark
            break
        params.append(_decode_one(number, reader.take(length)))
    if len(params) != declared:
        raise Malformed(
            "count_mismatch",
            f"{declared} parameters declared, {len(params)} are whole",
            declared=declared,
            items_present=len(params),
            params=params,
        )
    return params


def decode_settings(body: bytes, version: str) -> dict[str, Any]:
    """0x8103: parameters to set."""
    reader = Reader(body)
    count = reader.u8()
    return {"count": count, "params": _decode_list(reader, count)}


def decode_parameters(body: bytes, version: str) -> dict[str, Any]:
    """0x0104: the parameters a terminal has."""
    reader = Reader(body)
    serial, count = reader.u16(), reader.u8()
    return {"reply_serial": serial, "count": count, "params": _decode_list(reader, count)}


def _encode_list(params: Sequence[Mapping[str, Any]]) -> bytes:
    body = bytes((len(params),))
    for entry in params:
        number = int(entry["id"], 16)
        if "raw" in entry:
            value = bytes.fromhex(entry["raw"])
        elif isinstance(entry["value"], str):
            # Some pad their texts to a width of their own; the length keeps it.
            value = entry["value"].encode("gbk", "replace").ljust(entry.get("length", 0), b"\0")
        else:
            width = PARAMETERS[number].width if number in PARAMETERS else 4
            value = int(entry["value"]).to_bytes(entry.get("length", width), "big")
        body += number.to_bytes(4, "big") + bytes((len(value),)) + value
    return body


def encode_settings(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x8103 body; numbers are as wide as the standard says unless the entry gives a
    ``length``."""
    return _encode_list(fields["params"])


def encode_parameters(fields: Mapping[str, Any], version: str) -> bytes:
    """A 0x0104 body."""
    return int(fields["reply_serial"]).to_bytes(2, "big") + _encode_list(fields["params"])


QUERY = Layout(
    "8.11",
    F("count", CountOf("param_ids"), "", "ids that follow"),
    F("param_ids", Each(Word(4, 4), "count"), "", "parameters wanted"),
)
"""0x8106: ids of the parameters asked for."""
