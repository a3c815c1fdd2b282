"""What an entry must say, whether it comes from a form or a line of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from sizao.core.clock import SHANGHAI
from sizao.core.errors import TransitionError
from sizao.feeds import plates
from sizao.web.hotlist.models import Entry
from sizao.web.hotlist.reasons import reasons

_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9\u4e00-\u9fff]{4,7}")


@dataclass(frozen=True)
class Wanted:
    """A checked entry."""

    plate: str
    plate_colour: int | None
    reason: str
    details: str
    case_number: str
    since: datetime
    until: datetime
    handling: str
    instruction: str


def checked(given: Mapping[str, str], now: datetime) -> Wanted:
    """An entry from texts. Raises TransitionError saying what is missing or wrong."""
    plate = _plate(given.get("plate", ""))
    colour = given.get("plate_colour", "").strip()
    if colour and colour.lower() not in plates.COLOURS:
        raise TransitionError(f"号牌颜色“{colour}”无法识别", f"No such plate colour: {colour}")
    reason = _reason(given.get("reason", "").strip())
    details, case = given.get("details", "").strip(), given.get("case_number", "").strip()
    if not details:
        raise TransitionError("请写明具体事由", "Say why in detail.")
    if not case:
        raise TransitionError("请填写案件编号", "Give the number of the case.")
    since, until = moment(given.get("since", "")) or now, moment(given.get("until", ""), end=True)
    term(reason, since, until, now)
    assert until is not None
    handling = given.get("handling", "").strip()
    words = {label: code for code, label in Entry.Handling.choices}
    handling = words.get(handling, handling)
    if handling not in Entry.Handling.values:
        raise TransitionError("请选择处置要求", "Say what is to be done.")
    return Wanted(
        plate, plates.COLOURS[colour.lower()] if colour else None, reason, details[:300], case[:64],
        since, until, handling, given.get("instruction", "").strip()[:300],
    )  # fmt: skip


def term(reason: str, since: datetime, until: datetime | None, now: datetime) -> None:
    """Raise TransitionError unless a term has an end, in the future and within the longest."""
    days = reasons()[reason].days
    if until is None:
        raise TransitionError("请填写截止时间：布控必须有期限", "Every entry needs an end.")
    if until <= since or until <= now:
        raise TransitionError("截止时间要晚于开始和现在", "The end must lie ahead.")
    if until - since > timedelta(days=days, minutes=1):
        raise TransitionError(
            f"“{reasons()[reason].zh}”一次最长 {days} 天，到期需要时另行续期",
            f"At most {days} days at a time; a longer need is a renewal.",
        )


def moment(text: str, *, end: bool = False) -> datetime | None:
    """A day or a moment, local; a day as an end is its last moment."""
    text = text.strip().replace("/", "-")
    try:
        day, found = parse_date(text), parse_datetime(text)
    except ValueError:
        return None
    if day is not None:
        found = datetime.combine(day + timedelta(days=int(end)), time(), SHANGHAI)
    if found is None:
        return None
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _plate(text: str) -> str:
    try:
        plate = plates.plate(text)
    except ValueError:
        plate = None
    if plate is None or not _PLATE.fullmatch(plate):
        raise TransitionError(f"号牌“{text.strip()}”无法识别", f"No such plate: {text.strip()}")
    return plate


def _reason(text: str) -> str:
    for code, one in reasons().items():
        if text in (code, one.zh):
            return code
    raise TransitionError("请选择事由类别", "Choose the class of reason.")
