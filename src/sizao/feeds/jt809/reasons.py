"""Why something on a platform link went into quarantine: the code, in Chinese and English."""

from __future__ import annotations

from sizao.feeds.jt808.reasons import Reason

REASONS: dict[str, Reason] = {
    "no_frame": Reason("不在定界符之间的数据", "bytes outside frames"),
    "bad_escape": Reason("转义错误", "0x5A or 0x5E followed by neither 0x01 nor 0x02"),
    "bad_crc": Reason("CRC 校验错误", "the CRC does not match"),
    "bad_length": Reason("长度与协议不符", "the frame or its body has a length no layout has"),
    "bad_sub_length": Reason(
        "子业务数据长度与声明不符", "the data length is wrong and no layout fits the data"
    ),
    "incomplete": Reason("数据不完整", "the connection ended inside a frame"),
    "encrypted_body": Reason("消息体已加密，无密钥", "the body is enciphered and there is no key"),
    "unsupported": Reason("暂不支持的消息", "a message Sizao has no use for"),
    "access_code_mismatch": Reason(
        "接入码与连接不一致", "another platform's access code on this connection"
    ),
    "not_logged_in": Reason("未登录", "a message before the login"),
    "count_mismatch": Reason(
        "条目数与声明不符", "more or fewer positions than declared; the whole ones were used"
    ),
    "truncated_extra": Reason(
        "末尾附加项不完整", "the last item is cut off; the position itself was used"
    ),
    "no_plate": Reason("缺少车牌", "a position without a plate"),
    "bad_time": Reason("时间不存在", "a time that does not exist"),
    "future_time": Reason("时间超前", "a time too far ahead of the moment of receipt"),
    "too_old": Reason("时间过早", "older than the set limit"),
    "bad_coordinates": Reason("坐标不在地球上", "a fix that is no place on Earth"),
    "internal_error": Reason("系统内部错误", "a fault of our own while reading it"),
}
"""Reason code to its words."""
