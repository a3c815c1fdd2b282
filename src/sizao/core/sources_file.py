"""Reading ``sources.yaml``: every mistake is named with its entry and field, all at once.

    unknown: {jt808: allow, weigh: refuse}
    sources:
      - id: weigh:ws1
        name_zh: 云岭治超站
        name_en: Yunling weigh station
        owner: {party: 公路管理局, role: 值班室, contact: 内线 2100}
        contract:
          - {topic: weighings, per_hour: 40, active: "06:00-22:00", complete: 0.9, silence_s: 3600}
        quota: {records_per_hour: 2000, bytes_per_hour: 200000000}
        valid_from: 2026-01-01

docs/reference/sources.md explains each field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.sources import DAY_S, ID, KINDS, Owner, Promise, Quota, Registry, Source, kind_of

_FILE_KEYS = ("unknown", "sources")
_SOURCE_KEYS = (
    "id",
    "name_zh",
    "name_en",
    "owner",
    "contract",
    "quota",
    "enabled",
    "valid_from",
    "valid_until",
    "note",
)
_OWNER_KEYS = ("party", "role", "contact")
_PROMISE_KEYS = (
    "topic",
    "interval_s",
    "per",
    "per_hour",
    "active",
    "complete",
    "max_delay_s",
    "silence_s",
)
_QUOTA_KEYS = ("records_per_hour", "bytes_per_hour")
_WINDOW = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


def load_registry(path: Path) -> Registry:
    """The registry of a file; an empty one if there is no file.

    Raises ConfigError with every mistake on a line of its own.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Registry()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    registry, problems = read_registry(text, name=path.name)
    if problems:
        raise ConfigError("\n".join(problems))
    return registry


def read_registry(text: str, *, name: str = "sources.yaml") -> tuple[Registry, list[str]]:
    """What a file says, and what is wrong with it; entries with a mistake are left out."""
    checks = _Checks(name)
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return Registry(), [f"{name}: not YAML: {error}"]
    if raw is None:
        return Registry(), []
    if not checks.mapping(raw, name, _FILE_KEYS):
        return Registry(), checks.problems
    unknown = _unknown(raw.get("unknown", {}), checks)
    sources: dict[str, Source] = {}
    entries = raw.get("sources") or []
    if not isinstance(entries, list):
        checks.say(name, "`sources` must be a list")
        entries = []
    for number, entry in enumerate(entries, 1):
        source = _source(entry, f"{name}: source {number}", checks, name)
        if source is None:
            continue
        if source.id in sources:
            checks.say(f"{name}: source {source.id!r}", "`id` appears twice")
        sources.setdefault(source.id, source)
    return Registry(sources, unknown), checks.problems


