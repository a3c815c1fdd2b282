"""An assessment from the occasion to its row. One a night; on a young archive each hour.

The work is done in a folder that is thrown away: what is kept is a row a review, of the last
``DAYS_KEPT`` all and of each month before the first, for ``MONTHS_KEPT``.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from sizao.core.clock import SHANGHAI
from sizao.log.archive import manifest
from sizao.risk.duties import duties
from sizao.risk.enterprise_ranking import Ranking, in_force
from sizao.risk.schedule import in_force as schedule_of
from sizao.risk.schedule import night_of
from sizao.web import audit
from sizao.web.child import run_child
from sizao.web.clock import feed_now
from sizao.web.enterprises import counting
from sizao.web.enterprises.models import Review
from sizao.web.ports import ports
from sizao.web.writing import write

YOUNG_DAYS = 2
"""Days of record under which it is renewed each hour: a new installation sees it grow."""

DAYS_KEPT = timedelta(days=35)
MONTHS_KEPT = timedelta(days=3 * 366)

Runner = Callable[[Path], object]


def ranking(day: datetime | None = None) -> Ranking:
    """When an enterprise is ranked, by the data in force."""
    return in_force(timezone.localtime(day or feed_now()).date())


def newest() -> Review | None:
    """The newest review."""
    return Review.objects.first()


def before(found: Review) -> Review | None:
    """The review that another is held against: four weeks older, or the oldest there is."""
    older = Review.objects.filter(made__lt=found.made)
    month = older.filter(made__lte=found.made - timedelta(days=28)).first()
    return month or older.last()


def due(now: datetime) -> str | None:
    """The occasion that has no review yet; None without an archive or a register to go by."""
    if not (ports().data.archive / "manifest.json").exists():
        return None
    local = timezone.localtime(now)
    night = f"night:{night_of(schedule_of(local.date()).fleet_at, local):%Y-%m-%d}"
    if not Review.objects.filter(slot=night).exists():
        return night
    last = newest()
    hour = f"hour:{local:%Y-%m-%dT%H}"
    young = last is not None and last.summary["days"] < YOUNG_DAYS
    return hour if young and not Review.objects.filter(slot=hour).exists() else None


def run(slot: str, runner: Runner | None = None) -> Review | None:
    """Make the review of an occasion; None if another thread made it meanwhile.

    Raises ConfigError or LogError if it cannot be made.
    """
    now = feed_now()
    place = Path(tempfile.mkdtemp(prefix="sizao-enterprises-"))
    try:
        job = gather(now)
        (place / "job.json").write_text(json.dumps(job), "utf-8")
        (runner or _in_child)(place)
        result = json.loads((place / "result.json").read_text("utf-8"))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    try:
        with write():
            found = Review.objects.create(
                slot=slot,
                made=now,
                first_day=job["first_day"],
                last_day=job["last_day"],
                summary=_summary(job, result),
                rows=result["rows"],
            )
            audit.record(
                None, "enterprises_assessed", "enterprise_review", slot,
                {"enterprises": len(job["firms"]), "left_out": job["left_out"]},
            )  # fmt: skip
            prune(now)
    except IntegrityError:
        return None
    return found


def _in_child(place: Path) -> None:
    run_child("sizao.web.enterprises.compute", place)


def gather(now: datetime) -> dict[str, Any]:
    """Everything but the kilometres, which the archive is read for, as JSON."""
    outside = ports()
    rule = ranking(now)
    every = counting.firms()
    firms = {key: one for key, one in every.items() if len(one.vehicles) >= rule.person_below}
    of = {one.pk: key for key, firm in firms.items() for one in firm.vehicles}
    since = _since(now)
    found = counting.episodes(outside.detections, since, of)
    duty = duties()
    known = list(firms.values())
    return {
        "archive": str(outside.data.archive),
        "first_day": timezone.localtime(since).date().isoformat(),
        "last_day": timezone.localtime(now).date().isoformat(),
        "first_s": int(since.timestamp()),
        "firms": {
            key: {"name": firm.name, "kind": firm.kind, "area": firm.area,
                  "vehicles": len(firm.vehicles)}
            for key, firm in firms.items()
        },
        "left_out": len(every) - len(firms),
        "of": of,
        "driving": {
            key: counting.driving(found, duty[key], of) for key in ("speeding", "fatigue")
        },
        "offline": counting.offline(found, duty["offline"]),
        "shares": {
            "overload": counting.weighed(
                outside.evidence.get("intake"), found, duty["overload"], since,
                counting.plates(known),
            ),
            "untreated_alarm": counting.untreated(outside.evidence.get("feeds"), since, now, of),
            "inspection": counting.uninspected(known, timezone.localtime(now).date()),
            "late_rectification": counting.rectified(known, duty["late_rectification"], now),
        },
    }  # fmt: skip


def _since(now: datetime) -> datetime:
    """Start of the period: so many days back, but no earlier than the archive's first report, so
    that no episode is counted whose kilometres are not."""
    first = timezone.localtime(now) - timedelta(days=duties()["speeding"].days)
    kept = [file.first_s for file in manifest.load(ports().data.archive).files()]
    began = datetime.fromtimestamp(min(kept), SHANGHAI) if kept else first
    return max(first, began)


def _summary(job: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    nothing = {"km": 0.0, "vehicle_days": 0, "seen": 0}
    days = (datetime.fromisoformat(job["last_day"]) - datetime.fromisoformat(job["first_day"])).days
    return {
        "days": days + 1,
        "left_out": job["left_out"],
        "none": result["none"],
        "firms": {
            key: {**firm, **{name: result["firms"].get(key, nothing)[name] for name in nothing}}
            for key, firm in job["firms"].items()
        },
    }


def prune(now: datetime) -> int:
    """Delete reviews that are neither recent nor a month's first. Returns how many."""
    gone, months = [], set()
    for pk, made in Review.objects.order_by("made").values_list("pk", "made"):
        month = timezone.localtime(made).strftime("%Y-%m")
        recent = now - made <= DAYS_KEPT
        if not recent and (month in months or now - made > MONTHS_KEPT):
            gone.append(pk)
        months.add(month)
    Review.objects.filter(pk__in=gone).delete()
    return len(gone)
