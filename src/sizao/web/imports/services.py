"""An import step by step: open, choose, check, store. Each step may be run by any thread.

Reading and checking touch no record; storing is one transaction, so an import is there whole or
not at all. A batch that was being worked on when the process ended is found by :func:`mend`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError

from sizao.core.errors import ConfigError
from sizao.feeds.tables.checking import Checked, check
from sizao.feeds.tables.kinds import kind_named
from sizao.feeds.tables.mapping import TableMapping, from_dict, propose
from sizao.feeds.tables.reading import read
from sizao.feeds.tables.table import Refusal, Table, shown
from sizao.roads.network import Network
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.fleet import register
from sizao.web.imports import files, previews, reports
from sizao.web.imports.known import known_for
from sizao.web.imports.models import Batch, SavedMapping
from sizao.web.imports.storing import prepare
from sizao.web.ports import installed, ports
from sizao.web.refusals import untranslated
from sizao.web.units.models import User
from sizao.web.writing import write

log = logging.getLogger("sizao.imports")

PROGRESS_S = 1.0
SAMPLES = 3


class GivenUpError(Exception):
    """Somebody gave the import up while a step of it was at work: the step ends, too."""


_tables: dict[int, tuple[tuple[object, ...], Table]] = {}
"""The table read last, so that the next step need not read it again: one batch at a time."""


def open_batch(user: User | None, *, kind: str, source: str, file_name: str, data: bytes) -> Batch:
    """A new batch for a file. Raises ConfigError for an unknown kind or a source without name."""
    kind_named(kind)
    source = " ".join(source.split())
    if not source or len(source) > 64:
        raise ConfigError("name the source in at most 64 characters, such as 122 platform")
    now = feed_now()
    with write():
        for gone in files.expired():
            Batch.objects.filter(pk=gone, state__in=("mapping", "checked")).update(
                state=Batch.State.FAILED, ended_at=now,
                error={"zh": "上传后一天没有确认，文件已删除", "en": "not confirmed within a day"},
            )  # fmt: skip
        batch = Batch.objects.create(
            kind=kind,
            source=source,
            file_name=file_name[-200:],
            size=len(data),
            sha256=files.digest(data),
            state=Batch.State.READING,
            by=user.username if user is not None else audit_name(),
            by_name=str(user) if user is not None else "",
            at=now,
        )
        files.keep(batch.pk, data)
        audit.record(user, "import.upload", "import", batch.pk, {
            "kind": kind, "source": source, "file": batch.file_name, "sha256": batch.sha256,
        })  # fmt: skip
    return batch


def audit_name() -> str:
    """Who imports where nobody is signed in: the command line."""
    return "system"


def begin(batch: Batch, was: str, now: str) -> bool:
    """Move a batch to the state of the next step, if nobody else did meanwhile."""
    with write():
        moved = Batch.objects.filter(pk=batch.pk, state=was).update(
            state=now, progress=0.0, error={}
        )
    if moved:
        batch.state = now
    return bool(moved)


def look_again(batch: Batch, *, sheet: str, header_row: int) -> None:
    """Read another sheet, or take another row for the header; the mapping is proposed anew."""
    options = {name: value for name, value in batch.options.items() if name != "mapping"}
    batch.options = {**options, "sheet": sheet, "header_row": header_row}
    with write():
        batch.save(update_fields=["options"])


def choose(batch: Batch, mapping: TableMapping, **options: Any) -> None:
    """Keep what somebody chose for a batch: mapping, sheet, header_row, existing, strict."""
    batch.options = {**batch.options, **options, "mapping": mapping.as_dict()}
    with write():
        batch.save(update_fields=["options"])


def saved_mapping(kind: str, source: str) -> TableMapping | None:
    """The mapping of the source's last import."""
    found = SavedMapping.objects.filter(kind=kind, source=source).first()
    return from_dict(found.data) if found is not None else None


