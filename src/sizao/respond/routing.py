"""Who is told of a warning, by which channels, and by when somebody must acknowledge.

The table is dated data (``routes/DAY.yaml``, whose head explains every key), like the decision
table: :func:`load` finds the one in force on a day, from the installation's own folder if it has
one for that day, else from the package; :func:`route` lists the parties.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from sizao.core.agencies import AGENCIES
from sizao.core.clock import SHANGHAI
from sizao.core.errors import ConfigError
from sizao.core.levels import CommandLevel, WarningLevel

CHANNELS: Mapping[str, tuple[str, str]] = {
    "inbox": ("系统收件箱", "inbox"),
    "browser": ("浏览器通知", "browser notification"),
    "sign": ("可变信息标志", "roadside sign"),
    "sms": ("短信", "text message"),
    "dingtalk": ("钉钉群机器人", "DingTalk robot"),
    "wecom": ("企业微信群机器人", "WeCom robot"),
}
"""Every channel with its names. ``inbox`` needs no adapter and comes first."""

POLICE: Mapping[str, tuple[str, str]] = {
    "command": ("指挥单位", "commanding unit"),
    "local": ("属地中队", "squadron of the place"),
    "detachment": ("支队", "detachment"),
}

DUTY = "duty"
"""Role: whoever the roster has on duty when it is told, and after each change of shift."""

ROLES = ("", "operator", "leader", "officer", DUTY)

_TABLE_KEYS = {"from", "name_zh", "name_en", "certainty", "source", "note", "groups", "rows"}
_ROW_KEYS = {"id", "when", "tell", "reason_zh", "reason_en"}
_WHEN_KEYS = {"kinds", "levels", "areas", "road_classes", "vehicles", "command", "hours"}
_TELL_KEYS = {"agency", "police", "role", "channels", "acknowledge_min"}


@dataclass(frozen=True)
class Subject:
    """What of a warning the table asks for."""

    kind: str
    level: WarningLevel
    command_level: CommandLevel
    at: datetime
    """When it was issued, aware."""
    area: str = ""
    road_class: str = ""
    vehicle_kind: str = ""


@dataclass(frozen=True)
class Tell:
    """One party to tell. Either ``agency`` or ``police`` is set."""

    agency: str = ""
    police: str = ""
    role: str = ""
    channels: tuple[str, ...] = ("inbox",)
    acknowledge_s: float | None = None
    """From the telling; None: told, not asked."""
    rows: tuple[str, ...] = ()
    """Ids of the rows that name the party."""


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    id: str
    when: Mapping[str, tuple[str, ...]]
    tell: tuple[Tell, ...]
    reason_zh: str
    reason_en: str

    def matches(self, subject: Subject) -> bool:
        """Whether every condition holds."""
        found = {
            "levels": subject.level.code,
            "areas": subject.area,
            "road_classes": subject.road_class,
            "vehicles": subject.vehicle_kind,
            "command": subject.command_level.code,
        }
        for key, wanted in self.when.items():
            if key == "kinds":
                if not any(fnmatchcase(subject.kind, pattern) for pattern in wanted):
                    return False
            elif key == "hours":
                if not _within(subject.at, *wanted):
                    return False
            elif found[key] not in wanted:
                return False
        return True


@dataclass(frozen=True)
class Routes:
    """One file, checked."""

    start: date
    name_zh: str
    name_en: str
    certainty: str
    note: str
    rows: tuple[Row, ...]
    source: Mapping[str, Any] = field(default_factory=dict)


def route(subject: Subject, table: Routes) -> tuple[Tell, ...]:
    """Everybody to tell, once each, in the order of the table.

    A party that several rows name has all their channels, inbox first, and the shortest time.
    """
    found: dict[tuple[str, str, str], Tell] = {}
    for row in table.rows:
        if not row.matches(subject):
            continue
        for tell in row.tell:
            key = (tell.agency, tell.police, tell.role)
            found[key] = _joined(found.get(key), replace(tell, rows=(row.id,)))
    return tuple(found.values())


def _joined(before: Tell | None, now: Tell) -> Tell:
    if before is None:
        return now
    times = [one.acknowledge_s for one in (before, now) if one.acknowledge_s is not None]
    return replace(
        before,
        channels=tuple(dict.fromkeys((*before.channels, *now.channels))),
        acknowledge_s=min(times, default=None),
        rows=(*before.rows, *now.rows),
    )


def _within(at: datetime, start: str, end: str) -> bool:
    now = f"{at.astimezone(SHANGHAI):%H:%M}"
    return start <= now < end if start <= end else now >= start or now < end


def load(on: date, folder: Path | None = None) -> Routes:
    """The table in force on a day; a day before the first gets the first.

    folder : the installation's own tables; those of the package fill the days before them

    Raises ConfigError if a file has a mistake; the message names file, row and key.
    """
    places: list[Traversable] = [resources.files("sizao.respond") / "routes"]
    if folder is not None and folder.is_dir():
        places.append(folder)
    days: dict[date, Traversable] = {}
    for place in places:
        for item in place.iterdir():
            if item.name.endswith(".yaml"):
                try:
                    days[date.fromisoformat(item.name.removesuffix(".yaml"))] = item
                except ValueError:
                    raise ConfigError(f"{item.name}: name it YEAR-MONTH-DAY.yaml") from None
    start = max((day for day in days if day <= on), default=min(days))
    text = days[start].read_text(encoding="utf-8")
    table = read_routes(text, name=days[start].name)
    if table.start != start:
        raise ConfigError(f"{days[start].name}: `from` says {table.start}, the name another day")
    return table


@cache
def read_routes(text: str, *, name: str) -> Routes:
    """Check and read one file. Raises ConfigError naming file, row and key."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not YAML: {error}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("rows"), list):
        raise ConfigError(f"{name}: expected a mapping with `from` and a list of `rows`")
    _known(raw, _TABLE_KEYS, name)
    if not isinstance(raw.get("from"), date):
        raise ConfigError(f"{name}: `from` must be a day such as 2026-01-01")
    if raw.get("certainty") not in ("found", "recalled", "proposed"):
        raise ConfigError(f"{name}: `certainty` must be found, recalled or proposed")
    rows = tuple(
        _row(item, raw.get("groups") or {}, name, number)
        for number, item in enumerate(raw["rows"], 1)
    )
    ids = [row.id for row in rows]
    twice = sorted({row_id for row_id in ids if ids.count(row_id) > 1})
    if twice:
        raise ConfigError(f"{name}: row id {twice[0]!r} appears twice")
    return Routes(
        raw["from"], raw.get("name_zh", ""), raw.get("name_en", ""), raw["certainty"],
        raw.get("note", ""), rows, raw.get("source") or {},
    )  # fmt: skip


