"""What an entry says, in words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from sizao.core import workdays
from sizao.risk.day_calendar import KINDS, RADIUS_M, Calendar
from sizao.web.forecast.why import DAYS
from sizao.web.pages.words import pick
from sizao.web.risk.words import day_words

DIGITS = "〇一二三四五六七八九"


def kind_word(kind: str) -> str:
    return pick(*DAYS[kind])


def kinds() -> list[tuple[str, str]]:
    """Codes and words for a list of choices; a market first, because that is what is entered."""
    return [(kind, kind_word(kind)) for kind in sorted(KINDS, key=lambda one: one != "market")]


def rules() -> list[tuple[str, str]]:
    """Codes and words of the rules that days go by."""
    return [
        ("", _("逐日列出")),
        ("lunar_days", _("农历尾数")),
        ("month_days", _("公历尾数")),
        ("weekdays", _("星期")),
    ]


def when(entry: dict[str, Any]) -> str:
    """On which days: 逢一四七（农历）."""
    if "rule" not in entry:
        return pick("、", ", ").join(str(one).replace("..", "–") for one in entry["dates"])
    ((rule, numbers),) = entry["rule"].items()
    if rule == "weekdays":
        return pick("、", ", ").join(day_words()[number - 1] for number in sorted(numbers))
    digits = "".join(DIGITS[number] for number in sorted(numbers))
    listed = ", ".join(str(number) for number in sorted(numbers))
    if rule == "lunar_days":
        return pick(f"农历逢{digits}", f"lunar days ending in {listed}")
    return pick(f"公历逢{digits}", f"days of the month ending in {listed}")


def row(number: int, entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as lists show it."""
    return {
        "number": number,
        "kind": entry["kind"],
        "word": kind_word(entry["kind"]),
        "name": entry.get("name") or kind_word(entry["kind"]),
        "when": when(entry),
        "first": entry.get("from"),
        "last": entry.get("until"),
        "lat": entry.get("lat"),
        "lon": entry.get("lon"),
        "radius_m": entry.get("radius_m", RADIUS_M) if entry.get("lat") is not None else None,
        "ratio": entry.get("ratio"),
        "basis": entry.get("basis", ""),
    }


def days(calendar: Calendar, first: date, number: int) -> list[dict[str, Any]]:
    """What each of some days is."""
    known = workdays.announced()
    found = []
    for at in range(number):
        day = first + timedelta(days=at)
        told = []
        for one in calendar.on(day):
            word = kind_word(one.kind)
            if one.kind != "school_term":
                told.append(f"{word} {one.name}" if one.kind in ("market", "event") else one.name)
        found.append(
            {
                "day": day,
                "weekday": day_words()[day.weekday()],
                "term": any(one.kind == "school_term" for one in calendar.on(day)),
                "free": calendar.like(day) >= 5,
                "told": list(dict.fromkeys(told)),
                "known": known.knows(day),
            }
        )
    return found