class _Checks:
    """Collects mistakes; each asks for a value and gives a usable one back whatever it found."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[str] = []

    def say(self, where: str, what: str) -> None:
        self.problems.append(f"{where}: {what}")

    def mapping(self, raw: Any, where: str, keys: Sequence[str]) -> bool:
        if not isinstance(raw, dict):
            self.say(where, f"expected fields ({', '.join(keys)}), found {raw!r:.60}")
            return False
        for key in raw:
            if key not in keys:
                self.say(where, f"unknown field {key!r}; known: {', '.join(keys)}")
        return True

    def text(self, raw: Mapping[str, Any], key: str, where: str, *, needed: bool = False) -> str:
        value = raw.get(key, "")
        if value is None:
            value = ""
        if not isinstance(value, str | int) or isinstance(value, bool):
            self.say(where, f"`{key}` must be text, got {value!r:.60}")
            return ""
        if needed and not str(value).strip():
            self.say(where, f"`{key}` is missing")
        return str(value).strip()

    def number(
        self,
        raw: Mapping[str, Any],
        key: str,
        where: str,
        *,
        unit: str,
        most: float | None = None,
    ) -> float | None:
        value = raw.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            self.say(where, f"`{key}` must be a number of {unit} above zero, got {value!r:.60}")
            return None
        if most is not None and value > most:
            self.say(where, f"`{key}` must be at most {most:g}, got {value!r}")
            return None
        return float(value)

    def day(self, raw: Mapping[str, Any], key: str, where: str) -> date | None:
        value = raw.get(key)
        if value is None:
            return None
        if isinstance(value, datetime) or not isinstance(value, date):
            self.say(where, f"`{key}` must be a day such as 2026-01-31, got {value!r:.60}")
            return None
        return value


def _unknown(raw: Any, checks: _Checks) -> dict[str, str]:
    where = f"{checks.name}: unknown"
    if not isinstance(raw, dict):
        checks.say(where, "expected a kind and allow or refuse, such as weigh: refuse")
        return {}
    found = {}
    for kind, word in raw.items():
        if kind not in KINDS:
            checks.say(where, f"no kind {kind!r}; known: {', '.join(KINDS)}")
        elif word not in ("allow", "refuse"):
            checks.say(where, f"`{kind}` must be allow or refuse, got {word!r:.60}")
        else:
            found[kind] = word
    return found


def _source(raw: Any, where: str, checks: _Checks, name: str) -> Source | None:
    before = len(checks.problems)
    if isinstance(raw, dict) and isinstance(raw.get("id"), str):
        where = f"{name}: source {raw['id']!r}"
    if not checks.mapping(raw, where, _SOURCE_KEYS):
        return None
    source_id = checks.text(raw, "id", where, needed=True)
    kind = kind_of(source_id)
    if source_id and not ID.fullmatch(source_id):
        checks.say(
            where, "`id` must be KIND or KIND:NAME, the name of letters, digits, `_`, `.`, `-`"
        )
    elif source_id and kind not in KINDS:
        checks.say(where, f"`id` has no known kind; known: {', '.join(KINDS)}")
    enabled = raw.get("enabled", True)
    if not isinstance(enabled, bool):
        checks.say(where, f"`enabled` must be true or false, got {enabled!r:.60}")
    source = Source(
        source_id,
        checks.text(raw, "name_zh", where, needed=True),
        checks.text(raw, "name_en", where, needed=True),
        _owner(raw.get("owner"), where, checks),
        _contract(raw.get("contract"), kind, where, checks),
        _quota(raw.get("quota"), where, checks),
        bool(enabled),
        checks.day(raw, "valid_from", where),
        checks.day(raw, "valid_until", where),
        checks.text(raw, "note", where),
    )
    if source.valid_from and source.valid_until and source.valid_until < source.valid_from:
        checks.say(where, "`valid_until` is before `valid_from`")
    return source if len(checks.problems) == before else None


def _owner(raw: Any, where: str, checks: _Checks) -> Owner:
    if raw is None:
        checks.say(where, "`owner` is missing: who is called when it falls silent?")
        return Owner("")
    where = f"{where}: owner"
    if not checks.mapping(raw, where, _OWNER_KEYS):
        return Owner("")
    return Owner(
        checks.text(raw, "party", where, needed=True),
        checks.text(raw, "role", where),
        checks.text(raw, "contact", where),
    )


def _contract(raw: Any, kind: str, where: str, checks: _Checks) -> tuple[Promise, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        checks.say(where, "`contract` must be a list, one line a topic")
        return ()
    promises: list[Promise] = []
    for number, line in enumerate(raw, 1):
        promise = _promise(line, kind, f"{where}: contract line {number}", checks)
        if promise is None:
            continue
        if any(one.topic == promise.topic for one in promises):
            checks.say(where, f"`contract` speaks of {promise.topic} twice")
        promises.append(promise)
    return tuple(promises)


def _promise(raw: Any, kind: str, where: str, checks: _Checks) -> Promise | None:
    if not checks.mapping(raw, where, _PROMISE_KEYS):
        return None
    topic = checks.text(raw, "topic", where, needed=True)
    if topic and kind in KINDS and topic not in KINDS[kind].topics:
        known = ", ".join(KINDS[kind].topics)
        checks.say(where, f"a {kind} source has no topic {topic!r}; known: {known}")
    per = raw.get("per", "source")
    if per not in ("source", "vehicle"):
        checks.say(where, f"`per` must be source or vehicle, got {per!r:.60}")
    if per == "vehicle" and topic and topic != "positions":
        checks.say(where, "`per: vehicle` is for positions only")
    if raw.get("interval_s") is not None and raw.get("per_hour") is not None:
        checks.say(where, "give `interval_s` or `per_hour`, not both")
    if per == "vehicle" and raw.get("interval_s") is None:
        checks.say(where, "`per: vehicle` needs `interval_s`")
    return Promise(
        topic,
        checks.number(raw, "interval_s", where, unit="seconds"),
        str(per),
        checks.number(raw, "per_hour", where, unit="records"),
        _active(raw.get("active"), where, checks),
        checks.number(raw, "complete", where, unit="parts of 1", most=1),
        checks.number(raw, "max_delay_s", where, unit="seconds"),
        checks.number(raw, "silence_s", where, unit="seconds"),
    )


def _active(raw: Any, where: str, checks: _Checks) -> tuple[tuple[int, int], ...]:
    """Windows of the local day in seconds; one over midnight becomes two."""
    if raw is None:
        return ((0, DAY_S),)
    windows = []
    for text in raw if isinstance(raw, list) else [raw]:
        found = _WINDOW.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            checks.say(where, f'`active` must be like "06:00-22:00", in quotes, got {text!r:.60}')
            continue
        h1, m1, h2, m2 = map(int, found.groups())
        start, end = h1 * 3600 + m1 * 60, h2 * 3600 + m2 * 60
        if m1 > 59 or m2 > 59 or start >= DAY_S or end > DAY_S or start == end:
            checks.say(where, f"`active` has no such time of day: {text!r}")
        elif start < end:
            windows.append((start, end))
        else:
            windows += [(start, DAY_S), (0, end)] if end else [(start, DAY_S)]
    windows.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(windows)):
        checks.say(where, "`active` has windows that overlap")
    return tuple(windows) or ((0, DAY_S),)


def _quota(raw: Any, where: str, checks: _Checks) -> Quota:
    if raw is None:
        return Quota()
    where = f"{where}: quota"
    if not checks.mapping(raw, where, _QUOTA_KEYS):
        return Quota()
    records = checks.number(raw, "records_per_hour", where, unit="records")
    size = checks.number(raw, "bytes_per_hour", where, unit="bytes")
    return Quota(
        None if records is None else int(records),
        None if size is None else int(size),
    )
