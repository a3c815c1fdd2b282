"""Who can be sent out, by which rules: the units file, checked.

``docs/how-to/plan-patrols.md`` has an example; :data:`FIELDS` lists what may be said. Defaults are
the project's own, except where a rule names its source.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASSES

SKILLS = ("patrol", "alcohol", "weighing", "speed")
"""What a unit can do: drive rounds, test breath, weigh, measure speed."""

OPERATIONS = {"drink_driving": "alcohol", "core_violations": "weighing"}
"""Kind of operation (酒驾, 三超一疲劳) to the skill it needs."""

_QUOTA = re.compile(
    r"quota|fine|ticket|citation|penalt|arrest|violations?_(?:target|min|per)"
    r"|(?:stops|checks|tests|cases)_(?:target|min|per)|(?:target|min)_(?:stops|checks|tests|cases)"
    r"|罚|处罚|查处|拦车|任务数|指标|定额",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Unit:
    """A crew with a vehicle that drives from ``lat``, ``lon`` (degrees WGS-84) and returns there.

    skills : of SKILLS
    vehicles : name of the pool the vehicle comes from, "" its own
    road_classes : works on roads of these classes only; empty: all but expressways
    away : days on which it cannot work
    free_from : local time before which it still rests, None: none
    """

    id: str
    name: str
    lat: float
    lon: float
    skills: frozenset[str] = frozenset({"patrol"})
    vehicles: str = ""
    road_classes: frozenset[str] = frozenset()
    away: frozenset[dt.date] = frozenset()
    free_from: dt.datetime | None = None


@dataclass(frozen=True)
class ShiftKind:
    """A shift of the day. start_min : minutes after local midnight; night : counts as a night."""

    id: str
    name: str
    start_min: int
    hours: float
    break_min: int = 45
    night: bool = False


@dataclass(frozen=True)
class Rules:
    """What a roster must obey. Hours are of work, breaks included.

    min_rest_h : from the end of a shift to the next start of the same unit
    max_hours_week : in each seven days from the first of the plan (44: 劳动法 art. 36, recalled)
    max_nights_week : nights of a unit in those days
    min_on_duty : units in every shift; max_on_duty : None: no limit
    """

    min_rest_h: float = 11.0
    max_hours_week: float = 44.0
    max_nights_week: int = 3
    min_on_duty: int = 1
    max_on_duty: int | None = None


@dataclass(frozen=True)
class Visits:
    """How posts are visited.

    minutes : shortest and longest stay (Koper 1995: 10 to 15)
    round_min : a round through posts lasts about so long, so that a place can come up again
        about every two hours
    handover_min : at the start of a shift
    reach_m : road within so many metres by road counts as covered by a visit
    posts : candidates to choose among, at most
    """

    minutes: tuple[float, float] = (10.0, 15.0)
    round_min: float = 120.0
    handover_min: float = 10.0
    reach_m: float = 1000.0
    posts: int = 300


@dataclass(frozen=True)
class Mixture:
    """How unpredictable the plan is.

    cap : no post is visited by a unit in more than this share of its rounds
    floor_rounds : at most this share of a unit's rounds goes to the floor: places that every
        drawn week must reach at least once
    everywhere : share of the other rounds that goes to any post within reach
    robust : 0 looks at coverage only, 1 only at what is left against somebody who moves away
    """

    cap: float = 0.5
    floor_rounds: float = 0.3
    everywhere: float = 0.1
    robust: float = 0.5


@dataclass(frozen=True)
class Operation:
    """Checks at one place: how many a week, how long. Never how many stops, tests or fines."""

    kind: str
    per_week: int
    minutes: float = 90.0


@dataclass(frozen=True)
class Force:
    """A whole units file."""

    units: tuple[Unit, ...]
    shifts: tuple[ShiftKind, ...]
    rules: Rules = Rules()
    visits: Visits = Visits()
    mixture: Mixture = Mixture()
    operations: tuple[Operation, ...] = ()
    vehicles: Mapping[str, int] = field(default_factory=dict)
    """Vehicles of each pool that can be out at once."""


SHIFTS = (
    ShiftKind("early", "早班", 7 * 60, 8.0),
    ShiftKind("late", "中班", 15 * 60, 8.0),
    ShiftKind("night", "夜班", 23 * 60, 8.0, night=True),
)
"""Where the file names no shifts."""


def read_force(path: Path) -> Force:
    """Read a units file (YAML). Raises ConfigError that names the file and the entry."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not YAML in UTF-8: {error}") from error
    return force_of(raw, str(path))


