"""A vehicle's day, or a part of it, played again. A look-up: it needs a purpose and a case."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.fleet.access import Sight
from sizao.web.fleet.grants import LONGEST, PURPOSES, Grant, NoGround, ground_of
from sizao.web.pages import words
from sizao.web.pages.player import marks_of, player
from sizao.web.pages.rows import shown_plate

YOUNG = timedelta(minutes=10)
"""What is older is as whole as it will soon be: proposed; a terminal that was out of reach sends
what it kept when it is back, hours later perhaps."""


@require_safe
def show(request: HttpRequest, vehicle_id: str) -> HttpResponse:
    """The player, or the form that asks why. 403 for who does not act, 404 for a vehicle that the
    user may not see."""
    if not request.user.acts:
        raise PermissionDenied
    sight = Sight(request.user)
    if not sight.may_see(vehicle_id):
        raise Http404
    entry = sight.entry(vehicle_id)
    plate = shown_plate(request.user, entry.plate)
    start, end = _span(request)
    cases = Case.objects.for_user(request.user).filter(vehicle=vehicle_id).order_by("-raised_at")
    given = {name: request.GET.get(name, "").strip() for name in ("purpose", "case", "from", "to")}
    found = {
        "id": vehicle_id,
        "plate": plate,
        "colour": entry.plate_colour,
        "kind": words.vehicle_word(entry.kind),
        "given": {**given, "from": local(start), "to": local(end)},
        "purposes": [(code, words.pick(*names)) for code, names in PURPOSES.items()],
        "cases": cases.values_list("number", flat=True)[:20],
        "error": "",
        # Neither registered nor heard now: mistyped, or a terminal of the archive only.
        "known": sight.known(vehicle_id),
    }
    if not any(given[name] for name in ("purpose", "case", "from", "to")):
        return render(request, "playback.html", found)
    if not start < end or end - start > LONGEST:
        error = _("起止时间有误：结束要晚于开始，一次最多 48 小时。")
        return render(request, "playback.html", {**found, "error": error}, status=422)
    try:
        ground = ground_of(request.user, given["purpose"], given["case"])
    except NoGround as refusal:
        return render(request, "playback.html", {**found, "error": refused(refusal)}, status=422)
    grant = Grant(vehicle_id, start, end, ground)
    return render(
        request,
        "playback.html",
        {
            **found,
            "player": player(
                request.user,
                [(grant, plate or vehicle_id)],
                start,
                end,
                marks_of(request.user, vehicle_id, start, end),
            ),
            "young": young(end),
        },
    )


def young(end: datetime) -> bool:
    """Whether positions up to ``end`` may still be on their way."""
    return end > feed_now() - YOUNG


def refused(refusal: NoGround) -> str:
    """What is missing, in words."""
    if refusal.reason == "purpose":
        return _("请选择查询目的。没有目的不能查询轨迹。")
    return _("请填写您有权查看的案件编号。没有案件不能查询轨迹。")


def _span(request: HttpRequest) -> tuple[datetime, datetime]:
    """From and to as given, in local time; else today until the end of this minute.

    The form asks for minutes: an end cut to the minute would leave out what just happened.
    """
    now = feed_now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = (moment(request.GET.get(name, "")) for name in ("from", "to"))
    if start is None and end is None:
        return midnight, now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    start = start or midnight
    return start, end or start + timedelta(days=1)


def moment(text: str) -> datetime | None:
    """A local time as a form field gives it; None if it is none."""
    try:
        found = parse_datetime(text.strip())
    except ValueError:
        return None
    if found is None:
        return None
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def local(at: datetime) -> str:
    """A moment as a form field takes it."""
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"
