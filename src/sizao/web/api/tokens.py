"""Making and checking bearer tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from sizao.core.errors import ConfigError
from sizao.web import audit
from sizao.web.api.models import Token
from sizao.web.config import config
from sizao.web.units.models import User
from sizao.web.writing import write

PREFIX = "sizao_"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create_token(username: str) -> str:
    """A new token of an account, shown this once. Raises ConfigError for an unknown account."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        known = ", ".join(User.objects.order_by("username").values_list("username", flat=True))
        raise ConfigError(f"no account {username!r}; known: {known or 'none yet'}")
    token = PREFIX + secrets.token_urlsafe(32)
    with write():
        Token.objects.create(
            user=user,
            digest=_digest(token),
            hint=token[: len(PREFIX) + 4],
            expires_at=timezone.now() + timedelta(days=config.token_days.read()),
        )
        audit.record(user, "token.create", "user", username)
    return token


def user_of(token: str) -> User | None:
    """The active account of a token that has not expired, else None."""
    found = (
        Token.objects.select_related("user__unit")
        .filter(digest=_digest(token), expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )
    return found.user if found else None
