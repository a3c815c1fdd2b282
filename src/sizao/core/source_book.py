"""The registry as a running part uses it: read again when a file changes, quotas counted.

>>> import tempfile, pathlib
>>> book = SourceBook(pathlib.Path(tempfile.mkdtemp()))
>>> book.refusal("jt808", 0.0) is None
True
>>> book.refusal("weigh:nobody", 0.0).code
'unknown_source'
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from sizao.core.errors import ConfigError
from sizao.core.source_access import Access, load_access
from sizao.core.sources import HOUR_S, Refusal, Registry
from sizao.core.sources_file import load_registry

logger = logging.getLogger(__name__)

LOOK_S = 1.0

REGISTRY_FILE = "sources.yaml"
ACCESS_FILE = "source-access.json"
SECRETS_FILE = "secrets.yaml"


class SourceBook:
    """The registry of a data folder in force now.

    Raises ConfigError if a file is wrong at the start; one that goes wrong later is reported and
    what was read before stays in force. Moments are seconds since the epoch, feed time.
    """

    def __init__(self, root: Path) -> None:
        self._registry_path = root / REGISTRY_FILE
        self._access_path = root / ACCESS_FILE
        self._marks: tuple[int | None, int | None] = (None, None)
        self._registry = Registry()
        self._access = Access()
        self._used: dict[str, tuple[int, int, int]] = {}
        """Hour, records and bytes taken in it, by source."""
        self.problem = ""
        """Why the newest files are not in force; empty if they are."""
        self._read()

    @property
    def registry(self) -> Registry:
        self._look()
        return self._registry

    @property
    def access(self) -> Access:
        self._look()
        return self._access

    def refusal(self, source: str, at_s: float) -> Refusal | None:
        """Why a source may not send now; None if it may. Quotas apart, see :meth:`over_quota`."""
        return self.registry.refusal(source, at_s)

    def source_of_key(self, key: str, at_s: float) -> str | None:
        """The source whose key this is, None for a wrong or old one."""
        return self.access.source_of(key, at_s)

    def over_quota(
        self, source: str, at_s: float, records: int = 0, size: int = 0
    ) -> Refusal | None:
        """Count what a source wants to hand in; why it may not, or None if it may.

        All or nothing: what is refused here is not counted as used. The caller answers with the
        refusal and says so: input over quota
        is refused in the open, never dropped in silence.

        records : in this delivery; size : its bytes
        """
        entry = self.registry.get(source)
        if entry is None:
            return None
        quota = entry.quota
        hour = int(at_s // HOUR_S)
        used_hour, used_records, used_bytes = self._used.get(source, (hour, 0, 0))
        if used_hour != hour:
            used_records = used_bytes = 0
        records += used_records
        size += used_bytes
        over = [
            f"{name} {limit:,}"
            for name, limit, wanted in (
                ("records_per_hour", quota.records_per_hour, records),
                ("bytes_per_hour", quota.bytes_per_hour, size),
            )
            if limit is not None and wanted > limit
        ]
        if over:
            minutes = int(((hour + 1) * HOUR_S - at_s) // 60) + 1
            return Refusal(
                "over_quota",
                f"数据源 {source} 本小时已达配额（{', '.join(over)}），{minutes} 分钟后可再报送",
                f"source {source} used its quota of this hour ({', '.join(over)});"
                f" try again in {minutes} min",
            )
        self._used[source] = (hour, records, size)
        return None

    def remember_used(self, hour: int, used: Mapping[str, tuple[int, int]]) -> None:
        """After a restart: records and bytes that each source handed in during an hour."""
        for source, (records, size) in used.items():
            self._used[source] = (hour, records, size)

    def _look(self) -> None:
        if time.monotonic() - self._looked >= LOOK_S:
            try:
                self._read()
            except ConfigError as error:
                self.problem = str(error)
                logger.error("%s; going on with the sources before", error)

    def _read(self) -> None:
        self._looked = time.monotonic()
        marks = (_mark(self._registry_path), _mark(self._access_path))
        if marks == self._marks:
            return
        self._marks = marks  # before reading: bad files are not tried again until they change
        access = load_access(self._access_path)
        registry = load_registry(self._registry_path)
        off = {source: switch.reason for source, switch in access.off.items()}
        self._access = access
        self._registry = Registry(registry.sources, registry.unknown, off)
        self.problem = ""
        logger.info("%s: %d sources", self._registry_path.name, len(registry.sources))


def _mark(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
