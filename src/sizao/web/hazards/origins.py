"""From where a hazard comes, and what that already says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sizao.web.cases.models import Case
from sizao.web.enterprises.access import visible
from sizao.web.fleet.models import Vehicle
from sizao.web.pages.vehicles import last_seen
from sizao.web.reports.models import Report
from sizao.web.reports.privacy import scrub
from sizao.web.risk import files, services, words
from sizao.web.risk.ranking import rows_of
from sizao.web.units.models import User

SERVICE_KINDS = {"signal_fault": "signal", "persuasion": "market", "weather": "water_ice"}
"""Service of a report to the kind it usually is; the person chooses."""


@dataclass
class Origin:
    """An origin with what the form is filled with, and what is kept with the hazard."""

    code: str = "inspection"
    ref: str = ""
    filled: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    words: str = ""


def origin_of(user: User, given: Mapping[str, str]) -> Origin:
    """The origin that the parameters name; one the user may not see is as if it were none."""
    if given.get("report"):
        return _report(user, given["report"])
    if given.get("site"):
        return _site(user, given["site"], given.get("run", ""))
    if given.get("case"):
        return _case(user, given["case"])
    if given.get("firm"):
        return _firm(user, given["firm"])
    if given.get("vehicle"):
        return _fleet(user, given["vehicle"])
    return Origin()


def _report(user: User, number: str) -> Origin:
    report = Report.objects.for_user(user).filter(number=number).first()
    if report is None:
        return Origin()
    return Origin(
        "report", report.number,
        filled={
            "report": report.number, "version": report.version, "lat": report.lat or "",
            "lon": report.lon or "", "place": report.place or report.address,
            # The ledger is read by more people than the report: no phones and plates in it.
            "text": scrub(report.text), "kind": SERVICE_KINDS.get(report.service, ""),
        },
        data={"service": report.service, "channel": report.channel},
        words=report.number,
    )  # fmt: skip


CASE_KINDS = {"landslide": "slope", "road_ice": "water_ice", "report_signal_fault": "signal",
              "call_signal": "signal"}  # fmt: skip
"""Kind of a case to the kind of hazard that it usually shows; the person chooses."""


def _case(user: User, number: str) -> Origin:
    """What a case, or its review, showed about the place. No vehicle and nobody of it is kept."""
    case = Case.objects.for_user(user).filter(number=number).first()
    if case is None:
        return Origin()
    return Origin(
        "crash", case.number,
        filled={
            "case": case.number, "lat": case.lat or "", "lon": case.lon or "",
            "place": case.place, "kind": CASE_KINDS.get(case.kind, ""),
        },
        data={"kind": case.kind, "level": case.level_code},
        words=f"{case.number} {case.place}",
    )  # fmt: skip


def _firm(user: User, enterprise: str) -> Origin:
    """An enterprise whose duties were assessed."""
    found = visible(user).filter(pk=enterprise).first()
    if found is None:
        return Origin()
    return Origin(
        "freight", found.pk,
        filled={"firm": found.pk, "enterprise": found.name, "kind": "enterprise"},
        words=found.name,
    )  # fmt: skip


def _fleet(user: User, vehicle_id: str) -> Origin:
    """The enterprise of a vehicle: its duty of supervision, not the vehicle or its driver."""
    seen = (
        Case.objects.for_user(user).filter(vehicle=vehicle_id).exists()
        or last_seen(user, vehicle_id) is not None
    )
    vehicle = Vehicle.objects.select_related("enterprise").filter(pk=vehicle_id).first()
    if not seen or vehicle is None or vehicle.enterprise is None:
        return Origin()
    name = vehicle.enterprise.name
    return Origin(
        "freight", vehicle.enterprise_id,
        filled={"vehicle": vehicle_id, "enterprise": name, "kind": "enterprise"},
        words=name,
    )  # fmt: skip


def _site(user: User, site_id: str, run_id: str) -> Origin:
    run = services.chosen(run_id) if user.sees_risk else None
    results = files.results(run) if run is not None else None
    number = results.by_site.get(site_id) if results is not None else None
    if run is None or results is None or number is None:
        return Origin()
    site = rows_of(results)[number]
    place, said = words.place_word(site), words.sentence(site, len(run.years))
    return Origin(
        "risk", f"{run.pk}/{site_id}",
        filled={
            "site": site_id, "run": str(run.pk), "lat": f"{site['lat']:.6f}",
            "lon": f"{site['lon']:.6f}", "place": place, "text": said, "kind": "black_spot",
            "junction": place if site["kind"] == "junction" else "",
        },
        data={
            "run": run.pk, "site": site_id, "years": run.span, "sentence": said,
            **{name: site[name] for name in (
                "rank", "observed", "expected", "lower", "upper", "predicted", "p_worse")},
        },
        words=f"{place}（{run.span}）",
    )  # fmt: skip
