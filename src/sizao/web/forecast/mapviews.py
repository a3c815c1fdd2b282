"""What the risk map asks of a forecast: an hour's values, what moves it, what happened since."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.web.clock import feed_now
from sizao.web.forecast import days, files
from sizao.web.forecast import since as behind
from sizao.web.forecast import why as reasons
from sizao.web.forecast.files import Ahead
from sizao.web.forecast.models import Forecast
from sizao.web.risk import files as risk_files
from sizao.web.risk import words
from sizao.web.risk.models import Assessment
from sizao.web.risk.ranking import rows_of
from sizao.web.risk.views import for_lookers, run_of

FOR_EVER = "private, max-age=31536000, immutable"
"""A finished forecast never changes, and its number is in the address."""


def picker(run: Assessment) -> list[dict[str, Any]]:
    """The days of the map for its script and its form."""
    now = feed_now()
    today = timezone.localtime(now).date()
    names = words.day_words()
    return [
        {
            "day": one.day.isoformat(),
            "word": _("今天") if one.day == today else names[one.day.weekday()],
            "date": f"{one.day:%m-%d}",
            "forecast": one.forecast.pk if one.forecast else None,
            "first": one.first,
            "past": one.day < today,
            "begun": one.day <= today,
        }
        for one in days.days(run, now)
    ]


@require_safe
@for_lookers
def hour(request: HttpRequest, number: int, hour: int) -> HttpResponse:
    """Expected crashes of every site in one hour of a forecast: little-endian float32."""
    ahead = _ahead(number, hour)
    answer = HttpResponse(ahead.hour(hour), content_type="application/octet-stream")
    answer["Cache-Control"] = FOR_EVER
    return answer


@require_safe
@for_lookers
def why(request: HttpRequest, number: int, hour: int) -> HttpResponse:
    """What moves the hour, for the network, or with ``?site=&run=`` for a place and its level."""
    ahead = _ahead(number, hour)
    found = Forecast.objects.get(pk=number)
    facts: dict[str, Any] = {"made": found.made}
    row = None
    if request.GET.get("site"):
        run = _run(request)
        results = risk_files.results(run)
        row = results.by_site.get(request.GET["site"])
        if row is None or row >= ahead.hours.shape[1]:
            raise Http404
        day = ahead.days[hour // 24]
        usual = float(results.week[day["like"] * 24 + hour % 24, row])
        site = rows_of(results)[row]
        facts["level"] = reasons.level(ahead, hour, row, site, usual)
        facts["place"] = words.place_word(site)
    facts["causes"] = reasons.causes(ahead, hour, row)
    facts["total"] = float(ahead.hours[hour].sum())
    return render(request, "forecast/_why.html", facts)


@require_safe
@for_lookers
def since(request: HttpRequest, number: int, day: str) -> HttpResponse:
    """What happened on a day of which hours are over, beside the forecast from before it."""
    run = run_of(number)
    try:
        when = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    one = days.before(run, when)
    found = behind.since(request.user, risk_files.results(run), one, feed_now())
    marks = [
        {"lat": event.lat, "lon": event.lon, "hour": event.hour, "worst": event.worst}
        for event in (found.events if found else ())
    ]
    return render(
        request,
        "forecast/_since.html",
        {
            "since": found,
            "made": one.forecast.made if one.forecast else None,
            "beforehand": one.beforehand,
            "percent": round(behind.SHARE * 100),
            "in_worst": round(found.in_worst * 100) if found else 0,
            "marks": marks,
        },
    )


def _ahead(number: int, hour: int) -> Ahead:
    """A finished forecast with such an hour. Raises Http404."""
    found = Forecast.objects.filter(pk=number, state=Forecast.State.DONE).first()
    ahead = files.opened(found) if found is not None else None
    if ahead is None or hour >= len(ahead.hours):
        raise Http404
    return ahead


def _run(request: HttpRequest) -> Assessment:
    number = request.GET.get("run", "")
    if not number.isdigit():
        raise Http404
    return run_of(int(number))
