"""The tables of docs/reference/imports.md, from the declarations."""

from __future__ import annotations

from collections.abc import Callable

from sizao.feeds.tables import table
from sizao.feeds.tables.kinds import KINDS
from sizao.feeds.tables.reasons import NOTES, REASONS, REPEATED

_EXISTING = {
    "skip": "left as they are, unless told to update them",
    "update": "updated, unless told to leave them",
}


def kind_tables() -> str:
    """A table of fields for each kind."""
    parts = []
    for kind in KINDS.values():
        needs = " and for ".join(
            " or ".join(f"`{name}`" for name in group) for group in kind.groups
        )
        parts.append(
            f"\n### {kind.name} {kind.words.zh}\n\nNeeds a column for {needs}. Records that are"
            f" there already are {_EXISTING[kind.existing]}.\n\n"
            "| field | column names | takes | unit | meaning |\n|---|---|---|---|---|\n"
        )
        for one in kind.fields:
            names = "、".join((one.zh, *one.synonyms))
            mark = " (required)" if one.required else " (helper, not kept)" if one.helper else ""
            parts.append(
                f"| `{one.name}` | {names} | {one.parse.takes.en} | {one.unit} |"
                f" {one.doc}{mark} |\n"
            )
    return "".join(parts)


def reason_table() -> str:
    """Every reason, what becomes of the row, and its sentence."""
    parts = ["\n| code | row is | Chinese | English |\n|---|---|---|---|\n"]
    for code, (zh, en) in REASONS.items():
        lot = "note" if code in NOTES else "repeated" if code in REPEATED else "bad"
        parts.append(f"| `{code}` | {lot} | {zh} | {en} |\n")
    return "".join(parts)


def limit_table() -> str:
    """What is read at most."""
    return (
        "\n| what | limit |\n|---|---|\n"
        f"| file | {table.MAX_BYTES >> 20} MiB |\n"
        f"| rows | {table.MAX_ROWS:,} |\n"
        f"| columns | {table.MAX_COLUMNS} |\n"
        f"| cells of a sheet, empty ones included | {table.MAX_CELLS:,} |\n"
        f"| characters in a cell | {table.MAX_CELL:,} |\n"
        f"| a workbook, unpacked | {table.MAX_UNPACKED >> 20} MiB |\n"
        f"| its shared texts, unpacked | {table.MAX_STRINGS >> 20} MiB |\n"
    )


TABLES: dict[str, Callable[[], str]] = {
    "kinds": kind_tables,
    "reasons": reason_table,
    "limits": limit_table,
}
"""Mark in the page to the table that stands there."""
