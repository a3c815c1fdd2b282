"""Who calls: a bearer token, or the browser's own session with a CSRF token."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer, django_auth

from sizao.web.api.tokens import user_of
from sizao.web.units import partners


class TokenAuth(HttpBearer):
    """``Authorization: Bearer sizao_...``"""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = user_of(token)
        if user is not None:
            if not partners.may_open(user, request.resolver_match):
                raise AuthorizationError
            request.user = user
        return user


AUTH = [TokenAuth(), django_auth]
