"""Forms: what a sender may write in which field, read without ever raising.

Stations send JSON objects and CSV rows by the same list of fields. A :class:`Field` says what is
believable; :meth:`Form.read` gives the values and says what was wrong with the others. Numbers and
yes or no may arrive as strings, because many devices send them so.

>>> form = Form([Field("speed_kmh", "number", "km/h", low=0), Field("lane", "integer")])
>>> values, problems = form.read({"speed_kmh": "81.5", "lane": "two"})
>>> values
{'speed_kmh': 81.5, 'lane': None}
>>> problems
[Problem(reason='bad_value', detail="lane: 'two' is no integer")]
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sizao.core.clock import SHANGHAI

_PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{0,6})")
_SHOWN = 60


class Problem(NamedTuple):
    """What was wrong: a reason code (``docs/reference/quarantine.md``) and words for a person."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Field:
    """One field of a form.

    kind : text, number, integer, flag, time, or numbers (a list)
    low, high : least and greatest believable value, in ``unit``; for text, ``high`` is the
        greatest length
    required : without it there is no record
    essential : a wrong value here spoils the record; elsewhere only the value is left out
    words : the values there are in all their spellings, e.g. colour names to numbers
    convert : makes the kept value of a text; raises ValueError
    headings : other names of the field, e.g. Chinese column headings
    missing : numbers that instruments send for "no reading"
    """

    name: str
    kind: str
    unit: str = ""
    doc: str = ""
    low: float = -math.inf
    high: float = math.inf
    required: bool = False
    essential: bool = False
    words: Mapping[str, Any] | None = None
    convert: Callable[[str], Any] | None = None
    headings: tuple[str, ...] = ()
    missing: frozenset[float] = frozenset()

    def read(self, value: Any) -> tuple[Any, Problem | None]:
        """The value, or None and what is wrong. None without a problem: not reported."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return None, None
        if self.words is not None and isinstance(value, str | int | float):
            word = self.words.get(str(value).strip().lower())
            if word is None:
                return None, self._bad(value, f"none of {', '.join(self.words)}")
            return word, None
        try:
            found = _READERS[self.kind](value)
            if self.convert is not None:
                return self.convert(found), None
        except (ValueError, TypeError, OverflowError):
            return None, self._bad(value, f"no {self.kind}")
        return self._believable(found, value)

    def _believable(self, found: Any, sent: Any) -> tuple[Any, Problem | None]:
        if self.kind == "text":
            if len(found) > self.high:
                return None, self._bad(sent, f"longer than {self.high:g} characters")
            return found, None
        numbers = found if isinstance(found, list) else [found]
        if self.kind in ("number", "integer", "numbers"):
            if any(number in self.missing for number in numbers):
                return None, None
            for number in numbers:
                if not self.low <= number <= self.high:
                    limits = f"{self.low:g} to {self.high:g} {self.unit}".rstrip()
                    return None, Problem(
                        "impossible_value", f"{self.name}: {_shown(number)} is outside {limits}"
                    )
        return found, None

    def _bad(self, value: Any, why: str) -> Problem:
        return Problem("bad_value", f"{self.name}: {_shown(value)} is {why}")


class Form:
    """A list of fields."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields = tuple(fields)
        self.names = {
            heading: field.name for field in fields for heading in (field.name, *field.headings)
        }

    def read(self, sent: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """Values of all fields (None: not reported or not usable) and what was wrong.

        Fields the form does not know are passed over: senders add their own.
        """
        by_name = {self.names[key]: value for key, value in sent.items() if key in self.names}
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for field in self.fields:
            values[field.name], problem = field.read(by_name.get(field.name))
            if problem is not None:
                problems.append(problem)
            elif field.required and values[field.name] is None:
                problems.append(Problem("missing_field", f"{field.name} is required"))
        return values, problems

    def spoilt(self, values: Mapping[str, Any], problems: Sequence[Problem]) -> bool:
        """Whether what is left is no record any more."""
        lost = {problem.detail.partition(":")[0] for problem in problems}
        return any(
            (field.required and values[field.name] is None)
            or (field.essential and field.name in lost)
            for field in self.fields
        )


def text(value: Any) -> str:
    """Text as sent, trimmed; numbers as their digits. Raises ValueError for anything else.

    Half characters (lone surrogates, which JSON can carry) become U+FFFD: no file takes them.
    """
    if isinstance(value, str) and value.isprintable():  # nearly always
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("no text")
    if isinstance(value, int) and abs(value) >= 10**40:
        raise ValueError("too many digits")
    return str(value).strip().encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def number(value: Any) -> float:
    """A finite number, also as a string. Raises ValueError or OverflowError."""
    if isinstance(value, bool):
        raise ValueError("a flag")
    if isinstance(value, str):
        if len(value) > 64 or not _PLAIN_NUMBER.fullmatch(value.strip()):
            raise ValueError("no number")
    elif not isinstance(value, int | float):
        raise ValueError("no number")
    found = float(value)
    if not math.isfinite(found):
        raise ValueError("not finite")
    return found


def integer(value: Any) -> int:
    """A whole number, also as ``"3"`` or ``3.0``. Raises ValueError or OverflowError."""
    found = number(value)
    if found != int(found) or abs(found) > 2**53:
        raise ValueError("no whole number")
    return int(found)


def flag(value: Any) -> bool:
    """Yes or no in the spellings that devices use. Raises ValueError."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in ("1", "true", "yes", "y", "是", "有"):
            return True
        if word in ("0", "false", "no", "n", "否", "无"):
            return False
    raise ValueError("no flag")


def time_us(value: Any) -> int:
    """Microseconds since the epoch of ISO 8601, ``YYYYMMDDhhmmss``, or a number of seconds or
    milliseconds since 1970. Without an offset it is China's civil time. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("no time")
    if not isinstance(value, str):
        seconds = number(value)
        if 1e8 <= seconds < 1e10:
            return round(seconds * 1e6)
        if 1e11 <= seconds < 1e13:
            return round(seconds * 1e3)
        value = str(value)
    words = value.strip()
    if len(words) > 40 or not words.isascii():
        raise ValueError("no time")
    stamp = _STAMP.fullmatch(words)
    if stamp:
        *parts, fraction = stamp.groups()
        moment = datetime(*map(int, parts), tzinfo=SHANGHAI)  # type: ignore[misc,arg-type]  # six integers
        micro = int(fraction.ljust(6, "0")) if fraction else 0
        return _micros(moment) + micro
    if words.isdigit():
        if len(words) in (10, 13):
            return time_us(int(words))
        raise ValueError("no time")
    moment = datetime.fromisoformat(words.replace("/", "-"))
    return _micros(moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI))


