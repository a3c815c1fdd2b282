"""The permission matrix: account × address × method -> status. Every address must have a row.

The world has one open case in the east, commanded by its first squadron (dd1), on a truck of the
east. ``off-dd1`` is that squadron's officer, ``off-dd2`` the next squadron's, ``lead-xd`` leads
the west brigade, ``nobody`` has no unit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pyarrow as pa
import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from sizao.core.schemas import QUARANTINE
from sizao.web.briefing.models import Briefing
from sizao.web.briefing.services import issue
from sizao.web.calls.models import Call
from sizao.web.calls.services import take
from sizao.web.cases.models import Case
from sizao.web.channels.models import Delivery, Notice
from sizao.web.channels.telling import tell
from sizao.web.drills.models import Drill
from sizao.web.evidence.follow import follow
from sizao.web.evidence.holds import set_hold
from sizao.web.evidence.models import Hold, Piece
from sizao.web.handover.models import Handover
from sizao.web.handover.services import begin
from sizao.web.hazards import services as hazards
from sizao.web.hazards.intake import Finding, enter
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.imports.models import Batch
from sizao.web.imports.services import open_batch, run_read
from sizao.web.junctions import audits, register
from sizao.web.junctions import files as junction_files
from sizao.web.junctions.models import Count, Junction, Timing
from sizao.web.junctions.models import Finding as AuditFinding
from sizao.web.listings import services as listings
from sizao.web.listings.models import Listing
from sizao.web.measures.models import ControlMeasure
from sizao.web.measures.places import locate
from sizao.web.measures.services import order
from sizao.web.plan.models import Plan
from sizao.web.reports.models import Report
from sizao.web.reports.submit import Given, submit
from sizao.web.risk.models import Assessment
from sizao.web.units.models import PatrolUnit, User

from .conftest import EAST, TRUCK, World
from .enterprises.conftest import one_review
from .evidence.conftest import send
from .junctions.conftest import registered
from .reports.conftest import png
from .risk.conftest import assessed

WHO = ("-", "op-zd", "op-dd", "off-dd1", "off-dd2", "lead-xd", "audit", "admin", "nobody")
"""``-`` is a stranger."""

PAGE = "302 200 200 200 200 200 200 200 200"
LIST = "401 200 200 200 200 200 200 200 200"
PARTNERS = "302 403 403 403 403 403 403 403 403"
LOOK = "302 200 200 200 200 200 200 200 403"
SEEN = "302 200 200 200 404 404 200 200 403"
OPEN = "200 200 200 200 200 200 200 200 200"

MATRIX: dict[tuple[str, str], str] = {
    # Pages: a stranger is sent to sign in.
    ("map", "GET"): PAGE,
    ("map-context", "GET"): PAGE,
    ("inbox", "GET"): PAGE,
    ("cases", "GET"): PAGE,
    ("units", "GET"): PAGE,
    ("indicators", "GET"): PAGE,
    ("wall", "GET"): PAGE,
    ("help", "GET"): PAGE,
    ("search", "GET"): PAGE,
    ("case", "GET"): "302 200 200 200 404 404 200 200 404",
    ("case-act", "POST"): "302 302 302 302 404 404 403 403 404",
    ("case-basis", "POST"): "302 422 422 422 404 404 403 403 404",  # without choice
    ("case-evidence", "GET"): "302 200 200 200 404 404 200 200 404",
    ("case-hold", "POST"): "302 302 302 403 404 404 403 302 404",
    ("vehicles", "GET"): PAGE,
    ("vehicle", "GET"): "302 200 200 200 404 404 200 200 404",
    ("vehicle-evidence", "GET"): "302 200 200 200 404 404 200 200 404",
    ("evidence", "GET"): "302 200 403 403 403 403 200 200 403",
    ("evidence-hold", "POST"): "302 302 403 403 403 403 403 302 403",
    ("evidence-release", "POST"): "302 302 302 403 403 403 403 302 403",
    ("playback", "GET"): "302 200 200 200 404 404 403 403 404",  # the form that asks why
    ("track", "GET"): "302 403 403 403 403 403 403 403 403",  # not this account's grant
    ("presence", "GET"): "302 200 200 403 403 200 403 403 403",
    ("presence", "POST"): "302 422 422 403 403 422 403 403 403",  # without purpose and case
    ("measures", "GET"): PAGE,
    ("measures-map", "GET"): PAGE,
    ("measure", "GET"): "302 200 200 200 200 200 200 200 404",
    ("measure-act", "POST"): "302 302 302 302 403 403 403 403 404",
    ("measure-detour", "GET"): "302 422 422 422 403 403 403 403 404",  # no closure
    ("measure-detour", "POST"): "302 422 422 422 403 403 403 403 404",
    ("measure-new", "GET"): "302 200 200 200 200 200 403 403 403",
    ("measure-new", "POST"): "302 422 422 422 422 422 403 403 403",  # without a place
    ("patrol", "GET"): "302 200 200 200 404 404 200 200 404",
    ("patrol-state", "POST"): "302 409 409 409 404 404 403 403 403",  # no state with it
    ("field", "GET"): "302 200 200 200 200 200 403 403 403",
    ("field-tasks", "GET"): "302 200 200 200 200 200 403 403 403",
    ("field-action", "POST"): "302 400 400 400 400 400 403 403 403",  # no action with it
    ("field-photo", "GET"): "302 404 404 404 404 404 404 404 404",  # no such picture
    ("field-worker", "GET"): OPEN,
    ("detections", "GET"): PAGE,
    ("detection", "GET"): "302 200 200 200 404 404 200 200 404",
    # no such picture; who gets one that is: detections/test_passages.py
    ("detection-picture", "GET"): "302 404 404 404 404 404 404 404 404",
    # What the own unit was told; a partner agency's own matrix is in channels/test_partners.py.
    ("partner", "GET"): LOOK,
    ("partner-notice", "GET"): "302 200 200 200 404 404 200 200 404",
    ("partner-shown", "POST"): "302 403 403 403 404 404 403 403 404",
    ("channel-receipt", "POST"): "403 403 403 403 403 403 403 403 403",  # a key, not an account
    ("group-sign", "POST"): "302 200 200 200 200 200 403 403 200",  # no such group
    ("deliveries", "GET"): "302 200 200 403 403 200 200 200 403",
    ("delivery-retry", "POST"): "302 302 302 403 403 404 403 403 403",
    ("partner-act", "POST"): "302 403 403 403 404 404 403 403 404",  # it was told to a partner
    ("fences", "GET"): LOOK,
    ("fence-shapes", "GET"): LOOK,
    ("fence-new", "GET"): "302 200 403 403 403 403 403 403 403",
    ("fence-new", "POST"): "302 422 403 403 403 403 403 403 403",
    ("fence", "GET"): "302 404 404 404 404 404 404 404 403",  # there is no fence 1
    ("fence-edit", "GET"): "302 404 403 403 403 403 403 403 403",
    ("fence-end", "POST"): "302 404 403 403 403 403 403 403 403",
    ("fence-change", "GET"): "302 404 404 404 404 404 404 404 403",
    ("fence-decide", "POST"): "302 404 403 403 403 403 403 403 403",
    ("rules", "GET"): LOOK,
    ("rule", "GET"): LOOK,
    ("rule-ask", "POST"): "302 422 403 403 403 403 403 403 403",  # no reason with it
    # The hot list: who may ask, and the auditor; of its own unit. Partners: channels/test_partners.
    ("hotlist", "GET"): "302 200 200 403 403 200 200 403 403",
    ("hotlist-ask", "POST"): "302 422 422 403 403 422 403 403 403",  # without a plate
    ("hotlist-file", "POST"): "302 422 422 403 403 422 403 403 403",  # without a file
    ("hotlist-decide", "POST"): "302 404 404 403 403 404 404 403 403",  # nothing waits
    ("hotlist-entry", "GET"): "302 404 404 403 403 404 404 403 403",  # there is none
    ("hotlist-act", "POST"): "302 404 404 403 403 404 404 403 403",
    ("hotlist-confirm", "POST"): "302 404 404 404 404 404 404 404 404",  # no such hit
    ("rule-try", "POST"): "302 422 403 403 403 403 403 403 403",  # no purpose with it
    ("rule-trial", "GET"): "302 404 404 404 404 404 404 404 403",  # none was run
    ("rule-trial-cancel", "POST"): "302 404 403 403 403 403 403 403 403",
    ("rule-decide", "POST"): "302 404 403 403 403 403 403 403 403",  # no change waits
    # Response plans: everybody of the police reads them, the detachment changes them.
    ("responses", "GET"): LOOK,
    ("response", "GET"): LOOK,
    ("response-ask", "POST"): "302 422 403 403 403 403 403 403 403",  # no text with it
    ("response-decide", "POST"): "302 404 403 403 403 403 403 403 403",  # none waits
    ("tasks", "GET"): LOOK,
    ("task-act", "POST"): "302 404 404 404 404 404 404 404 404",  # no plan runs
    ("case-plans", "GET"): "302 200 200 403 404 404 403 403 404",
    ("case-plan", "GET"): "302 200 200 403 404 404 403 403 404",
    ("case-plan", "POST"): "302 422 422 403 404 404 403 403 404",
    ("tables", "GET"): LOOK,
    ("table", "GET"): LOOK,
    ("outcomes", "GET"): LOOK,
    # Nothing filled in; an officer may not propose.
    ("case-response-level", "POST"): "302 422 422 403 404 404 403 403 404",
    ("table-act", "POST"): "302 422 403 403 403 403 403 403 403",  # no draft to act on
    ("warning-new", "GET"): "302 200 200 403 403 200 403 403 403",
    ("warning-new", "POST"): "302 422 422 403 403 422 403 403 403",  # nothing filled in
    # Drills: the detachment runs them, everybody of the police reads them.
    ("drills", "GET"): LOOK,
    ("drill", "GET"): LOOK,
    ("drill-start", "POST"): "302 422 403 403 403 403 403 403 403",  # no script with it
    ("drill-end", "POST"): "302 302 403 403 403 403 403 403 403",
    # After a case: for who sees it, to change for who acts on it.
    ("review", "GET"): "302 200 200 200 404 404 200 200 404",
    ("review-file", "GET"): "302 200 200 200 404 404 200 200 404",
    ("review-add", "POST"): "302 422 422 422 404 404 403 403 404",  # no words with it
    ("review-done", "POST"): "302 404 404 404 404 404 404 404 404",  # nothing was found
    ("case-attach", "POST"): "302 422 422 422 404 404 403 403 404",  # no file with it
    ("case-file", "GET"): "302 404 404 404 404 404 404 404 404",  # nothing was attached
    ("board", "GET"): LOOK,
    ("sources", "GET"): "302 200 200 403 403 200 200 200 403",
    ("source", "GET"): "302 200 200 403 403 200 200 200 403",
    ("source-act", "POST"): "302 302 403 403 403 403 403 302 403",
    ("source-platform", "POST"): "302 404 403 403 403 403 403 403 403",  # no link in this world
    ("quarantine", "GET"): "302 200 403 403 403 403 200 200 403",
    ("quarantine-record", "GET"): "302 200 403 403 403 403 403 200 403",
    ("quarantine-replay", "POST"): "302 302 403 403 403 403 403 302 403",
    ("imports", "GET"): "302 200 403 403 403 403 200 200 403",
    ("import", "GET"): "302 200 403 403 403 403 200 200 403",
    ("import-upload", "POST"): "302 422 403 403 403 403 403 422 403",  # no file with it
    ("import-act", "POST"): "302 302 403 403 403 403 403 302 403",
    ("import-problems", "GET"): "302 200 403 403 403 403 403 200 403",
    ("import-sample", "GET"): "302 200 403 403 403 403 200 200 403",
    # Risk of places: everybody with a unit. This world has one assessment.
    # Patrol plans: one of the east brigade, approved; what of it is shown is in plan/test_plans.py.
    ("plans", "GET"): "302 200 200 200 200 200 200 403 403",
    ("plan", "GET"): "302 200 200 200 200 404 200 403 403",
    ("plan-csv", "GET"): "302 200 200 200 200 404 200 403 403",
    ("plan-order", "POST"): "302 422 422 403 403 422 403 403 403",  # no crews with it
    ("plan-act", "POST"): "302 302 302 403 403 404 403 403 403",
    # Junctions: one of the east's first squadron, with an audit that goes on and one timing.
    ("junctions", "GET"): LOOK,
    ("junction-new", "GET"): "302 200 200 403 403 200 403 403 403",
    ("junction-new", "POST"): "302 422 422 403 403 422 403 403 403",  # no arms with it
    ("junction", "GET"): SEEN,
    ("junction-act", "POST"): "302 422 422 403 404 404 403 403 403",  # no such step
    ("junction-edit", "GET"): "302 200 200 403 404 404 403 403 403",
    ("junction-edit", "POST"): "302 422 422 403 404 404 403 403 403",  # no arms with it
    ("junction-sheet", "GET"): SEEN,
    ("junction-audit", "GET"): "302 200 200 200 404 404 403 403 403",
    ("junction-audit", "POST"): "302 302 302 302 404 404 403 403 403",
    ("junction-audit-finish", "POST"): "302 409 409 409 404 404 403 403 403",  # items are open
    ("junction-photo", "GET"): SEEN,
    ("junction-counts", "GET"): "302 200 200 403 404 404 403 403 403",
    ("junction-counts", "POST"): "302 422 422 403 404 404 403 403 403",  # nothing counted
    ("junction-template", "GET"): SEEN,
    ("junction-timing", "GET"): SEEN,
    ("junction-timing-act", "POST"): "302 422 422 403 404 404 403 403 403",  # no counts yet
    ("junction-film", "GET"): SEEN,
    ("risk", "GET"): LOOK,
    ("risk-ranking", "GET"): LOOK,
    ("risk-site", "GET"): LOOK,
    ("risk-validation", "GET"): LOOK,
    ("risk-report", "GET"): LOOK,
    ("risk-report-file", "GET"): LOOK,
    ("risk-runs", "GET"): LOOK,
    ("risk-run", "GET"): LOOK,
    ("risk-start", "POST"): "302 422 403 403 403 403 403 422 403",  # no years with it
    ("risk-meta", "GET"): LOOK,
    ("risk-shapes", "GET"): LOOK,
    ("risk-values", "GET"): LOOK,
    ("forecasts", "GET"): LOOK,
    ("enterprises", "GET"): LOOK,
    ("enterprise", "GET"): "302 200 200 200 200 404 200 200 403",  # at home in the east
    ("treatments", "GET"): LOOK,
    ("treatment-new", "GET"): "302 200 403 403 403 403 403 200 403",
    ("treatment-new", "POST"): "302 422 403 403 403 403 403 422 403",
    ("treatment-import", "POST"): "302 422 403 403 403 403 403 422 403",  # no file with it
    ("treatment-withdraw", "POST"): "302 404 403 403 403 403 403 404 403",  # none is entered
    ("calendar", "GET"): LOOK,
    ("calendar-new", "GET"): "302 200 403 403 403 403 403 200 403",
    ("calendar-new", "POST"): "302 422 403 403 403 403 403 422 403",
    ("calendar-entry", "GET"): "302 404 404 404 404 404 404 404 403",  # nothing is entered
    ("calendar-edit", "GET"): "302 404 403 403 403 403 403 404 403",
    ("calendar-edit", "POST"): "302 404 403 403 403 403 403 404 403",
    ("calendar-end", "POST"): "302 404 403 403 403 403 403 404 403",
    ("calendar-decide", "POST"): "302 404 403 403 403 403 403 404 403",
    ("ahead-hour", "GET"): "302 404 404 404 404 404 404 404 403",  # no forecast was made
    ("ahead-why", "GET"): "302 404 404 404 404 404 404 404 403",
    ("ahead-since", "GET"): LOOK,
    ("forecast-renew", "POST"): "302 302 403 403 403 403 403 302 403",
    ("audit", "GET"): "302 403 403 403 403 403 200 200 403",
    ("login", "GET"): "200 302 302 302 302 302 302 302 302",
    ("logout", "POST"): "302 302 302 302 302 302 302 302 302",
    ("preferences", "POST"): "302 302 302 302 302 302 302 302 302",
    # The API: 401 for a stranger, 404 for what one may not see, 403 for what one may not do.
    ("api:measures", "GET"): LIST,
    ("api:measures_feed", "GET"): LIST,
    ("api:warnings", "GET"): LIST,
    ("api:cases", "GET"): LIST,
    ("api:vehicles", "GET"): LIST,
    ("api:detections", "GET"): LIST,
    ("api:list_indicators", "GET"): LIST,
    ("api:units", "GET"): LIST,
    ("api:runs", "GET"): "401 200 200 200 200 200 200 200 403",
    ("api:sites", "GET"): "401 200 200 200 200 200 200 200 403",
    ("api:sources", "GET"): "401 200 200 403 403 200 200 200 403",
    ("api:case", "GET"): "401 200 200 200 404 404 200 200 404",
    ("api:act", "POST"): "401 200 200 200 404 404 403 403 404",
    # Reports from people: the desk's pages, and what anybody may open.
    ("reports", "GET"): PAGE,
    ("report", "GET"): "302 200 200 200 404 404 200 200 404",
    ("report-act", "POST"): "302 302 302 302 404 404 403 403 404",
    ("report-contact", "POST"): "302 200 200 200 404 404 403 403 404",
    ("report-photo", "GET"): "302 200 200 200 404 404 200 200 404",
    ("calls", "GET"): PAGE,
    ("call-new", "GET"): "302 200 200 200 200 200 403 403 403",
    ("call-new", "POST"): "302 422 422 422 422 422 403 403 403",  # no kind with it
    ("call-look", "POST"): "302 200 200 200 200 200 403 403 403",
    ("call", "GET"): "302 200 200 200 404 404 200 200 404",
    ("call-act", "POST"): "302 302 302 302 404 404 403 403 404",
    ("call-contact", "POST"): "302 200 200 200 404 404 403 403 404",
    ("roster", "GET"): "302 200 200 200 200 200 200 200 403",
    ("roster-act", "POST"): "302 302 302 302 302 302 403 403 403",  # of oneself
    ("handovers", "GET"): "302 200 200 200 200 200 200 200 403",
    ("handover-new", "POST"): "302 302 302 302 302 302 403 403 403",
    ("handover", "GET"): "302 200 200 404 404 404 200 200 403",
    ("handover-act", "POST"): "302 302 302 404 404 404 403 403 403",
    ("handover-pdf", "GET"): "302 200 200 404 404 404 200 200 403",
    ("briefings", "GET"): "302 200 200 200 200 200 200 200 403",
    ("briefing-issue", "POST"): "302 302 302 403 403 302 403 403 403",
    ("briefing", "GET"): "302 200 200 404 404 404 200 200 403",
    ("briefing-pdf", "GET"): "302 200 200 404 404 404 200 200 403",
    ("report-form", "GET"): OPEN,
    ("report-roads", "GET"): OPEN,
    ("report-sent", "GET"): OPEN,
    ("report-own-photo", "GET"): OPEN,
    # Hazards: one of the east, entered by its first squadron.
    ("hazards", "GET"): PAGE,
    ("hazard-points", "GET"): PAGE,
    ("hazard-ledger", "GET"): PAGE,
    ("hazard-new", "GET"): "302 200 200 200 200 200 403 403 403",
    ("hazard-new", "POST"): "302 422 422 422 422 422 403 403 403",  # no place with it
    ("hazard-inspect", "GET"): "302 200 200 200 200 200 403 403 403",
    ("hazard", "GET"): "302 200 200 200 404 404 200 200 404",
    # A partner agency's own; who of them sees which is in channels/test_partners.py.
    ("partner-hazards", "GET"): PARTNERS,
    ("partner-hazard", "GET"): PARTNERS,
    ("partner-hazard-act", "POST"): PARTNERS,
    ("partner-hazard-photo", "GET"): PARTNERS,
    ("hazard-act", "POST"): "302 302 302 302 404 404 403 403 404",
    ("hazard-photo", "GET"): "302 200 200 200 404 404 200 200 404",
    ("hazard-notice-read", "POST"): "302 302 404 404 404 404 404 404 404",
    ("api:hazards", "GET"): LIST,
    ("api:hazard", "GET"): "401 200 200 200 404 404 200 200 404",
    ("api:hazard-action", "POST"): "401 200 200 200 404 404 403 403 404",
    ("listings", "GET"): PAGE,
    ("listings-public", "GET"): OPEN,
    ("listing-ask", "POST"): "302 422 422 403 404 404 403 403 404",  # nobody has it yet
    ("listing-act", "POST"): "302 302 302 302 404 404 403 403 404",  # an interim report
    ("listing-file", "GET"): "302 200 200 200 404 404 200 200 404",
    ("open311-discovery", "GET"): OPEN,
    ("open311-services", "GET"): OPEN,
    ("open311-service", "GET"): OPEN,
    ("open311-requests", "GET"): OPEN,
    ("open311-requests", "POST"): "403 403 403 403 403 403 403 403 403",  # a key, not an account
    ("open311-request", "GET"): OPEN,
    ("open311-token", "GET"): OPEN,
    ("api:cap", "GET"): "401 200 200 200 404 404 200 200 404",
    ("cap-feed", "GET"): LIST,
    ("api:vehicle", "GET"): "401 200 200 200 404 404 200 200 404",
    ("api:track", "GET"): "401 200 200 200 404 404 200 200 404",
    ("api:roads", "GET"): "401 404 404 404 404 404 404 404 404",  # this world has no roads
    ("api:openapi-json", "GET"): OPEN,
    ("api:api-root", "GET"): "404 404 404 404 404 404 404 404 404",
    # Streams: who sees which row and event is in test_streams.py.
    ("stream-meta", "GET"): LIST,
    # Watchdogs.
    ("healthz", "GET"): "503 503 503 503 503 503 503 503 503",  # this world has no gateway
    ("metrics", "GET"): OPEN,
}

ELSEWHERE = {"stream-vehicles", "stream-events"}
"""Endless answers: their matrix is in test_streams.py."""

ARGUMENTS = {"field-photo": "nothing", "patrol": "patrol", "patrol-state": "patrol",
             "measure": "measure", "measure-act": "measure",
             "measure-detour": "measure",
             "case": "case", "case-act": "case", "api:case": "case", "api:act": "case",
             "vehicle": "vehicle", "playback": "vehicle", "track": "track",
             "detection": "detection", "detection-picture": "passage",
             "api:vehicle": "vehicle", "api:track": "vehicle",
             "api:cap": "warning", "source": "source", "source-act": "source",
             "source-platform": "source",
             "quarantine-record": "record", "report": "report", "report-act": "report",
             "report-contact": "report", "report-photo": "photo", "report-sent": "own",
             "report-own-photo": "own-photo", "open311-discovery": "form",
             "open311-services": "form", "open311-requests": "form", "open311-service": "service",
             "open311-request": "request", "open311-token": "token",
             "handover": "handover", "handover-act": "handover", "handover-pdf": "handover",
             "briefing": "briefing", "briefing-pdf": "briefing",
             "call": "call", "call-act": "call", "call-contact": "call",
             "import": "batch", "import-act": "batch", "import-problems": "batch",
             "import-sample": "sample", "case-evidence": "case-piece", "case-hold": "case",
             "case-basis": "case",
             "vehicle-evidence": "vehicle-piece", "evidence-release": "hold",
             "review": "case", "review-add": "case", "case-attach": "case",
             "review-file": "review-file", "review-done": "of-case", "case-file": "of-case",
             "drill": "drill", "drill-end": "drill",
             "response": "response", "response-ask": "response",
             "response-decide": "response-text", "task-act": "task",
             "case-plans": "case", "case-plan": "case-plan",
             "fence": "one", "fence-edit": "one", "fence-end": "one", "fence-change": "one",
             "fence-decide": "one",
             "rule": "rule", "rule-ask": "rule", "rule-decide": "change", "rule-try": "rule",
             "hotlist-decide": "nothing", "hotlist-entry": "nothing", "hotlist-act": "nothing",
             "hotlist-confirm": "nothing",
             "rule-trial": "change", "rule-trial-cancel": "change",
             "table": "table", "table-act": "table", "case-response-level": "case",
             "risk-site": "site", "risk-site-report": "site",
             "risk-report-file": "month", "risk-run": "run", "risk-meta": "run",
             "partner-shown": "notice", "channel-receipt": "endpoint",
             "delivery-retry": "delivery", "partner-notice": "notice", "partner-act": "notice",
             "plan": "plan", "plan-csv": "plan", "plan-act": "plan",
             "junction": "junction", "junction-act": "junction", "junction-edit": "junction",
             "junction-audit": "junction", "junction-audit-finish": "junction",
             "junction-counts": "junction", "junction-template": "junction",
             "junction-timing": "junction", "junction-timing-act": "junction",
             "junction-sheet": "sheet", "junction-photo": "finding", "junction-film": "film",
             "partner-hazard": "partner-hazard", "partner-hazard-act": "partner-hazard",
             "partner-hazard-photo": "partner-hazard-photo",
             "hazard": "hazard", "hazard-act": "hazard", "hazard-photo": "hazard-photo",
             "api:hazard": "hazard", "api:hazard-action": "hazard",
             "hazard-notice-read": "told", "listing-ask": "hazard", "listing-act": "listing",
             "listing-file": "listing-file",
             "risk-shapes": "run", "risk-values": "run", "ahead-hour": "hour",
             "ahead-why": "hour", "ahead-since": "day",
             "calendar-entry": "one", "calendar-edit": "one", "calendar-end": "one",
             "calendar-decide": "one", "treatment-withdraw": "one",
             "enterprise": "enterprise"}  # fmt: skip

ACTING = ("api:act", "api:hazard-action", "api:api-root", "api:openapi-json")
"""Addresses of the API that are no lists."""

WRITING_METHODS = ("POST", "PUT", "PATCH", "DELETE")


def names(resolver: URLResolver, space: str = "") -> Iterator[str]:
    for item in resolver.url_patterns:
        if isinstance(item, URLResolver):
            yield from names(item, f"{item.namespace}:" if item.namespace else space)
        elif isinstance(item, URLPattern):
            yield f"{space}{item.name}"


def test_every_address_has_a_row():
    known = {name for name, _ in MATRIX} | ELSEWHERE
    every = {name for name in names(get_resolver()) if not name.startswith("admin:")}
    assert every - known == set(), "give the new address a row in MATRIX"
    assert known - every == set(), "rows of addresses that are gone"


def address(name: str, case: Case) -> str:
    report, batch = Report.objects.first(), Batch.objects.first()
    theirs = getattr(Hazard.objects.exclude(duty_party=None).first(), "number", "none")
    hazard, told = Hazard.objects.first(), HazardNotice.objects.filter(action="note").first()
    listing = Listing.objects.first()
    run = Assessment.objects.first()
    run, call = Assessment.objects.first(), Call.objects.first()
    junction = Junction.objects.order_by("pk").values_list("pk", flat=True).first() or 1
    piece, hold, plan = Piece.objects.first(), Hold.objects.first(), Plan.objects.first()
    arguments = {
        "case": [case.pk],
        "vehicle": [TRUCK],
        "track": ["changed"],
        "detection": [case.warnings.values_list("detection", flat=True).first()],
        "passage": [case.warnings.values_list("detection", flat=True).first(), "a" * 64],
        "source": ["jt808"],
        "record": ["feeds-1-0"],
        "warning": [case.warnings.values_list("pk", flat=True).first()],
        "report": [report.number] if report else [],
        "photo": [report.number, 1] if report else [],
        "own": [report.token] if report else [],
        "own-photo": [report.token, 1] if report else [],
        "form": ["json"],
        "service": ["crash", "json"],
        "request": [report.number, "json"] if report else [],
        "token": [report.token, "json"] if report else [],
        "partner-hazard": [theirs],
        "partner-hazard-photo": [theirs, 1],
        "hazard": [hazard.number if hazard else "none"],
        "hazard-photo": [hazard.number, 1] if hazard else [],
        "told": [told.pk if told else 1],
        "listing": [listing.pk if listing else 1],
        "listing-file": [listing.pk if listing else 1, "notice", "docx"],
        "batch": [batch.pk] if batch else [],
        "sample": ["crash.csv"],
        "call": [call.number] if call else [],
        "review-file": [case.pk, "docx"],
        "of-case": [case.pk, 1],
        "drill": [getattr(Drill.objects.first(), "pk", 1)],
        "handover": [Handover.objects.values_list("number", flat=True).first() or "x"],
        "briefing": [Briefing.objects.values_list("number", flat=True).first() or "x"],
        "response": ["landslide"],
        "response-text": ["landslide", 1],
        "task": [1],
        "case-plan": [case.pk, "landslide"],
        "rule": ["speeding"],
        "table": ["detections"],
        "change": ["speeding", 1],
        "site": ["s0"],
        "month": ["2026-10.pdf"],
        "run": [run.pk] if run else [],
        "hour": [1, 8],
        "day": [run.pk, "2026-11-23"] if run else [],
        "case-piece": [case.pk, piece.evidence if piece else "0" * 64],
        "vehicle-piece": [TRUCK, piece.evidence if piece else "0" * 64],
        "hold": [hold.pk if hold else 1],
        "plan": [plan.pk] if plan else [],
        "endpoint": ["none"],
        "delivery": [Delivery.objects.order_by("pk").values_list("pk", flat=True).first() or 1],
        "notice": [Notice.objects.order_by("pk").values_list("pk", flat=True).first() or 1],
        "junction": [junction],
        "sheet": [junction, "pdf"],
        "finding": [AuditFinding.objects.values_list("pk", flat=True).first() or 1],
        "film": [Timing.objects.values_list("pk", flat=True).first() or 1, "before"],
        None: [],
        "nothing": [0],
        "one": [1],
        "enterprise": ["e1"],
        "patrol": [PatrolUnit.objects.get(call_sign="东一01").pk],
        "measure": [getattr(ControlMeasure.objects.first(), "pk", 0)],
    }[ARGUMENTS.get(name)]
    return reverse(name, args=arguments)


def call(client: Client, method: str, name: str, case: Case) -> int:
    url = address(name, case)
    if method == "GET":
        return client.get(url).status_code
    given = {"action": "sign", "version": case.version}
    if name.startswith("report"):
        given = {"action": "accept", "version": 1}
    if name == "api:hazard-action":
        given = {"action": "note", "version": 1, "reason": "test"}
    if name.startswith("api:"):
        return client.post(url, json.dumps(given), "application/json").status_code
    if name == "preferences":
        given = {"theme": "dark"}
    if name.startswith("hazard"):
        given = {"action": "note", "version": 1, "reason": "test", "kind": "sight", "text": "test"}
    if name.startswith("listing"):
        given = {
            "action": "report", "text": "test", "level": "county", "reason": "test",
            "requirements": "test", "deadline": "2027-01-25",
        }  # fmt: skip
    if name == "import-act":
        given = {"action": "back"}
    if name.startswith("evidence") or name == "case-hold":
        piece = Piece.objects.first()
        given = {"reason": "test", "days": "30", "evidence": piece.evidence if piece else ""}
    if name == "measure-act":
        given = {"action": "lift", "version": 1, "reason": "test"}
    if name.startswith("junction"):
        given = {"action": "compute", "version": 2}
    if name == "plan-act":
        given = {"action": "withdraw"}
    if name == "roster-act":
        given = {"action": "away", "start": "2026-12-01T08:00", "end": "2026-12-02T08:00",
                 "person": client.session.get("_auth_user_id", "") and _name(client)}  # fmt: skip
    if name == "handover-act":
        given = {"action": "edit", "version": 1, "note": "x"}
    if name.startswith("call"):
        given = {"action": "case", "version": 1}
    if name == "source-act":
        given = {"action": "off", "reason": "test"}
    return client.post(url, given).status_code


def one_hazard(world: World) -> None:
    """A hazard that is listed; then one of the east's first squadron that nobody has yet, and a
    notice of it to an operator of the root."""
    finding = Finding("signs", "标志被遮挡", *EAST, photos=[png()])
    hazard = enter(world.user("off-dd1"), finding)
    given = {"grade": "ordinary", "duty_kind": "agency", "duty_name": "高速公路公司"}
    hazards.act(world.user("lead-dd"), hazard.number, "assign", 1, values=given)
    asked = listings.ask(
        world.user("op-zd"), hazard.number, "county", reason="x", requirements="x",
        deadline=date(2027, 1, 25),
    )  # fmt: skip
    listings.decide(world.user("lead-zd"), asked.pk, True)
    world.clock.advance(1)
    finding = Finding("barrier", "护栏缺失", *EAST, photos=[png()])
    hazard = enter(world.user("off-dd1"), finding)
    HazardNotice.objects.create(
        hazard=hazard, seq=1, at=world.now, user=world.user("op-zd"), action="note",
        text_zh="告知", text_en="Notice",
    )  # fmt: skip


def one_import(world: World) -> None:
    """A table of crashes that has been read and waits for somebody."""
    data = "事故编号,事故时间,纬度,经度\n1,2024-01-05,26.5,101.7\n".encode()
    batch = open_batch(None, kind="crash", source="122", file_name="a.csv", data=data)
    run_read(batch.pk)


def one_measure(world: World, case: Case) -> None:
    """A limit that the east brigade ordered for the case."""
    where = locate("speed_limit", road="G353", stake_from_m=1000.0)
    order(world.user("op-dd"), "speed_limit", where, reason="test", limit_kmh=40.0, case=case)


def one_plan(world: World) -> None:
    """The east brigade's plan, approved, with nothing in it."""
    Plan.objects.create(
        state="approved", unit=world.unit("dd"), first=world.now.date(), days=7, assessment=1,
        by="op-dd", at=world.now, seed="s", commitment="c", summary={"covered": 0.1},
    )  # fmt: skip


