"""The days that the risk map can show: three behind, today and the six after it.

A day behind is shown by the forecast that stood before it began, so that what happened is held
against what was said beforehand. Today and the days after are shown by the newest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.utils import timezone

from sizao.core.clock import SHANGHAI
from sizao.web.forecast import files, services
from sizao.web.forecast.files import Ahead
from sizao.web.forecast.models import Forecast
from sizao.web.risk import files as risk_files
from sizao.web.risk.models import Assessment

BEHIND = 3


@dataclass(frozen=True)
class Day:
    """One day of the picker.

    forecast : None where no forecast speaks of it
    first : hour of that forecast at which the day begins
    beforehand : whether the forecast stood before the day began
    """

    day: date
    forecast: Forecast | None
    first: int
    beforehand: bool

    @property
    def ahead(self) -> Ahead | None:
        return files.opened(self.forecast) if self.forecast else None


def start_of(day: date) -> datetime:
    """Midnight in which a day begins."""
    return datetime.combine(day, time(), SHANGHAI)


def days(run: Assessment, now: datetime) -> list[Day]:
    """The days that the map of a run shows, in order; none without a forecast of its places."""
    newest = services.newest()
    if newest is None or not _fits(newest, run):
        return []
    today = timezone.localtime(now).date()
    found = [before(run, today - timedelta(days=back)) for back in range(BEHIND, 0, -1)]
    last = newest.first_day + timedelta(days=newest.days - 1)
    for number in range(newest.days):
        day = today + timedelta(days=number)
        inside = newest.first_day <= day <= last
        found.append(
            Day(day, newest if inside else None, 24 * (day - newest.first_day).days, False)
        )
    return found


def before(run: Assessment, day: date) -> Day:
    """A day by the forecast that stood before it began; else by the first one made in it."""
    start = start_of(day)
    done = Forecast.objects.filter(state=Forecast.State.DONE, first_day__lte=day)
    earlier = done.filter(made__lte=start, made__gt=start - timedelta(days=7)).order_by("-made")
    later = done.filter(made__gt=start, made__lt=start + timedelta(days=1)).order_by("made")
    for one in (*earlier[:4], *later[:4]):
        if _fits(one, run) and (day - one.first_day).days < one.days:
            return Day(day, one, 24 * (day - one.first_day).days, one.made <= start)
    return Day(day, None, 0, False)


def _fits(forecast: Forecast, run: Assessment) -> bool:
    """Whether a forecast's files are there and speak of the run's places in the run's order."""
    if forecast.assessment_id is None or files.opened(forecast) is None:
        return False
    return forecast.assessment_id == run.pk or _same_places(forecast.assessment_id, run.pk)


@lru_cache(maxsize=64)
def _same_places(one: int, other: int) -> bool:
    """Runs of one network have the same sites; runs never change."""
    columns = []
    for number in (one, other):
        found = Assessment.objects.filter(pk=number, state=Assessment.State.DONE).first()
        if found is None or not (risk_files.folder(found) / "sites.parquet").exists():
            return False
        columns.append(risk_files.results(found).sites["site"])
    return bool(columns[0].equals(columns[1]))


def forget() -> None:
    """For tests, whose runs come and go under the same number."""
    _same_places.cache_clear()