def force_of(raw: Any, where: str = "units") -> Force:
    """Check a parsed units file. Raises ConfigError that says which entry is wrong and how."""
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: not a mapping with units; see docs/how-to/plan-patrols.md")
    for key in _keys(raw):
        if _QUOTA.search(key.rpartition(".")[2]):
            raise ConfigError(
                f"{where}: {key}: a plan says where and when to be and what coverage to expect; "
                "it never sets a number of fines, stops, tests or cases. Take this entry out"
                "（方案不设罚款、拦车、查处数量指标，请删去该项）"
            )
    _only(raw, ("units", "shifts", "rules", "visits", "mixture", "operations", "vehicles"), where)
    units = tuple(_unit(one, f"{where}: units[{i}]") for i, one in _list(raw, "units", where))
    if not units:
        raise ConfigError(f"{where}: no units")
    shifts = tuple(_shift(one, f"{where}: shifts[{i}]") for i, one in _list(raw, "shifts", where))
    operations = tuple(
        _operation(one, f"{where}: operations[{i}]") for i, one in _list(raw, "operations", where)
    )
    for what, names in (("unit", units), ("shift", shifts)):
        ids = [one.id for one in names]
        if twice := next((one for one in ids if ids.count(one) > 1), None):
            raise ConfigError(f"{where}: {what} {twice} appears twice")
    vehicles = _mapping(raw, "vehicles", where)
    pools = {str(name): int(_number(vehicles, name, 0, 10_000, where)) for name in vehicles}
    for unit in units:
        if unit.vehicles and unit.vehicles not in pools:
            raise ConfigError(f"{where}: unit {unit.id}: no vehicles {unit.vehicles!r} in the file")
    for operation in operations:
        skill = OPERATIONS[operation.kind]
        if not any(skill in unit.skills for unit in units):
            raise ConfigError(
                f"{where}: {operation.kind} needs a unit with the skill {skill}; none has it"
            )
    mixture = _values(Mixture, _mapping(raw, "mixture", where), 0.0, 1.0, f"{where}: mixture")
    rules = _rules(_mapping(raw, "rules", where), f"{where}: rules", len(units))
    visits = _visits(_mapping(raw, "visits", where), f"{where}: visits")
    return Force(units, shifts or SHIFTS, rules, visits, mixture, operations, pools)


def _unit(raw: Any, where: str) -> Unit:
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: not a mapping")
    names = ("id", "name", "base", "skills", "vehicles", "road_classes", "away", "free_from")
    _only(raw, names, where)
    if not raw.get("id"):
        raise ConfigError(f"{where}: no id")
    base = raw.get("base")
    if not (isinstance(base, list) and len(base) == 2):
        raise ConfigError(f"{where}: base must be [latitude, longitude] in degrees")
    place = {"lat": base[0], "lon": base[1]}
    skills = _words(raw, "skills", SKILLS, where) or frozenset({"patrol"})
    free_from = raw.get("free_from")
    if free_from is not None and type(free_from) is not dt.datetime:
        raise ConfigError(f"{where}: free_from {free_from!r} is not like 2019-01-07 06:00:00")
    away = raw.get("away") or []
    if not all(type(day) is dt.date for day in away):
        raise ConfigError(f"{where}: away {away!r} is not a list of days like 2019-01-09")
    return Unit(
        id=str(raw["id"]),
        name=str(raw.get("name") or raw["id"]),
        lat=_number(place, "lat", -90, 90, where),
        lon=_number(place, "lon", -180, 180, where),
        skills=skills,
        vehicles=str(raw.get("vehicles") or ""),
        road_classes=_words(raw, "road_classes", tuple(ROAD_CLASSES), where),
        away=frozenset(away),
        free_from=free_from.replace(tzinfo=None) if free_from else None,
    )


def _shift(raw: Any, where: str) -> ShiftKind:
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: not a mapping")
    _only(raw, ("id", "name", "start", "hours", "break_min", "night"), where)
    start = raw.get("start")
    if isinstance(start, int):  # YAML 1.1 reads 07:30 as a number to base 60
        minutes = start
    else:
        found = re.fullmatch(r"(\d{1,2}):(\d{2})", str(start))
        minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    if not raw.get("id") or not 0 <= minutes < 24 * 60:
        raise ConfigError(f'{where}: needs an id and a start like "07:30"; got {start!r}')
    return ShiftKind(
        id=str(raw["id"]),
        name=str(raw.get("name") or raw["id"]),
        start_min=minutes,
        hours=_number(raw, "hours", 2, 24, where, 8.0),
        break_min=int(_number(raw, "break_min", 0, 240, where, 45)),
        night=bool(raw.get("night", minutes >= 21 * 60 or minutes < 5 * 60)),
    )


