"""``links.yaml`` in the data folder: the platforms above and below us.

    links:
      - name: province                # jt809:province in every record
        role: lower                   # we are the lower platform of this pair; or upper
        edition: "2019"
        access_code: 44099101
        user: 20180920
        platform_id: "51040000001"
        main: 10.0.0.9:8080           # lower: where to dial; upper: where to listen
        sub: 0.0.0.0:8081             # lower: where to listen for the sub link
        announce: 10.1.0.5:8081       # lower: how the upper platform reaches that
        forward: {kinds: [hazmat, line_coach], enterprises: []}
        dialect: {vehicle_prefix: "yes"}

The password, and M1, IA1, IC1 where bodies are enciphered, are in ``secrets.yaml`` under
``jt809:NAME`` (``password``, ``m1``, ``ia1``, ``ic1``). Every mistake is a ConfigError that names
line and field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.source_access import load_secrets
from sizao.core.sources import ID
from sizao.core.vehicles import KINDS
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.dialect import EDITIONS, Dialect
from sizao.feeds.jt809.params import LinkParams

ROLES = ("upper", "lower")
Address = tuple[str, int]

_CHOICES: dict[str, tuple[Any, ...]] = {
    "supervision_id": ("u32", "text34"),
    "supervision_reply": ("edition", "short", "long"),
    "alarm_times": (2, 3),
    "time_unit": ("s", "ms"),
    "platform_id": ("text", "integer"),
    "time_shift_h": tuple(range(-12, 13)),
    "position": ("edition", "legacy"),
    "vehicle_prefix": ("edition", "yes", "no"),
    "tolerate_length": (True, False),
}


@dataclass(frozen=True)
class Forward:
    """Which vehicles a lower platform reports; empty lists are all."""

    vehicles: frozenset[str] = frozenset()
    enterprises: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    from_start: bool = False
    """Send what the log held before the link was first used, too."""
    durable: bool = True
    """Keep on disk how far the upper platform has confirmed."""
    back_fill: bool = True
    """Send again after a new login what was not confirmed."""


@dataclass(frozen=True)
class LinkConfig:
    """One pair of links."""

    params: LinkParams
    role: str
    main: Address
    sub: Address | None = None
    """Lower: where to listen for the sub link; None: no sub link."""
    forward: Forward = field(default_factory=Forward)


@dataclass(frozen=True)
class _Place:
    """A mapping of the file, its line, and the line of each of its keys."""

    where: str
    line: int
    values: Mapping[str, Any]
    lines: Mapping[str, int]

    def wrong(self, key: str, why: str) -> ConfigError:
        line = self.lines.get(key, self.line)
        return ConfigError(f"{self.where}, line {line}: {key}: {why}")


class _Lines(yaml.SafeLoader):
    """Remembers on which line each mapping and key stands."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        found = super().construct_mapping(node, deep)
        lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}
        return {**found, _LINE: (node.start_mark.line + 1, lines)}


_LINE = object()


def load(path: Path, secrets: Path) -> list[LinkConfig]:
    """Read the file; no links without one. Raises ConfigError naming line and field."""
    try:
        # SafeLoader underneath: no tags but YAML's own.
        raw = yaml.load(path.read_text(encoding="utf-8"), _Lines)
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if raw is None:
        return []
    if not isinstance(raw, dict) or set(raw) - {_LINE} != {"links"}:
        raise ConfigError(f"{path}: expected one list, links")
    entries = raw["links"] or []
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: links: expected a list")
    known = load_secrets(secrets)
    found = [_link(_place(entry, str(path)), known) for entry in entries]
    _unlike(found, path)
    return found


def _place(entry: Any, where: str) -> _Place:
    if not isinstance(entry, dict):
        raise ConfigError(f"{where}: links: expected fields such as name and role")
    values = dict(entry)
    line, lines = values.pop(_LINE)
    return _Place(where, line, values, lines)


_KEYS = {
    *("name", "role", "edition", "access_code", "user", "platform_id", "main", "sub"),
    *("announce", "addresses", "encrypt", "key", "cipher_start", "dialect", "forward", "duty"),
    *("confirm_s", "keepalive_s"),
}


def _link(place: _Place, secrets: Mapping[str, Mapping[str, Any]]) -> LinkConfig:
    for key in place.values.keys() - _KEYS:
        raise place.wrong(key, f"unknown; known are {', '.join(sorted(_KEYS))}")
    name = _text(place, "name")
    if not ID.fullmatch(f"jt809:{name}"):
        raise place.wrong("name", "letters, digits, dot, dash and underscore, at most 64")
    role = _one_of(place, "role", ROLES)
    secret = secrets.get(f"jt809:{name}", {})
    if "password" not in secret:
        raise place.wrong("name", f"no password for jt809:{name} in secrets.yaml")
    password = str(secret["password"])
    if len(password.encode("gbk", "replace")) > 8:
        raise place.wrong("name", "the password in secrets.yaml is longer than 8 bytes")
    keys = _cipher(place, secret)
    encrypt = _yes(place, "encrypt", False)
    if encrypt and keys is None:
        raise place.wrong("encrypt", f"no m1, ia1, ic1 for jt809:{name} in secrets.yaml")
    sub = _address(place, "sub", required=False)
    announce = _address(place, "announce", required=False)
    if role == "lower" and sub is not None and announce is None:
        if sub[0] in ("0.0.0.0", "::"):
            raise place.wrong("announce", f"needed: the upper platform cannot dial {sub[0]}")
        announce = sub
    duty = _inner(place, "duty", {"every_min", "answer_s", "question"})
    params = LinkParams(
        name=name,
        edition=str(_one_of(place, "edition", EDITIONS, "2019")),
        access_code=_number(place, "access_code"),
        user=_number(place, "user"),
        password=password,
        platform_id=_text(place, "platform_id", "")[:11],
        keys=keys,
        encrypt=encrypt,
        key=_number(place, "key", 0),
        dialect=_dialect(place),
        addresses=_texts(place, "addresses"),
        down_link=announce or ("", 0),
        keepalive_s=_seconds(place, "keepalive_s", 60.0, 60.0),
        confirm_s=_seconds(place, "confirm_s", 10.0, 60.0),
    )
    if duty is not None:
        params = replace(
            params,
            duty_every_s=60 * _seconds(duty, "every_min", 0.0, 100_000),
            duty_answer_s=_number(duty, "answer_s", params.duty_answer_s, highest=255),
            duty_question=_text(duty, "question", params.duty_question),
        )
    main = _address(place, "main")
    assert main is not None
    return LinkConfig(params, role, main, sub, _forward(place))


