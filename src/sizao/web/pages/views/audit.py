"""The audit log: who did what, and is the record whole?"""

from __future__ import annotations

import json

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.pages.auditwords import action_word, object_word
from sizao.web.pages.export import csv_answer

PAGE = 100


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Filtered entries and whether the chain of hashes holds. Auditors and administrators only."""
    if not request.user.reads_audit:
        raise PermissionDenied
    entries = AuditEntry.objects.order_by("-seq")
    chosen = {
        key: value
        for key in ("actor", "action", "object", "day")
        if (value := request.GET.get(key, "").strip())
    }
    if "actor" in chosen:
        entries = entries.filter(actor__icontains=chosen["actor"])
    if "action" in chosen:
        entries = entries.filter(action__startswith=chosen["action"])
    if "object" in chosen:
        entries = entries.filter(object_id__icontains=chosen["object"])
    day = parse_date(chosen.get("day", "")) if chosen.get("day") else None
    if day is not None:
        entries = entries.filter(at__date=day)
    if request.GET.get("format") == "csv":
        return _export(request, entries)
    page = Paginator(entries, PAGE).get_page(request.GET.get("page"))
    keep = request.GET.copy()
    keep.pop("page", None)
    return render(
        request,
        "audit.html",
        {
            "page_obj": page,
            "entries": [
                {
                    "one": one,
                    "action": action_word(one.action),
                    "object": object_word(one.object_type),
                    "data": json.dumps(one.data, ensure_ascii=False),
                }
                for one in page
            ],
            "chain": verify_chain(),
            "chosen": chosen,
            "query": keep.urlencode(),
            "actions": sorted(
                (
                    (code, action_word(code))
                    for code in AuditEntry.objects.order_by()
                    .values_list("action", flat=True)
                    .distinct()
                ),
                key=lambda pair: pair[1],
            ),
        },
    )


def _export(request: HttpRequest, entries) -> HttpResponse:
    header = [
        _("序号"), _("时间"), _("操作人"), _("单位"), _("动作"), _("动作代码"), _("对象"),
        _("对象编号"), _("内容"), _("哈希"),
    ]  # fmt: skip
    rows = (
        [
            one.seq, f"{timezone.localtime(one.at):%Y-%m-%d %H:%M:%S}", one.actor, one.actor_unit,
            action_word(one.action), one.action, object_word(one.object_type), one.object_id,
            json.dumps(one.data, ensure_ascii=False),
            one.hash,
        ]
        for one in entries.iterator(chunk_size=1000)
    )  # fmt: skip
    return csv_answer(request, "audit", header, rows, most=100_000)
