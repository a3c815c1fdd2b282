"""What ``sizao crashes`` and ``sizao register`` have in common."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sizao.app.options import data_option
from sizao.core.coordinates import DATUMS
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir

FILE = click.Path(path_type=Path, dir_okay=False)

_OPTIONS = (
    click.argument("file", type=FILE),
    click.option("--source", default="", help="Who made the file; mappings are saved by it."),
    click.option("--mapping", type=FILE, help="YAML: which column is which field."),
    click.option("--datum", type=click.Choice(list(DATUMS)), help="Coordinates of the file."),
    click.option("--sheet", default="", help="Sheet of a workbook."),
    click.option("--header-row", type=click.IntRange(1), help="Row number of the header."),
    click.option(
        "--existing", type=click.Choice(["skip", "update"]), help="Records that are there already."
    ),
    click.option("--strict", is_flag=True, help="Import nothing if anything is wrong."),
    click.option("--dry-run", is_flag=True, help="Check and report; import nothing."),
    click.option("--report", type=FILE, help="CSV of the bad rows, to be mended."),
    data_option,
)


def import_options(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments of an import, for a command of each kind."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def run(
    kind: str,
    file: Path,
    data: DataDir,
    *,
    source: str,
    mapping: Path | None,
    datum: str | None,
    sheet: str,
    header_row: int | None,
    existing: str | None,
    strict: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Check a file, say what is wrong with each row, and import the rest.

    Prints a line a problem on standard error and one JSON object on standard output. Raises
    ConfigError, which ends the command with 1, if the file cannot be read or nothing was
    imported.
    """
    prepare(data)
    from sizao.feeds.tables import report as reporting
    from sizao.feeds.tables.checking import check
    from sizao.feeds.tables.kinds import kind_named
    from sizao.feeds.tables.mapping import from_dict, from_yaml, propose
    from sizao.feeds.tables.reading import read
    from sizao.feeds.tables.table import Refusal
    from sizao.web.imports import services
    from sizao.web.imports.known import known_for

    content = _bytes(file)
    named = source or file.stem
    chosen = from_yaml(_bytes(mapping).decode("utf-8"), str(mapping)) if mapping else None
    if chosen is not None and chosen.kind != kind:
        raise ConfigError(f"{mapping}: is for {chosen.kind}, this imports {kind}")
    table = read(content, kind_named(kind), sheet=sheet, header_row=header_row or 0)
    if isinstance(table, Refusal):
        raise ConfigError(f"{file}: {table.words.en} ({table.words.zh})")
    saved = services.saved_mapping(kind, named)
    proposal = propose(table, kind_named(kind), saved)
    used = chosen or proposal.mapping
    if datum:
        used = from_dict({**used.as_dict(), "datum": datum})
    checked = check(
        table, used, known_for(used, named, services.network()), existing=existing or ""
    )
    for line in reporting.lines([*checked.problems, *checked.repeated, *checked.notes]):
        click.echo(line, err=True)
    for one in checked.personal:
        click.echo(f"column {one.column!r} is not kept: {one.why.en} ({one.why.zh})", err=True)
    if report:
        report.write_text(reporting.mend_csv(table, checked), encoding="utf-8")
    outcome: dict[str, Any] = {
        "kind": kind,
        "source": named,
        "file": file.name,
        "format": table.format,
        "sheet": table.sheet or None,
        "header_row": table.header_row,
        "uncalculated_formulas": table.uncalculated,
        "mapping": used.as_dict(),
        "unused_columns": list(checked.unused),
        "unsure": dict(proposal.unsure),
        "not_kept": [one.column for one in checked.personal],
        "counts": checked.counts(),
        "reasons": dict(checked.reasons()),
    }
    if dry_run:
        _show({**outcome, "state": "dry run, nothing imported"})
        return
    batch = services.open_batch(None, kind=kind, source=named, file_name=file.name, data=content)
    services.choose(
        batch, used, sheet=table.sheet, header_row=table.header_row, strict=strict,
        existing=existing or kind_named(kind).existing,
    )  # fmt: skip
    batch = services.run_store(batch.pk)
    _show({**outcome, "batch": batch.pk, "state": batch.state, "counts": batch.counts
           or outcome["counts"]})  # fmt: skip
    if batch.state != "done":
        raise ConfigError(f"{file}: nothing imported: {batch.error.get('en')}")


def prepare(data: DataDir) -> None:
    """Django on the data folder, its database made if there is none."""
    from sizao.app.wiring import setup_django

    fresh = not data.database.exists()
    setup_django(data)
    if fresh:
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)


def undo(kinds: tuple[str, ...], data: DataDir) -> None:
    """Undo the last import of the kinds. Raises ConfigError if there is none."""
    prepare(data)
    from sizao.web.imports.models import Batch
    from sizao.web.imports.undoing import undo as undo_batch

    last = Batch.objects.filter(kind__in=kinds, state="done").order_by("-ended_at").first()
    if last is None:
        raise ConfigError("there is no import to undo")
    _show({"batch": last.pk, "kind": last.kind, "source": last.source, "file": last.file_name,
           **undo_batch(None, last.pk)})  # fmt: skip


def sample(kind: str, out: Path) -> None:
    """Write a sample table. Raises ConfigError for a suffix other than .csv and .xlsx."""
    from sizao.feeds.tables.samples import for_name

    out.write_bytes(for_name(kind, out.name))
    _show({"kind": kind, "out": str(out)})


def _bytes(path: Path | None) -> bytes:
    assert path is not None
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _show(answer: dict[str, Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    sys.stdout.flush()