def run_read(batch_id: int) -> None:
    """Read the file and propose a mapping; the batch then waits for somebody to look."""
    batch = Batch.objects.get(pk=batch_id)
    table = _table(batch, files.data_of(batch_id))
    if table is None:
        return
    kind = kind_named(batch.kind)
    proposal = propose(table, kind, saved_mapping(batch.kind, batch.source))
    chosen = from_dict(batch.options["mapping"]) if batch.options.get("mapping") else None
    dropped = {one.column for one in proposal.personal}
    look = {
        "format": table.format,
        "rows": len(table.rows),
        "header_row": table.header_row,
        "sheet": table.sheet,
        "sheets": list(table.sheets),
        "uncalculated": table.uncalculated,
        "columns": [
            {
                "name": name,
                "samples": []
                if name in dropped
                else [shown(one)[:60] for one in table.samples(index, SAMPLES)],
            }
            for index, name in enumerate(table.header)
        ],
        "kept": [name for name in table.header if name not in dropped],
        "personal": {one.column: [one.why.zh, one.why.en] for one in proposal.personal},
        "unsure": {column: list(fields) for column, fields in proposal.unsure.items()},
        "saved": SavedMapping.objects.filter(kind=batch.kind, source=batch.source).exists(),
    }
    options = {
        "sheet": table.sheet,
        "header_row": table.header_row,
        "existing": batch.options.get("existing") or kind.existing,
        "strict": bool(batch.options.get("strict")),
        "mapping": (chosen or proposal.mapping).as_dict(),
    }
    with write():
        _still(batch_id)
        _move(batch, Batch.State.MAPPING, look=look, options=options, error={}, progress=1.0)


def run_check(batch_id: int) -> None:
    """Check every row with the chosen mapping and keep the report and the preview."""
    batch = Batch.objects.get(pk=batch_id)
    table, checked = _checked(batch)
    if table is None or checked is None:
        return
    preview = previews.preview(batch, table, checked, network())
    with write():
        _still(batch_id)
        reports.save(batch, table, checked)
        _move(
            batch, Batch.State.CHECKED, counts=checked.counts(), preview=preview, error={},
            progress=1.0,
        )  # fmt: skip


def run_store(batch_id: int, user: User | None = None) -> Batch:
    """Check once more against what is there now, and store all good rows in one transaction.

    With ``strict`` and anything wrong nothing is stored. The batch says what became of it.
    """
    batch = Batch.objects.get(pk=batch_id)
    table, checked = _checked(batch)
    if table is None or checked is None:
        return batch
    if batch.options.get("strict") and checked.problems:
        return _fail(batch, "有问题的行，按严格方式一行也没有导入", "rows with problems; strict")
    if not checked.good:
        return _fail(batch, "没有可以导入的行", "there is no row that can be imported")
    store = prepare(batch, checked)
    rows = reports.rows(batch, table, checked)
    try:
        with write():
            counts = {**checked.counts(), **store()}
            batch.report.all().delete()
            batch.report.model.objects.bulk_create(rows, batch_size=1000)
            _remember(batch)
            _move(
                batch, Batch.State.DONE, counts=counts, ended_at=feed_now(), error={},
                progress=1.0,
            )  # fmt: skip
            audit.record(user, "import.done", "import", batch.pk, {
                "kind": batch.kind, "source": batch.source, "file": batch.file_name,
                "sha256": batch.sha256, **counts,
            })  # fmt: skip
    except IntegrityError:
        return _fail(
            batch, "检查之后别人导入了同样的记录，请重新检查",
            "somebody imported the same records since the check; check again",
        )  # fmt: skip
    finally:
        _tables.pop(batch_id, None)
    register.publish_if_stale()
    files.drop(batch_id)
    return batch


def discard(user: User | None, batch_id: int) -> None:
    """Give an import up before it is stored; the file is deleted, nothing was changed."""
    with write():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        if not batch.open or batch.state == Batch.State.STORING:
            raise ConfigError(f"import {batch.pk} is not open")
        _fail(batch, "已放弃", "given up", user)
    files.drop(batch_id)
    _tables.pop(batch_id, None)


