"""Why something went into quarantine: the code, in Chinese and English.

The list is complete: a test holds every session to it, and ``docs/reference/quarantine.md``
too. Codes of frames are those of :data:`.problems.KINDS`.
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """A reason code in words."""

    zh: str
    en: str


REASONS: dict[str, Reason] = {
    "no_frame": Reason("不在定界符之间的数据", "bytes outside frames"),
    "bad_escape": Reason("转义错误", "0x7D followed by neither 0x01 nor 0x02"),
    "bad_checksum": Reason("校验码错误", "the checksum does not match"),
    "bad_length": Reason("长度与协议不符", "the frame or its body has a length no layout has"),
    "incomplete": Reason("数据不完整", "a frame or a message in parts was never finished"),
    "bad_subpackage": Reason("分包序号错误", "part number 0, or above the number of parts"),
    "encrypted_body": Reason("消息体已加密，无密钥", "the body is enciphered"),
    "unsupported": Reason("暂不支持的消息", "a message Sizao has no use for yet"),
    "phone_mismatch": Reason(
        "终端手机号与连接不一致", "another terminal's phone on this connection"
    ),
    "count_mismatch": Reason("条目数与声明不符", "more or fewer locations than declared"),
    "truncated_extra": Reason(
        "末尾附加项不完整", "the last item is cut off; the position itself was used"
    ),
    "bad_time": Reason("时间不存在", "a time that does not exist"),
    "future_time": Reason("时间超前", "a time too far ahead of the moment of receipt"),
    "too_old": Reason("时间过早", "older than the set limit"),
    "bad_coordinates": Reason("坐标不在地球上", "a fix that is no place on Earth"),
    "no_room": Reason("没有存放空间", "no room for a medium: spool or evidence store is full"),
    "internal_error": Reason("系统内部错误", "a fault of our own while reading it"),
}
"""Reason code to its words."""
