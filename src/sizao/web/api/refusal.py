"""Refusals in the API's one shape, for what answers outside of the API's own views."""

from __future__ import annotations

from django.http import JsonResponse


def refuse(status: int, code: str, zh: str, en: str) -> JsonResponse:
    """An error in the API's shape."""
    return JsonResponse(
        {"error": {"code": code, "message": zh, "message_en": en}},
        status=status,
        json_dumps_params={"ensure_ascii": False},
    )


def denied_to_partner() -> JsonResponse:
    """What a partner agency's account gets for anything that is not addressed to it."""
    return refuse(
        403, "denied", "联动单位的账号只能看发给本单位的通报。",
        "An account of a partner agency sees what is addressed to it and nothing else.",
    )  # fmt: skip