def believable_time(time_us: int, received_us: int, ahead_s: float = 600.0) -> Problem | None:
    """None, or why a moment cannot be: before 2000, or too far ahead of the moment of receipt."""
    if time_us < 946_684_800_000_000:
        return Problem("bad_time", "time: before the year 2000")
    if time_us - received_us > ahead_s * 1e6:
        ahead = (time_us - received_us) / 1e6
        return Problem("future_time", f"time: {ahead:,.0f} s ahead of the moment of receipt")
    return None


def _numbers(value: Any) -> list[float]:
    """A list, or one string with ``;``, ``|`` or ``/`` between the numbers (for CSV)."""
    if isinstance(value, str):
        value = [part for part in re.split(r"[;|/]", value) if part.strip()]
    if not isinstance(value, list | tuple) or len(value) > 64:
        raise ValueError("no list of numbers")
    return [number(one) for one in value]


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def _shown(value: Any) -> str:
    """What was sent, short enough for a message."""
    try:
        words = ascii(value) if not isinstance(value, str) else repr(value[:_SHOWN])
    except ValueError:  # an integer of thousands of digits
        return f"a {type(value).__name__}"
    words = words.encode("utf-8", "backslashreplace").decode("utf-8")
    return words if len(words) <= _SHOWN + 2 else words[:_SHOWN] + "..."


_READERS: dict[str, Callable[[Any], Any]] = {
    "text": text,
    "number": number,
    "integer": integer,
    "flag": flag,
    "time": time_us,
    "numbers": _numbers,
}
"""Kinds of fields."""
