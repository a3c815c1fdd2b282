"""Signing a group of the storm's inbox at once."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sizao.web.pages import words
from sizao.web.pages.views.inbox import found
from sizao.web.storm import services
from sizao.web.storm.pages import number


@require_POST
def sign(request: HttpRequest) -> HttpResponse:
    """Sign a whole group as it was shown, and show the inbox as it is then."""
    if not request.user.acts:
        raise PermissionDenied
    given = request.POST
    done = services.sign_group(
        request.user, given.get("key", ""), number(given.get("cell", "")),
        number(given.get("upto", "")),
    )  # fmt: skip
    return render(request, "inbox/_rows.html", {**found(request), "done": _told(done)})


def _told(done: services.Signed) -> str:
    parts = [_("已签收 %(n)d 件") % {"n": done.signed}]
    if done.others:
        parts.append(_("%(n)d 件已由他人签收") % {"n": done.others})
    if done.refused:
        parts.append(_("%(n)d 件不由您签收") % {"n": done.refused})
    return words.pick("，", ", ").join(parts)
