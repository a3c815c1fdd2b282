"""Signing in and out, and failing to, are audit entries too."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from sizao.web import audit
from sizao.web.writing import write


def _address(request) -> str:
    return request.META.get("REMOTE_ADDR", "") if request is not None else ""


@receiver(user_logged_in)
def signed_in(sender, request, user, **_):
    with write():
        audit.record(user, "sign_in", "user", user.username, {"address": _address(request)})


@receiver(user_logged_out)
def signed_out(sender, request, user, **_):
    if user is not None:
        with write():
            audit.record(user, "sign_out", "user", user.username)


@receiver(user_login_failed)
def failed(sender, credentials, request=None, **_):
    name = str(credentials.get("username", ""))[:64]
    with write():
        audit.record(None, "sign_in.failed", "user", name, {"address": _address(request)})
