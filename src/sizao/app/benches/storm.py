"""5,000 detections in a minute, from the log through desk and stream to an open inbox.

The web process runs as in production; this benchmark stands in for the pipeline and appends the
detections to its log. An operator of the detachment has the inbox open. What counts: how much the
operator has to read, how soon after its detection the page shows a warning, what a detection costs
the desk, and that nothing is lost: every detection is a warning or counted under one, every warning
was announced, every open case is in a group or row of the page.
"""

from __future__ import annotations

import tempfile
import time
from bisect import bisect_left
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from sizao.app.benches.soak_people import percentile
from sizao.app.benches.storm_cost import desk_cost
from sizao.app.benches.storm_desk import OpenInbox
from sizao.app.benches.storm_rows import storm_rows
from sizao.app.commands.doctor import free_port
from sizao.app.parts import Parts
from sizao.core.errors import SizaoError
from sizao.core.schemas import DETECTION
from sizao.log import register
from sizao.log.datadir import DataDir, read_status

COUNT = 5000
SPAN_S = 60.0
PER_S = 10
"""Appends a second, as the pipeline makes them."""
DRAIN_S = 300.0
VEHICLES = 2000


def run(quick: bool = False) -> dict[str, Any]:
    """Run the storm (500 detections in 6 s when quick). Raises SizaoError if the server dies."""
    count, span_s = (COUNT // 10, SPAN_S / 10) if quick else (COUNT, SPAN_S)
    with tempfile.TemporaryDirectory(prefix="sizao-storm-") as folder:
        data = DataDir(Path(folder)).create()
        prepare(data)
        rows = _rows(data, count, span_s)
        cost = desk_cost(rows)
        port = free_port()
        with Parts(data, environment={"SIZAO_DEMO": "1"}) as parts:
            parts.start("serve", "--data", folder, "--port", str(port), "--demo")
            parts.wait_ready("serve", 120, lambda: is_up(port))
            return _measure(data, parts, port, _rows(data, count, span_s), span_s) | cost


def prepare(data: DataDir) -> None:
    """City, register, database and accounts."""
    from sizao.app import setup

    for _ in setup.prepare(data, seed=1, vehicles=VEHICLES):
        pass


def is_up(port: int) -> bool:
    """Whether the web process answers."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/login/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def places() -> list[dict[str, Any]]:
    """Where in the city a storm may strike."""
    from sizao.sim import city

    drawn = city.build()
    return [place for place in (*drawn.checkpoints, *drawn.junctions) if place.get("area")]


def _rows(data: DataDir, count: int, span_s: float) -> list[dict[str, Any]]:
    """The storm's detections, beginning now."""
    fleet = register.load(data.register).select(["vehicle", "kind"]).to_pylist()
    return storm_rows(fleet, places(), count, datetime.now(UTC), span_s)


def _measure(
    data: DataDir, parts: Parts, port: int, rows: list[dict[str, Any]], span_s: float
) -> dict[str, Any]:
    from sizao.runtime.embedded.log import SqliteLog
    from sizao.web.units.services import DEMO_ACCOUNTS

    count = len(rows)
    account = DEMO_ACCOUNTS[0]
    inbox = OpenInbox(port, account.username, account.password)
    inbox.page("/inbox/")
    inbox.start()
    with SqliteLog(data.detect_log, writer=True) as log:
        began = time.monotonic()
        size = max(1, round(count / (span_s * PER_S)))
        appended: dict[str, float] = {}
        for number, start in enumerate(range(0, count, size), 1):
            batch = pa.RecordBatch.from_pylist(rows[start : start + size], schema=DETECTION)
            appended |= dict.fromkeys(
                (row["id"] for row in rows[start : start + size]), time.time()
            )
            log.append({"detections": batch})
            time.sleep(max(0.0, began + number / PER_S - time.monotonic()))
        sent_s = time.monotonic() - began
        _drain(log, parts)
        delivered_s = time.monotonic() - began
    time.sleep(3)  # the last page
    inbox.stop.set()
    inbox.join(60)
    waits = _waits(appended, inbox)
    return {
        "name": "storm",
        "unit": "s",
        "value": percentile(waits, 0.95),
        "runs": 1,
        "detections": count,
        "sent_s": round(sent_s, 1),
        "delivered_s": round(delivered_s, 1),
        **_kept(rows, inbox),
        "updates_p50_s": percentile(waits, 0.5),
        "updates_p95_s": percentile(waits, 0.95),
        "updates_max_s": percentile(waits, 1.0),
        "from_commit_p95_s": percentile(inbox.seen.updates_s, 0.95),
        "pages": len(inbox.seen.pages_s),
        "page_p95_s": percentile(inbox.seen.pages_s, 0.95),
        "page_kib": round(inbox.seen.bytes / max(1, len(inbox.seen.pages_s)) / 1024, 1),
        "stream_messages": inbox.seen.messages,
        "broken_streams": inbox.seen.broken,
        "desk_errors": (read_status(data, "web") or {"counters": {}})["counters"].get("errors"),
    }


def _drain(log: Any, parts: Parts) -> None:
    """Wait until the desk has delivered what was appended."""
    from sizao.web.desk.services import cursor

    until = time.monotonic() + DRAIN_S
    while cursor("detections") < log.last("detections"):
        for part in parts.parts:
            if part.process is None or part.process.poll() is not None:
                raise SizaoError(f"{part.name} died:\n{parts.tail(part.name)}")
        if time.monotonic() > until:
            raise SizaoError(f"the desk did not get through within {DRAIN_S:.0f} s")
        time.sleep(0.2)


def _waits(appended: dict[str, float], inbox: OpenInbox) -> list[float]:
    """For each warning, the seconds from the append of its detection to the page that shows it.

    The stream tells warnings in the order of the outbox, so the first page after as many warnings
    as there are up to this one shows it.
    """
    from sizao.web.live.models import OutboxEvent
    from sizao.web.warnings.models import Warning

    told = OutboxEvent.objects.filter(name="warning").order_by("id")
    detections = dict(Warning.objects.values_list("pk", "detection"))
    heard = [many for many, _ in inbox.seen.shown]
    waits = []
    for number, warning in enumerate(told.values_list("data__id", flat=True), 1):
        page = bisect_left(heard, number)
        if page < len(heard) and detections[warning] in appended:
            waits.append(inbox.seen.shown[page][1] - appended[detections[warning]])
    return waits


def _kept(rows: list[dict[str, Any]], inbox: OpenInbox) -> dict[str, Any]:
    """What became of the detections, and what the operator has to read."""
    from sizao.web.cases.models import Case
    from sizao.web.warnings.models import Warning, WarningRepeat

    issued = set(Warning.objects.values_list("detection", flat=True))
    counted = set(WarningRepeat.objects.values_list("detection", flat=True))
    lost = [row["id"] for row in rows if row["id"] not in issued | counted]
    warnings = Warning.objects.count()
    return {
        "warnings": warnings,
        "cases": Case.objects.count(),
        "lost_detections": len(lost),
        "warnings_heard": inbox.seen.warnings,
        "lost_warnings": warnings - inbox.seen.warnings,
        "rows_on_page": inbox.seen.last_page.count("data-row="),
        "groups_on_page": inbox.seen.last_page.count("data-group="),
    }
