"""Where messages leave the house: ``channels.yaml`` of the data folder, written by people.

Addresses of robots and gateways hold secrets, so the file must be readable by its owner only, and
nothing of it is shown but name, channel, host and whom it serves. ``docs/how-to/tell-people.md``
shows an entry of each channel.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from sizao.core.errors import ConfigError
from sizao.respond.routing import CHANNELS
from sizao.web.geo import metres_between

OUTSIDE = ("sms", "dingtalk", "wecom", "sign")
"""Channels that need an endpoint."""

_KEYS = {
    "channel", "party", "url", "secret", "proxy", "per_minute", "at", "reach_km", "road", "phones",
    "request", "answer", "receipts",
}  # fmt: skip


@dataclass(frozen=True)
class Endpoint:
    """One address. ``secret`` and the query of ``url`` are never printed."""

    name: str
    channel: str
    party: str
    """Code of the unit or agency it serves; ``*`` for all. A sign serves the road."""
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)
    per_minute: int = 20
    """Robots of DingTalk and WeCom take twenty messages a minute."""
    at: tuple[float, float] | None = None
    """A sign's latitude and longitude."""
    reach_km: float = 10.0
    road: str = ""
    """A sign's road, ``G5``; empty where any road near it concerns it."""
    phones: tuple[str, ...] = field(default=(), repr=False)
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Of a text-message gateway: method, headers, json or form with places for values."""
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Of the same: which part of the answer says that it was taken, and its number."""
    receipts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Of the same: how it reports what arrived."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def serves(self, party: str) -> bool:
        return self.party in ("*", party)

    def concerns(self, lat: float | None, lon: float | None, road: str) -> bool:
        """Whether a sign stands near enough to a place, on its road if both are known."""
        if self.at is None or lat is None or lon is None:
            return False
        if self.road and road and self.road != road:
            return False
        return float(metres_between(lat, lon, *self.at)) <= self.reach_km * 1000


def read(path: Path) -> dict[str, Endpoint]:
    """Endpoints by name; none without the file.

    Raises ConfigError naming the entry and the key, and if others can read the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    if mode & 0o077:
        raise ConfigError(f"{path.name} holds secrets: chmod 600 {path}")
    try:
        raw = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{path.name}: not YAML, line {_line(error)}") from None
    entries = raw.get("endpoints", {}) if isinstance(raw, dict) else None
    if not isinstance(entries, dict):
        raise ConfigError(f"{path.name}: expected `endpoints` with a name for each")
    return {str(name): _endpoint(str(name), entry, path.name) for name, entry in entries.items()}


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)  # the message itself would quote the secret
    return str(mark.line + 1) if mark else "?"


def _endpoint(name: str, raw: Any, file: str) -> Endpoint:
    where = f"{file}: {name}"
    if not isinstance(raw, dict):
        raise ConfigError(f"{where} is not a mapping")
    extra = sorted(str(key) for key in set(raw) - _KEYS)
    if extra:
        raise ConfigError(f"{where}: unknown key {extra[0]!r}; known: {', '.join(sorted(_KEYS))}")
    channel, url = str(raw.get("channel", "")), str(raw.get("url", ""))
    if channel not in OUTSIDE or channel not in CHANNELS:
        raise ConfigError(f"{where}: `channel` must be one of {', '.join(OUTSIDE)}")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ConfigError(f"{where}: `url` must begin with http:// or https://")
    if channel == "sign" and len(raw.get("at") or ()) != 2:
        raise ConfigError(f"{where}: a sign needs `at`: [latitude, longitude]")
    if channel != "sign" and not raw.get("party"):
        raise ConfigError(f'{where}: say whom it serves: `party` with a unit\'s code, or "*"')
    if channel == "sms" and not raw.get("phones"):
        raise ConfigError(f"{where}: a text message needs `phones`")
    place = raw.get("at")
    return Endpoint(
        name=name,
        channel=channel,
        party=str(raw.get("party", "*")),
        url=url,
        secret=str(raw.get("secret", "")),
        proxy=str(raw.get("proxy", "")),
        per_minute=int(raw.get("per_minute", 20)),
        at=(float(place[0]), float(place[1])) if place else None,
        reach_km=float(raw.get("reach_km", 10.0)),
        road=str(raw.get("road", "")),
        phones=tuple(map(str, raw.get("phones", ()))),
        request=raw.get("request") or {},
        answer=raw.get("answer") or {},
        receipts=raw.get("receipts") or {},
    )


_kept: tuple[tuple[Path, int], dict[str, Endpoint], str] | None = None
_turn = threading.Lock()


def endpoints(path: Path) -> tuple[dict[str, Endpoint], str]:
    """The endpoints and what is wrong with the file, read again when it changed.

    A file with a mistake gives none: better no message than one to a wrong address.
    """
    global _kept
    try:
        stamp = (path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        stamp = (path, 0)
    with _turn:
        if _kept is None or _kept[0] != stamp:
            try:
                _kept = (stamp, read(path), "")
            except (ConfigError, OSError, ValueError, TypeError) as error:
                _kept = (stamp, {}, str(error))
        return _kept[1], _kept[2]
