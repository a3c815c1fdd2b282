"""What the import pages show, in the user's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from sizao.core.coordinates import DATUMS
from sizao.core.places import stake
from sizao.feeds.tables.fields import Field
from sizao.feeds.tables.kinds import KINDS, kind_named
from sizao.feeds.tables.reasons import REASONS
from sizao.feeds.tables.values.words import Choice, Several
from sizao.web.fleet.services import mask_plate
from sizao.web.imports.forms import CONSTANTS
from sizao.web.imports.models import Batch, ReportRow
from sizao.web.imports.reports import worded
from sizao.web.pages import words
from sizao.web.units.models import User

_STATES = {
    "reading": ("正在读取", "reading"),
    "mapping": ("待对应列", "columns to be matched"),
    "checking": ("正在检查", "checking"),
    "checked": ("待确认", "to be confirmed"),
    "storing": ("正在导入", "importing"),
    "done": ("已导入", "imported"),
    "failed": ("未导入", "not imported"),
    "undone": ("已撤销", "undone"),
}


def kind_word(kind: str) -> str:
    return words.pick(*KINDS[kind].words) if kind in KINDS else kind


def state_word(state: str) -> str:
    return words.pick(*_STATES[state])


def format_word(format: str) -> str:
    """How the file was read (``feeds.tables.Grid.format``), in the reader's language.

    >>> format_word("csv gb18030 tab"), format_word("xlsx")
    ('CSV，GB18030 编码，制表符分隔', 'Excel')
    """
    if not format.startswith("csv "):
        return "Excel"
    _, encoding, delimiter = format.split(" ", 2)
    zh, en = _DELIMITERS.get(delimiter, (delimiter, delimiter))
    return words.pick(
        f"CSV，{encoding.upper()} 编码，{zh}分隔", f"CSV, {encoding.upper()}, separated by {en}"
    )


_DELIMITERS = {
    ",": ("逗号", "commas"),
    "，": ("全角逗号", "Chinese commas"),
    "tab": ("制表符", "tabs"),
    ";": ("分号", "semicolons"),
    "|": ("竖线", "bars"),
}


def field_word(field: Field) -> str:
    return words.pick(field.zh, field.en)


def mapping_form(batch: Batch) -> dict[str, Any]:
    """The mapping screen: each column with samples and the field it is taken for."""
    kind = kind_named(batch.kind)
    mapping = batch.options["mapping"]
    taken = {column: name for name, column in mapping["columns"].items()}
    personal = batch.look["personal"]
    needed = {name for group in kind.groups for name in group}
    return {
        "columns": [
            {
                "index": index,
                "name": column["name"],
                "samples": column["samples"],
                "field": taken.get(column["name"], ""),
                "personal": words.pick(*personal[column["name"]])
                if column["name"] in personal
                else "",
                "unsure": column["name"] in batch.look["unsure"],
            }
            for index, column in enumerate(batch.look["columns"])
        ],
        "fields": [
            {
                "name": one.name,
                "word": field_word(one),
                "takes": words.pick(*one.parse.takes),
                "needed": one.required or one.name in needed,
            }
            for one in kind.fields
        ],
        "constants": [_constant(kind.by_field[name], mapping) for name in CONSTANTS
                      if name in kind.by_field],
        "places": kind.places,
        "datums": [(code, words.pick(*names)) for code, names in DATUMS.items()],
        "datum": mapping["datum"],
        "existing": batch.options.get("existing") or kind.existing,
        "strict": batch.options.get("strict", False),
        "matched": len(mapping["columns"]),
    }  # fmt: skip


def _constant(field: Field, mapping: dict[str, Any]) -> dict[str, Any]:
    choices = []
    if isinstance(field.parse, Choice):
        choices = [(code, words.pick(*names[:2])) for code, names in field.parse.words.items()]
    return {"name": field.name, "word": field_word(field), "choices": choices,
            "value": mapping["constants"].get(field.name, "")}  # fmt: skip


def preview_of(batch: Batch) -> dict[str, Any]:
    """The first rows as they will be stored, the points, and how they lie to the roads."""
    kind = kind_named(batch.kind)
    preview = batch.preview
    fields = [kind.by_field[name] for name in preview["fields"]]
    fits = preview.get("fits") or {}
    return {
        "fields": [(field_word(one), one.unit) for one in fields],
        "rows": [
            {"row": row["row"], "cells": [_cell(one, value) for one, value in
                                          zip(fields, row["values"], strict=True)]}
            for row in preview["rows"]
        ],
        "unused": preview["unused"],
        "reasons": [(words.pick(*_bare(code)), count) for code, count in
                    preview["reasons"].items()],
        "places": kind.places,
        "placed": preview.get("placed", 0),
        "points": preview.get("points", []),
        "datum": batch.options["mapping"]["datum"],
        "datum_word": words.pick(*DATUMS[batch.options["mapping"]["datum"]]),
        "fits": [
            {**one, "word": words.pick(*DATUMS[one["datum"]]), "percent": one["share_near"] * 100}
            for one in fits.get("fits", [])
        ],
        "fit_points": fits.get("points", 0),
        "proposed": words.pick(*DATUMS[fits["datum"]]) if fits.get("datum") else "",
        "differs": bool(fits.get("datum"))
        and fits["datum"] != batch.options["mapping"]["datum"],
        "strict": batch.options.get("strict") and batch.counts.get("bad", 0) > 0,
    }  # fmt: skip


def _bare(code: str) -> tuple[str, str]:
    """A reason's sentence without its parameters, for counting."""
    zh, en = REASONS[code]
    return _without_braces(zh), _without_braces(en)


def _without_braces(text: str) -> str:
    head, brace, _rest = text.partition("{")
    if not brace:
        return text
    return head.rstrip(" ：，:,「") + " …"


def _cell(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if field.name == "time":
        moment = timezone.localtime(dt.datetime.fromisoformat(value))
        return f"{moment:%Y-%m-%d %H:%M}"
    if field.name == "stake_m":
        return stake("K", value).removeprefix("K ")
    choice = field.parse.choice if isinstance(field.parse, Several) else field.parse
    if isinstance(choice, Choice):
        codes = value if isinstance(value, list) else [value]
        return "、".join(words.pick(*choice.words[one][:2]) for one in codes)
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


def found_rows(user: User, batch: Batch, page: Iterable[ReportRow]) -> list[dict[str, Any]]:
    """Report rows with their problems worded; plates masked for who only looks."""
    columns = batch.options.get("mapping", {}).get("columns", {})
    masked = set() if user.acts or user.is_superuser else {columns.get("plate", "")}
    rows = []
    for row in page:
        found = list(worded(row, english=words.english()))
        for one in found:
            if one["column"] in masked and one["value"]:
                one["value"] = mask_plate(one["value"])
        rows.append({"row": row.row, "problems": found})
    return rows
