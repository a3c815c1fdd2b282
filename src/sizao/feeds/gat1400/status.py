"""Answers of GA/T 1400: every request gets a status with a code and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sizao.core.clock import SHANGHAI

OK, OTHER, BUSY, FAULT, INVALID_OPERATION = 0, 1, 2, 3, 4
INVALID_JSON, INVALID_CONTENT = 7, 8

WORDS: dict[int, tuple[str, str]] = {
    OK: ("OK", "正常"),
    OTHER: ("Other Error", "其他未知错误"),
    BUSY: ("Device Busy", "设备忙"),
    FAULT: ("Device Error", "设备错"),
    INVALID_OPERATION: ("Invalid Operation", "无效操作"),
    5: ("Invalid XML Format", "XML 格式无效"),
    6: ("Invalid XML Content", "XML 内容无效"),
    INVALID_JSON: ("Invalid JSON Format", "JSON 格式无效"),
    INVALID_CONTENT: ("Invalid JSON Content", "JSON 内容无效"),
    9: ("Reboot", "系统重启中"),
}
"""ConfirmStatusType, recalled from GA/T 1400.3."""

CONTENT_TYPE = "application/VIID+JSON;charset=UTF-8"


def local_time(time_us: int) -> str:
    """``YYYYMMDDhhmmss`` in China's civil time."""
    return datetime.fromtimestamp(time_us // 1_000_000, SHANGHAI).strftime("%Y%m%d%H%M%S")


def status(code: int, url: str, now_us: int, *, id: str = "", detail: str = "") -> dict[str, Any]:
    """One ResponseStatusObject; ``detail`` says in words what is wrong with what."""
    words = WORDS[code][0]
    return {
        "Id": id,
        "RequestURL": url,
        "StatusCode": code,
        "StatusString": f"{words}: {detail}" if detail else words,
        "LocalTime": local_time(now_us),
    }


def one(found: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request about one thing."""
    return {"ResponseStatusObject": found}


def many(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer to a request with a list: a status for each of its items."""
    return {"ResponseStatusListObject": {"ResponseStatusObject": list(found)}}


def codes(answer: Any) -> list[int] | None:
    """The codes of an answer in any of the spellings about; None if it is no answer.

    >>> codes({"ResponseStatusObject": {"StatusCode": "0"}}), codes({"x": 1})
    ([0], None)
    """
    if not isinstance(answer, Mapping):
        return None
    for name in ("ResponseStatusListObject", "ResponseStatusList", "ResponseStatusObject"):
        inner = answer.get(name)
        if isinstance(inner, Mapping) and "ResponseStatusObject" in inner:
            inner = inner["ResponseStatusObject"]
        if inner is None:
            continue
        found = [_code(item) for item in (inner if isinstance(inner, list) else [inner])]
        return found or None
    return None


def _code(item: Any) -> int:
    """A code that cannot be read counts as an unknown error, never as success."""
    value = item.get("StatusCode") if isinstance(item, Mapping) else None
    text = str(value).strip() if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else OTHER
