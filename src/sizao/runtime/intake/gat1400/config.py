"""``gat1400.yaml`` in the data folder: who we are, and the platforms above and below us.

    id: "51040000005030000001"            # our own platform id
    address: http://10.1.0.5:6811         # how others reach this intake
    uppers:                               # we register there and serve their subscriptions
      - {id: "51000000005030000001", url: "http://10.0.0.9:8080"}
    lowers:                               # we subscribe to their passages
      - {id: "51040200005030000001", url: "http://10.2.0.7:6811", resource: "", pause_s: 3}

Passwords are in ``secrets.yaml`` under ``gat1400:ID``; the same one proves them to us and us to
them. Without the file the intake only receives.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from sizao.core.errors import ConfigError
from sizao.core.sources import ID


@dataclass(frozen=True)
class Platform:
    """Another platform. ``resource``: devices or tollgates we want of a lower one, empty for all;
    ``pause_s``: how often it should notify us."""

    id: str
    url: str
    resource: str = ""
    pause_s: int = 3

    @property
    def source(self) -> str:
        return f"gat1400:{self.id}"


@dataclass(frozen=True)
class Config:
    """The whole file."""

    id: str = "sizao"
    address: str = ""
    uppers: tuple[Platform, ...] = ()
    lowers: tuple[Platform, ...] = ()


def load(path: Path) -> Config:
    """Read the file; nothing but receiving without one. Raises ConfigError that says where."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(raw, dict) or not set(raw) <= {"id", "address", "uppers", "lowers"}:
        raise ConfigError(f"{path}: expected id, address, uppers and lowers")
    uppers = _platforms(raw.get("uppers"), f"{path}: uppers", {"id", "url"})
    lowers = _platforms(raw.get("lowers"), f"{path}: lowers", {"id", "url", "resource", "pause_s"})
    own = raw.get("id")
    if not isinstance(own, str) or not ID.fullmatch(f"gat1400:{own}"):
        raise ConfigError(f"{path}: id must be our platform id, in quotes")
    address = raw.get("address") or ""
    if lowers and not address:
        raise ConfigError(f"{path}: address is needed: lower platforms must know where to send to")
    return Config(own, _url(address, f"{path}: address") if address else "", uppers, lowers)


def _platforms(raw: Any, where: str, keys: set[str]) -> tuple[Platform, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise ConfigError(f"{where}: expected a list")
    found = []
    for number, entry in enumerate(raw, 1):
        here = f"{where}: entry {number}"
        if not isinstance(entry, dict) or not {"id", "url"} <= set(entry) <= keys:
            raise ConfigError(f"{here}: expected {', '.join(sorted(keys))}")
        name, pause = entry["id"], entry.get("pause_s", 3)
        if not isinstance(name, str) or not ID.fullmatch(f"gat1400:{name}"):
            raise ConfigError(f"{here}: id must be a platform id, in quotes")
        if not isinstance(pause, int) or not 1 <= pause <= 86_400:
            raise ConfigError(f"{here}: pause_s must be 1 to 86400 seconds")
        resource = str(entry.get("resource") or "")
        found.append(Platform(name, _url(entry["url"], here), resource, pause))
    return tuple(found)


def _url(value: Any, where: str) -> str:
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(f"{where}: {value!r:.80} is no http address")
    return str(value).rstrip("/")
