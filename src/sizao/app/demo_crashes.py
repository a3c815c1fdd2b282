"""The crash register of a demonstration: years of made-up crashes, imported like anybody's file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sizao.core.clock import load_clock
from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir

SOURCE = "虚构事故台账"
YEARS = 3
"""Whole years before the present one; of the present one what is past."""

ZONE = ZoneInfo("Asia/Shanghai")


def import_crashes(data: DataDir, seed: int) -> int:
    """Import the city's made-up crash history; returns how many. Django must be set up."""
    from sizao.feeds.tables.kinds import kind_named
    from sizao.feeds.tables.mapping import propose
    from sizao.feeds.tables.reading import read
    from sizao.feeds.tables.table import Refusal
    from sizao.web.imports import services

    content = history_csv(data, seed)
    kind = kind_named("crash")
    table = read(content, kind, sheet="", header_row=0)
    if isinstance(table, Refusal):
        raise ConfigError(f"made-up crashes: {table.words.en}")
    mapping = propose(table, kind, None).mapping
    batch = services.open_batch(
        None, kind="crash", source=SOURCE, file_name="crashes.csv", data=content
    )
    services.choose(
        batch, mapping, sheet="", header_row=table.header_row, strict=False, existing="skip"
    )
    return int(services.run_store(batch.pk).counts.get("new", 0))


def history_csv(data: DataDir, seed: int) -> bytes:
    """The history up to now as the CSV of :mod:`sizao.sim.crash_files`."""
    from sizao.sim import crash_files, crashes
    from sizao.sim.city import build

    now = dt.datetime.fromtimestamp(load_clock(data.clock).time_s(), ZONE)
    city = build()
    past = crashes.history(city, range(now.year - YEARS, now.year + 1), seed)
    with TemporaryDirectory() as folder:
        crash_files.write(Path(folder), city.network, past)
        text = (Path(folder) / crash_files.CRASHES).read_text(encoding="utf-8")
    reader = csv.DictReader(io.StringIO(text))
    out = io.StringIO()
    writer = csv.DictWriter(out, reader.fieldnames or ())
    writer.writeheader()
    writer.writerows(
        row
        for row in reader
        if (int(row["year"]), int(row["month"]), int(row["day"])) < (now.year, now.month, now.day)
    )
    return out.getvalue().encode()
