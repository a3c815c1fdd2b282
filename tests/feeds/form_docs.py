"""How a form's fields stand in a reference page."""

from __future__ import annotations

import math

from sizao.feeds.forms import Field, Form


def table(form: Form) -> str:
    """The table of fields as Markdown."""
    head = "| field | kind | unit | believable | needed | meaning | other names |\n"
    return head + "|---|---|---|---|---|---|---|\n" + "".join(_row(one) for one in form.fields)


def _row(field: Field) -> str:
    low = "" if field.low == -math.inf else f"{field.low:g}"
    high = "" if field.high == math.inf else f"{field.high:g}"
    if field.kind == "text":
        bounds = f"at most {high} characters" if high else ""
    else:
        bounds = f"{low} to {high}" if low or high else ""
    needed = "yes" if field.required else ""
    names = ", ".join(field.headings)
    return (
        f"| `{field.name}` | {field.kind} | {field.unit} | {bounds} | {needed} | {field.doc} "
        f"| {names} |\n"
    )