def _name(client: Client) -> str:
    return User.objects.get(pk=client.session["_auth_user_id"]).username


def one_shift_change(world: World) -> None:
    """The east brigade's note, waiting for a signature, and its briefing."""
    begin(world.user("op-dd"), world.unit("dd"))
    issue(world.user("op-dd"), world.unit("dd"), "")


def one_call(world: World) -> None:
    """A call about a place of the east's first squadron, taken by its brigade."""
    place = {"how": "map", "lat": str(EAST[0]), "lon": str(EAST[1])}
    take(world.user("off-dd1"), {"kind": "crash", "phone": "10000000000", **place}, [])


def one_drill(world: World) -> None:
    """A drill that has begun and played nothing in yet."""
    Drill.objects.create(
        number="YL20261123-01", zh="演练", en="Drill", script=[], started_by=world.user("op-zd"),
        started_at=world.now,
    )  # fmt: skip


def one_junction(world: World) -> None:
    """A junction of the first squadron, one photo of an open audit, one film of a timing."""
    made = registered(world)
    user = world.user("off-dd1")
    audit = audits.begin(user, made)
    audits.answer(user, audit.pk, "N", [audits.Said("lighting", "defect", "灯灭", png())])
    other = register.register(
        world.user("op-zd"), name="又一路口", lat=EAST[0] + 0.003, lon=EAST[1], shape=made.shape
    )
    count = Count.objects.create(
        junction=other, source="typed", counted_at=world.now, at=world.now, by="op-dd",
        data={"minutes": 60, "peak": 1, "vehicles": {"N.T": 1}},
    )  # fmt: skip
    plan = {"plan": {**made.plan}, "cycle_s": 148, "delay_s": 1, "level": "A", "degree": 1,
            "groups": [], "faults": []}  # fmt: skip
    gain = dict.fromkeys(("saved_s", "lower_s", "upper_s", "share"), 0.0)
    timing = Timing.objects.create(
        junction=made, count=count, method="cjj", shape={"name": "", **made.shape},
        before=plan, after=plan, gain=gain, by="op-dd", at=world.now,
    )  # fmt: skip
    junction_files.folder(timing).mkdir(parents=True)
    junction_files.film(timing, "before").write_bytes(b"SZJ1")


