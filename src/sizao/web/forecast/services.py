"""A forecast from the occasion to what it hands over. Each step may be called from any thread.

Order of what is durable: the occasion's row, then the files, then the spans for the desk, then
"done". A kill between two of them leaves a row that is not done; it is done over under the same
name and time, and the desk, which keeps the names of what it read, takes nothing twice.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.db import IntegrityError
from django.utils import timezone

from sizao.core import durable
from sizao.core.clock import SHANGHAI
from sizao.core.errors import ConfigError, SaidError
from sizao.log.datadir import DataDir
from sizao.risk import weather_known
from sizao.risk.schedule import Schedule, Seen, Slot, due, in_force, is_stale
from sizao.risk.weather_hours import WeatherHours, read_weather
from sizao.web import audit
from sizao.web.audit.services import SYSTEM
from sizao.web.child import run_child
from sizao.web.clock import feed_now
from sizao.web.forecast import files, inputs
from sizao.web.forecast.models import Forecast, News
from sizao.web.imports.models import Crash
from sizao.web.ports import installed, ports
from sizao.web.refusals import kept
from sizao.web.risk import files as risk_files
from sizao.web.risk import services as risk
from sizao.web.risk.models import Assessment
from sizao.web.units.models import User
from sizao.web.writing import write

log = logging.getLogger("sizao.forecast")

Runner = Callable[[Path], None]

FILES_KEPT = timedelta(days=2)
NIGHTS_KEPT = timedelta(days=35)
"""Files of the nights' forecasts, so that a month can be held against what happened."""


def schedule() -> Schedule:
    """The schedule in force today."""
    return in_force(timezone.localtime(feed_now()).date())


def basis() -> Assessment | None:
    """The assessment that a forecast goes on from: the newest that kept its base.

    One of the usual years comes before a person's trial with others.
    """
    done = [
        one
        for one in Assessment.objects.filter(state=Assessment.State.DONE)[:20]
        if (risk_files.folder(one) / "base.npz").exists()
    ]
    years = risk.usual_years()
    usual = [one for one in done if years and one.last_year == years[-1]]
    return next(iter(usual or done), None)


def needs_assessment() -> bool:
    """Whether records, treatments or roads changed since the newest assessment to go by."""
    years = risk.usual_years()
    found = basis()
    if years is None:
        return False
    if found is None or found.last_year < years[-1]:
        return True
    end = datetime(found.last_year + 1, 1, 1, tzinfo=SHANGHAI)
    if Crash.objects.filter(time__lt=end).count() != found.data.get("records"):
        return True
    network = ports().data.network
    return (
        network.exists()
        and network.stat().st_mtime > (risk_files.folder(found) / "base.npz").stat().st_mtime
    )


def ready() -> bool:
    """Whether there are roads and crashes at all."""
    return installed() and ports().data.network.exists() and Crash.objects.exists()


def seen() -> Seen:
    """What the schedule wants to know."""
    last = newest()
    base = basis()
    calendar = News.objects.filter(pk="calendar").first()
    return Seen(
        last=last.made if last else None,
        taken=set(
            Forecast.objects.filter(made__gt=feed_now() - NIGHTS_KEPT).values_list(
                "slot", flat=True
            )
        ),
        assessment=base.pk if base else None,
        rests_on=last.assessment_id if last else None,
        calendar=calendar.at if calendar else None,
        news=inputs.news(),
    )


def newest() -> Forecast | None:
    """The newest forecast that was finished."""
    return Forecast.objects.filter(state=Forecast.State.DONE).first()


def open_run(slot: Slot, user: User | None = None) -> Forecast | None:
    """Write down that a forecast is wanted; None if the occasion has one already."""
    now = feed_now()
    try:
        with write():
            run = Forecast.objects.create(
                slot=slot.name[:64],
                cause=slot.cause,
                state=Forecast.State.WAITING,
                made=now,
                first_day=timezone.localtime(now).date(),
                days=schedule().days,
                by=user.get_username() if user is not None else SYSTEM,
            )
            if user is not None:
                audit.record(user, "forecast", "forecast", run.pk, {"slot": run.slot})
    except IntegrityError:
        return None
    return run


def run(run_id: int, runner: Runner | None = None) -> Forecast:
    """Make a forecast that was opened. Raises nothing that belongs to it: its row says what was."""
    found = Forecast.objects.get(pk=run_id)
    base = basis()
    _note(
        found, state=Forecast.State.WORKING, tries=found.tries + 1, tried_at=feed_now(),
        assessment=base, error="",
    )  # fmt: skip
    place = files.folder(found)
    try:
        if base is None:
            raise _no_basis()
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, mode=0o700)
        gather(found, base, place)
        (runner or in_child)(place)
        result = json.loads((place / "result.json").read_text("utf-8"))
        hand_over(found, place, ports().data)
    except (ConfigError, OSError) as error:
        return give_up(found, kept(error))
    with write():
        found.summary = result
        found.state, found.ended_at = Forecast.State.DONE, feed_now()
        found.save()
        audit.record(
            None, "forecasted", "forecast", found.pk,
            {"slot": found.slot, "assessment": base.pk, "spans": result["spans"]},
        )  # fmt: skip
    return found


