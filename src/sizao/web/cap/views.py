"""``/cap/feed.xml``: the last day's warnings as an Atom list, for partners.

A partner signs in with a token of an account (``Authorization: Bearer``) and sees what that account
may see. There is no list for the public: a warning is about one vehicle at one moment, and whoever
stands beside the road would know which.

Source: RFC 4287; OASIS CAP Feeds 1.0.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b
from xml.sax.saxutils import escape, quoteattr

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sizao.core.clock import SHANGHAI
from sizao.feeds.cap.records import MEDIA_TYPE, Alert
from sizao.web.api.tokens import user_of
from sizao.web.cap.document import ENDED, alert_of, cancel_of
from sizao.web.clock import feed_now
from sizao.web.units.models import User
from sizao.web.units.territory import territory
from sizao.web.warnings.models import Warning

SPAN = timedelta(hours=24)
ENTRIES = 200


def _reader(request: HttpRequest) -> User | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return user_of(token.strip())
    return request.user if request.user.is_authenticated else None


@login_not_required
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The list, newest first; 304 if nothing changed since the ETag given."""
    user = _reader(request)
    if user is None:
        return HttpResponse(
            "接口令牌缺失或无效。 Send a valid token as Authorization: Bearer.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": 'Bearer realm="sizao"'},
        )
    since = feed_now() - SPAN
    rows = (
        Warning.objects.for_user(user)
        .filter(Q(issued__gte=since) | Q(case__resolved_at__gte=since))
        .select_related("case", "unit", "refers_to")
        .order_by("-issued")[:ENTRIES]
    )
    entries: list[tuple[datetime, Alert, str]] = []
    lifted: set[int] = set()
    for warning in rows:
        address = reverse("api:cap", args=[warning.pk])
        entries.append((warning.issued, alert_of(warning), address))
        # The newest warning of a case lifts the whole chain.
        if warning.case.state in ENDED and warning.case_id not in lifted:
            lifted.add(warning.case_id)
            cancel = cancel_of(warning)
            if cancel is not None:
                entries.append((warning.case.resolved_at, cancel, f"{address}?type=cancel"))
    entries.sort(key=lambda entry: (entry[0], entry[1].identifier), reverse=True)
    names = " ".join(alert.identifier for _, alert, _ in entries)
    tag = f'"{blake2b(f"{user.pk} {names}".encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=0", "Vary": "Authorization, Cookie"}
    if tag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers=headers)
    body = _atom(request, entries, since)
    return HttpResponse(body, content_type="application/atom+xml; charset=utf-8", headers=headers)


def _atom(request: HttpRequest, entries: list[tuple[datetime, Alert, str]], since: datetime) -> str:
    root = territory().root
    updated = entries[0][0] if entries else since
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n',
        f"  <id>{escape(request.build_absolute_uri(request.path))}</id>\n",
        f"  <title>{escape(root.name_zh)} 道路交通安全预警</title>\n",
        f"  <updated>{_stamp(updated)}</updated>\n",
        f"  <author><name>{escape(root.name_zh)}</name></author>\n",
        f'  <link rel="self" href={quoteattr(request.build_absolute_uri(request.path))}/>\n',
    ]
    for at, alert, address in entries:
        url = request.build_absolute_uri(address)
        parts.append(
            "  <entry>\n"
            f"    <id>{escape(f'{alert.sender},{alert.identifier}')}</id>\n"
            f"    <title>{escape(alert.infos[0].headline)}</title>\n"
            f"    <updated>{_stamp(at)}</updated>\n"
            f"    <category term={quoteattr(alert.msg_type)}/>\n"
            f'    <link rel="alternate" type="{MEDIA_TYPE}" href={quoteattr(url)}/>\n'
            "  </entry>\n"
        )
    parts.append("</feed>\n")
    return "".join(parts)


def _stamp(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