def _row(raw: Any, groups: Mapping[str, Any], name: str, number: int) -> Row:
    if not isinstance(raw, dict):
        raise ConfigError(f"{name}: row {number} is not a mapping")
    where = f"{name}: row {raw.get('id', number)!r}"
    _known(raw, _ROW_KEYS, where)
    for key in sorted(_ROW_KEYS):
        if not raw.get(key) and key != "when":
            raise ConfigError(f"{where}: `{key}` is missing")
    when = raw.get("when") or {}
    _known(when, _WHEN_KEYS, where)
    conditions = {
        key: tuple(_spelt(value, groups, where) if key == "kinds" else map(str, value))
        for key, value in when.items()
    }
    _coded(conditions.get("levels", ()), [level.code for level in WarningLevel], where, "level")
    _coded(conditions.get("command", ()), [one.code for one in CommandLevel], where, "command")
    if "hours" in conditions and len(conditions["hours"]) != 2:
        raise ConfigError(f'{where}: `hours` must be two times such as ["22:00", "06:00"]')
    return Row(
        str(raw["id"]),
        conditions,
        tuple(_tell(item, where) for item in raw["tell"]),
        raw["reason_zh"],
        raw["reason_en"],
    )


def _spelt(patterns: Iterable[Any], groups: Mapping[str, Any], where: str) -> Iterable[str]:
    for pattern in map(str, patterns):
        if not pattern.startswith("@"):
            yield pattern
        elif pattern[1:] in groups:
            yield from map(str, groups[pattern[1:]])
        else:
            raise ConfigError(f"{where}: unknown group {pattern!r}")


def _tell(raw: Any, where: str) -> Tell:
    _known(raw, _TELL_KEYS, where)
    agency, police = str(raw.get("agency", "")), str(raw.get("police", ""))
    if bool(agency) == bool(police):
        raise ConfigError(f"{where}: tell either an `agency` or the `police`")
    _coded([agency] if agency else [], AGENCIES, where, "agency")
    _coded([police] if police else [], POLICE, where, "police unit")
    _coded([str(raw.get("role", ""))], ROLES, where, "role")
    channels = tuple(dict.fromkeys(["inbox", *map(str, raw.get("channels", ()))]))
    _coded(channels, CHANNELS, where, "channel")
    minutes = raw.get("acknowledge_min")
    if minutes is not None and (isinstance(minutes, bool) or not minutes > 0):
        raise ConfigError(f"{where}: `acknowledge_min` must be minutes above zero")
    return Tell(
        agency, police, str(raw.get("role", "")), channels,
        None if minutes is None else float(minutes) * 60.0,
    )  # fmt: skip


def _coded(values: Iterable[str], known: Iterable[str], where: str, what: str) -> None:
    for value in values:
        if value not in known:
            raise ConfigError(f"{where}: unknown {what} {value!r}; known: {', '.join(known)}")


def _known(raw: Mapping[str, Any], keys: set[str], where: str) -> None:
    extra = sorted(str(key) for key in set(raw) - keys)
    if extra:
        raise ConfigError(f"{where}: unknown key {extra[0]!r}; known: {', '.join(sorted(keys))}")