def _cipher(place: _Place, secret: Mapping[str, Any]) -> Keys | None:
    given = [key for key in ("m1", "ia1", "ic1") if key in secret]
    if not given:
        return None
    numbers = [secret.get(key) for key in ("m1", "ia1", "ic1")]
    m1, ia1, ic1 = (n if isinstance(n, int) and 0 <= n <= 0xFFFFFFFF else -1 for n in numbers)
    if min(m1, ia1, ic1) < 0:
        raise place.wrong("name", "m1, ia1 and ic1 in secrets.yaml must be numbers, all three")
    start = _one_of(place, "cipher_start", ("key", "m1"), "key")
    return Keys(m1, ia1, ic1, start)


def _dialect(place: _Place) -> Dialect:
    names = {option.name for option in fields(Dialect)}
    inner = _inner(place, "dialect", names)
    if inner is None:
        return Dialect()
    for name, value in inner.values.items():
        choices = _CHOICES[name]
        if not any(value == one and type(value) is type(one) for one in choices):
            said = ", ".join(str(one) for one in choices)
            raise inner.wrong(name, f"{value!r}; known are {said} (words in quotes)")
    return Dialect(**inner.values)


def _forward(place: _Place) -> Forward:
    inner = _inner(place, "forward", {"vehicles", "enterprises", "kinds", "from_start"})
    if inner is None:
        return Forward()
    for kind in _texts(inner, "kinds"):
        if kind not in KINDS:
            raise inner.wrong("kinds", f"{kind!r}; known are {', '.join(KINDS)}")
    return Forward(
        frozenset(_texts(inner, "vehicles")),
        frozenset(_texts(inner, "enterprises")),
        frozenset(_texts(inner, "kinds")),
        _yes(inner, "from_start", False),
    )


def _unlike(links: list[LinkConfig], path: Path) -> None:
    """Names once; on one door, access codes once."""
    seen: set[object] = set()
    for link in links:
        name = link.params.name
        doors: list[object] = [("name", name)]
        if link.role == "upper":
            doors.append((link.main, link.params.access_code))
        elif link.sub is not None:
            doors.append((link.sub, link.params.access_code))
        for door in doors:
            if door in seen:
                raise ConfigError(f"{path}: {name}: a link like it is there already ({door})")
            seen.add(door)


# Fields


def _inner(place: _Place, key: str, known: set[str]) -> _Place | None:
    value = place.values.get(key)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise place.wrong(key, "expected fields")
    inner = _place(value, place.where)
    for name in inner.values.keys() - known:
        raise inner.wrong(name, f"unknown in {key}; known are {', '.join(sorted(known))}")
    return inner


def _text(place: _Place, key: str, default: str | None = None) -> str:
    value = place.values.get(key, default)
    if not isinstance(value, str) or (default is None and not value):
        raise place.wrong(key, "expected a text, in quotes if it is digits")
    return value


def _texts(place: _Place, key: str) -> tuple[str, ...]:
    value = place.values.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise place.wrong(key, "expected a list of texts, in quotes if they are digits")
    return tuple(value)


def _yes(place: _Place, key: str, default: bool) -> bool:
    value = place.values.get(key, default)
    if not isinstance(value, bool):
        raise place.wrong(key, "expected true or false")
    return value


def _number(
    place: _Place, key: str, default: int | None = None, *, highest: int = 0xFFFFFFFF
) -> int:
    value = place.values.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= highest:
        raise place.wrong(key, f"expected a number from 0 to {highest}")
    return value


def _seconds(place: _Place, key: str, default: float, highest: float) -> float:
    value = place.values.get(key, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= highest:
        if value == default:
            return default
        raise place.wrong(key, f"expected a number above 0, at most {highest:g}")
    return float(value)


def _one_of(place: _Place, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
    value = place.values.get(key, default)
    if value not in choices:
        said = " or ".join(f'"{one}"' for one in choices)
        raise place.wrong(key, f"{value!r}: expected {said}")
    return str(value)


def _address(place: _Place, key: str, *, required: bool = True) -> Address | None:
    value = place.values.get(key)
    if value is None and not required:
        return None
    host, _, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not host or not port.isdecimal() or not 0 <= int(port) <= 65_535:
        raise place.wrong(key, f"{value!r}: expected HOST:PORT, such as 10.0.0.9:8080")
    return host.strip("[]"), int(port)
