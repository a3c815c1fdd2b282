"""The thread that keeps the schedule, and the line in which forecasts are made one by one.

The thread follows weather and flow and asks the schedule; the arithmetic is done in a process of
its own. A round never raises: it is logged, shown on /healthz while it lasts, and tried again.
"""

from __future__ import annotations

import logging
import threading
import time

from django.db import close_old_connections, connection

from sizao.web.background import Background
from sizao.web.enterprises import jobs as enterprises
from sizao.web.exposure import jobs as exposure
from sizao.web.forecast import inputs, services
from sizao.web.forecast.models import Forecast
from sizao.web.ports import Ports
from sizao.web.refusals import kept
from sizao.web.risk import jobs as assessments
from sizao.web.risk import services as risk
from sizao.web.risk.models import Assessment

log = logging.getLogger("sizao.forecast")

INTERVAL_S = 20.0
PRUNE_EVERY_S = 3600.0
FIRST_AFTER_S = 30.0
"""The other parts of an installation start first: a forecast can wait for half a minute."""


def do(run_id: int) -> None:
    """Make one. Never raises: its row says what went wrong."""
    try:
        services.run(run_id)
    except Exception as error:
        log.exception("forecast %d failed", run_id)
        found = Forecast.objects.get(pk=run_id)
        services.give_up(found, kept(error))


_bell = threading.Event()


def look_now() -> None:
    """Let the thread look at the schedule at once. Call after the commit."""
    _bell.set()


line = Background("forecasts", do, int, lambda at_work: None)


def tick(ports: Ports) -> Forecast | None:
    """One look at the schedule. Returns what was sent to be made."""
    now = ports.now()
    inputs.follow(ports, now)
    inputs.watch_flow(now)
    exposure.tick(now)
    enterprises.tick(now)
    assessments.mend_once()
    if line.busy or not services.ready():
        return None
    found = services.left_over(line.busy) or services.to_repeat(now)
    if found is None:
        slot = services.next_slot(now)
        if slot is not None:
            found = services.open_run(slot)
    if found is None or _waits_for_assessment(found):
        return None
    line.submit(found.pk)
    return found


def _waits_for_assessment(found: Forecast) -> bool:
    """Whether an assessment is at work, or was opened now because records or roads changed.

    One that fails is not opened again for the same occasion: the forecast then goes on from the
    one before, or says that there is none.
    """
    if Assessment.objects.filter(state__in=Assessment.BUSY).exists():
        return True
    tried = Assessment.objects.filter(at__gte=found.tried_at or found.made).exists()
    years = risk.usual_years()
    if found.cause != "night" or tried or years is None or not services.needs_assessment():
        return False
    assessments.submit(risk.open_run(None, years=years).pk)
    return True


class Forecaster:
    """The thread: ``start()`` once the database is migrated, ``stop()`` before the process ends."""

    def __init__(
        self, ports: Ports, interval_s: float = INTERVAL_S, after_s: float = FIRST_AFTER_S
    ) -> None:
        self.ports = ports
        self.interval_s = interval_s
        self.after_s = after_s
        self._pruned_s = -PRUNE_EVERY_S
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forecaster", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the round at hand and end; a forecast at work is left to the next start."""
        self._stopping.set()
        _bell.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        self._stopping.wait(self.after_s)
        while not self._stopping.is_set():
            try:
                close_old_connections()
                tick(self.ports)
                if time.monotonic() - self._pruned_s > PRUNE_EVERY_S:
                    inputs.prune(self.ports.now())
                    services.prune(self.ports.now())
                    self._pruned_s = time.monotonic()
            except Exception:
                # Whatever it is, it must try again: nobody is there to restart it at night.
                log.exception("a round of the forecaster failed and will be tried again")
                connection.close()
            _bell.wait(self.interval_s)
            _bell.clear()
        connection.close()