def mend(busy: Collection[int]) -> int:
    """Close batches that say they are being worked on though nobody does: a process ended.

    busy : batches that this process works on. Storing is one transaction, so nothing of theirs
    was imported. Returns how many there were.
    """
    lost = Batch.objects.filter(state__in=("reading", "checking", "storing")).exclude(pk__in=busy)
    count = 0
    for batch in lost:
        with write():
            _fail(
                batch, "服务中途停止，没有导入任何一行，请重新上传",
                "the service stopped meanwhile; nothing was imported, upload it again",
            )  # fmt: skip
        files.drop(batch.pk)
        count += 1
    return count


def give_up(batch: Batch, error: Exception) -> None:
    """Close a batch whose step raised: a fault of ours, of which nothing was stored."""
    why = f"{type(error).__name__}: {error}"[:300]
    _fail(batch, f"程序出错，没有导入任何一行：{why}", f"a fault; nothing was imported: {why}")
    files.drop(batch.pk)


def network() -> Network | None:
    """The road network of the installation, if there is one."""
    return ports().network if installed() else _loaded(settings.DATA.network)


@cache
def _loaded(path: Path) -> Network | None:
    return Network.load(path) if path.exists() else None


def _table(batch: Batch, data: bytes) -> Table | None:
    """The table by the batch's options, or None after saying why not."""
    sheet, header_row = batch.options.get("sheet", ""), int(batch.options.get("header_row") or 0)
    key = (batch.sha256, batch.kind, sheet, header_row)
    kept = _tables.get(batch.pk)
    if kept is not None and kept[0] == key:
        return kept[1]
    found = read(data, kind_named(batch.kind), sheet=sheet, header_row=header_row)
    if isinstance(found, Refusal):
        _fail(batch, found.words.zh, found.words.en)
        files.drop(batch.pk)
        return None
    _tables.clear()
    # Under what was found, because that is what the batch's options say from now on.
    _tables[batch.pk] = ((batch.sha256, batch.kind, found.sheet, found.header_row), found)
    return found


def _checked(batch: Batch) -> tuple[Table | None, Checked | None]:
    table = _table(batch, files.data_of(batch.pk))
    if table is None:
        return None, None
    try:
        mapping = from_dict(batch.options["mapping"])
        checked = check(
            table,
            mapping,
            known_for(mapping, batch.source, network()),
            existing=batch.options.get("existing", ""),
            progress=_progress(batch.pk),
        )
    except ConfigError as error:
        said = untranslated("核对没有完成", "The rows were not checked", error)
        with write():
            _move(batch, Batch.State.MAPPING, error={"zh": said.zh, "en": said.en})
        return None, None
    return table, checked


def _progress(batch_id: int) -> Callable[[float], None]:
    """Writes the share done, at most once a second: each is a small transaction."""
    last = 0.0

    def tell(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_S:
            last = time.monotonic()
            with write():
                _still(batch_id)
                Batch.objects.filter(pk=batch_id).update(progress=share)

    return tell


def _still(batch_id: int) -> None:
    """Raises GivenUpError if somebody has closed the import meanwhile. In a transaction."""
    closed = (Batch.State.FAILED, Batch.State.DONE, Batch.State.UNDONE)
    if Batch.objects.filter(pk=batch_id, state__in=closed).exists():
        raise GivenUpError


def _remember(batch: Batch) -> None:
    SavedMapping.objects.update_or_create(
        kind=batch.kind,
        source=batch.source,
        defaults={
            "data": batch.options["mapping"],
            "updated_at": feed_now(),
            "updated_by": batch.by,
        },
    )


def _move(batch: Batch, state: str, **fields: Any) -> None:
    batch.state = state
    for name, value in fields.items():
        setattr(batch, name, value)
    batch.save(update_fields=["state", *fields])


def _fail(batch: Batch, zh: str, en: str, user: User | None = None) -> Batch:
    with write():
        _move(
            batch, Batch.State.FAILED, error={"zh": zh, "en": en}, ended_at=feed_now(),
        )  # fmt: skip
        audit.record(user, "import.failed", "import", batch.pk, {
            "kind": batch.kind, "source": batch.source, "why": en,
        })  # fmt: skip
    return batch
