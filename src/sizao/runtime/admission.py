"""Which terminals may register: those of the vehicle register, read again when it changes."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core.errors import ConfigError
from sizao.feeds.jt808.auth import NO_SUCH_TERMINAL, REGISTERED

logger = logging.getLogger(__name__)

LOOK_S = 1.0


class RegisteredOnly:
    """Admits a phone that the register names; any other gets result 4 of 0x8100.

    Without this any device that can reach the port may register under any phone, which JT/T 808
    itself does nothing against. Raises ConfigError if the register cannot be read at the start;
    one that goes bad later is reported and the one before stays in force.
    """

    def __init__(self, register: Path) -> None:
        self._path = register
        self._mark: int | None = None
        self._looked = 0.0
        self._phones: frozenset[str] = frozenset()
        self._read()

    def __call__(self, phone: str, registration: dict[str, Any]) -> int:
        if time.monotonic() - self._looked >= LOOK_S:
            try:
                self._read()
            except ConfigError as error:
                logger.error("%s; going on with the register before", error)
        return REGISTERED if phone in self._phones else NO_SUCH_TERMINAL

    def _read(self) -> None:
        self._looked = time.monotonic()
        try:
            mark = self._path.stat().st_mtime_ns
            if mark == self._mark:
                return
            self._mark = mark  # before reading: a bad file is not tried again until it changes
            column = pq.read_table(self._path, columns=["vehicle"])["vehicle"]
        except (OSError, pa.ArrowException) as error:
            raise ConfigError(f"{self._path}: {error}") from error
        self._phones = frozenset(column.to_pylist())
        logger.info("%s: %d terminals may register", self._path.name, len(self._phones))