def one_piece(world: World, case: Case) -> None:
    """A picture that came with an alarm, and a hold on the case."""
    send(world, png(), refers_to="aa")
    follow(world.ports.evidence)
    set_hold(world.user("op-zd"), reason="x", days=10, case=case)


def one_notice(world: World, case: Case) -> None:
    """The expressway's operator is told of the case's warning, though it is on another road."""
    with transaction.atomic():
        tell(
            world.unit("gs"), key=("test",), title=("通报", "Notice"), case=case,
            warning=case.warnings.first(), acknowledge_s=900,
        )  # fmt: skip


def one_source(world: World) -> None:
    """A registered source, and one record of it that could not be used."""
    entry = "{id: jt808, name_zh: a, name_en: a, owner: {party: a}}"
    (world.data.root / "sources.yaml").write_text(f"sources: [{entry}]")
    row = {"received": world.now, "source": "jt808", "reason": "no_frame", "raw": b"x"}
    batch = pa.RecordBatch.from_pylist([row], schema=QUARANTINE)
    world.feeds_log.append({"quarantine": batch})


def furnish(world: World) -> Case:
    """One of everything that an address may need. The matrix of partners uses it too."""
    case = world.raise_case()
    one_source(world)
    one_drill(world)
    one_plan(world)
    one_junction(world)
    one_measure(world, case)
    one_call(world)
    one_shift_change(world)
    one_import(world)
    one_piece(world, case)
    one_notice(world, case)
    given = Given("hazard", str(EAST[0]), str(EAST[1]), text="护栏", photos=[png()])
    submit(given, channel="citizen", source="reports")
    one_hazard(world)
    assessed(world)
    one_review(world)
    return case


