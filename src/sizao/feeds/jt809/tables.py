"""The tables of ``docs/reference/jt809.md``, made from the declarations themselves."""

from __future__ import annotations

from dataclasses import fields as options_of

from sizao.feeds.jt808.fields import word
from sizao.feeds.jt809 import alarms, links
from sizao.feeds.jt809.dialect import PLAIN, Dialect
from sizao.feeds.jt809.messages import MESSAGES, SUBMESSAGES, UNPROVEN, Message
from sizao.feeds.jt809.problems import KINDS
from sizao.feeds.jt809.reasons import REASONS

DIALECT_WORDS: dict[str, tuple[str, str]] = {
    "supervision_id": ("`u32`, `text34`", "id in 0x9401, 0x1401: a number, or 34 characters"),
    "supervision_reply": (
        "`edition`, `short`, `long`",
        "0x1401 after the id: result alone (short), or source sub id, source serial, result",
    ),
    "alarm_times": ("`3`, `2`", "times in the 2019 forms of 0x1402, 0x1403, 0x9402, 0x9403"),
    "time_unit": ("`s`, `ms`", "unit of those times"),
    "platform_id": ("`text`, `integer`", "11-byte platform ids: characters or a big integer"),
    "time_shift_h": ("`0`, `8`", "hours the peer adds to its UTC times by mistake"),
    "position": (
        "`edition`, `legacy`",
        "0x1202 of 2019: JT/T 808 location, or the 35 bytes of 2011",
    ),
    "vehicle_prefix": (
        "`edition`, `yes`, `no`",
        "plate and colour before 0x1400 and 0x9400",
    ),
    "tolerate_length": (
        "`true`, `false`",
        "use a sub-message whose data length is wrong, if its data fit a layout exactly",
    ),
}
"""Option to its values and meaning."""


def message_table() -> str:
    """Every message: id, names, and the fields of each layout."""
    rows = ["| id | 中文 | English | fields |", "|---|---|---|---|"]
    rows += [_row(number, MESSAGES[number]) for number in MESSAGES]
    rows += [_row(number, SUBMESSAGES[number]) for number in SUBMESSAGES]
    return "\n".join(rows) + "\n"


def _row(number: int, message: Message) -> str:
    forms = []
    for layout in message.layouts:
        names = ", ".join(f"{key} ({kind.form})" for key, kind in layout.fields) or "none"
        edition = layout.editions[0] if len(layout.editions) == 1 else ""
        if not layout.editions:
            edition = "dialect"
        forms.append(f"{edition}: {names}" if edition else names)
    said = "<br>".join(forms) or "see below"
    return f"| `{word(number)}` | {message.zh} | {message.en} | {said} |"


def unproven() -> str:
    """The sentence that says which layouts no real frame has confirmed."""
    names = ", ".join(f"`{word(number)}`" for number in sorted(UNPROVEN))
    return f"Of {names} no frame with known values was at hand: `data_hex` is kept beside.\n"


def dialect_table() -> str:
    """Every option of a link's dialect."""
    rows = ["| option | values | default | meaning |", "|---|---|---|---|"]
    for option in options_of(Dialect):
        values, meaning = DIALECT_WORDS[option.name]
        default = getattr(PLAIN, option.name)
        said = str(default).lower() if isinstance(default, bool) else default
        rows.append(f"| `{option.name}` | {values} | `{said}` | {meaning} |")
    return "\n".join(rows) + "\n"


def code_tables() -> str:
    """Result codes, alarm types, sources."""
    parts = []
    for title, codes in (
        ("Result of 0x1002", links.LOGIN_RESULTS),
        ("Result of 0x9002", links.SUB_RESULTS),
        ("Result of 0x1401 and 0x1403", alarms.RESULTS),
        ("Level of 0x9401", alarms.LEVELS),
        ("Source of an alarm", alarms.SOURCES),
        ("Type of an alarm (2011; peers add their own)", alarms.ALARM_TYPES),
    ):
        parts.append(f"### {title}\n\n| code | 中文 | English |\n|---|---|---|\n")
        parts += [f"| {code} | {zh} | {en} |\n" for code, (zh, en) in codes.items()]
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


def reason_table() -> str:
    """Why something on a link goes into quarantine."""
    rows = ["| code | 中文 | English |", "|---|---|---|"]
    rows += [f"| `{code}` | {reason.zh} | {reason.en} |" for code, reason in REASONS.items()]
    return "\n".join(rows) + "\n"


def kind_table() -> str:
    """Kinds of error."""
    rows = ["| kind | meaning |", "|---|---|"]
    rows += [f"| `{kind}` | {meaning} |" for kind, meaning in KINDS.items()]
    return "\n".join(rows) + "\n"
