"""Quarantine: what could not be used, why, and does it decode now?"""

from __future__ import annotations

import json
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.core.sources import HOUR_S
from sizao.feeds.redecode import again, explain
from sizao.web.clock import feed_now
from sizao.web.pages import sourcewords
from sizao.web.ports import ports
from sizao.web.sources import access, quarantine, services
from sizao.web.sources.models import QuarantineOrder
from sizao.web.sources.quarantine import Wanted

SPANS = {"1h": 1, "24h": 24, "7d": 168, "30d": 720}
"""Choice to hours."""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Groups by source and reason, and the records; with ``?check=1`` a trial of reading again."""
    _may_browse(request)
    wanted, chosen, span = _wanted(request)
    page = quarantine.browse(wanted, before=request.GET.get("before", ""))
    reads = access.may_read_raw(request.user)
    keep = request.GET.copy()
    for name in ("before", "check"):
        keep.pop(name, None)
    check = request.GET.get("check") == "1" and reads
    groups = _groups(span)
    return render(
        request,
        "quarantine/quarantine.html",
        {
            "page": page,
            "reads": reads,
            "groups": groups,
            "total": sum(number for _source, _reason, number in groups),
            "trial": _trial(wanted) if check else None,
            "orders": QuarantineOrder.objects.select_related("ordered_by")[:10],
            "chosen": chosen,
            "span": span,
            "spans": [
                ("1h", _("1 小时")), ("24h", _("24 小时")), ("7d", _("7 天")), ("30d", _("30 天")),
            ],
            "sources": sorted({source for source, _reason, _number in groups}),
            "reasons": sorted({reason for _source, reason, _number in groups}),
            "query": keep.urlencode(),
            "ordered": request.GET.get("ordered", ""),
        },
    )  # fmt: skip


@require_safe
def record(request: HttpRequest, ref: str) -> HttpResponse:
    """One record: the bytes, as much as can be read of them, and whether it decodes now. Reading
    it is an audit entry."""
    if not access.may_read_raw(request.user):
        raise PermissionDenied
    found = quarantine.find(ref)
    if found is None:
        raise Http404
    if request.GET.get("format") == "raw":
        quarantine.read_raw(request.user, found, "download")
        answer = HttpResponse(found.kept.raw, content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="sizao-quarantine-{found.ref}.bin"'
        return answer
    quarantine.read_raw(request.user, found, "page")
    links = ports().link_readers
    now = again(found.kept, links)
    return render(
        request,
        "quarantine/record.html",
        {
            "one": found,
            "dump": quarantine.hexdump(found.kept.raw),
            "cut": len(found.kept.raw) > 4096,
            "fields": json.dumps(explain(found.kept, links), ensure_ascii=False, indent=1),
            "now": now,
            "now_topics": [
                (sourcewords.topic_word(topic), len(rows)) for topic, rows in now.records
            ],
            "heals": quarantine.may_heal(found.kept.reason),
        },
    )


@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    """Order what now decodes to be taken."""
    if not access.may_read_raw(request.user):
        raise PermissionDenied
    wanted, chosen, span = _wanted(request, request.POST)
    orders = quarantine.order_replay(request.user, wanted)
    there = {**chosen, "span": span, "ordered": orders[0].pk if orders else ""}
    return redirect(f"{reverse('quarantine')}?{urlencode(there)}")


def _may_browse(request: HttpRequest) -> None:
    """Who may read the bytes, and those who check that the readers were right to."""
    if not (access.may_read_raw(request.user) or request.user.reads_audit):
        raise PermissionDenied


def _wanted(request: HttpRequest, given=None) -> tuple[Wanted, dict[str, str], str]:
    given = request.GET if given is None else given
    chosen = {
        key: value for key in ("source", "reason", "q") if (value := given.get(key, "").strip())
    }
    if not access.may_read_raw(request.user):
        chosen.pop("q", None)  # a search would read the bytes by and by
    span = given.get("span", "24h")
    span = span if span in SPANS else "24h"
    # Whole hours, as the counts are.
    since = feed_now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=SPANS[span] - 1)
    wanted = Wanted(
        chosen.get("source", ""), chosen.get("reason", ""), since, None, chosen.get("q", "")
    )
    return wanted, chosen, span


def _groups(span: str) -> list[tuple[str, str, int]]:
    """Source, reason and number in the span, most first: exact, from the tallies."""
    hour = int(feed_now().timestamp()) // HOUR_S
    found: dict[tuple[str, str], int] = {}
    for source, hours in services.figures(hour - SPANS[span] + 1, hour).items():
        for one in hours.values():
            for reason, number in one.quarantined.items():
                found[source, reason] = found.get((source, reason), 0) + number
    rows = [(source, reason, number) for (source, reason), number in found.items()]
    return sorted(rows, key=lambda row: -row[2])


def _trial(wanted: Wanted) -> dict[str, object]:
    found = quarantine.trial(wanted)
    bad = found.bad.most_common()
    return {
        "found": found,
        "rows": [(sourcewords.topic_word(topic), n) for topic, n in found.rows.most_common()],
        "bad": [(sourcewords.reason_word(reason), reason, n) for reason, n in bad],
    }
