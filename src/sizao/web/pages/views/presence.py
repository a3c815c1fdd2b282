"""Who was there: vehicles inside a polygon between two moments, and their tracks around it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from sizao.core.errors import ConfigError
from sizao.web.clock import feed_now
from sizao.web.fleet.access import Sight
from sizao.web.fleet.grants import PURPOSES, Grant, NoGround, ground_of
from sizao.web.fleet.presence import Answer, NotYours, may_ask, who_was_there
from sizao.web.pages import words
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.player import player
from sizao.web.pages.views.playback import moment, refused

PLAYED = 12
"""More tracks than this at once are a tangle; the table has the rest."""

AROUND = timedelta(minutes=5)
FIELDS = ("ring", "from", "to", "purpose", "case")


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """The form; on POST the answer. Nothing of the question is in the address, so that no
    bookmark asks it again."""
    if not may_ask(request.user):
        raise PermissionDenied
    now = timezone.localtime(feed_now())
    given = {name: request.POST.get(name, "").strip() for name in FIELDS}
    if request.method != "POST":
        given["from"] = f"{now - timedelta(minutes=30):%Y-%m-%dT%H:%M}"
        given["to"] = f"{now:%Y-%m-%dT%H:%M}"
        given["case"] = request.GET.get("case", "").strip()
        return render(request, "presence.html", _page(given))
    try:
        found = _ask(request, given)
    except NoGround as refusal:
        return _refuse(request, given, refused(refusal))
    except NotYours:
        return _refuse(request, given, _("范围超出了您的辖区。"))
    except ConfigError:
        unfit = _(
            "范围或时间有误：点一个点，或画一个不自交、不大于 400 平方公里的多边形；时间不超过两小时。"  # noqa: E501  # one message id
        )
        return _refuse(request, given, unfit)
    return render(request, "presence.html", {**_page(given), **found})


def _ask(request: HttpRequest, given: dict[str, str]) -> dict[str, Any]:
    user = request.user
    ground = ground_of(user, given["purpose"], given["case"])
    start, end = moment(given["from"]), moment(given["to"])
    if start is None or end is None:
        raise ConfigError("a time is missing")
    ring = _ring(given["ring"])
    answer = who_was_there(user, ring, start, end, ground)
    rows = _rows(user, answer)
    first, last = start - AROUND, end + AROUND
    grants = [
        (Grant(row["vehicle"], first, last, ground), row["plate"] or row["vehicle"])
        for row in rows[:PLAYED]
    ]
    return {
        "rows": rows,
        "count": answer.count,
        "player": player(user, grants, first, last, at=start, ring=ring) if rows else None,
        "played": PLAYED,
    }


def _rows(user: Any, answer: Answer) -> list[dict[str, Any]]:
    sight = Sight(user)
    rows = []
    for row in answer.rows:
        entry = sight.entry(row["vehicle"])
        rows.append(
            {**row, "plate": entry.plate, "colour": entry.plate_colour,
             "kind": words.vehicle_word(entry.kind), "enterprise": entry.enterprise_name}
        )  # fmt: skip
    return rows


def _ring(text: str) -> list[tuple[float, float]]:
    try:
        return [(float(lon), float(lat)) for lon, lat in json.loads(text)][:100]
    except (ValueError, TypeError) as error:
        raise ConfigError(f"no polygon: {error}") from error


def _page(given: dict[str, str]) -> dict[str, Any]:
    return {
        "given": given,
        "bounds": bounds(),
        "purposes": [(code, words.pick(*names)) for code, names in PURPOSES.items()],
    }


def _refuse(request: HttpRequest, given: dict[str, str], error: str) -> HttpResponse:
    return render(request, "presence.html", {**_page(given), "error": error}, status=422)
