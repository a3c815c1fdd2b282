"""Why a document could not be used, as a value: it goes to quarantine with these words."""

from __future__ import annotations

from typing import NamedTuple

REASONS: dict[str, tuple[str, str]] = {
    "too_large": ("超过大小上限", "larger than a document may be"),
    "not_xml": ("不是合法的 XML", "not well-formed XML"),
    "forbidden_xml": ("含有被禁止的 DTD 或实体", "a document type or entity, which CAP never has"),
    "not_cap": ("不是 CAP 文档", "XML, but no CAP alert"),
    "missing_field": ("缺少必填内容", "something without which it cannot be used is missing"),
    "bad_time": ("时间不存在", "a time that does not exist"),
    "not_for_use": ("不是可用的预警", "a draft, a system message, an answer: no warning to act on"),
    "not_a_feed": ("不是可识别的列表", "neither Atom, RSS nor CAP"),
    "unreachable": ("取不到文档", "a list named a document that could not be fetched"),
}
"""Reason code to Chinese and English; docs/reference/cap.md is held against it."""


class Problem(NamedTuple):
    """A reason code of :data:`REASONS` and what exactly was wrong."""

    reason: str
    detail: str
