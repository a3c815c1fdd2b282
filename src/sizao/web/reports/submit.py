"""Taking a report: checked, photos stored, then one transaction with its audit entry."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sizao.core.errors import EvidenceError
from sizao.core.ids import content_id
from sizao.log.evidence import EvidenceStore
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.config import config
from sizao.web.ports import ports
from sizao.web.reports import photos as pictures
from sizao.web.reports.catalogue import Service, services
from sizao.web.reports.errors import SubmissionError
from sizao.web.reports.models import Report, ReportContact, ReportEvent, ReportPhoto
from sizao.web.reports.place import place_of
from sizao.web.wake import wake_desk
from sizao.web.writing import write

LONGEST_TEXT = 4000
"""Characters of a description, as GeoReport v2 has it."""
SAME_WITHIN = timedelta(hours=1)
"""The same words from the same sender again within this are the same report sent twice."""


@dataclass
class Given:
    """What a reporter handed in, as text; :func:`submit` checks it."""

    service: str = ""
    lat: str = ""
    lon: str = ""
    address: str = ""
    text: str = ""
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Attribute code to the answers given."""
    photos: Sequence[bytes] = ()
    media_url: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""


def submit(given: Given, *, channel: str, source: str) -> Report:
    """Keep a report; the same one sent twice is kept once. Raises SubmissionError."""
    now = feed_now()
    service = _service(given.service, channel, now)
    lat, lon = _place(given)
    answers = _answers(service, given.attributes)
    text = _text(given.text, "description", LONGEST_TEXT)
    address = _text(given.address, "address_string", 200)
    media_url = _text(given.media_url, "media_url", 500)
    if media_url and not media_url.startswith(("http://", "https://")):
        raise SubmissionError(
            400, "media_url", "媒体网址须以 http 开头。", "media_url must be an http address."
        )
    contact = {
        "name": _text(given.name, "first_name", 64),
        "phone": _text(given.phone, "phone", 32),
        "email": _text(given.email, "email", 120),
    }
    kept = [_photo(data) for data in given.photos]
    if len(kept) > pictures.MAX_PHOTOS:
        raise SubmissionError(
            400, "media", f"最多 {pictures.MAX_PHOTOS} 张照片。",
            f"At most {pictures.MAX_PHOTOS} photos.",
        )  # fmt: skip
    names = _store(kept)
    digest = content_id("report", source, service.code, lat, lon, address, text, answers, names)
    where = place_of(lat, lon)
    with write():
        before = Report.objects.filter(digest=digest, reported_at__gt=now - SAME_WITHIN).first()
        if before is not None:
            return before
        report = Report.objects.create(
            number=_next_number(now),
            token=secrets.token_urlsafe(18),
            digest=digest,
            service=service.code,
            attributes=answers,
            text=text,
            media_url=media_url,
            lat=lat,
            lon=lon,
            address=address,
            place=where.words,
            road=where.road,
            road_class=where.road_class,
            area=where.area,
            channel=channel,
            source=source,
            unit=where.unit,
            reported_at=now,
            changed_at=now,
            expected_at=now + timedelta(hours=service.expected_h),
        )
        ReportPhoto.objects.bulk_create(
            ReportPhoto(
                report=report, number=number, evidence=name, format=photo.format,
                size=len(photo.data),
            )
            for number, (photo, name) in enumerate(zip(kept, names, strict=True), 1)
        )  # fmt: skip
        if any(contact.values()):
            days = config.report_contact_days.read()
            ReportContact.objects.create(
                report=report, delete_after=now + timedelta(days=days), **contact
            )
        ReportEvent.objects.create(
            report=report, seq=1, at=now, actor="system", actor_name="系统", action="report",
            text_zh="收到上报", text_en="Report received",
        )  # fmt: skip
        audit.record(
            None, "report.receive", "report", report.number,
            {"service": service.code, "channel": channel, "source": source,
             "unit": where.unit.code, "photos": len(kept), "contact": any(contact.values())},
        )  # fmt: skip
    wake_desk()
    return report


