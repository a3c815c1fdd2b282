"""Personal data in a reporter's words, for what is read by machines or by the public.

>>> scrub("我叫王某，电话13800000000，车牌川D12345")
'我叫王某，电话***，车牌***'
"""

from __future__ import annotations

import re

_PATTERNS = (
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
    re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),  # identity number
    re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"),  # mobile phone
    re.compile(r"(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)"),  # land line
    re.compile(
        r"[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Z][·\s]?[A-Z0-9]{5,6}",
        re.IGNORECASE,
    ),  # plate
)


def scrub(text: str) -> str:
    """The text without phone numbers, addresses of mail, identity numbers and plates.

    Names cannot be told from other words and stay: this makes a text less personal, not anonymous.
    """
    for pattern in _PATTERNS:
        text = pattern.sub("***", text)
    return text
