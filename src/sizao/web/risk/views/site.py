"""The page of a site: why it ranks where it does, and what to do there."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.web.pages.mapdata import bounds
from sizao.web.pages.words import pick
from sizao.web.reports.models import Report
from sizao.web.risk import files, sitefacts, week, words
from sizao.web.risk.files import Results
from sizao.web.risk.fleetfacts import fleet_facts
from sizao.web.risk.measures import measures
from sizao.web.risk.models import Assessment
from sizao.web.risk.proposals import proposals
from sizao.web.risk.ranking import Row, rows_of
from sizao.web.risk.treatmentfacts import treatments_at
from sizao.web.risk.views import with_run
from sizao.web.treatments.access import may_enter

NEAR_DEG = 0.004
"""Reports within about 400 m are near."""


@require_safe
@with_run
def show(request: HttpRequest, run: Assessment, site_id: str) -> HttpResponse:
    """One site of a run."""
    results, number, site = _site(run, site_id)
    found = sitefacts.crashes_of(results, number, run)
    patterns = sitefacts.stands_out(results, run, number)
    hours = results.week[:, number]
    start, span, share = week.peak(hours)
    worked = {results.rows[one["row"]]["site"] for one in results.treatments.values()
              if one["row"] >= 0}  # fmt: skip
    of_kind = [row for row in rows_of(results) if row["kind"] == site["kind"]]
    return render(
        request,
        "risk/site.html",
        {
            "run": run,
            "site": site,
            "place": words.place_word(site),
            "kind": words.kind_word(site["kind"]),
            "class_word": words.class_word(site["road_class"]),
            "sentence": words.sentence(site, len(run.years)),
            "notes": [words.note_word(one) for one in site["notes"]],
            "rules": _rules(results, number, site),
            "of": len(of_kind),
            "costs": [
                (word, site["costs"][code]) for code, word in words.cost_sets_words()
            ],
            "crashes": found,
            "undirected": sum(not one.direction for one in found),
            # Built of numbers and escaped words in diagram.py.
            "diagram": mark_safe(sitefacts.drawn(results, site, number, found)),
            "patterns": patterns,
            "measures": measures(results, site, len(run.years), patterns),
            "leads": [
                pick(*one)
                for one in proposals([(one.column, one.pattern.value) for one in patterns])
            ],
            "similar": [
                {**row, "place": words.place_word(row), "treated": row["site"] in worked}
                for row in sitefacts.similar_sites(results, site)
            ],
            "week": list(
                zip(words.day_words(), week.table(hours, sitefacts.seen_hours(found)), strict=True)
            ),
            "hours": range(24),
            "peak": (start, (start + span) % 24, share * 100),
            "treated": treatments_at(results, number),
            "may_enter": may_enter(request.user),
            "fleet": fleet_facts(results, site),
            "reports": _near(request, site),
            "may_report": request.user.acts,
            "patrol_plan": reverse("plans") if request.user.sees_plans else "",
            "bounds": bounds(),
            "threshold": run.parameters["threshold"],
        },
    )  # fmt: skip


def _site(run: Assessment, site_id: str) -> tuple[Results, int, Row]:
    results = files.results(run)
    number = results.by_site.get(site_id)
    if number is None:
        raise Http404
    return results, number, rows_of(results)[number]


def _rules(results: Results, number: int, site: Row) -> list[dict[str, Any]]:
    """Spots and segments of the rules that touch the site; of each rule and kind the largest."""
    key = "edges" if site["kind"] == "segment" else "nodes"
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in results.stretches:
        if site["row"] not in one[key]:
            continue
        before = found.get((one["rule"], one["kind"]))
        if before is None or len(one["crashes"]) > len(before["crashes"]):
            found[(one["rule"], one["kind"])] = one
    return [
        {
            "rule": words.rule_word(one["rule"]),
            "road": one["road"],
            "kind": _("点（500 米）") if one["kind"] == "spot" else _("段（2 公里）"),
            "crashes": len(one["crashes"]),
            "deaths": one["deaths"],
            "length_m": round(one["length_m"]),
        }
        for one in found.values()
    ]


def _near(request: HttpRequest, site: Row) -> list[Report]:
    return list(
        Report.objects.for_user(request.user).filter(
            lat__range=(site["lat"] - NEAR_DEG, site["lat"] + NEAR_DEG),
            lon__range=(site["lon"] - NEAR_DEG, site["lon"] + NEAR_DEG),
        ).prefetch_related("photos")[:5]
    )  # fmt: skip
