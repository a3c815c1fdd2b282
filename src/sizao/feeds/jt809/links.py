"""Messages that make, keep and end the two links: 0x1001 to 0x1008, 0x9001 to 0x9008, counts.

Source: JT/T 809-2011 clauses 4.5.1 to 4.5.7; -2019 adds the access code to the login and 0x1102.
"""

from __future__ import annotations

from sizao.feeds.jt809.fields import TIME, U8, U16, U32, PlatformId, Text
from sizao.feeds.jt809.layouts import Layout

EMPTY = (Layout(),)
CODE = (Layout((("code", U8),)),)
VERIFY = (Layout((("verify_code", U32),)),)

LOGIN = (
    Layout(
        (
            ("user_id", U32),
            ("password", Text(8)),
            ("down_link_ip", Text(32)),
            ("down_link_port", U16),
        ),
        ("2011",),
    ),
    Layout(
        (
            ("user_id", U32),
            ("password", Text(8)),
            # The header's key again: both say the same, and captures name it so.
            ("gnss_center_id", U32),
            ("down_link_ip", Text(32)),
            ("down_link_port", U16),
        ),
        ("2019",),
        only=True,
    ),
)
LOGIN_ANSWER = (Layout((("result", U8), ("verify_code", U32))),)
LOGOUT = (Layout((("user_id", U32), ("password", Text(8)))),)
RECEIVED = (Layout((("dynamic_info_total", U32), ("start_time", TIME), ("end_time", TIME))),)
CONNECTIONS = (
    Layout(
        (
            ("platform_id", PlatformId()),
            ("start_time", TIME),
            ("end_time", TIME),
            ("lost_dynamic", U8),
            ("disconnects", U32),
            ("disconnect_s", U32),
        )
    ),
)

LOGIN_RESULTS: dict[int, tuple[str, str]] = {
    0: ("成功", "accepted"),
    1: ("IP 地址不正确", "wrong address"),
    2: ("接入码不正确", "wrong access code"),
    3: ("用户没有注册", "unknown user"),
    4: ("密码错误", "wrong password"),
    5: ("资源紧张，稍后再连接", "no resources, try later"),
    6: ("其他", "other reason"),
}
"""Result of 0x1002."""
OK, WRONG_ADDRESS, WRONG_ACCESS_CODE, UNKNOWN_USER, WRONG_PASSWORD, BUSY, OTHER = range(7)

SUB_RESULTS: dict[int, tuple[str, str]] = {
    0: ("成功", "accepted"),
    1: ("校验码错误", "wrong verify code"),
    2: ("资源紧张，稍后再连接", "no resources, try later"),
    3: ("其他", "other reason"),
}
"""Result of 0x9002."""
