"""Every error of the API in one shape.

``{"error": {"code": "...", "message": "中文", "message_en": "...", "detail": ...}}``
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, ValidationError

from sizao.core.errors import ConfigError, LogError, TransitionError, UnansweredError
from sizao.web.cases.errors import CaseConflictError, NotAllowedError
from sizao.web.hazards.errors import HazardConflictError
from sizao.web.refusals import unanswered

log = logging.getLogger("sizao.api")

_WORDS = {
    400: ("bad_request", "请求有误。", "The request is wrong."),
    401: ("unauthorised", "请先登录，或提供有效的接口令牌。", "Sign in, or send a valid token."),
    403: ("forbidden", "您的角色或单位无权进行此操作。", "Your role or unit may not do this."),
    404: ("not_found", "没有这个对象，或不在您的查看范围内。",
          "There is no such object, or you may not see it."),
    422: ("invalid", "参数有误。", "A parameter is wrong."),
    429: ("too_many_requests", "请求过于频繁。", "Too many requests."),
    503: ("damaged", "数据有文件缺失或损坏，没有读出来。请管理员运行 sizao doctor 检查。",
          "Files of the data are missing or damaged. Have an administrator run sizao doctor."),
}  # fmt: skip


def body(code: str, zh: str, en: str, detail: Any = None) -> dict[str, Any]:
    """The one shape."""
    error = {"code": code, "message": zh, "message_en": en}
    if detail is not None:
        error["detail"] = detail
    return {"error": error}


def install(api: NinjaAPI) -> None:
    """Register the handlers."""

    def answer(request: HttpRequest, status: int, **content: Any) -> HttpResponse:
        return api.create_response(request, body(**content), status=status)

    def plain(request: HttpRequest, status: int, detail: Any = None) -> HttpResponse:
        code, zh, en = _WORDS.get(status, ("error", "操作失败。", "It failed."))
        return answer(request, status, code=code, zh=zh, en=en, detail=detail)

    api.add_exception_handler(AuthenticationError, lambda request, _: plain(request, 401))
    api.add_exception_handler(AuthorizationError, lambda request, _: plain(request, 403))
    api.add_exception_handler(Http404, lambda request, _: plain(request, 404))
    api.add_exception_handler(ObjectDoesNotExist, lambda request, _: plain(request, 404))
    api.add_exception_handler(
        HttpError, lambda request, error: plain(request, error.status_code, str(error) or None)
    )
    api.add_exception_handler(ConfigError, lambda request, error: plain(request, 422, str(error)))

    def damaged(request: HttpRequest, error: LogError) -> HttpResponse:
        log.error("%s: %s", request.path, error)
        return plain(request, 503)

    def without_answer(request: HttpRequest, error: UnansweredError) -> HttpResponse:
        log.warning("%s: %s", request.path, error)
        said = unanswered(error)
        return answer(request, 503, code=said.code, zh=said.zh, en=said.en)

    api.add_exception_handler(LogError, damaged)
    api.add_exception_handler(UnansweredError, without_answer)
    api.add_exception_handler(
        ValidationError,
        lambda request, error: plain(
            request,
            422,
            [
                {"where": ".".join(map(str, item["loc"])), "what": item["msg"]}
                for item in error.errors
            ],
        ),
    )
    api.add_exception_handler(
        NotAllowedError,
        lambda request, error: answer(request, 403, code="forbidden", zh=error.zh, en=error.en),
    )
    for meanwhile in (CaseConflictError, HazardConflictError):
        api.add_exception_handler(
            meanwhile,
            lambda request, error: answer(
                request, 409, code="conflict", zh=error.zh, en=error.en, detail=conflict(error)
            ),
        )

    def transition(request: HttpRequest, error: TransitionError) -> HttpResponse:
        status = 403 if error.code in ("role", "same_person") else 422
        if error.code == "state":
            status = 409
        return answer(request, status, code=error.code or "transition", zh=error.zh, en=error.en)

    api.add_exception_handler(TransitionError, transition)


def conflict(error: CaseConflictError | HazardConflictError) -> dict[str, Any]:
    """What happened meanwhile, for a program."""
    return {
        "version": error.version,
        "events": [
            {
                "at": event.at.isoformat(),
                "actor": event.actor,
                "actor_name": event.actor_name,
                "action": event.action,
                "text": event.text_zh,
                "text_en": event.text_en,
            }
            for event in error.events
        ],
    }
