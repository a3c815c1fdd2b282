"""Roads, register and fences for the pipeline, read again when somebody replaced the file."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from sizao.core.errors import ConfigError
from sizao.detect import registry
from sizao.detect.context import Context
from sizao.detect.heard import Heard
from sizao.detect.records import Facts, RecordContext
from sizao.detect.rules_file import OwnRules, own_rules
from sizao.log import register, roadside
from sizao.log.datadir import DataDir
from sizao.roads import temporary_limits
from sizao.roads.fence_grid import NO_FENCES, Fences
from sizao.roads.fences import load as load_fences
from sizao.roads.network import Network
from sizao.roads.temporary_limits import TemporaryLimit
from sizao.runtime.in_force import Contexts, Described, Kept

logger = logging.getLogger(__name__)

LOOK_S = 1.0


class Sources(Contexts):
    """Call it for the context in force: the same object until one of the files changes.

    A missing network means that no road is matched, a missing register that every vehicle counts
    as ``other``; both are said in the log. Missing fences are none. A file that cannot be read at
    the start is a ConfigError; one that goes bad later is reported and the one before stays in
    force.
    """

    def __init__(self, data: DataDir, heard: Heard | None = None, kept: Kept | None = None) -> None:
        """``heard`` is what the pipeline keeps of positions, for record rules to ask; ``kept`` is
        where it keeps copies of files, for :meth:`restored`."""
        self._data = data
        self._kept = kept
        self._digests: dict[str, str] = {}
        self._heard = heard or Heard()
        self._marks: dict[Path, int | None] = {}
        self._network: Network | None = None
        self._register: pa.Table | None = None
        self._fences = NO_FENCES
        self._temporary: tuple[TemporaryLimit, ...] = ()
        self._rules = own_rules([])
        self._places: Mapping[str, Mapping[str, Any]] = {}
        self._hot_list: tuple[Mapping[str, Any], ...] = ()
        self._looked = 0.0
        self._context = self._build()

    def __call__(self) -> Context:
        moment = time.monotonic()
        if moment - self._looked >= LOOK_S:
            self._looked = moment
            if any(_mark(path) != mark for path, mark in self._marks.items()):
                try:
                    self._context = self._build()
                except ConfigError as error:
                    logger.error("%s; going on with what was read before", error)
        return self._context

    def records(self) -> RecordContext:
        """The context of record rules that goes with the one last answered."""
        return self._records

    def described(self) -> Described:
        """What the context last answered was made of, without the files of record rules: what
        they conclude is saved with their state."""
        return self._described

    def restored(self, described: Described) -> Context:
        """A context of what was in force. Raises ConfigError if that was not kept, or cannot be
        read by this program."""
        if self._kept is None:
            raise ConfigError("no files were kept")
        with tempfile.TemporaryDirectory() as folder:
            self._kept.lay_out(described, Path(folder))
            return Sources(DataDir(Path(folder)))()

    def forget_others(self) -> None:
        """Delete copies of files that the context last answered is not made of."""
        if self._kept is not None:
            self._kept.forget_others(self._described)

    def _build(self) -> Context:
        data = self._data
        for path in (
            data.network,
            data.register,
            data.fences,
            data.temporary_limits,
            data.rules,
            data.roadside,
            data.hot_list,
        ):
            mark = _mark(path)
            if path in self._marks and self._marks[path] == mark:
                continue
            # Marked before reading: a file that is bad now is not tried again until it changes.
            self._marks[path] = mark
            if path == data.roadside:
                self._places = roadside.places(path)
            elif path == data.hot_list:
                self._hot_list = roadside.hot_list(path)
            else:
                self._load(path, mark)
        facts = Facts(self._register, self._places, self._hot_list, self._heard)
        own = self._rules._asdict()
        self._records = RecordContext.build(registry.RECORD_RULES, facts, **own)
        context = Context.build(
            self._network,
            self._register,
            fences=self._fences,
            temporary=self._temporary,
            **own,
        )
        self._described = Described(dict(self._digests), dict(context.versions))
        return context

    def _load(self, path: Path, mark: int | None) -> None:
        """A file that goes into contexts of positions. The copy is read: what is kept is what
        counts, also if somebody is writing the file meanwhile."""
        copied = None
        if self._kept is not None and mark is not None:
            copied = self._kept.copy(path)
            mark = None if copied is None else mark
        try:
            self._read(path, path if copied is None else copied[1], mark)
        except ConfigError as error:
            text = str(error) if copied is None else str(error).replace(str(copied[1]), str(path))
            raise ConfigError(text) from error
        self._digests.pop(path.name, None)
        if copied is not None:
            self._digests[path.name] = copied[0]

    def _read(self, path: Path, copy: Path, mark: int | None) -> None:
        data = self._data
        if path == data.network:
            self._network = self._load_network(copy, mark)
        elif path == data.fences:
            self._fences = self._load_fences(copy, mark)
        elif path == data.temporary_limits:
            self._temporary = temporary_limits.load(copy)
        elif path == data.rules:
            self._rules = self._load_rules(copy, mark)
        else:
            self._register = self._load_register(copy, mark)

    def _load_rules(self, path: Path, mark: int | None) -> OwnRules:
        if mark is None:
            return own_rules([])
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: {error}") from error
        rules = own_rules([(path.name, document or {})])
        logger.info("%s: %s", path.name, ", ".join(document) if document else "no rule differs")
        return rules

    def _load_network(self, path: Path, mark: int | None) -> Network | None:
        if mark is None:
            logger.warning("%s is missing: no road is matched, no limit is known", path.name)
            return None
        network = Network.load(path)
        logger.info("%s: %d road segments", path.name, len(network))
        return network

    def _load_fences(self, path: Path, mark: int | None) -> Fences:
        if mark is None:
            return NO_FENCES
        fences = Fences(load_fences(path))
        # Made here, while nobody waits for a position.
        grid = fences.grid
        logger.info("%s: %d fences in %d cells", path.name, len(fences), len(grid.start) - 1)
        return fences

    def _load_register(self, path: Path, mark: int | None) -> pa.Table | None:
        if mark is None:
            logger.warning("%s is missing: every vehicle counts as 'other'", path.name)
            return None
        loaded = register.load(path)
        logger.info("%s: %d vehicles", path.name, len(loaded))
        return loaded


def _mark(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
