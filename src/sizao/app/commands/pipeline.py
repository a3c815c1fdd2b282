"""``sizao pipeline``: from the log of positions to detections and the live board."""

from __future__ import annotations

import logging
import signal
import sys
import time
from dataclasses import replace
from typing import Any

import click

from sizao.app.options import data_option
from sizao.core.clock import load_clock
from sizao.detect.heard import Heard
from sizao.log import live
from sizao.log.datadir import COMPILING, DataDir, write_status
from sizao.runtime.embedded.checkpoint import CheckpointStore
from sizao.runtime.embedded.housekeeping import DAY_S, detection_days
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.record_store import RecordStore
from sizao.runtime.in_force import Kept
from sizao.runtime.pipeline import Pace, Pipeline
from sizao.runtime.records import RecordRunner
from sizao.runtime.reporting import report_to_stderr
from sizao.runtime.sources import Sources
from sizao.runtime.warming import compile_ahead, compile_units, part_of, units, warm_up

logger = logging.getLogger(__name__)


@click.command()
@data_option
@click.option("--max-rows", default=Pace.max_rows, show_default=True, help="Positions a turn.")
@click.option("--rebuild", is_flag=True, help="Forget the state and read the log from its start.")
@click.option("--once", is_flag=True, help="Stop at the end of the log.")
@click.option("--compile", "part", hidden=True, help="Compile a part of the rules; stop.")
def command(data: DataDir, max_rows: int, rebuild: bool, once: bool, part: str | None) -> None:
    """Read the log, match roads, run the rules, write detections and the live board."""
    report_to_stderr()
    if part is not None:
        compile_units(part_of(units(), part), click.echo)
        return
    data.create()
    heard = Heard()
    sources = Sources(data, heard, Kept(data.in_force))
    _compile(data, sources)

    def publish(counters: dict[str, Any]) -> None:
        write_status(data, "pipeline", at_s=time.time(), counters=counters)

    clock = load_clock(data.clock)
    with (
        SqliteLog(data.detect_log, writer=True) as log,
        SqliteLog(data.feeds_log) as feeds,
        SqliteLog(data.intake_log) as intake,
    ):
        store = CheckpointStore(log)
        pipeline = Pipeline(
            feeds,
            store,
            sources,
            clock,
            replace(Pace(), max_rows=max_rows),
            show=lambda board: live.save(board, data.live),
            publish=publish,
            records=RecordRunner(
                {
                    "passages": intake,
                    "weighings": intake,
                    "roadside_checks": intake,
                    "device_alarms": feeds,
                },
                RecordStore(store),
                sources.records,
                clock,
                rebuild=rebuild,
            ),
            heard=heard,
            tidy=lambda: store.prune(time.time() - detection_days() * DAY_S),
            rebuild=rebuild,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: pipeline.stop())
        pipeline.run(once=once)


def _compile(data: DataDir, sources: Sources) -> None:
    """Everything compiled and loaded before the first position is read; how far that is stands in
    a heartbeat of its own."""

    def tell(done: int, of: int) -> None:
        write_status(data, COMPILING, at_s=time.time(), counters={"done": done, "of": of})

    # Until the pipeline stops in order, ending is all there is to do.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    child = [sys.executable, "-m", "sizao", "pipeline", "--data", str(data.root), "--compile"]
    try:
        compile_ahead(child, tell)
        warm_up(sources())
    finally:
        data.status(COMPILING).unlink(missing_ok=True)
