"""The tables of ``docs/reference/jt808.md``, made from the code by ``scripts/reference.py``."""

from __future__ import annotations

from collections.abc import Iterator

from sizao.feeds.jt808.alarms import FAMILIES, KINDS
from sizao.feeds.jt808.layout import F, Layout, Widths
from sizao.feeds.jt808.messages import MESSAGES, Message
from sizao.feeds.jt808.parameters import PARAMETERS
from sizao.feeds.jt808.vendors import DIALECTS


def _block(rows: list[str]) -> str:
    """Between blank lines, or the marks around it would swallow it."""
    return "\n" + "\n".join(rows) + "\n\n"


def _keys(message: Message) -> str:
    return message.keys or ", ".join(field.key for field in message.fields) or "none"


def _messages() -> str:
    rows = ["| id | 中文 | English | clause | keys of the body |", "|---|---|---|---|---|"]
    for number, one in MESSAGES.items():
        rows.append(f"| `0x{number:04X}` | {one.zh} | {one.name} | {one.clause} | {_keys(one)} |")
    return _block(rows)


def _unproven() -> str:
    names = [f"`0x{number:04X}`" for number, one in MESSAGES.items() if not one.proven]
    return _block([", ".join(names)])


def _walk(fields: tuple[F, ...], front: str = "") -> Iterator[tuple[str, F]]:
    for field in fields:
        yield front + field.key, field
        inner = getattr(field.codec, "item", field.codec)
        if isinstance(inner, Layout):
            mark = "" if inner is field.codec else "[]"
            yield from _walk(inner.fields, f"{front}{field.key}{mark}.")


def _row(key: str, field: F) -> str:
    return f"| `{key}` | {field.codec.kind} | {field.unit} | {field.doc} |"


def _fields() -> str:
    shown: dict[int, list[int]] = {}
    for number, one in MESSAGES.items():
        if one.fields:
            shown.setdefault(id(one.fields), []).append(number)
    parts = []
    for numbers in shown.values():
        one = MESSAGES[numbers[0]]
        ids = ", ".join(f"`0x{number:04X}`" for number in numbers)
        names = ", ".join(MESSAGES[number].name for number in numbers)
        rows = [f"**{ids} {names}** ({one.clause})", "", "| key | type | unit | meaning |"]
        rows.append("|---|---|---|---|")
        rows += [_row(key, field) for key, field in _walk(tuple(one.fields))]
        widths = getattr(one.decode, "__self__", None)
        if isinstance(widths, Widths):
            rows += ["", f"Widths by length of the body: {', '.join(widths.layouts)}."]
        parts.append("\n".join(rows))
    return _block(["\n\n".join(parts)])


def _parameters() -> str:
    rows = ["| id | 中文 | English | value | unit |", "|---|---|---|---|---|"]
    for number, one in PARAMETERS.items():
        kind = f"u{8 * one.width}" if one.width else "text"
        rows.append(f"| `0x{number:04X}` | {one.zh} | {one.name} | {kind} | {one.unit} |")
    return _block(rows)


def _alarms() -> str:
    parts = []
    for number, family in FAMILIES.items():
        layout = DIALECTS[0].items[number]
        rows = [f"**`0x{number:02X}` `{family}`** ({layout.source})", ""]
        rows += ["| key | type | unit | meaning |", "|---|---|---|---|"]
        rows += [_row(key, field) for key, field in _walk(layout.fields)]
        parts.append("\n".join(rows))
    return _block(["\n\n".join(parts)])


def _kinds() -> str:
    rows = ["| kind | type or bit |", "|---|---|"]
    for family, names in KINDS.items():
        rows += [f"| `{family}.{name}` | {number} |" for number, name in names.items()]
    return _block(rows)


def _dialects() -> str:
    rows = ["| file | dialect | identity | bytes of 0x64, 0x65, 0x67 |", "|---|---|---|---|"]
    for one in DIALECTS:
        more = one.size - 16
        lengths = f"{47 + more}, {47 + more}, {41 + more}"
        rows.append(f"| `vendors/{one.name}.py` | {one.title} | {one.size} bytes | {lengths} |")
    return _block(rows)


TABLES = {
    "messages": _messages,
    "fields": _fields,
    "unproven": _unproven,
    "parameters": _parameters,
    "alarms": _alarms,
    "kinds": _kinds,
    "dialects": _dialects,
}
"""Mark on the page to what makes the lines that belong there."""