def _operation(raw: Any, where: str) -> Operation:
    if not isinstance(raw, Mapping) or raw.get("kind") not in OPERATIONS:
        raise ConfigError(f"{where}: kind must be one of {', '.join(OPERATIONS)}")
    _only(raw, ("kind", "per_week", "minutes"), where)
    return Operation(
        raw["kind"],
        int(_number(raw, "per_week", 1, 50, where)),
        _number(raw, "minutes", 30, 240, where, 90.0),
    )


def _rules(raw: Mapping[Any, Any], where: str, units: int) -> Rules:
    _only(raw, tuple(one.name for one in fields(Rules)), where)
    least = int(_number(raw, "min_on_duty", 0, units, where, min(1, units)))
    most = raw.get("max_on_duty")
    return Rules(
        _number(raw, "min_rest_h", 0, 72, where, Rules.min_rest_h),
        _number(raw, "max_hours_week", 1, 168, where, Rules.max_hours_week),
        int(_number(raw, "max_nights_week", 0, 7, where, Rules.max_nights_week)),
        least,
        None if most is None else int(_number(raw, "max_on_duty", least, 1000, where)),
    )


def _visits(raw: Mapping[Any, Any], where: str) -> Visits:
    _only(raw, tuple(one.name for one in fields(Visits)), where)
    stay = raw.get("minutes", list(Visits.minutes))
    if not (isinstance(stay, list) and len(stay) == 2):
        raise ConfigError(f"{where}: minutes must be [shortest, longest]")
    both = {"shortest": stay[0], "longest": stay[1]}
    shortest = _number(both, "shortest", 3, 60, where)
    return Visits(
        (shortest, _number(both, "longest", shortest, 120, where)),
        _number(raw, "round_min", 45, 480, where, Visits.round_min),
        _number(raw, "handover_min", 0, 60, where, Visits.handover_min),
        _number(raw, "reach_m", 100, 10_000, where, Visits.reach_m),
        int(_number(raw, "posts", 5, 2000, where, Visits.posts)),
    )


def _values(
    kind: type[Mixture], raw: Mapping[Any, Any], low: float, high: float, where: str
) -> Any:
    names = tuple(one.name for one in fields(kind))
    _only(raw, names, where)
    return kind(
        **{name: _number(raw, name, low, high, where, getattr(kind, name)) for name in names}
    )


def _keys(raw: Any, at: str = "") -> Iterator[str]:
    """Every key of a nested document, with the way to it."""
    if isinstance(raw, Mapping):
        for key, value in raw.items():
            here = f"{at}.{key}" if at else str(key)
            yield here
            yield from _keys(value, here)
    elif isinstance(raw, list):
        for number, value in enumerate(raw):
            yield from _keys(value, f"{at}[{number}]")


def _only(raw: Mapping[Any, Any], names: tuple[str, ...], where: str) -> None:
    if unknown := [str(key) for key in raw if key not in names]:
        raise ConfigError(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(names)}")


def _list(raw: Mapping[Any, Any], name: str, where: str) -> Iterator[tuple[int, Any]]:
    value = raw.get(name) or []
    if not isinstance(value, list):
        raise ConfigError(f"{where}: {name} is not a list")
    yield from enumerate(value)


def _mapping(raw: Mapping[Any, Any], name: str, where: str) -> Mapping[Any, Any]:
    value = raw.get(name) or {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: {name} is not a mapping")
    return value


def _words(raw: Mapping[Any, Any], name: str, known: tuple[str, ...], where: str) -> frozenset[str]:
    value = raw.get(name) or []
    if not isinstance(value, list) or not set(map(str, value)) <= set(known):
        raise ConfigError(f"{where}: {name} {value!r}: a list of some of {', '.join(known)}")
    return frozenset(map(str, value))


def _number(
    raw: Mapping[Any, Any],
    name: Any,
    low: float,
    high: float,
    where: str,
    default: float | None = None,
) -> float:
    value = raw.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ConfigError(f"{where}: {name} must be a number from {low} to {high}; got {value!r}")
    return float(value)
