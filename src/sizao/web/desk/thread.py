"""The desk: one thread of the web process, the only writer that is not a person.

It makes a round twice a second, or at once when somebody acted; in between, detections are
delivered as they come. An error is logged, counted and tried again; /healthz shows it while it
lasts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connection

from sizao.log.datadir import write_status
from sizao.web import metrics, wake
from sizao.web.calendar import services as calendar
from sizao.web.calls import rounds as calls
from sizao.web.cases.models import Case
from sizao.web.channels import shifts
from sizao.web.desk import services
from sizao.web.desk.retention import prune_orders
from sizao.web.drills import services as drills
from sizao.web.evidence.rounds import EvidenceRounds
from sizao.web.fences import services as fences
from sizao.web.field import rounds as field
from sizao.web.fleet import register
from sizao.web.hotlist import services as hotlist
from sizao.web.live import outbox
from sizao.web.measures import rounds as measures
from sizao.web.places import rounds as places
from sizao.web.platforms import rounds as platforms
from sizao.web.ports import Ports
from sizao.web.reports import rounds as reports
from sizao.web.rules import services as rules
from sizao.web.rules import trials
from sizao.web.sources import watch
from sizao.web.sources.quarantine import flush_orders, follow_orders
from sizao.web.sources.services import book
from sizao.web.storm import services as storm
from sizao.web.writing import write

log = logging.getLogger("sizao.desk")

INTERVAL_S = 0.5
LISTEN_S = 0.1
"""How often the log is asked for new detections between rounds. Those of a moment are delivered
together: one by one, each would cost three times as much."""
MAX_ROWS = 100
"""Detections at once: in a flood, clocks and everything else still have their turn each second."""
PRUNE_EVERY_S = 3600.0


def run_round(ports: Ports) -> int:
    """One round: orders out, detections and results in, clocks. Returns detection rows."""
    services.flush_commands(ports.commands)
    flush_orders(ports.commands)
    rows = deliver_waiting(ports)
    for segment in ports.results.read(
        "command_results", services.cursor("command_results"), MAX_ROWS
    ):
        services.apply_command_results(segment.batch, segment.seq)
    follow_orders(ports.quarantines)
    platforms.follow(ports.results)
    platforms.flush(ports.commands)
    places.follow(ports)
    shifts.follow_shifts(ports.now())
    drills.tick(ports.now())
    services.tick(ports.now())
    measures.follow(ports)
    field.flush(ports.commands)
    reports.flush(ports.commands)
    reports.follow_cases()
    calls.follow_cases()
    register.publish_if_stale()
    metrics.desk_behind.set(behind(ports))
    return rows


def deliver_waiting(ports: Ports) -> int:
    """Deliver detections that wait, at most MAX_ROWS. Returns how many rows there were."""
    waiting = ports.detections.read("detections", services.cursor("detections"), MAX_ROWS)
    services.deliver(waiting)
    return sum(len(segment.batch) for segment in waiting)


def behind(ports: Ports) -> int:
    """Segments of detections that wait."""
    return max(0, ports.detections.last("detections") - services.cursor("detections"))


class Desk:
    """The thread: ``start()`` once the database is migrated, ``stop()`` before the process ends."""

    def __init__(self, ports: Ports, interval_s: float = INTERVAL_S) -> None:
        self.ports = ports
        self.interval_s = interval_s
        self.rounds = 0
        self.errors = 0
        self.last_error = ""
        self.open_cases = 0
        self._read_to = 0
        self._flooded = False
        self._pruned_s = 0.0
        self._watched_s = -watch.EVERY_S
        self._stormed_s = 0.0
        self._evidence = EvidenceRounds(ports)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the round at hand and end."""
        self._stopping.set()
        wake.wake_desk()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._try_round()
            self._listen(time.monotonic() + self.interval_s)
        connection.close()

    def _listen(self, until: float) -> None:
        """Deliver what comes in until the next round; somebody who acted brings it forward."""
        while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
            if wake.wait(0.0 if self._flooded else min(LISTEN_S, left)):
                return
            news = self._flooded or self.ports.detections.last("detections") > self._read_to
            if news and not self._tried(lambda: self._took(deliver_waiting(self.ports))):
                self._stopping.wait(left)

    def _took(self, rows: int) -> None:
        """Remember how far a delivery went, and whether there may be more."""
        self._read_to = services.cursor("detections")
        self._flooded = rows >= MAX_ROWS

    def _try_round(self) -> None:
        """A round that never raises, with its heartbeat."""
        began = time.monotonic()
        if self._tried(lambda: self._round(began)):
            self.last_error = ""
        self.rounds += 1
        metrics.desk_rounds.inc()
        metrics.desk_round_s.observe(time.monotonic() - began)
        self._heartbeat()

    def _tried(self, work: Callable[[], None]) -> bool:
        """Do it, and whether it could be done."""
        try:
            close_old_connections()
            work()
            return True
        except Exception as error:
            # Whatever it is, the desk must try again: nobody is there to restart it at night.
            log.exception("a round of the desk failed and will be tried again")
            self.errors += 1
            self.last_error = f"{type(error).__name__}: {error}"
            self._flooded = False
            metrics.desk_errors.inc()
            connection.close()
            return False

    def _round(self, began: float) -> None:
        self._took(run_round(self.ports))
        self._watch_sources()
        if began - self._stormed_s >= storm.EVERY_S:
            storm.watch(self.ports.now())
            self._stormed_s = began
        self._evidence(began)
        if began - self._pruned_s > PRUNE_EVERY_S:
            with write():
                outbox.prune()
            reports.purge_contacts(self.ports.now())
            places.prune(self.ports.now())
            calls.purge_contacts(self.ports.now())
            prune_orders(self.ports.commands, time.time())
            rules.publish(self.ports.data)
            hotlist.publish(self.ports.data)
            trials.prune(self.ports.now())
            fences.publish(self.ports.data)
            calendar.publish(self.ports.data)
            self._pruned_s = began
        self.open_cases = Case.objects.open().count()

    def _watch_sources(self) -> None:
        """Look for silent sources each minute of feed time."""
        now = self.ports.now()
        known = book()
        if now.timestamp() - self._watched_s >= watch.EVERY_S and known.readable:
            watch.watch(self.ports.tallies, known.registry, now)
            self._watched_s = now.timestamp()

    def _heartbeat(self) -> None:
        try:
            write_status(
                self.ports.data,
                "web",
                at_s=time.time(),
                counters={
                    "rounds": self.rounds,
                    "errors": self.errors,
                    "error": self.last_error,
                    "open_cases": self.open_cases,
                    "feed_time_s": self.ports.clock.time_s(),
                },
            )
        except OSError:
            log.exception("cannot write the web's heartbeat")
