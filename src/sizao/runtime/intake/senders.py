"""Who may bring records: the registry of sources, with the intake's words for a refusal.

Checkpoints prove themselves with digest and a password from ``secrets.yaml``; everybody else
sends a key as ``Authorization: Bearer KEY`` (``docs/reference/sources.md``).
"""

from __future__ import annotations

import logging
import time
from typing import Any

from sizao.core.clock import Clock
from sizao.core.errors import ConfigError
from sizao.core.source_access import load_secrets
from sizao.core.source_book import LOOK_S, SourceBook
from sizao.core.sources import HOUR_S, KINDS, kind_of
from sizao.log.datadir import DataDir
from sizao.runtime.intake.refusal import Refusal

logger = logging.getLogger(__name__)


class Senders:
    """The registry, keys and passwords of a data folder. Raises ConfigError if a file is wrong at
    the start; one that goes wrong later is reported and what was read before stays in force."""

    def __init__(self, data: DataDir, clock: Clock) -> None:
        self.book = SourceBook(data.root)
        self._clock = clock
        self._path = data.secrets
        self._mark: int | None = None
        self._looked = -LOOK_S
        self._secrets: dict[str, dict[str, Any]] = {}
        self._read()

    def bearer(self, kind: str, authorization: str | None) -> str:
        """The source of a kind that an ``Authorization: Bearer`` header proves, if it may send
        now. Raises Refusal."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Refusal(401, "no_key", "send the key of the source: Authorization: Bearer KEY")
        source = self.book.source_of_key(key.strip(), self._clock.time_s())
        if source is None:
            raise Refusal(401, "unknown_key", "nobody has this key, or it was replaced")
        if kind_of(source) != kind:
            is_, wanted = KINDS[kind_of(source)].en, KINDS[kind].en
            raise Refusal(403, "wrong_kind", f"source {source} is a {is_}, not a {wanted}")
        self.admit(source)
        return source

    def admit(self, source: str) -> None:
        """Raises Refusal if the source may not send now."""
        refusal = self.book.refusal(source, self._clock.time_s())
        if refusal is not None:
            raise Refusal(403, refusal.code, str(refusal))

    def charge(self, source: str, records: int, size: int) -> None:
        """Count a delivery against the hour's quota. Raises Refusal (429) if it is used up."""
        now_s = self._clock.time_s()
        refusal = self.book.over_quota(source, now_s, records, size)
        if refusal is not None:
            left_s = (HOUR_S - now_s % HOUR_S) / self._clock.factor
            raise Refusal(429, refusal.code, str(refusal), int(left_s) + 1)

    def secret(self, source: str, field: str) -> str | None:
        """A shared secret of a source, such as its ``password``; None if there is none."""
        if time.monotonic() - self._looked >= LOOK_S:
            try:
                self._read()
            except ConfigError as error:
                logger.error("%s; going on with the secrets before", error)
        value = self._secrets.get(source, {}).get(field)
        return None if value is None else str(value)

    def _read(self) -> None:
        self._looked = time.monotonic()
        try:
            stat = self._path.stat()
            mark: int | None = stat.st_mtime_ns ^ stat.st_mode
        except FileNotFoundError:
            mark = None
        if mark != self._mark:
            self._mark = mark  # before reading: a bad file is not tried again until it changes
            self._secrets = load_secrets(self._path)


def name_of(source: str) -> str:
    """The part of an id after the colon: DeviceID of a checkpoint, code of a station."""
    return source.partition(":")[2] or source