@pytest.mark.parametrize("who", WHO)
def test_matrix(world: World, who: str):
    case = furnish(world)
    column = WHO.index(who)
    expected, found = {}, {}
    for (name, method), row in MATRIX.items():
        expected[name, method] = int(row.split()[column])
        with transaction.atomic():  # what one address changes, the next must not see
            client = Client() if who == "-" else world.client(who)
            found[name, method] = call(client, method, name, case)
            transaction.set_rollback(True)
    assert found == expected


def test_the_admin_is_for_admins(world: World):
    pages = [
        reverse(name)
        for name in sorted(set(names(get_resolver())))
        if name.startswith("admin:") and name.endswith(("index", "changelist", "add"))
    ]
    for who in WHO:
        client = Client() if who == "-" else world.client(who)
        for url in pages:
            # 403 to the admin: what nobody may add, such as an audit entry.
            allowed = (200, 403) if who == "admin" else (302,)
            assert client.get(url).status_code in allowed, (who, url)
    assert world.client("admin").get(reverse("admin:units_unit_changelist")).status_code == 200


def test_lists_cannot_be_written(world: World):
    client, case = world.client("op-zd"), world.raise_case()
    for name, _ in MATRIX:
        if name.startswith("api:") and name not in ACTING:
            for method in WRITING_METHODS:
                assert client.generic(method, address(name, case)).status_code == 405, name


def test_reading_a_post_address_changes_nothing(world: World):
    case = world.raise_case()
    client = world.client("op-zd")
    for name in ("api:act", "case-act"):
        assert client.get(address(name, case)).status_code == 405
    assert Case.objects.get(pk=case.pk).state == "raised"


def test_the_reference_shows_this_matrix():
    from pathlib import Path

    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "permissions.md"
    rows = {}
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(WHO) + 2 and cells[1] in ("GET", "POST"):
            rows[cells[0].strip("`"), cells[1]] = " ".join(cells[2:])
    # Their status depends on the test's own world, not on the account.
    own = {"api:roads", "api:api-root", "healthz"}
    assert rows == {key: row for key, row in MATRIX.items() if key[0] not in own}
