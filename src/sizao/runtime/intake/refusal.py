"""Why a request is not taken. Each way in words it as its own standard asks."""

from __future__ import annotations


class Refusal(Exception):
    """Raised by whatever stands between a request and the log; never leaves the intake.

    status : HTTP status
    code : for programs, e.g. ``busy``, ``too_large``, ``unknown_key``
    detail : for a person
    retry_s : when trying again makes sense; becomes Retry-After
    challenge : what to prove and how; becomes WWW-Authenticate
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        retry_s: int | None = None,
        challenge: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_s = retry_s
        self.challenge = challenge

    @property
    def headers(self) -> dict[str, str]:
        found = {} if self.retry_s is None else {"Retry-After": str(self.retry_s)}
        return found if self.challenge is None else found | {"WWW-Authenticate": self.challenge}


def busy(detail: str, retry_s: int = 5) -> Refusal:
    """Nothing was kept; send it again later."""
    return Refusal(503, "busy", detail, retry_s)
