"""The pages of the desk: all reports, one report, and working it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.web.pages import words
from sizao.web.pages.export import csv_answer
from sizao.web.reports import services
from sizao.web.reports.catalogue import CHANNELS
from sizao.web.reports.catalogue import services as catalogue
from sizao.web.reports.duplicates import near_cases, near_reports
from sizao.web.reports.errors import ReportConflictError
from sizao.web.reports.models import Report, ReportContact
from sizao.web.reports.photo_answer import photo_answer, photo_note
from sizao.web.reports.privacy import scrub
from sizao.web.reports.rows import STATES, answers, channel_word, row_of, service_word, state_word
from sizao.web.units.models import Unit, under

PAGE = 50

SORTS = {
    "reported": "reported_at",
    "state": "state",
    "service": "service",
    "number": "number",
    "expected": "expected_at",
}


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """The list; with ``?part=rows`` the rows alone, with ``?format=csv`` as a file."""
    user = request.user
    rows = Report.objects.for_user(user)
    waiting = rows.filter(state=Report.State.NEW).count()
    chosen = {
        key: value
        for key in ("state", "service", "channel", "unit", "q")
        if (value := request.GET.get(key, "").strip())
    }
    rows, units = _narrow(request, rows, chosen)
    sort = request.GET.get("sort", "-reported")
    column = SORTS.get(sort.lstrip("-"), "reported_at")
    rows = rows.order_by(f"{'-' if sort.startswith('-') else ''}{column}", "-pk")
    if request.GET.get("format") == "csv":
        return _export(request, rows)
    rows = rows.select_related("unit", "case").prefetch_related("photos")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    keep = request.GET.copy()
    for key in ("page", "sort", "part"):
        keep.pop(key, None)
    today = catalogue(timezone.localtime().date())
    found = {
        "rows": [row_of(user, report) for report in page.object_list],
        "page_obj": page,
        "waiting": waiting,
        "chosen": chosen,
        "sort": sort,
        "query": keep.urlencode(),
        "states": [(code, state_word(code)) for code in STATES],
        "services": [(code, service_word(one)) for code, one in today.items()],
        "channels": [(code, channel_word(code)) for code in CHANNELS],
        "units": [(one.code, words.pick(one.name_zh, one.name_en), one.level) for one in units],
        "columns": [
            ("", _("照片")),
            ("number", _("编号")),
            ("service", _("类别")),
            ("", _("地点")),
            ("", _("渠道")),
            ("state", _("状态")),
            ("", _("属地")),
            ("expected", _("答复时限")),
            ("reported", _("上报时间")),
        ],
    }
    part = request.GET.get("part") == "rows"
    return render(request, "reports/_rows.html" if part else "reports/reports.html", found)


def _narrow(request: HttpRequest, rows, chosen: dict[str, str]):
    if chosen.get("state") in STATES:
        rows = rows.filter(state=chosen["state"])
    if "service" in chosen:
        rows = rows.filter(service=chosen["service"])
    if chosen.get("channel") in CHANNELS:
        rows = rows.filter(channel=chosen["channel"])
    units = Unit.objects.for_user(request.user)
    unit = units.filter(code=chosen.get("unit", "")).first()
    if unit is not None:
        rows = rows.filter(under(unit.path, "unit"))
    if "q" in chosen:
        text = chosen["q"]
        rows = rows.filter(
            Q(number__icontains=text) | Q(place__icontains=text)
            | Q(address__icontains=text) | Q(text__icontains=text)
        )  # fmt: skip
    return rows, units


def _export(request: HttpRequest, rows) -> HttpResponse:
    """The rows as CSV, without phone numbers and plates in the reporter's words."""
    header = [
        _("编号"), _("类别"), _("渠道"), _("地点"), _("纬度"), _("经度"), _("描述"), _("状态"),
        _("属地"), _("案件"), _("照片"), _("上报时间"), _("更新时间"),
    ]  # fmt: skip

    def stamp(at) -> str:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"

    kept = rows.select_related("unit", "case").prefetch_related("photos")
    lines = (
        [
            one.number, service_word(one.about, one.service), channel_word(one.channel),
            scrub(one.place or one.address), one.lat, one.lon, scrub(one.text),
            state_word(one.state), words.pick(one.unit.name_zh, one.unit.name_en),
            one.case.number if one.case else "", len(one.photos.all()), stamp(one.reported_at),
            stamp(one.changed_at),
        ]
        for one in kept.iterator(chunk_size=500)
    )  # fmt: skip
    return csv_answer(request, "reports", header, lines)


def _report(request: HttpRequest, number: str) -> Report:
    rows = Report.objects.for_user(request.user).select_related("unit", "case", "merged_into")
    return get_object_or_404(rows, number=number)


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    return _page(request, _report(request, number))


def _page(request: HttpRequest, report: Report, status: int = 200, **extra) -> HttpResponse:
    user = request.user
    steps = services.next_steps(user, report)
    actions = {step.action for step, _first in steps}
    found = {
        "report": report,
        "row": row_of(user, report),
        "answers": answers(report),
        "photos": [(photo, photo_note(photo)) for photo in report.photos.all()],
        "events": list(report.events.order_by("seq")),
        "merged": list(report.merged.order_by("pk")),
        "hazards": list(report.hazards.order_by("pk")),
        "primary": next((step for step, first in steps if first), None),
        "others": [step for step, first in steps if not first and not step.needs_target],
        "actions": actions,
        "may_act": services.may_act(user, report),
        "near_reports": near_reports(user, report),
        "near_cases": near_cases(user, report),
        "has_contact": ReportContact.objects.filter(report=report).exists(),
        **extra,
    }
    return render(request, "reports/report.html", found, status=status)


@require_POST
def act(request: HttpRequest, number: str) -> HttpResponse:
    """Take one step; a refusal comes back as the page as it now is, with the reason on top.

    409 when somebody else was first, 422 when the step is not possible, 403 when not theirs.
    """
    report = _report(request, number)
    try:
        version = int(request.POST.get("version", ""))
    except ValueError:
        version = -1
    try:
        report = services.act(
            request.user,
            report.number,
            request.POST.get("action", ""),
            version,
            reason=request.POST.get("reason", ""),
            target=request.POST.get("target", ""),
        )
    except ReportConflictError as error:
        status, said = 409, error
    except TransitionError as error:
        status, said = (403 if error.code == "role" else 422), error
    else:
        if request.POST.get("from") == "list":
            return redirect("reports")
        if request.POST.get("action") == "raise" and report.case_id:
            return redirect("case", report.case_id)
        return redirect("report", report.number)
    notice = {"kind": "refused", "text": words.pick(said.zh, said.en)}
    return _page(request, _report(request, number), status, notice=notice)


@require_POST
def contact(request: HttpRequest, number: str) -> HttpResponse:
    """Show the reporter's contact; the look is an audit entry."""
    report = _report(request, number)
    try:
        found = services.reveal_contact(request.user, report.number)
    except TransitionError as error:
        notice = {"kind": "refused", "text": words.pick(error.zh, error.en)}
        return _page(request, report, 403, notice=notice)
    return _page(request, report, contact=found, looked=True)


@require_safe
def photo(request: HttpRequest, number: str, which: int) -> HttpResponse:
    """A photo, for who may see the report."""
    report = _report(request, number)
    return photo_answer(request, get_object_or_404(report.photos, number=which))
