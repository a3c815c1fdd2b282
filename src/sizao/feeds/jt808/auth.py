"""Authentication codes that need no database: derived from the phone and one secret.

A code is bound to its phone: another terminal's code is worthless. Whoever changes the secret
makes every terminal register again.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Protocol

REGISTERED, VEHICLE_TAKEN, NO_SUCH_VEHICLE, TERMINAL_TAKEN, NO_SUCH_TERMINAL = range(5)
"""Results of 0x8100, JT/T 808-2013 clause 8.6."""


class AuthStore(Protocol):
    """Who may register, and with which code."""

    def register(self, phone: str, registration: dict[str, Any]) -> tuple[int, str]:
        """Result of 0x8100 and, if it is 0, the code."""
        ...

    def check(self, phone: str, code: str) -> bool:
        """Whether the code is this phone's."""
        ...


class DerivedCodes:
    """Codes by HMAC-SHA-256 of the phone.

    ``secret`` needs 16 bytes or more (ValueError). ``admit`` may refuse a registration by
    returning a result other than 0; by default everyone is admitted.
    """

    def __init__(
        self, secret: bytes, admit: Callable[[str, dict[str, Any]], int] | None = None
    ) -> None:
        if len(secret) < 16:
            raise ValueError("the secret of authentication codes needs at least 16 bytes")
        self._secret = secret
        self._admit = admit

    def code(self, phone: str) -> str:
        """32 hexadecimal digits."""
        return hmac.new(self._secret, phone.encode(), "sha256").hexdigest()[:32]

    def register(self, phone: str, registration: dict[str, Any]) -> tuple[int, str]:
        result = self._admit(phone, registration) if self._admit else REGISTERED
        return result, self.code(phone) if result == REGISTERED else ""

    def check(self, phone: str, code: str) -> bool:
        # Constant time, so that a code cannot be guessed digit by digit.
        return hmac.compare_digest(self.code(phone).encode(), code.encode("utf-8", "replace"))
