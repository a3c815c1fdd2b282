"""The directory of plates, read again when somebody replaced the register."""

from __future__ import annotations

import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core.errors import ConfigError
from sizao.feeds.jt809.vehicles import Directory, Vehicle

logger = logging.getLogger(__name__)


class RegisterFile:
    """``register.parquet`` of a data folder, as a :class:`Directory`.

    A file that cannot be read at the start is a ConfigError; one that goes bad later is
    reported and the one before stays in force. Without a file every plate names itself.
    """

    def __init__(self, path: Path) -> None:
        self.directory = Directory()
        self._path = path
        self._mark: int | None = None
        self._read()

    def look(self) -> None:
        """Read again if it was replaced."""
        try:
            self._read()
        except ConfigError as error:
            logger.error("%s; going on with the register before", error)

    def _read(self) -> None:
        try:
            mark = self._path.stat().st_mtime_ns
            if mark == self._mark:
                return
            self._mark = mark  # before reading: a bad file is not tried again until it changes
            rows = pq.read_table(self._path).to_pylist()
            self.directory.replace(
                Vehicle(
                    row["vehicle"],
                    row["plate"] or "",
                    row["plate_colour"] or 0,
                    row["kind"],
                    row["enterprise"],
                    row["enterprise_name"],
                )
                for row in rows
            )
        except FileNotFoundError:
            return
        except (OSError, pa.ArrowException, KeyError) as error:
            raise ConfigError(f"{self._path}: not a register: {error}") from error
        logger.info("%s: %d vehicles", self._path.name, len(rows))
