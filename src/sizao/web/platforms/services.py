"""Writing an order to another platform. Who may is in ``access.py``; the caller has asked."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from sizao.core.errors import TransitionError
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.platforms.models import Message, Order
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.wake import wake_desk
from sizao.web.writing import write

LONGEST = 400
"""Characters of a question, message or answer."""
EXPIRES = timedelta(minutes=10)
"""An order that found no link by then is not sent any more: a duty check of yesterday asks
nothing."""
ANSWER_S = 180
"""Seconds given for the answer to a duty check; the field of 2019 holds at most 255."""

DUTY, TEXT, DUTY_ANSWER, VEHICLE_ANSWER = "0x9301", "0x9302", "0x1301", "0x1503"


def role_of(link: str) -> str:
    """``upper`` where we are the platform above, ``lower`` where below, empty if unknown."""
    return ports().platform_links.get(link, "")


def check_duty(user: User, link: str, question: str) -> Order:
    """Ask the platform below who is on duty (查岗, 0x9301)."""
    _want(link, "upper")
    fields = {"object_type": 1, "object_id": "", "answer_time": ANSWER_S}
    return _give(user, link, DUTY, fields | {"content": _words(question)})


def send_text(user: User, link: str, words: str) -> Order:
    """Tell the platform below something (平台间报文, 0x9302)."""
    _want(link, "upper")
    fields = {"object_type": 1, "object_id": ""}
    return _give(user, link, TEXT, fields | {"content": _words(words)})


def answer_duty(user: User, message: Message, words: str) -> Order:
    """Answer a duty check of the platform above (0x1301), in the name of who is signed in."""
    _want(message.link, "lower")
    info_id = message.fields.get("info_id")
    if message.kind != DUTY or info_id is None:
        raise TransitionError("这不是查岗。", "This is no duty check.", code="kind")
    if Order.objects.filter(link=message.link, kind=DUTY_ANSWER, info_id=info_id).exists():
        raise TransitionError(
            "这次查岗已有人应答。", "Somebody has answered this check.", code="answered"
        )
    fields = {"responder": str(user)[:16], "responder_tel": "", "content": _words(words)}
    return _give(user, message.link, DUTY_ANSWER, fields, info_id=info_id)


def _give(
    user: User, link: str, kind: str, fields: dict[str, Any], info_id: int | None = None
) -> Order:
    now = feed_now()
    with write():
        if info_id is None:
            last = Order.objects.filter(link=link).exclude(info_id=None).order_by("-info_id")
            newest = last.values_list("info_id", flat=True).first() or 0
            info_id = max(newest + 1, int(now.timestamp()) & 0x7FFFFFFF)
        order = Order.objects.create(
            id=uuid.uuid4().hex, link=link, kind=kind, info_id=info_id,
            fields=fields | {"info_id": info_id}, ordered_at=now, ordered_by=user,
            expires_at=now + EXPIRES,
        )  # fmt: skip
        audit.record(
            user, "platform.order", "link", link,
            {"order": order.pk, "kind": kind, "content": fields["content"]},
        )  # fmt: skip
    wake_desk()
    return order


def _words(text: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise TransitionError(
            f"请填写内容，最多 {LONGEST} 字。",
            f"Write something, at most {LONGEST} characters.",
            code="content",
        )
    return text


def _want(link: str, role: str) -> None:
    if role_of(link) == role:
        return
    if role == "upper":
        raise TransitionError(
            "这条链路上我们不是上级平台。", "We are not the upper platform of this link.",
            code="role",
        )  # fmt: skip
    raise TransitionError(
        "这条链路上我们不是下级平台。", "We are not the lower platform of this link.", code="role"
    )
