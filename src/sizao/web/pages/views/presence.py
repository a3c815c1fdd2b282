"""Who was there: vehicles inside a polygon between two moments, and their tracks around it."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from sizao.core.errors import AreaError, ConfigError, LogError, UnansweredError
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.fleet.access import Sight
from sizao.web.fleet.grants import PURPOSES, Grant, NoGround, ground_of
from sizao.web.fleet.presence import (
    EXPORTED,
    SHOWN,
    Answer,
    NoArchive,
    NoSpan,
    NotYours,
    may_ask,
    who_was_there,
)
from sizao.web.pages import words
from sizao.web.pages.export import csv_answer
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.player import player
from sizao.web.pages.views.playback import local, moment, refused, young
from sizao.web.refusals import unanswered
from sizao.web.units.models import User

log = logging.getLogger("sizao.presence")

PLAYED = 12
"""More tracks than this at once are a tangle; the table has the rest."""

AROUND = timedelta(minutes=5)
FIELDS = ("ring", "centre", "radius", "from", "to", "purpose", "case")
RADIUS_M = "200"


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
        given["radius"] = RADIUS_M
        given["case"] = request.GET.get("case", "").strip()
        return render(request, "presence.html", _page(request.user, given))
    try:
        found = _ask(request, given)
    except NoGround as refusal:
        return _refuse(request, given, refused(refusal))
    except ConfigError as refusal:
        return _refuse(request, given, _unfit(refusal))
    except UnansweredError as error:
        log.warning("who was there: %s", error)
        said = unanswered(error)
        return _refuse(request, given, words.pick(said.zh, said.en), 503)
    except LogError:
        log.exception("who was there")
        error = _("轨迹存档有文件缺失或损坏，这次没有查成。请管理员运行 sizao doctor 检查后再查。")
        return _refuse(request, given, error, 503)
    if request.POST.get("format") == "csv":
        return _export(request, found["rows"], found["count"])
    return render(request, "presence.html", {**_page(request.user, given), **found})


def _unfit(refusal: ConfigError) -> str:
    """What to change, in words."""
    if isinstance(refusal, NotYours):
        return _("范围超出了您的辖区：请把它改到本辖区以内，或请上级查询。")
    if isinstance(refusal, NoArchive):
        return _("这里没有轨迹存档，查不到。请管理员检查存档进程是否已启动。")
    if isinstance(refusal, NoSpan):
        return {
            "missing": _("请填写起止时间。"),
            "order": _("结束时间要晚于开始时间。"),
            "long": _("一次最多查两小时：请把时间改短，或分几次查。"),
        }[refusal.code]
    if isinstance(refusal, AreaError):
        return {
            "corners": _("还没有范围，或角点太多：在地图上点一个点，或画三到一百个角点的多边形。"),
            "crosses": _("多边形的边互相交叉，或几个角点在一条线上：请拖动角点改正。"),
            "size": _("范围大于 400 平方公里：请画小一些，或分几次查。"),
        }.get(refusal.code, _("坐标有误：每行一个角点，先纬度后经度，如 26.58, 101.72。"))
    raise refusal


def _ask(request: HttpRequest, given: dict[str, str]) -> dict[str, Any]:
    user = request.user
    ground = ground_of(user, given["purpose"], given["case"])
    start, end = moment(given["from"]), moment(given["to"])
    if start is None or end is None:
        raise NoSpan("missing", "a time is missing")
    ring = _ring(given["ring"])
    file = request.POST.get("format") == "csv"
    answer = who_was_there(user, ring, start, end, ground, most=EXPORTED if file else SHOWN)
    rows = _rows(user, answer)
    if file:
        return {"rows": rows, "count": answer.count}
    first, last = start - AROUND, end + AROUND
    grants = [
        (Grant(row["vehicle"], first, last, ground), row["plate"] or row["vehicle"])
        for row in rows[:PLAYED]
    ]
    return {
        "rows": rows,
        "count": answer.count,
        "exported": EXPORTED,
        "around": {"from": local(first), "to": local(last)},
        "player": player(user, grants, first, last, at=start, ring=ring) if rows else None,
        "played": PLAYED,
        "young": young(end),
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
        ring = [(float(lon), float(lat)) for lon, lat in json.loads(text or "[]")]
    except (ValueError, TypeError) as error:
        raise AreaError("shape", f"no polygon: {error}") from error
    if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in ring):
        raise AreaError("globe", "a corner lies outside the globe")
    return ring


def _export(request: HttpRequest, rows: list[dict[str, Any]], count: int) -> HttpResponse:
    """The answer as a file: asked, answered and taken out of the house, each in the audit log.

    ``rows`` are the first of ``count``; of more than them the file says so.
    """
    header = [
        _("终端"), _("号牌"), _("车辆类型"), _("所属企业"), _("到过"), _("最早"), _("最晚"),
        _("位置数"), _("最高 km/h"),
    ]  # fmt: skip

    def stamp(at: datetime) -> str:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"

    return csv_answer(
        request,
        "presence",
        header,
        (
            [
                row["vehicle"], row["plate"], row["kind"], row["enterprise"],
                _("在范围内") if row["how"] == "inside" else _("途经（推测）"),
                stamp(row["first"]), stamp(row["last"]), row["points"],
                "" if row["fastest_kmh"] is None else round(row["fastest_kmh"]),
            ]
            for row in rows
        ),
        more=count > len(rows),
    )  # fmt: skip


def _page(user: User, given: dict[str, str]) -> dict[str, Any]:
    cases = Case.objects.for_user(user).order_by("-raised_at")
    return {
        "cases": cases.values_list("number", flat=True)[:20],
        "given": given,
        "bounds": bounds(),
        "purposes": [(code, words.pick(*names)) for code, names in PURPOSES.items()],
    }


def _refuse(
    request: HttpRequest, given: dict[str, str], error: str, status: int = 422
) -> HttpResponse:
    return render(
        request, "presence.html", {**_page(request.user, given), "error": error}, status=status
    )
