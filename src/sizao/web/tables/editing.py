"""Editing the text of a draft: a row's level, windows and numbers, or the whole file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from sizao.core.errors import ConfigError, TransitionError
from sizao.warn.table import Table, read_table
from sizao.web.refusals import untranslated

NUMBERS = ("min_measured", "below_measured", "min_repeats", "min_vehicles", "max_share",
           "min_mm_3h", "min_mm_6h", "min_mm_12h")  # fmt: skip
"""Conditions that are one number: a row's form has a field for each it has."""


def checked(text: str) -> Table:
    """The table of a text. Raises TransitionError with file, row and key if it has a mistake."""
    try:
        return read_table(text, name="草稿")
    except ConfigError as error:
        raise untranslated("分级表有误", "The table is wrong", error) from error


def dated(text: str, starts: date) -> str:
    """The text with its first day set."""
    found, count = re.subn(r"(?m)^from:.*$", f"from: {starts:%Y-%m-%d}", text)
    return found if count else f"from: {starts:%Y-%m-%d}\n{text}"


def rows(text: str) -> list[dict[str, Any]]:
    """The rows as they stand in the text."""
    raw = yaml.safe_load(text)
    return [dict(row) for row in raw["rows"]]


def with_row(text: str, row_id: str, given: Mapping[str, str]) -> str:
    """The text with one row changed by a form: level, command_level, merge_min, gather_m, from
    and to of the hours, and the numbers of its conditions (``c-NAME``).

    Raises TransitionError naming the field.
    """
    raw, row = _row(text, row_id)
    for name in ("level", "command_level"):
        if given.get(name):
            row[name] = given[name]
    for name in ("merge_min", "gather_m"):
        if given.get(name, "").strip():
            row[name] = _number(given[name], name)
    if row["merge_min"] <= 0:
        raise TransitionError("“并案（分钟）”须大于 0", "The minutes of merging must be above 0")
    if row.get("gather_m", 0) < 0:
        raise TransitionError("“同一处（米）”不能小于 0", "The metres of one place are 0 or more")
    if row.get("gather_m") == 0:
        row.pop("gather_m")
    when = row["when"]
    for name in NUMBERS:
        if name in when and f"c-{name}" in given:
            when[name] = _number(given[f"c-{name}"], name)
    if "hours" in when and given.get("c-hours-from") and given.get("c-hours-to"):
        hours = [_number(given[f"c-hours-{end}"], "hours") for end in ("from", "to")]
        if hours[0] == hours[1] or not all(hour in range(25) for hour in hours):
            raise TransitionError(
                "“时段”须为 0 至 24 的两个不同整点",
                "The hours are two different whole ones, 0 to 24",
            )
        when["hours"] = hours
    return _written(raw)


def without_row(text: str, row_id: str) -> str:
    """The text without a row."""
    raw, row = _row(text, row_id)
    raw["rows"].remove(row)
    return _written(raw)


def _row(text: str, row_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    raw = yaml.safe_load(text)
    found = next((row for row in raw["rows"] if str(row.get("id")) == row_id), None)
    if found is None:
        raise TransitionError(f"表中没有“{row_id}”这一行", f"The table has no row {row_id!r}")
    return raw, found


def _written(raw: Mapping[str, Any]) -> str:
    text = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False, width=100)
    checked(text)
    return text


_FIELDS = {
    "merge_min": ("并案（分钟）", "Minutes of merging"),
    "gather_m": ("同一处（米）", "Metres of one place"),
    "hours": ("时段", "Hours"),
}


def _number(text: str, name: str) -> float | int:
    try:
        value = float(text)
    except ValueError:
        zh, en = _FIELDS.get(name, (name, name))
        raise TransitionError(f"“{zh}”须为数字", f"{en} must be a number") from None
    return int(value) if value.is_integer() else value
