"""The page /report: anybody may report in four taps, without an account.

Kind, place, photo, send. ``SIZAO_REPORT_FORM`` switches it off. Reports are counted by address.
"""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from sizao.web.api.things import roads as roads_answer
from sizao.web.clock import feed_now
from sizao.web.config import config
from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import pick
from sizao.web.reports import limits, senders
from sizao.web.reports.catalogue import services
from sizao.web.reports.errors import SubmissionError
from sizao.web.reports.models import Report
from sizao.web.reports.open311.shapes import is_closed, status_notes
from sizao.web.reports.photo_answer import photo_answer, photo_note
from sizao.web.reports.photos import MAX_BYTES, MAX_PHOTOS
from sizao.web.reports.submit import LONGEST_TEXT, Given, submit

CHANNEL = "citizen"


def _open_or_404() -> None:
    if not config.report_form.read():
        raise Http404


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest) -> HttpResponse:
    """The form; a post that cannot be taken comes back with what was filled in and why."""
    _open_or_404()
    if request.method != "POST":
        return _page(request)
    try:
        sent = request.POST
        files = request.FILES.getlist("photos")
    except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
        return _page(request, 413, said=pick("内容太大。", "It is too large."))
    if sent.get("website"):  # a field no person sees
        return _page(request, 400, said=pick("提交有误，请重试。", "Please try again."))
    wait_s = limits.posted.wait_s(
        f"form {request.META.get('REMOTE_ADDR', '')}", config.reports_per_hour.read()
    )
    if wait_s:
        minutes = int(wait_s // 60) + 1
        return _page(
            request, 429,
            said=pick(
                f"您所在网络的上报次数已达上限，请 {minutes} 分钟后再试；紧急情况请拨打 122。",
                f"Too many reports from your network; try again in {minutes} min. "
                "In an emergency call 122.",
            ),
        )  # fmt: skip
    if senders.form_is_off():
        return _page(request, 403, said=pick("网页上报已停用。", "Reporting is switched off."))
    code = sent.get("service", "")
    prefix = f"{code}."
    given = Given(
        service=code,
        lat=sent.get("lat", ""),
        lon=sent.get("lon", ""),
        address=sent.get("address", ""),
        text=sent.get("text", ""),
        attributes={
            name.removeprefix(prefix): sent.getlist(name)
            for name in sent
            if name.startswith(prefix)
        },
        photos=[file.read(MAX_BYTES + 1) for file in files[: MAX_PHOTOS + 1]],
        name=sent.get("name", ""),
        phone=sent.get("phone", ""),
    )
    try:
        report = submit(given, channel=CHANNEL, source=senders.FORM)
    except SubmissionError as error:
        status = 400 if error.status < 500 else error.status
        return _page(request, status, said=pick(error.zh, error.en), fault=error.field)
    return redirect("report-sent", report.token)


def _page(request: HttpRequest, status: int = 200, **extra: object) -> HttpResponse:
    day = timezone.localtime(feed_now()).date()
    kinds = [one for one in services(day).values() if CHANNEL in one.channels]
    found = {
        "kinds": [
            {
                "code": one.code,
                "icon": one.icon,
                "name": pick(one.zh, one.en),
                "about": pick(one.description_zh, one.description_en),
                "questions": [
                    {
                        "name": f"{one.code}.{question.code}",
                        "text": pick(question.zh, question.en),
                        "values": [
                            (value.key, pick(value.zh, value.en)) for value in question.values
                        ],
                    }
                    for question in one.attributes
                    if question.datatype == "singlevaluelist"
                ],
            }
            for one in kinds
        ],
        "sent": request.POST,
        "bounds": bounds(),
        "most_photos": MAX_PHOTOS,
        "longest": LONGEST_TEXT,
        "contact_days": config.report_contact_days.read(),
        **extra,
    }
    return render(request, "reports/form.html", found, status=status)


def _own(token: str) -> Report:
    """Whoever reported may look, by Open311 too, when the form itself is switched off."""
    rows = Report.objects.select_related("unit", "case", "merged_into").prefetch_related("photos")
    return get_object_or_404(rows, token=token)


@login_not_required
@never_cache
@require_safe
def sent(request: HttpRequest, token: str) -> HttpResponse:
    """Thanks, and where the report stands: for who has the address with the token."""
    report = _own(token)
    return render(
        request,
        "reports/sent.html",
        {
            "report": report,
            "word": pick(report.about.zh, report.about.en) if report.about else report.service,
            "notes": status_notes(report),
            "closed": is_closed(report),
            "photos": [(photo, photo_note(photo)) for photo in report.photos.all()],
        },
    )


@login_not_required
@require_safe
def own_photo(request: HttpRequest, token: str, which: int) -> HttpResponse:
    """A photo of one's own report."""
    return photo_answer(request, get_object_or_404(_own(token).photos, number=which))


@login_not_required
@require_safe
def roads(request: HttpRequest) -> HttpResponse:
    """Roads for the form's map: they are on every map, and nothing else is on this one."""
    _open_or_404()
    try:
        return roads_answer(request)
    except Http404:
        return HttpResponse(
            json.dumps({"type": "FeatureCollection", "features": []}),
            content_type="application/geo+json",
        )
