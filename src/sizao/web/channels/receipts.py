"""Receipts: a browser that showed a notification, a gateway that says what arrived.

A gateway posts JSON to ``/channels/receipts/NAME/`` with the endpoint's ``secret`` in
``X-Sizao-Key``. ``receipts`` of its entry says where the number and the state are, and which
states mean delivered; everything else means that it did not arrive.
"""

from __future__ import annotations

import hmac
import json

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from sizao.web.api.refusal import refuse
from sizao.web.channels import outbox
from sizao.web.channels.access import may_answer
from sizao.web.channels.adapters.sms import at
from sizao.web.channels.endpoints import Endpoint, endpoints
from sizao.web.channels.models import Delivery, Notice
from sizao.web.clock import feed_now
from sizao.web.ports import ports
from sizao.web.writing import write

LONGEST = 65_536


@csrf_exempt
@login_not_required
@require_POST
def gateway(request: HttpRequest, name: str) -> HttpResponse:
    """One receipt, or a list of them. Unknown numbers are counted and otherwise ignored."""
    endpoint = endpoints(ports().data.channels)[0].get(name)
    given = request.headers.get("X-Sizao-Key", "")
    if endpoint is None or not endpoint.secret or not hmac.compare_digest(given, endpoint.secret):
        return refuse(403, "denied", "端点或密钥不对。", "Unknown endpoint or wrong key.")
    try:
        body = json.loads(request.body[:LONGEST])
    except ValueError:
        return refuse(422, "invalid", "不是 JSON。", "Not JSON.")
    told = at(body, endpoint.receipts.get("list", "")) if endpoint.receipts.get("list") else body
    rows = told if isinstance(told, list) else [told]
    taken = 0
    with write():
        for row in rows:
            taken += _take(endpoint, row)
    return JsonResponse({"taken": taken, "of": len(rows)})


def _take(endpoint: Endpoint, row: object) -> int:
    known = endpoint.receipts
    number = at(row, known.get("receipt", "receipt"))
    state = str(at(row, known.get("state", "state")))
    if number in (None, ""):
        return 0
    found = Delivery.objects.filter(endpoint=endpoint.name, receipt=str(number))
    taken = 0
    for delivery in found.select_related("notice"):
        read = state in map(str, known.get("read", ["read"]))
        ok = read or state in map(str, known.get("delivered", ["delivered"]))
        detail = "" if ok else f"网关回执：{state}"
        taken += outbox.arrived(delivery, feed_now(), ok=ok, read=read, detail=detail)
    return taken


@require_POST
def browser(request: HttpRequest, notice_id: int) -> HttpResponse:
    """The browser showed the notification, or it was clicked."""
    notice = Notice.objects.for_user(request.user).filter(pk=notice_id).first()
    if notice is None:
        return refuse(404, "not_found", "没有这份通报。", "No such notice.")
    if not may_answer(request.user, notice):
        return refuse(403, "denied", "这份通报不是发给您的。", "Not addressed to you.")
    with write():
        for delivery in notice.deliveries.filter(channel="browser").select_related("notice"):
            outbox.arrived(
                delivery, feed_now(), ok=True, read=request.POST.get("state") == "read"
            )  # fmt: skip
    return HttpResponse(status=204)
