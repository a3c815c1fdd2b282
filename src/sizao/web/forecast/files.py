"""What a forecast leaves in the data directory: ``ahead/NUMBER/``.

job.json      what to do: network, assessment, first day, hour it was made
weather.npz   weather by station and hour, where any is known
hours.f32     little-endian float32, hours ahead times sites of the assessment: crashes expected
causes.json   what moves the hours (``risk/ahead_sites.py``)
spans.parquet the worst spans, schema ASSESSMENT; a copy goes to ``forecasts/`` for the desk
result.json   summary
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from sizao.web.forecast.models import Forecast
from sizao.web.ports import installed, ports


def root() -> Path:
    """Folder of all forecasts."""
    return Path((ports().data if installed() else settings.DATA).root / "ahead")


def folder(run: Forecast) -> Path:
    return root() / str(run.pk)


@dataclass(frozen=True, eq=False)
class Ahead:
    """A finished forecast, read when asked for."""

    path: Path

    @cached_property
    def hours(self) -> np.ndarray:
        """Crashes expected, (hours, sites)."""
        return np.fromfile(self.path / "hours.f32", "<f4").reshape(24 * len(self.days), -1)

    def hour(self, hour: int) -> bytes:
        """The sites' values of one hour, as the map takes them."""
        return self.hours[hour].tobytes()

    @cached_property
    def causes(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path / "causes.json").read_text("utf-8"))
        return found

    @property
    def days(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.causes["days"]
        return found


@lru_cache(maxsize=4)
def _opened(path: Path) -> Ahead:
    return Ahead(path)


def opened(run: Forecast) -> Ahead | None:
    """A finished forecast, None once its files are gone. Kept open: it never changes."""
    path = folder(run)
    return _opened(path) if (path / "result.json").exists() else None


def forget() -> None:
    """For tests, whose folders come and go under the same number."""
    _opened.cache_clear()
