"""Why a record that somebody brought went into quarantine: the code, in Chinese and English.

For feeds of JSON objects and CSV rows; those of frames are in their own packages. A test holds
``docs/reference/intake.md`` to this list.
"""

from __future__ import annotations

RECORD_REASONS: dict[str, tuple[str, str]] = {
    "bad_json": ("不是有效的 JSON", "the body is no JSON, or not of the agreed shape"),
    "bad_value": ("字段值无法识别", "a field's value is not of its kind"),
    "missing_field": ("缺少必填字段", "a required field is missing"),
    "impossible_value": ("数值超出可能范围", "a value no vehicle or instrument can have"),
    "bad_time": ("时间不存在", "a time that does not exist"),
    "future_time": ("时间超前", "a time too far ahead of the moment of receipt"),
    "bad_image": ("图片无法读取", "a picture that cannot be read; the record itself was used"),
    "internal_error": ("系统内部错误", "a fault of our own while reading it"),
}
"""Reason code to its words."""
