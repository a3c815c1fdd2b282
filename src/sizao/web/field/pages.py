"""The phone's page and what it asks for. Its script and worker do the rest without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sizao.web import audit
from sizao.web.cases.models import Case
from sizao.web.clock import feed_factor, feed_now
from sizao.web.evidence.answer import evidence_answer
from sizao.web.field import services
from sizao.web.field.models import FieldPhoto
from sizao.web.field.tasks import tasks_of
from sizao.web.pages.words import pick
from sizao.web.writing import write

WORKER = Path(settings.HERE) / "static" / "vendor" / "fieldworker.js"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The page: a frame that the script fills, so that it opens without a network."""
    _allow(request)
    return render(request, "field/field.html", {"words": _words(), "tasks": _found(request)})


@require_safe
def tasks(request: HttpRequest) -> HttpResponse:
    """The officer's assignments."""
    _allow(request)
    answer = JsonResponse(_found(request), json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _found(request: HttpRequest) -> dict[str, Any]:
    return {
        "user": request.user.get_username(),
        "now": feed_now().timestamp(),
        "factor": feed_factor(),
        "tasks": tasks_of(request.user),
    }


@require_POST
def action(request: HttpRequest) -> HttpResponse:
    """Take one action. 200 done or dropped, 409 conflict, 422 refused, 400 not one of ours.

    The body is a form: ``given`` as JSON, and ``photo`` as a file.
    """
    _allow(request)
    try:
        given = json.loads(request.POST.get("given", ""))
        if not isinstance(given, dict):
            raise ValueError
    except ValueError:
        return JsonResponse(
            {"result": "invalid", "said": ["无法识别的操作。", "Not JSON."]}, status=400
        )
    file = request.FILES.get("photo")
    try:
        answer = services.take(request.user, given, file.read() if file else None)
    except services.FieldError as error:
        return JsonResponse({"result": "invalid", "said": [error.zh, error.en]}, status=400)
    except Case.DoesNotExist:
        raise Http404 from None
    status = {"conflict": 409, "refused": 422}.get(answer["result"], 200)
    return JsonResponse(answer, status=status, json_dumps_params={"ensure_ascii": False})


@login_not_required
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, from an address below which it may work. It holds nothing of anybody, and
    browsers ask for it without a session."""
    try:
        script = WORKER.read_bytes()
    except FileNotFoundError:
        raise Http404("the browser assets were not built") from None
    return HttpResponse(
        script, content_type="text/javascript", headers={"Cache-Control": "no-cache"}
    )


@require_safe
def photo(request: HttpRequest, photo_id: int) -> HttpResponse:
    """A picture that was taken in the field; whoever sees the case sees it, and that is audited."""
    found = get_object_or_404(
        FieldPhoto.objects.select_related("action__case").filter(
            action__case__in=Case.every.for_user(request.user)
        ),
        pk=photo_id,
    )
    small = request.GET.get("small") == "1"
    if not small:
        with write():
            audit.record(
                request.user, "field.look", "case", found.action.case.number,
                {"evidence": found.evidence},
            )  # fmt: skip
    return evidence_answer(found.evidence, found.format, small=small)


def _allow(request: HttpRequest) -> None:
    if not (request.user.acts and request.user.path):
        raise PermissionDenied


def _words() -> dict[str, str]:
    """What the script shows, in the officer's language."""
    return {
        "en": pick("", "1"),
        "drill": _("演练"),
        "sign": _("签收"),
        "arrive": _("到场"),
        "photo": _("拍照"),
        "measure": _("管制"),
        "resolve": _("处置完毕"),
        "closure": _("封闭"),
        "speed_limit": _("临时限速"),
        "signed": _("已签收"),
        "on_scene": _("已到场"),
        "controlled": _("已控制"),
        "resolved": _("已处置"),
        "waiting": _("待上传"),
        "all_sent": _("已全部上传"),
        "n_waiting": _("{n} 项待上传"),
        "offline": _("无网络：照常操作，恢复后自动上传"),
        "conflict": _("上传前情况有变"),
        "refused": _("没有上传成功"),
        "meanwhile": _("其间"),
        "again": _("仍然提交"),
        "drop": _("不提交，只留记录"),
        "none": _("现在没有派给您的任务"),
        "sign_in": _("登录已失效，请重新登录；未上传的操作都在本机。"),
        "navigate": _("导航"),
        "stored": _("本机未能保存这一步，请检查手机存储空间。"),
        "late": _("超时"),
        "left": _("剩"),
    }