def _no_basis() -> SaidError:
    failed = Assessment.objects.filter(state=Assessment.State.FAILED).first()
    why = failed.error if failed else ""
    return SaidError(
        "还没有做成过风险评估，请先做一次" + (f"：{why}" if why else ""),
        "no assessment to go on from" + (f": {why}" if why else ""),
    )


def gather(found: Forecast, base: Assessment, place: Path) -> None:
    """Put weather, flow and the order into the folder. Raises ConfigError for a wrong file."""
    now = feed_now()
    data = ports().data
    weather = weather_known.known(
        inputs.stations(),
        inputs.measured(),
        inputs.notices(now),
        now,
        24 * (found.days + 1),
        _outlook(data),
    )
    if weather is not None:
        _save_weather(place / "weather.npz", weather)
    hour = weather_known.hour_of(now) - 1
    job = {
        "network": base.parameters["network"],
        "assessment": str(risk_files.folder(base)),
        "first_year": base.first_year,
        "last_year": base.last_year,
        "made": found.made.isoformat(),
        "first_day": found.first_day.isoformat(),
        "days": found.days,
        "told_h": schedule().told / timedelta(hours=1),
        "calendar": str(data.calendar) if data.calendar.exists() else None,
        "flow": {"hour": hour, "places": inputs.checkpoints(ports()), "counts": inputs.flows(hour)},
    }
    (place / "job.json").write_text(json.dumps(job), "utf-8")


def _outlook(data: DataDir) -> WeatherHours | None:
    if not data.outlook.exists():
        return None
    weather, rejected = read_weather(data.outlook)
    if rejected:
        log.warning("%s: %d rows left out", data.outlook, len(rejected))
    return weather


def _save_weather(path: Path, weather: WeatherHours) -> None:
    np.savez(path, lat=weather.lat, lon=weather.lon, first_hour=weather.first_hour,
             kind=weather.kind)  # fmt: skip


def in_child(place: Path) -> None:
    """Run :mod:`compute` in a process. Raises ConfigError with what it said."""
    run_child("sizao.web.forecast.compute", place)


def hand_over(found: Forecast, place: Path, data: DataDir) -> Path:
    """Leave the spans for the desk, whole or not at all, under the name of the occasion."""
    data.forecasts.mkdir(exist_ok=True)
    path = data.forecasts / f"{found.made:%Y%m%dT%H%M%S}-{found.pk}.parquet"
    durable.replace(path, (place / "spans.parquet").read_bytes())
    return path


def give_up(found: Forecast, why: str) -> Forecast:
    """Note a failure; the schedule says whether and when it is tried again."""
    shutil.rmtree(files.folder(found), ignore_errors=True)
    log.error("forecast %s failed: %s", found.slot, why)
    _note(found, state=Forecast.State.FAILED, error=why[:500], ended_at=feed_now())
    return found


def _note(found: Forecast, **values: Any) -> None:
    for name, value in values.items():
        setattr(found, name, value)
    with write():
        found.save(update_fields=list(values))


def to_repeat(now: datetime) -> Forecast | None:
    """A newest forecast that failed, once its pause is over, while it has tries left.

    One that is older than a finished one is let be: what it would say has been said.
    """
    plan = schedule()
    found = Forecast.objects.first()
    if found is None or found.state != Forecast.State.FAILED or found.tries >= plan.tries:
        return None
    return found if now - (found.tried_at or found.made) >= plan.retry else None


def left_over(at_work: set[int]) -> Forecast | None:
    """One that waits, or that an earlier process did not finish."""
    rows = Forecast.objects.filter(state__in=Forecast.BUSY).exclude(pk__in=at_work)
    return rows.order_by("pk").first()


def next_slot(now: datetime) -> Slot | None:
    """The occasion that has no forecast yet."""
    return due(schedule(), timezone.localtime(now), seen())


def prune(now: datetime) -> int:
    """Delete old files: of the nights after a month, of others after two days. Returns how many.

    The newest is never touched, however old.
    """
    keep = newest()
    gone = 0
    for place in sorted(files.root().glob("[0-9]*")):
        one = Forecast.objects.filter(pk=int(place.name)).first()
        if one is not None and (one == keep or one.busy):
            continue
        limit = NIGHTS_KEPT if one is not None and one.cause == "night" else FILES_KEPT
        if one is None or now - one.made > limit:
            shutil.rmtree(place, ignore_errors=True)
            gone += 1
    return gone


@dataclass(frozen=True)
class Condition:
    """How the forecast is: what health, pages and the operator's notice go by.

    state : "none" (nothing to go by yet), "first" (the first is on its way), "ok", "stale" or
    "failed" (the newest try, while the one before is still fresh)
    """

    state: str
    last: datetime | None = None
    stale_since: datetime | None = None
    error: str = ""

    @property
    def bad(self) -> bool:
        return self.state in ("stale", "failed")


def condition(now: datetime | None = None) -> Condition:
    """The forecast's condition at a moment."""
    now = now or feed_now()
    if not ready():
        return Condition("none")
    plan = schedule()
    last, newer = newest(), Forecast.objects.first()
    failed = newer if newer is not None and newer.state == Forecast.State.FAILED else None
    error = failed.error if failed else ""
    if last is None:
        return Condition("failed" if failed else "first", error=error)
    if is_stale(plan, now, last.made):
        return Condition("stale", last.made, last.made + plan.stale, error)
    return Condition("failed" if failed else "ok", last.made, None, error)
