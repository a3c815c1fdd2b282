"""Rows as the specification words them, for who asks.

With the key that handed a report in, it comes back whole. Without, a reader learns what kind of
thing was reported roughly where and whether it is done: no words of the reporter, no photo, no
address, and a place rounded to three decimals (some hundred metres). A crash is somebody's; the
list is not a feed for onlookers.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from sizao.web.pages.words import pick
from sizao.web.reports.catalogue import Attribute, Service
from sizao.web.reports.models import Report


def stamp(at: Any) -> str | None:
    """W3C date and time with the zone."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None


def service_out(service: Service) -> dict[str, Any]:
    return {
        "service_code": service.code,
        "service_name": pick(service.zh, service.en),
        "description": pick(service.description_zh, service.description_en),
        "metadata": bool(service.attributes),
        "type": "realtime",
        "keywords": service.keywords,
        "group": pick(service.group_zh, service.group_en),
    }


def definition_out(service: Service) -> dict[str, Any]:
    return {
        "service_code": service.code,
        "attributes": [_attribute(one, order) for order, one in enumerate(service.attributes, 1)],
    }


def _attribute(one: Attribute, order: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "variable": True,
        "code": one.code,
        "datatype": one.datatype,
        "required": one.required,
        "datatype_description": None,
        "order": order,
        "description": pick(one.zh, one.en),
    }
    if one.values:
        found["values"] = [
            {"key": value.key, "name": pick(value.zh, value.en)} for value in one.values
        ]
    return found


CLOSED = Q(state__in=["rejected", "merged", "closed"]) | Q(case__closed=True)
"""What the specification calls closed: its two states are open and closed."""


def is_closed(report: Report) -> bool:
    return not report.is_open or bool(report.case_id and report.case.closed)


def status_notes(report: Report) -> str:
    """Where it stands, for the reporter: never the internal words of a case."""
    match report.state:
        case "new":
            return pick("已收到，等待受理。", "Received, waiting to be taken up.")
        case "merged":
            into = report.merged_into.number if report.merged_into else ""
            return pick(f"与上报 {into} 合并处理。", f"Handled together with report {into}.")
        case "rejected" | "closed":
            return report.outcome
    if report.case_id:
        return pick("已立案处置。", "A case was raised and is being handled.")
    if report.hazards.exists():
        return pick("已列入隐患台账，正在整改。", "Entered as a hazard that is being put right.")
    return pick("已受理。", "Accepted.")


def request_out(report: Report, http: HttpRequest, *, whole: bool) -> dict[str, Any]:
    about = report.about
    digits = 6 if whole else 3
    return {
        "service_request_id": report.number,
        "status": "closed" if is_closed(report) else "open",
        "status_notes": status_notes(report),
        "service_name": pick(about.zh, about.en) if about else report.service,
        "service_code": report.service,
        "description": report.text if whole else None,
        "agency_responsible": pick(report.unit.name_zh, report.unit.name_en),
        "service_notice": None,
        "requested_datetime": stamp(report.reported_at),
        "updated_datetime": stamp(report.changed_at),
        "expected_datetime": stamp(report.expected_at),
        "address": (report.address or report.place) if whole else report.road or None,
        "address_id": None,
        "zipcode": None,
        "lat": None if report.lat is None else round(report.lat, digits),
        "long": None if report.lon is None else round(report.lon, digits),
        "media_url": _media(report, http) if whole else None,
    }


def _media(report: Report, http: HttpRequest) -> str | None:
    """The first photo, by the report's secret token; else the address that was sent."""
    if report.photos.all():
        return http.build_absolute_uri(reverse("report-own-photo", args=[report.token, 1]))
    return report.media_url or None
