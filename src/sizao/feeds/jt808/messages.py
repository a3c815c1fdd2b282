"""Every message Sizao can read and write, one line each.

A message that is not here still gets its header and checksum checked, and keeps its body as
``body_hex``. To add one: describe its layout in the file of its subject, add the line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sizao.feeds.jt808 import (
    areas,
    batch,
    control,
    driver,
    evidence,
    location,
    media,
    parameters,
    questions,
    records,
    registration,
    replies,
    text,
)
from sizao.feeds.jt808.layout import F, Layout, Widths

Decode = Callable[[bytes, str], dict[str, Any]]
"""Body and header version ("2013", "2019") to JSON keys. Raises Malformed."""
Encode = Callable[[Mapping[str, Any], str], bytes]
"""The inverse."""


class Message(NamedTuple):
    """One message: its names, its decoder and its encoder."""

    zh: str
    name: str
    clause: str
    """Of JT/T 808-2013 unless another standard is named."""
    decode: Decode
    encode: Encode
    fields: Sequence[F] = ()
    """Where the body is a plain layout."""
    keys: str = ""
    """Keys of the body where it is not."""
    proven: bool = True
    """A real frame of it with every value known is among the golden ones. If not, decoding keeps
    ``body_hex`` too, so that nothing is lost should the layout be read wrongly."""


def _of(zh: str, name: str, layout: Layout | Widths, proven: bool = True) -> Message:
    return Message(
        zh, name, layout.source, layout.decode, layout.encode, layout.fields, proven=proven
    )


def _empty(zh: str, name: str, clause: str, proven: bool = True) -> Message:
    return Message(
        zh, name, clause, replies.decode_empty, replies.encode_empty, keys="none", proven=proven
    )


MESSAGES: dict[int, Message] = {
    # terminal to platform
    0x0001: Message(
        "终端通用应答",
        "terminal answer",
        "8.1",
        replies.decode_general,
        replies.encode_general,
        keys="reply_serial, reply_message_id, result",
    ),
    0x0002: _empty("终端心跳", "heartbeat", "8.3"),
    0x0003: _empty("终端注销", "logout", "8.7", proven=False),
    0x0004: _empty("查询服务器时间请求", "query server time", "2019 only", proven=False),
    0x0005: Message(
        "终端补传分包请求",
        "terminal: resend parts",
        "2019 only",
        replies.decode_resend,
        replies.encode_resend,
        keys="original_serial, count, indexes",
        proven=False,
    ),
    0x0100: Message(
        "终端注册",
        "registration",
        "8.5",
        registration.decode_registration,
        registration.encode_registration,
        keys="province_id, city_id, maker_id, terminal_model, terminal_id, plate_color, plate",
    ),
    0x0102: Message(
        "终端鉴权",
        "authentication",
        "8.8",
        registration.decode_authentication,
        registration.encode_authentication,
        keys="auth_code; 2019: imei, software_version",
    ),
    0x0104: Message(
        "查询终端参数应答",
        "parameters",
        "8.12",
        parameters.decode_parameters,
        parameters.encode_parameters,
        keys="reply_serial, count, params",
    ),
    0x0107: _of("查询终端属性应答", "attributes", control.ATTRIBUTES, proven=False),
    0x0108: _of("终端升级结果通知", "upgrade result", control.UPGRADE_RESULT),
    0x0200: Message(
        "位置信息汇报",
        "location",
        "8.18",
        location.decode_report,
        location.encode_report,
        keys="see below",
    ),
    0x0201: Message(
        "位置信息查询应答",
        "location answer",
        "8.20",
        location.decode_answer,
        location.encode_answer,
        keys="reply_serial, location",
    ),
    0x0301: _of("事件报告", "event report", questions.EVENT_REPORT),
    0x0302: _of("提问应答", "question answer", questions.ANSWER),
    0x0303: _of("信息点播/取消", "information request", questions.INFO_REQUEST),
    0x0500: Message(
        "车辆控制应答",
        "vehicle control answer",
        "8.34",
        location.decode_answer,
        location.encode_answer,
        keys="reply_serial, location",
        proven=False,
    ),
    0x0608: _of("查询区域或线路数据应答", "areas", areas.AREA_ANSWER, proven=False),
    0x0700: _of("行驶记录数据上传", "recorder data", records.RECORDER_DATA, proven=False),
    0x0701: _of("电子运单上报", "waybill", records.WAYBILL, proven=False),
    0x0702: Message(
        "驾驶员身份信息采集上报",
        "driver card",
        "8.48",
        driver.decode_driver,
        driver.encode_driver,
        keys="status, time, ic_read_result, driver_name, license_no, license_authority, "
        "license_expiry; 2019: id_card_no",
    ),
    0x0704: Message(
        "定位数据批量上传",
        "location batch",
        "8.49",
        batch.decode_batch,
        batch.encode_fields,
        keys="count, type, items",
    ),
    0x0705: _of("CAN 总线数据上传", "CAN frames", records.CAN),
    0x0800: _of("多媒体事件信息上传", "media event", media.EVENT),
    0x0801: Message(
        "多媒体数据上传",
        "media data",
        "8.52",
        media.decode_data,
        media.encode_data,
        keys="as 0x0800, location, data_length, data_prefix_hex",
    ),
    0x0802: _of("存储多媒体数据检索应答", "media found", media.FOUND, proven=False),
    0x0805: _of("摄像头立即拍摄命令应答", "shot answer", media.SHOT_ANSWER),
    0x0900: _of("数据上行透传", "transparent up", records.TRANSPARENT),
    0x0901: _of("数据压缩上报", "compressed up", records.COMPRESSED),
    0x0A00: _of("终端 RSA 公钥", "terminal RSA key", control.RSA_KEY, proven=False),
    0x1210: _of("报警附件信息", "evidence announcement", evidence.ANNOUNCEMENT),
    0x1211: _of("文件信息上传", "evidence file", evidence.FILE),
    0x1212: _of("文件上传完成", "evidence file sent", evidence.FILE),
    # platform to terminal
    0x8001: Message(
        "平台通用应答",
        "platform answer",
        "8.2",
        replies.decode_general,
        replies.encode_general,
        keys="reply_serial, reply_message_id, result",
    ),
    0x8003: Message(
        "补传分包请求",
        "resend parts",
        "8.4",
        replies.decode_resend,
        replies.encode_resend,
        keys="original_serial, count, indexes",
    ),
    0x8004: _of("查询服务器时间应答", "server time", control.SERVER_TIME, proven=False),
    0x8100: Message(
        "终端注册应答",
        "registration answer",
        "8.6",
        registration.decode_registration_answer,
        registration.encode_registration_answer,
        keys="reply_serial, result, auth_code",
    ),
    0x8103: Message(
        "设置终端参数",
        "set parameters",
        "8.9",
        parameters.decode_settings,
        parameters.encode_settings,
        keys="count, params",
    ),
    0x8104: _empty("查询终端参数", "query parameters", "8.10"),
    0x8105: _of("终端控制", "terminal control", control.COMMAND),
    0x8106: _of("查询指定终端参数", "query some parameters", parameters.QUERY),
    0x8107: _empty("查询终端属性", "query attributes", "8.14", proven=False),
    0x8108: _of("下发终端升级包", "upgrade", control.UPGRADE, proven=False),
    0x8201: _empty("位置信息查询", "query location", "8.19", proven=False),
    0x8202: _of("临时位置跟踪控制", "tracking", control.TRACKING),
    0x8203: Message(
        "人工确认报警消息",
        "alarm confirmation",
        "8.22",
        replies.decode_alarm_confirmation,
        replies.encode_alarm_confirmation,
        keys="alarm_serial, alarm_type",
    ),
    0x8204: _empty("服务器向终端发起链路检测请求", "link check", "2019 only", proven=False),
    0x8300: Message(
        "文本信息下发",
        "text",
        "8.23",
        text.decode_text,
        text.encode_text,
        keys="flag, text; 2019: text_type",
    ),
    0x8301: _of("事件设置", "event menu", questions.EVENTS, proven=False),
    0x8302: _of("提问下发", "question", questions.QUESTION, proven=False),
    0x8303: _of("信息点播菜单设置", "information menu", questions.MENU, proven=False),
    0x8304: _of("信息服务", "information", questions.INFO, proven=False),
    0x8400: _of("电话回拨", "call back", questions.CALL_BACK),
    0x8401: _of("设置电话本", "phone book", questions.PHONE_BOOK, proven=False),
    0x8500: _of("车辆控制", "vehicle control", control.VEHICLE_CONTROL, proven=False),
    0x8600: _of("设置圆形区域", "set circles", areas.CIRCLES, proven=False),
    0x8601: _of("删除圆形区域", "delete circles", areas.DELETION),
    0x8602: _of("设置矩形区域", "set rectangles", areas.RECTANGLES, proven=False),
    0x8603: _of("删除矩形区域", "delete rectangles", areas.DELETION, proven=False),
    0x8604: _of("设置多边形区域", "set polygon", areas.POLYGON, proven=False),
    0x8605: _of("删除多边形区域", "delete polygons", areas.DELETION, proven=False),
    0x8606: _of("设置路线", "set route", areas.ROUTE, proven=False),
    0x8607: _of("删除路线", "delete routes", areas.DELETION, proven=False),
    0x8608: _of("查询区域或线路数据", "query areas", areas.AREA_QUERY, proven=False),
    0x8700: _of("行驶记录数据采集命令", "query recorder", records.RECORDER_QUERY, proven=False),
    0x8701: _of("行驶记录参数下传命令", "set recorder", records.RECORDER_QUERY, proven=False),
    0x8702: _empty("上报驾驶员身份信息请求", "query driver", "8.47", proven=False),
    0x8800: _of("多媒体数据上传应答", "media upload answer", media.UPLOAD_ANSWER),
    0x8801: _of("摄像头立即拍摄命令", "take pictures", media.SHOT),
    0x8802: _of("存储多媒体数据检索", "search media", media.SEARCH, proven=False),
    0x8803: _of("存储多媒体数据上传命令", "upload media", media.UPLOAD, proven=False),
    0x8804: _of("录音开始命令", "record sound", media.RECORD, proven=False),
    0x8805: _of("单条存储多媒体数据检索上传命令", "upload one", media.UPLOAD_ONE, proven=False),
    0x8900: _of("数据下行透传", "transparent down", records.TRANSPARENT),
    0x8A00: _of("平台 RSA 公钥", "platform RSA key", control.RSA_KEY),
    0x9208: _of("报警附件上传指令", "evidence request", evidence.REQUEST),
    0x9212: _of("文件上传完成应答", "evidence file answer", evidence.FILE_ANSWER),
}
"""Message id to its line."""
