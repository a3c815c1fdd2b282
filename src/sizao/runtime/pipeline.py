"""The pipeline: positions from the log through the stages to detections and the live board.

A turn reads a batch, matches it to roads, runs the rules over it, shows it on the board and commits
what was found. When more is waiting in the log, the rules run in a thread of their own, and
meanwhile the turn does the board, reports what was found before, and reads and matches the next
batch: a third of the work of a position beside the rest. One batch is ahead at most, and nothing
runs between two turns. The state is copied, and another context counts, only when no batch is
ahead, because what matching remembers would be that of one batch more than what rules do.

Everything between two saves of the state is a pure function of the positions read and the state
before, so a kill costs nothing: the next start reads the same positions into the same state and
gets the same detections. Those that had been reported by then are known by their ids and left out,
so detections need not wait for the state, which is large, to be saved with them; nor do turns: they
wait until it is copied, and a thread writes the copy while they go on. Before another context
counts, the state that the one before led to is saved: what was judged by it is never judged again
by the other. Where a context changed between a kill and the next start, what had been reported
since the last save is judged again by the one that was in force (``in_force.py``), and only what
follows by the other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.clock import Clock
from sizao.core.errors import ConfigError, LogError
from sizao.core.schemas import DETECTION, empty
from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.heard import Heard
from sizao.detect.names import Names
from sizao.detect.prepare import Prepared, prepare
from sizao.detect.state import EngineState
from sizao.log.interface import Segment
from sizao.runtime.board import Board
from sizao.runtime.counters import Ages, Slowest, Spread, rss_mb
from sizao.runtime.embedded.checkpoint import CheckpointStore, Saved
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.embedded.state_files import Parts, Written
from sizao.runtime.in_force import Contexts, Described
from sizao.runtime.records import SETTLED_S, RecordRunner

logger = logging.getLogger(__name__)

_NO_DETECTIONS = empty(DETECTION)


@dataclass(frozen=True)
class Pace:
    """When to do what; times in wall seconds."""

    max_rows: int = 40_000
    """Rows a turn takes when behind, some 50 ms. Against 10,000 a row takes 0.8 to 0.9 of the
    time; beyond that only delay grows."""
    poll_s: float = 0.05
    report_share: float = 0.05
    """Detections are committed at once, unless that would take more than this share of the time."""
    save_s: float = 10.0
    """State and offset are saved so often; so much is read again after a kill ..."""
    save_share: float = 0.1
    """... unless that takes more than this share of the time (a very large state, a slow disk).
    Turns wait for a small part of it."""
    show_s: float = 1.0
    """Show the board so often ..."""
    show_share: float = 0.1
    """... unless that would take more than this share of the time (a very large fleet)."""
    tidy_s: float = 60.0
    """Delete what is past its time so often, a helping each."""


@dataclass
class Turn:
    """What one pass through the stages carries along."""

    segments: list[Segment] = field(default_factory=list)
    batch: pa.RecordBatch | None = None
    behind: bool = False
    """Whether the log had more when it was read."""
    prepared: Prepared | None = None
    detections: pa.RecordBatch = field(default_factory=lambda: _NO_DETECTIONS)


class Pipeline:
    """Give it the logs and :meth:`run` it, or call :meth:`turn` and :meth:`commit` yourself.

    ``context`` is asked before each turn. ``records`` takes its turns after those of positions;
    ``heard`` is what its rules ask about them.
    ``show`` gets the board, ``publish`` the counters, each about once a second; ``tidy`` is called
    each minute, to delete what is past its time.
    """

    def __init__(
        self,
        feeds: SqliteLog,
        store: CheckpointStore,
        context: Contexts,
        clock: Clock,
        pace: Pace | None = None,
        *,
        show: Callable[[pa.RecordBatch], None] = lambda board: None,
        publish: Callable[[dict[str, Any]], None] = lambda counters: None,
        records: RecordRunner | None = None,
        heard: Heard | None = None,
        tidy: Callable[[], object] = lambda: None,
        rebuild: bool = False,
    ) -> None:
        self.feeds = feeds
        self.store = store
        self.clock = clock
        self.pace = pace or Pace()
        self._context_now = context
        self._show = show
        self._publish = publish
        self._tidy = tidy
        self._last_tidy = time.monotonic()
        self.records = records
        self.heard = heard or Heard()
        self.seconds = dict.fromkeys(("read", "match", "detect", "board", "commit"), 0.0)
        """Wall seconds spent in each stage. When behind, ``detect`` is beside the others."""
        self.slowest = {
            name: Slowest() for name in ("turn", *self.seconds, "freeze", "save", "show")
        }
        """Wall seconds of the longest turn lately, of the longest time of each stage, of copying
        the state, of saving it, during which turns go on, and of showing the board: what delays,
        which a sum does not say."""
        self.positions = 0
        self.detections = 0
        self.reports = 0
        self.saves = 0
        self.error: str | None = None
        self.latency = Spread()
        self.detection_latency = Spread()
        self.ages = Ages()
        """Of all positions when the turn that handled them ended."""
        self.detection_ages = Ages()
        self._stop = threading.Event()
        self.state, self.board, self.offset = self._restored(rebuild)
        self.reached = self.offset
        """Segment up to which positions were read: more than ``offset``, up to which they were
        judged, while a batch is ahead."""
        self._ahead: Turn | None = None
        """Read and matched while rules ran over the one before."""
        self._judge = ThreadPoolExecutor(1, "detect")
        self.context = context()
        self._in_force: Context | None = None
        """The context that the store knows of."""
        self._again_to = 0
        """Segment up to which positions are judged by what was in force before the start."""
        # To forget the state is to save that there is none.
        self._saved = -1 if rebuild else self.offset
        self._pending: list[pa.RecordBatch] = []
        self._writer = ThreadPoolExecutor(1, "save")
        self._writing: Future[Written] | None = None
        self._save_began = 0.0
        self._last_save = self._last_report = time.monotonic()
        self._save_cost_s = self._report_cost_s = 0.0
        self._last_show = 0.0
        self._shown: tuple[int, Context] | None = None
        self._last_board = 0.0
        self._board_cost_s = 0.0

    def run(self, *, once: bool = False) -> None:
        """Work until :meth:`stop`, or with ``once`` until nothing is left; then commit.

        Trouble with a log is reported and tried again. Raises LogError if the log of positions
        is not the one that was read before.
        """
        self._check_log()
        logger.info(
            "starting after segment %d with %d vehicles", self.offset, len(self.state.names)
        )
        while not self._stop.is_set():
            try:
                worked = self.turn()
                if self.records is not None:
                    worked += self.records.turn()
                self._tidy_up()
                self.error = None
            except LogError as error:
                worked = 0
                if self.error != str(error):
                    logger.error("%s; trying again", error)
                self.error = str(error)
            self.show()
            if once and not worked and self.error is None:
                break
            if not worked:
                self._stop.wait(self.pace.poll_s if self.error is None else self.pace.show_s)
        self.commit()
        if self.records is not None:
            self.records.commit()
        self.show(now=True)
        logger.info("stopped after segment %d", self.offset)

    def stop(self) -> None:
        """Ask :meth:`run` to end. Safe from a signal handler."""
        self._stop.set()

    def turn(self) -> int:
        """One batch through the stages. Returns how many positions that were. Raises LogError if a
        log refuses; what was judged by then is kept for the next try."""
        with self._timed("turn"):
            # Asked before reading: what was received before this is read now, or lies behind a
            # batch whose receive times say how far it goes.
            settled_us = round((self.clock.time_s() - SETTLED_S * self.clock.factor) * 1e6)
            turn, self._ahead = self._ahead, None
            if turn is None:
                self._agree()
                turn = self._begun()
            if self._is_best_overlapped(turn):
                self._overlap(turn)
            else:
                self._finish(turn)
                self._commit_if_due()
        if turn.batch is None:
            self.heard.until_us = max(self.heard.until_us, settled_us)
            return 0
        return len(turn.batch)

    def _begun(self) -> Turn:
        """The next batch, read and matched; from then on it must be finished."""
        turn = Turn()
        with self._timed("read"):
            self._read(turn)
        with self._timed("match"):
            self._match(turn)
        return turn

    def _is_best_overlapped(self, turn: Turn) -> bool:
        """Whether to begin the next batch while rules run over this one."""
        return (
            turn.behind
            and not self._again_to
            and not self._save_is_due(time.monotonic())
            and self._context_now() is self._in_force
            and not self._stop.is_set()
        )

    def _overlap(self, turn: Turn) -> None:
        """Rules in their thread; here the board, what was found before, and the next batch."""
        judged = self._judge.submit(self._detect, turn)
        refused: LogError | None = None
        try:
            self._update_board(turn)
            with self._timed("commit"):
                self._report_if_due()
            ahead = self._begun()
            self._ahead = ahead if ahead.segments else None
        except LogError as error:
            refused = error
        finally:
            wait([judged])
        judged.result()
        self._count(turn)
        if refused is not None:
            raise refused

    def _finish(self, turn: Turn) -> None:
        """What is left of a batch that was begun, all in turn."""
        self._detect(turn)
        self._update_board(turn)
        self._count(turn)

    def _count(self, turn: Turn) -> None:
        """All of the turn has been done but to commit it."""
        if turn.segments:
            # From here on the state includes this turn, so the offset must too.
            self.offset = turn.segments[-1].seq
            self.positions += len(turn.batch or ())
        if len(turn.detections):
            self._pending.append(turn.detections)
        if turn.batch is not None:
            received = turn.batch.column("received").cast(pa.int64()).to_numpy()
            some = self._age_s(_sample(received))
            self.latency.extend(some)
            self.ages.extend(some, len(received) / len(some))

    def _finish_ahead(self) -> None:
        """What is ahead, so that the state is that of one segment."""
        turn, self._ahead = self._ahead, None
        if turn is not None:
            self._finish(turn)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        spent = time.perf_counter() - began
        self.slowest[name].add(spent)
        if name in self.seconds:
            self.seconds[name] += spent

    # The stages

    def _read(self, turn: Turn) -> None:
        segments = self.feeds.read("positions", self.reached, self.pace.max_rows)
        if self._again_to:
            again = [segment for segment in segments if segment.seq <= self._again_to]
            if again:
                segments = again
            else:
                self._again_to = 0
                self._agree()
        if segments:
            turn.behind = self.feeds.last("positions") > segments[-1].seq
            turn.batch = _joined([segment.batch for segment in segments])
            turn.segments = segments
            self.reached = segments[-1].seq

    def _match(self, turn: Turn) -> None:
        """Order by vehicle, leave out late and repeated points, find road and limit."""
        if turn.batch is not None:
            turn.prepared = prepare(turn.batch, self.state.fleet, self.context)

    def _detect(self, turn: Turn) -> None:
        with self._timed("detect"):
            if turn.prepared is not None:
                turn.detections, self.state = engine.run(turn.prepared, self.state, self.context)

    def _update_board(self, turn: Turn) -> None:
        with self._timed("board"):
            if turn.prepared is not None and turn.batch is not None:
                self.board.update(turn.prepared.columns)
                self._hear(turn.batch, turn.prepared)

    def _hear(self, batch: pa.RecordBatch, prepared: Prepared) -> None:
        time_us, received_us = (
            batch.column(name).cast(pa.int64()).to_numpy() for name in ("time", "received")
        )
        self.heard.update(
            self.state.names, prepared.slots, time_us, received_us, batch.column("source")
        )
        settled_us = int(received_us.max()) - round(SETTLED_S * self.clock.factor * 1e6)
        self.heard.until_us = max(self.heard.until_us, settled_us)

    def _commit_if_due(self) -> None:
        with self._timed("commit"):
            moment = time.monotonic()
            self._report_if_due()
            if self._save_is_due(moment):
                self._begin_save()

    def _report_if_due(self) -> None:
        """Save what was written down by now, or report."""
        if self._writing is not None and self._writing.done():
            self._end_save()
        elif time.monotonic() - self._last_report >= self._report_cost_s / self.pace.report_share:
            self._report()

    def _save_is_due(self, moment: float) -> bool:
        due_s = max(self.pace.save_s, self._save_cost_s / self.pace.save_share)
        return self._writing is None and moment - self._last_save >= due_s

    # What the stages rest on

    def _agree(self) -> None:
        """Judge by what is in force now, from here on. Raises LogError, and then by what was."""
        if self._again_to:
            return
        context = self._context_now()
        if context is self._in_force:
            return
        if self._in_force is None and self._judge_again():
            return
        self.commit()
        self.store.put_in_force(self._context_now.described().text())
        self._context_now.forget_others()
        self.context = self._in_force = context

    def _judge_again(self) -> bool:
        """At the start: whether what was reported since the last save has first to be judged as it
        was."""
        sources = self._context_now
        judged = self.store.judged()
        if judged.reported <= self.offset or self._saved < 0:
            return False
        then, now = Described.of(judged.described), sources.described()
        if then == now:
            return False
        span = f"segments {self.offset + 1} to {judged.reported}, reported before the stop"
        try:
            context = sources.restored(then) if then.other_files(now) else self.context
        except ConfigError as error:
            logger.warning(
                "%s, cannot be judged again as they were (%s): what was reported of them may come"
                " twice or be contradicted", span, error,
            )  # fmt: skip
            return False
        restored = Described(then.files, context.versions)
        if upgraded := then.other_rules(restored):
            logger.warning(
                "%s, are judged again by other versions of %s: what these reported may come twice"
                " or be contradicted", span, ", ".join(upgraded),
            )  # fmt: skip
        if context is self.context:
            return False
        logger.info(
            "%s, are judged again as they were: since then others are in force (%s)",
            span, ", ".join(then.other_files(now)),
        )  # fmt: skip
        self.context = self._in_force = context
        self._again_to = judged.reported
        return True

    def commit(self) -> None:
        """Detections, state, board and offset in one transaction, now. Raises LogError, and then
        all of them are kept for the next try. What is ahead is finished first."""
        self._finish_ahead()
        if self._writing is not None:
            self._end_save()
        if self.offset != self._saved:
            self._begin_save()
        if self._writing is not None:
            self._end_save()
        self._report()

    def _begin_save(self) -> None:
        """Have the state written down as it is now. Nothing is saved by that alone."""
        if self.offset == self._saved:
            return
        assert self._ahead is None, "what matching remembers would be that of a later segment"
        self._save_began = time.monotonic()
        parts: Parts = {
            "engine": self.state.frozen(),
            "board": self.board.frozen(),
            "heard": self.heard.frozen(),
        }
        self.slowest["freeze"].add(time.monotonic() - self._save_began)
        self._writing = self._writer.submit(self.store.write, parts, self.offset)

    def _end_save(self) -> None:
        """Save what was written down, with the offset of that moment, and all detections found
        since the last report: so none of up to then is left out. Waits if it is not written yet."""
        assert self._writing is not None
        try:
            written = self._writing.result()
        except LogError:
            self._writing = None
            raise
        _, fresh = self.store.commit(self._waiting(), written, self.offset)
        self._writing = None
        self._saved = written.offset
        self.saves += 1
        self._reported(fresh)
        self._last_save = self._last_report = time.monotonic()
        self._save_cost_s = self._last_save - self._save_began
        self.slowest["save"].add(self._save_cost_s)

    def _report(self) -> None:
        """Commit the detections alone. Raises LogError, and then they are kept."""
        if not self._pending:
            return
        began = time.monotonic()
        self._reported(self.store.report(self._waiting(), self.offset))
        self.reports += 1
        self._last_report = time.monotonic()
        self._report_cost_s = self._last_report - began

    def _waiting(self) -> pa.RecordBatch:
        return _joined(self._pending) if self._pending else _NO_DETECTIONS

    def _reported(self, fresh: pa.RecordBatch) -> None:
        self._pending = []
        self.detections += len(fresh)
        # A later revision keeps the receive time of the position that made it fire.
        fired = fresh.filter(pc.equal(fresh.column("revision"), 0))
        received = fired.column("received").cast(pa.int64()).drop_null().to_numpy()
        ages_s = self._age_s(received)
        self.detection_latency.extend(ages_s)
        self.detection_ages.extend(ages_s)

    def show(self, *, now: bool = False) -> None:
        """Replace the live board and publish the counters, at most once a second."""
        moment = time.monotonic()
        if not now and moment - self._last_show < self.pace.show_s:
            return
        self._last_show = moment
        rested = moment - self._last_board >= self._board_cost_s / self.pace.show_share
        if self._shown != (self.offset, self.context) and (now or rested):
            active = engine.active(self.state, self.context)
            self._show(self.board.batch(self.state.vehicles, active, self.context.network))
            self._shown = (self.offset, self.context)
            self._last_board = time.monotonic()
            self._board_cost_s = self._last_board - moment
            self.slowest["show"].add(self._board_cost_s)
        self._publish(self.counters())

    def counters(self) -> dict[str, Any]:
        """What the heartbeat says."""
        behind = max(self.feeds.last("positions") - self.offset, 0)
        waiting_since = self.feeds.appended_s("positions", self.offset + 1) if behind else None
        return {
            "positions": self.positions,
            "detections": self.detections,
            "records": self.records.counters() if self.records is not None else {},
            "reports": self.reports,
            "saves": self.saves,
            "offset": self.offset,
            "behind_segments": behind,
            "behind_s": round(time.time() - waiting_since, 3) if waiting_since else 0.0,
            "vehicles": len(self.state.names),
            "engine": dict(self.state.counters),
            "stage_s": {name: round(spent, 3) for name, spent in self.seconds.items()},
            "slowest_s": {name: round(one.worst(), 3) for name, one in self.slowest.items()},
            "error": self.error,
            "rss_mb": rss_mb(),
            "ages_s": self.ages.as_dict(),
            "detection_ages_s": self.detection_ages.as_dict(),
            **{f"latency_{k}": v for k, v in self.latency.figures("s", 1).items()},
            **{f"detection_{k}": v for k, v in self.detection_latency.figures("s", 1).items()},
        }

    def _tidy_up(self) -> None:
        moment = time.monotonic()
        if moment - self._last_tidy >= self.pace.tidy_s:
            self._last_tidy = moment
            self._tidy()

    def _check_log(self) -> None:
        first, last = self.feeds.first("positions"), self.feeds.last("positions")
        if self.feeds.path.exists() and last < self.offset:
            raise LogError(
                f"{self.feeds.path}: ends at segment {last}, but {self.offset} were already read:"
                " it was replaced. Start once with --rebuild"
            )
        if first > self.offset + 1:
            logger.warning("segments %d to %d were deleted unread", self.offset + 1, first - 1)

    def _restored(self, rebuild: bool) -> tuple[EngineState, Board, int]:
        saved = Saved() if rebuild else self.store.load()
        if not saved.state:
            self.heard.restore(b"", Names())
            return EngineState(), Board(), 0
        state = EngineState.from_bytes(saved.state["engine"])
        if state.restarted:
            logger.warning("begun anew after an upgrade: %s", ", ".join(state.restarted))
        self.heard.restore(saved.state.get("heard", b""), state.names)
        return state, Board.from_bytes(saved.state["board"]), saved.offset

    def _age_s(self, received_us: npt.NDArray[np.int64]) -> list[float]:
        """Wall seconds since the gateway had these, whatever the pace of the feed clock."""
        now_us = self.clock.time_s() * 1_000_000
        ages: list[float] = ((now_us - received_us) / (1_000_000 * self.clock.factor)).tolist()
        return ages


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _sample(values: npt.NDArray[np.int64], at_most: int = 64) -> npt.NDArray[np.int64]:
    """Some of the values, spread evenly, so that a catch-up does not push out all others."""
    return values[:: max(len(values) // at_most, 1)]
