"""The six methods. Each error is worded as the specification has it, in the form asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from sizao.core.errors import ConfigError
from sizao.web.clock import feed_now
from sizao.web.config import config
from sizao.web.reports import limits, photos, senders
from sizao.web.reports.catalogue import services
from sizao.web.reports.errors import SubmissionError
from sizao.web.reports.models import Report
from sizao.web.reports.open311 import render, shapes
from sizao.web.reports.submit import Given, submit

SPAN = timedelta(days=90)
MOST = 1000
"""The specification: a list spans 90 days or 1000 requests, whichever is less."""

ASKED_PER_HOUR = 1200
"""Lists and single requests an hour from one address without a key."""

MAX_REQUEST = photos.MAX_PHOTOS * photos.MAX_BYTES + (1 << 20)

_ATTRIBUTE = re.compile(r"attribute\[([^\]]{1,64})\](?:\[\])?")

MEDIA = ("media", "media[]", "photo", "file")
"""Names under which clients send files: the specification knows a URL only."""

NOTICE = (
    "有人受伤或正在发生危险时请拨打 122、120。"
    " If anybody is hurt or in danger now, call 122 or 120."
)

View = Callable[..., HttpResponse]


class _Fault(Exception):
    def __init__(self, status: int, description: str, retry_s: float | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.retry_s = status, description, retry_s


def _method(*allowed: str) -> Callable[[View], View]:
    """A method of the specification: open to strangers, its own errors, its jurisdiction."""

    def wrap(view: View) -> View:
        @login_not_required
        @csrf_exempt
        @wraps(view)
        def call(request: HttpRequest, form: str, **given: str) -> HttpResponse:
            if request.method not in allowed:
                return render.error(
                    form, 405, f"Use {' or '.join(allowed)}.", {"Allow": ", ".join(allowed)}
                )
            try:
                _jurisdiction(request)
                return view(request, form, **given)
            except _Fault as fault:
                headers = {}
                if fault.retry_s is not None:
                    headers["Retry-After"] = str(int(fault.retry_s) + 1)
                return render.error(form, fault.status, fault.description, headers)
            except SubmissionError as error:
                return render.error(form, error.status, f"{error.en} {error.zh}")
            except (
                RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, MultiPartParserError,
            ) as error:  # fmt: skip
                return render.error(form, 400, f"The request cannot be read: {error}")

        return call

    return wrap


def _jurisdiction(request: HttpRequest) -> None:
    ours = config.jurisdiction.read()
    given = request.GET.get("jurisdiction_id", "") or (
        request.POST.get("jurisdiction_id", "") if request.method == "POST" else ""
    )
    if ours and given and given != ours:
        raise _Fault(404, f"jurisdiction_id {given[:80]!r} was not found; this is {ours!r}.")


def _key(request: HttpRequest) -> str:
    return (request.POST.get("api_key", "") if request.method == "POST" else "") or request.GET.get(
        "api_key", ""
    )


def _read_turn(request: HttpRequest) -> str | None:
    """The source whose key was given; None for a reader without one, who is counted by address."""
    key = _key(request)
    if key:
        try:
            source = senders.source_of(key)
        except ConfigError:
            source = None
        if source is None:
            raise _Fault(403, "Missing or invalid API key (api_key). 密钥无效。")
        return source
    wait_s = limits.asked.wait_s(request.META.get("REMOTE_ADDR", ""), ASKED_PER_HOUR)
    if wait_s:
        raise _Fault(429, "Too many requests from this address. 请求过于频繁。", wait_s)
    return None


@_method("GET", "HEAD")
def service_list(request: HttpRequest, form: str) -> HttpResponse:
    """GET services."""
    table = services(timezone.localtime(feed_now()).date())
    return render.answer(form, "services", [shapes.service_out(one) for one in table.values()])


@_method("GET", "HEAD")
def service_definition(request: HttpRequest, form: str, code: str) -> HttpResponse:
    """GET services/CODE."""
    found = services(timezone.localtime(feed_now()).date()).get(code)
    if found is None:
        raise _Fault(404, f"service_code {code[:40]!r} was not found.")
    out = shapes.definition_out(found)
    # The Spark convention keeps the object of a definition whole.
    return render.answer(form, "service_definition", out)


@_method("GET", "HEAD", "POST")
def requests(request: HttpRequest, form: str) -> HttpResponse:
    """POST requests hands one in, GET requests lists them."""
    return _post(request, form) if request.method == "POST" else _list(request, form)


def _post(request: HttpRequest, form: str) -> HttpResponse:
    told = request.META.get("CONTENT_LENGTH") or "0"
    if told.isdigit() and int(told) > MAX_REQUEST:
        raise _Fault(413, f"The request may have {MAX_REQUEST >> 20} MB at most.")
    source = senders.admit(_key(request))
    wait_s = limits.posted.wait_s(source, config.reports_per_hour_key.read())
    if wait_s:
        raise _Fault(429, "This key has used its reports of the hour. 本小时上报已达上限。", wait_s)
    size = int(told) if told.isdigit() else 0
    over = senders.book().over_quota(source, feed_now().timestamp(), 1, size)
    if over is not None:
        raise _Fault(429, f"{over.en} {over.zh}", 60)
    sent = request.POST
    attributes = {
        match[1]: sent.getlist(name) for name in sent if (match := _ATTRIBUTE.fullmatch(name))
    }
    files = [file for name in MEDIA for file in request.FILES.getlist(name)]
    if len(files) > photos.MAX_PHOTOS:
        raise _Fault(400, f"At most {photos.MAX_PHOTOS} photos.")
    report = submit(
        Given(
            service=sent.get("service_code", ""),
            lat=sent.get("lat", ""),
            lon=sent.get("long", "") or sent.get("lon", ""),
            address=sent.get("address_string", "") or sent.get("address_id", ""),
            text=sent.get("description", ""),
            attributes=attributes,
            photos=[file.read(photos.MAX_BYTES + 1) for file in files],
            media_url=sent.get("media_url", ""),
            name=" ".join(
                part for part in (sent.get("last_name", ""), sent.get("first_name", "")) if part
            ),
            phone=sent.get("phone", ""),
            email=sent.get("email", ""),
        ),
        channel=senders.channel_of(source),
        source=source,
    )
    out = [
        {
            "service_request_id": report.number,
            "service_notice": NOTICE,
            "account_id": None,
        }
    ]
    return render.answer(form, "service_requests", out, 201)


def _list(request: HttpRequest, form: str) -> HttpResponse:
    source = _read_turn(request)
    asked = {name: value.strip() for name, value in request.GET.items() if value.strip()}
    rows = Report.objects.select_related("unit", "case", "merged_into").prefetch_related("photos")
    if "service_request_id" in asked:  # the specification: overrides all other arguments
        rows = rows.filter(number__in=_several(asked["service_request_id"]))
    else:
        rows = rows.filter(_range(asked))
        if "service_code" in asked:
            rows = rows.filter(service__in=_several(asked["service_code"]))
        if "status" in asked:
            wanted = set(_several(asked["status"]))
            if not wanted <= {"open", "closed"}:
                raise _Fault(400, "status is open, closed, or both with a comma.")
            if wanted == {"closed"}:
                rows = rows.filter(shapes.CLOSED)
            elif wanted == {"open"}:
                rows = rows.exclude(shapes.CLOSED)
    out = [
        shapes.request_out(one, request, whole=one.source == source)
        for one in rows.order_by("-reported_at", "-pk")[:MOST]
    ]
    return render.answer(form, "service_requests", out)


def _several(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()][:MOST]


def _range(asked: dict[str, str]) -> Q:
    """At most 90 days; without dates the last 90."""
    start, end = (_moment(asked.get(name, ""), name) for name in ("start_date", "end_date"))
    if start is None and end is None:
        start = feed_now() - SPAN
    elif start is None:
        start = end - SPAN
    elif end is not None and end - start > SPAN:
        raise _Fault(400, "start_date and end_date may span 90 days at most.")
    elif end is None:
        end = start + SPAN
    found = Q(reported_at__gte=start)
    return found & Q(reported_at__lte=end) if end is not None else found


def _moment(text: str, name: str) -> datetime | None:
    if not text:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=timezone.get_current_timezone())
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Fault(400, f"{name} {text[:40]!r} is no W3C date and time.") from None


@_method("GET", "HEAD")
def one_request(request: HttpRequest, form: str, number: str) -> HttpResponse:
    """GET requests/ID: a list of one."""
    source = _read_turn(request)
    found = (
        Report.objects.select_related("unit", "case", "merged_into")
        .prefetch_related("photos")
        .filter(number=number)
        .first()
    )
    if found is None:
        raise _Fault(404, f"service_request_id {number[:40]!r} was not found.")
    out = [shapes.request_out(found, request, whole=found.source == source)]
    return render.answer(form, "service_requests", out)


@_method("GET", "HEAD")
def token(request: HttpRequest, form: str, token: str) -> HttpResponse:
    """GET tokens/TOKEN: the report of a token, such as the page /report gives out."""
    _read_turn(request)
    found = Report.objects.filter(token=token).first()
    if found is None:
        raise _Fault(404, "token was not found.")
    out = [{"service_request_id": found.number, "token": found.token}]
    return render.answer(form, "service_requests", out)


@_method("GET", "HEAD")
def discovery(request: HttpRequest, form: str) -> HttpResponse:
    """The service discovery document."""
    out = {
        "changeset": "2026-01-01T00:00:00+08:00",
        "contact": "sources.yaml: the installation's owner",
        "key_service": "sizao sources",
        "endpoints": [
            {
                "specification": "http://wiki.open311.org/GeoReport_v2",
                "url": request.build_absolute_uri("/open311/v2"),
                "changeset": "2026-01-01T00:00:00+08:00",
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
    return render.answer(form, "discovery", out)