def _service(code: str, channel: str, now: datetime) -> Service:
    if not code.strip():
        raise SubmissionError(
            400, "service_code", "请选择上报类别。", "service_code was not provided."
        )
    found = services(timezone.localtime(now).date()).get(code.strip())
    if found is None:
        raise SubmissionError(
            404, "service_code", "没有这个上报类别。",
            f"service_code {code[:40]!r} was not found.",
        )  # fmt: skip
    if channel not in found.channels:
        raise SubmissionError(
            403, "service_code", "这个类别不接受本渠道的上报。",
            f"service_code {code!r} is not open to this key.",
        )  # fmt: skip
    return found


def _place(given: Given) -> tuple[float | None, float | None]:
    lat, lon = given.lat.strip(), given.lon.strip()
    if not lat and not lon:
        if len(given.address.strip()) < 4:
            raise SubmissionError(
                400, "lat", "请在地图上选点，或写明地点。",
                "A location is required: lat and long, or address_string.",
            )  # fmt: skip
        return None, None
    try:
        found = float(lat), float(lon)
    except ValueError:
        found = (math.nan, math.nan)
    # 0, 0 is what a phone without a fix sends, not a place in the Atlantic.
    if not (abs(found[0]) <= 90 and abs(found[1]) <= 180) or found == (0.0, 0.0):
        raise SubmissionError(
            400, "lat", "坐标有误，请重新选点。",
            "lat and long must be degrees, WGS-84.",
        )  # fmt: skip
    return round(found[0], 6), round(found[1], 6)


def _answers(service: Service, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for one in service.attributes:
        chosen = [value.strip() for value in given.get(one.code, ()) if value.strip()]
        if not chosen:
            if one.required:
                raise SubmissionError(
                    400, f"attribute[{one.code}]", f"请回答：{one.zh}",
                    f"attribute[{one.code}] is required.",
                )  # fmt: skip
            continue
        wrong = _wrong(one.datatype, chosen, one.keys())
        if wrong:
            raise SubmissionError(
                400, f"attribute[{one.code}]", f"“{one.zh}”的回答有误。",
                f"attribute[{one.code}]: {wrong}",
            )  # fmt: skip
        answers[one.code] = chosen if one.datatype == "multivaluelist" else chosen[0][:500]
    return answers


def _wrong(datatype: str, chosen: list[str], keys: set[str]) -> str:
    """What is wrong with answers, empty if nothing is."""
    if datatype != "multivaluelist" and len(chosen) > 1:
        return "one value only"
    match datatype:
        case "singlevaluelist" | "multivaluelist":
            bad = [value for value in chosen if value not in keys]
            return f"{bad[0][:40]!r} is none of {', '.join(sorted(keys))}" if bad else ""
        case "number":
            try:
                return "" if math.isfinite(float(chosen[0])) else "not a number"
            except ValueError:
                return "not a number"
        case "datetime":
            try:
                datetime.fromisoformat(chosen[0])
            except ValueError:
                return "not an ISO 8601 time"
    return ""


def _text(text: str, name: str, most: int) -> str:
    text = text.replace("\x00", "").strip()
    if len(text) > most:
        raise SubmissionError(
            400, name, f"文字太长，最多 {most} 字。", f"{name} has more than {most} characters."
        )
    return text


def _photo(data: bytes) -> pictures.Photo:
    if len(data) > pictures.MAX_BYTES:
        raise SubmissionError(
            400, "media", f"照片太大，每张最多 {pictures.MAX_BYTES >> 20} MB。",
            f"A photo may have {pictures.MAX_BYTES >> 20} MB at most.",
        )  # fmt: skip
    found = pictures.clean(data)
    if found is None:
        raise SubmissionError(
            400, "media", "照片无法识别，请使用 JPEG、PNG 或 WebP。",
            "media must be a JPEG, PNG or WebP picture.",
        )  # fmt: skip
    return found


def _store(kept: Sequence[pictures.Photo]) -> list[str]:
    """Photos are durable before the row that names them."""
    store = EvidenceStore(ports().data.evidence)
    try:
        return [store.put(photo.data) for photo in kept]
    except EvidenceError as error:
        raise SubmissionError(
            503, "media", "照片暂时无法保存，请稍后再试。",
            f"Photos cannot be stored now: {error}",
        ) from error  # fmt: skip


def _next_number(now: datetime) -> str:
    day = timezone.localtime(now).strftime("R%Y%m%d")
    last = Report.objects.filter(number__startswith=f"{day}-").order_by("-pk").first()
    count = int(last.number.partition("-")[2]) + 1 if last else 1
    return f"{day}-{count:04d}"
