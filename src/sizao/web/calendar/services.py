"""Asking for an entry, deciding it, and what stands.

Like fences: accepted changes are in the database first; ``calendar.yaml`` in the data folder,
which the forecast, the briefing and deadlines read, is brought up to it right after, and again by
the next look if that could not be written. Entries that somebody wrote into the file stay as they
are until they are changed here.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import yaml
from django.db import IntegrityError
from django.db.models import Max

from sizao.core import durable
from sizao.core.errors import ConfigError, TransitionError
from sizao.log.datadir import DataDir
from sizao.risk.day_calendar import Calendar, announced, listed, read_entry
from sizao.web import audit, twoperson
from sizao.web.calendar.access import may_change
from sizao.web.calendar.models import CalendarChange
from sizao.web.clock import feed_now
from sizao.web.forecast import inputs, jobs
from sizao.web.ports import ports
from sizao.web.refusals import untranslated
from sizao.web.units.models import User
from sizao.web.writing import write

log = logging.getLogger("sizao.calendar")

Raw = dict[str, Any]

HEAD = """\
# Days that are not like others (risk/day_calendar.py). Kept by the page "Calendar", where one
# person asks and another decides; what is written here by hand stays until it is changed there.
"""


def standing(data: DataDir | None = None) -> dict[int, Raw]:
    """Number to entry: the file's, and over them what was accepted here.

    Raises ConfigError while the file cannot be read.
    """
    found = _in_file(data or ports().data)
    for change in CalendarChange.objects.filter(state=CalendarChange.State.ACCEPTED).order_by(
        "decided_at", "pk"
    ):
        found.pop(change.number, None)
        if change.entry is not None:
            found[change.number] = {**change.entry, "number": change.number}
    return dict(sorted(found.items()))


def calendar(data: DataDir | None = None) -> Calendar:
    """What stands, with the announced holidays."""
    entries = tuple(read_entry(f"{number}", raw) for number, raw in standing(data).items())
    return announced().joined(Calendar(entries))


def ask(user: User, number: int | None, entry: Raw | None, reason: str) -> CalendarChange:
    """Ask for an entry to be as given, or with None for it to go.

    ``number`` None is a new one. Raises TransitionError in words for people: no right, no reason,
    an entry that cannot be, nothing changed, one that is not there, or a change that waits.
    """
    _allow(user)
    if not reason.strip():
        raise TransitionError("请写明变更理由", "Say why.")
    now = standing()
    if number is not None and number not in now:
        raise TransitionError("没有这一条，或已撤销", "There is no such entry any more.")
    if entry is not None:
        entry = _checked(entry)
        if number is not None and entry == _bare(now[number]):
            raise TransitionError("与现行内容相同，没有可变更的", "Nothing differs.")
    try:
        with write():
            if number is None:
                number = _next(now)
            change = CalendarChange.objects.create(
                number=number,
                entry=entry,
                reason=reason.strip()[:500],
                asked_by=user,
                asked_at=feed_now(),
            )
            audit.record(user, "calendar.ask", "calendar", number, _told(change))
    except IntegrityError as error:
        raise TransitionError(
            "这一条已有一项变更在等待批准", "A change of this entry waits already."
        ) from error
    return change


def decide(user: User, change: CalendarChange, accept: bool, remark: str = "") -> CalendarChange:
    """Accept or refuse, by another person than the one who asked; who asked may withdraw.

    Once accepted, the forecast is made anew. Raises TransitionError in words for people.
    """
    _allow(user)
    with write():
        change = twoperson.decide(user, change, accept, remark)
        audit.record(user, f"calendar.{change.state}", "calendar", change.number, _told(change))
        if change.state == CalendarChange.State.ACCEPTED:
            inputs.told("calendar", feed_now())
    if change.state == CalendarChange.State.ACCEPTED:
        publish(ports().data)
        jobs.look_now()
    return change


def publish(data: DataDir) -> bool:
    """Bring ``calendar.yaml`` up to the database; whether it had to be written."""
    if not CalendarChange.objects.filter(state=CalendarChange.State.ACCEPTED).exists():
        return False
    wanted = standing(data)
    if wanted == _in_file(data):
        return False
    text = yaml.safe_dump(list(wanted.values()), allow_unicode=True, sort_keys=False, width=100)
    durable.replace(data.calendar, (HEAD + text).encode())
    return True


def _in_file(data: DataDir) -> dict[int, Raw]:
    """Entries of the file by number; one without gets the first that is free, by its place."""
    path = data.calendar
    try:
        rows = listed(path, yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as a calendar: {error}") from error
    for at, row in enumerate(rows, 1):
        read_entry(f"{path}: entry {at}", row)
    taken = {int(row["number"]) for row in rows if row.get("number")}
    free = (number for number in range(1, len(rows) + len(taken) + 1) if number not in taken)
    found = {}
    for row in rows:
        number = int(row.get("number") or next(free))
        found[number] = {**_plain(row), "number": number}
    return found


def _plain(row: Raw) -> Raw:
    """Days as text: YAML reads 2026-10-01 as a date, and the database keeps JSON."""
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_text(one) for one in value]
    return value


def _bare(entry: Raw) -> Raw:
    return {name: value for name, value in entry.items() if name != "number"}


def _checked(entry: Raw) -> Raw:
    """The entry without its number. Raises TransitionError if it cannot be one."""
    entry = _bare(entry)
    if entry.get("kind") == "market" and (entry.get("lat") is None or entry.get("lon") is None):
        raise TransitionError("赶集要有地点：请在地图上选定", "A market needs a place.")
    if "rule" in entry and not any(entry["rule"].values()):
        raise TransitionError("请写明尾数或星期几", "Name the digits or weekdays.")
    if "rule" not in entry and not entry.get("dates"):
        raise TransitionError("请写明日期", "Name its days.")
    try:
        read_entry("", entry)
    except ConfigError as error:
        raise untranslated(
            "日期、数字或地点写得不对",
            "Days, numbers or place are wrong",
            ConfigError(str(error).removeprefix(": ")),
        ) from error
    return entry


def _next(now: dict[int, Raw]) -> int:
    given = CalendarChange.objects.aggregate(most=Max("number"))["most"] or 0
    return int(max([given, *now])) + 1


def _allow(user: User) -> None:
    if not may_change(user):
        raise TransitionError(
            "只有支队指挥员、领导和管理员可以变更日历",
            "Only operators and leaders of the detachment and administrators change the calendar.",
        )


def _told(change: CalendarChange) -> dict[str, Any]:
    return {"name": change.name, "entry": change.entry, "reason": change.reason,
            "remark": change.remark}  # fmt: skip
