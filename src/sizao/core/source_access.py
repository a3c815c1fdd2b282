"""What decides at run time whether a source may send: keys, switches, shared secrets.

Two files beside ``sources.yaml``, both for their owner's eyes only (mode 0600):

- ``source-access.json``, written by the program: salted hashes of the keys it made, and which
  sources an operator switched off and why. A key itself is shown once and kept nowhere.
- ``secrets.yaml``, written by people: secrets that both sides must know in clear, such as a
  digest password (GA/T 1400) or an access code (JT/T 809). A file that others may read is refused.

A key reads ``ID.SECRET``. The id, eight hex digits, is its fingerprint: shown on pages, useless
without the rest. The secret has 256 random bits, so one round of SHA-256 with a salt is enough.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sizao.core import durable
from sizao.core.errors import ConfigError


@dataclass(frozen=True)
class Key:
    """A key as it is kept. Moments are seconds since the epoch, feed time."""

    id: str
    salt: str
    digest: str
    made_s: float
    until_s: float | None = None
    """Set when a newer key took its place: both work until then."""

    def fits(self, secret: str, at_s: float) -> bool:
        if self.until_s is not None and at_s >= self.until_s:
            return False
        return hmac.compare_digest(_digest(self.salt, secret), self.digest)


@dataclass(frozen=True)
class Switch:
    """A source an operator switched off."""

    reason: str
    by: str
    at_s: float


@dataclass(frozen=True)
class Access:
    """``source-access.json``."""

    keys: Mapping[str, tuple[Key, ...]] = field(default_factory=dict)
    off: Mapping[str, Switch] = field(default_factory=dict)

    def source_of(self, key: str, at_s: float) -> str | None:
        """The source whose key this is, None if it is nobody's or out of date."""
        key_id, _, secret = key.partition(".")
        for source, known in self.keys.items():
            for one in known:
                if one.id == key_id and one.fits(secret, at_s):
                    return source
        return None


def load_access(path: Path) -> Access:
    """Read the file; nothing is switched off and nobody has a key without one.

    Raises ConfigError if it is damaged: guessing would let a stranger in or keep everybody out.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Access(
            {source: tuple(Key(**key) for key in keys) for source, keys in raw["keys"].items()},
            {source: Switch(**switch) for source, switch in raw["off"].items()},
        )
    except FileNotFoundError:
        return Access()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f"{path}: not a file of source keys: {error}") from error


def new_key(path: Path, source: str, at_s: float, *, keep_old_s: float = 0.0) -> str:
    """Make a key for a source and return it, this once. Older ones work ``keep_old_s`` longer."""
    key_id, secret, salt = secrets.token_hex(4), secrets.token_urlsafe(32), secrets.token_hex(8)

    def change(access: Access) -> Access:
        until_s = at_s + keep_old_s
        kept = [
            Key(**{**asdict(one), "until_s": min(until_s, one.until_s or until_s)})
            for one in access.keys.get(source, ())
            if one.until_s is None or one.until_s > at_s
        ]
        # Without a time to change over, the old key is out at once and need not be remembered.
        kept = kept if keep_old_s > 0 else []
        fresh = Key(key_id, salt, _digest(salt, secret), at_s)
        return Access({**access.keys, source: (fresh, *kept)}, access.off)

    _change(path, change)
    return f"{key_id}.{secret}"


def revoke_keys(path: Path, source: str) -> None:
    """Take every key of a source back."""

    def change(access: Access) -> Access:
        return Access(
            {name: keys for name, keys in access.keys.items() if name != source}, access.off
        )

    _change(path, change)


def switch_off(path: Path, source: str, *, reason: str, by: str, at_s: float) -> None:
    """Take nothing from a source any more, until :func:`switch_on`."""
    _change(
        path,
        lambda access: Access(access.keys, {**access.off, source: Switch(reason, by, at_s)}),
    )


def switch_on(path: Path, source: str) -> None:
    """Take from a source again. ``enabled: false`` in sources.yaml still holds."""

    def change(access: Access) -> Access:
        off = {name: switch for name, switch in access.off.items() if name != source}
        return Access(access.keys, off)

    _change(path, change)


def load_secrets(path: Path) -> dict[str, dict[str, Any]]:
    """Shared secrets by source: ``{"gat1400:cam1": {"user": ..., "password": ...}}``.

    An empty mapping without a file. Raises ConfigError if it is not such a mapping, or if others
    than its owner may read it.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise ConfigError(f"{path}: others may read it; run chmod 600 {path}")
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    except yaml.YAMLError:
        # The parser's message quotes the line, which may hold a secret.
        raise ConfigError(f"{path}: not YAML") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected sources with their secrets")
    for source, fields in raw.items():
        if not isinstance(source, str) or not isinstance(fields, dict):
            raise ConfigError(f"{path}: {source}: expected fields such as password")
    return raw


def _digest(salt: str, secret: str) -> str:
    return hashlib.sha256(f"{salt}:{secret}".encode()).hexdigest()


def _change(path: Path, change: Callable[[Access], Access]) -> None:
    """Read, change and replace the file while nobody else does."""
    try:
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            access = change(load_access(path))
            record = {
                "keys": {name: [asdict(key) for key in keys] for name, keys in access.keys.items()},
                "off": {name: asdict(switch) for name, switch in access.off.items()},
            }
            text = json.dumps(record, ensure_ascii=False, indent=1)
            durable.replace(path, text.encode(), mode=0o600)
        finally:
            os.close(lock)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
