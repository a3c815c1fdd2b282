"""Why a document could not be used: it goes to quarantine with these words."""

from __future__ import annotations

from sizao.feeds.forms import Problem

__all__ = ["REASONS", "Problem"]

REASONS: dict[str, tuple[str, str]] = {
    "too_large": ("超过大小上限", "larger than a document may be"),
    "not_xml": ("不是合法的 XML", "not well-formed XML"),
    "forbidden_xml": ("含有被禁止的 DTD 或实体", "a document type or entity, which CAP never has"),
    "not_cap": ("不是 CAP 文档", "XML, but no CAP alert"),
    "missing_field": ("缺少必填内容", "something without which it cannot be used is missing"),
    "bad_time": ("时间不存在", "a time that does not exist"),
    "not_for_use": ("不是可用的预警", "a draft, a system message, an answer: no warning to act on"),
    "not_a_feed": ("不是可识别的列表", "neither Atom, RSS nor CAP"),
}
"""Reason code to Chinese and English; docs/reference/cap.md is held against it."""
