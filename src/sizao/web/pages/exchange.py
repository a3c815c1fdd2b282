"""What a link's page shows of what two platforms told each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from sizao.web.platforms.access import may_order
from sizao.web.platforms.models import Message, Order, VehicleText
from sizao.web.platforms.services import DUTY, DUTY_ANSWER, TEXT, VEHICLE_ANSWER, role_of
from sizao.web.units.models import User

SHOWN = 30


@dataclass(frozen=True)
class Line:
    """One message, ours or theirs, with what became of it."""

    at: datetime
    ours: bool
    what: str
    text: str
    who: str
    state: str
    answer: str
    answers: str = ""
    """Id of a duty check that still wants an answer."""


@dataclass(frozen=True)
class Exchange:
    """A link: what we are on it, and its newest messages."""

    link: str
    upper: bool
    may_order: bool
    lines: list[Line] = field(default_factory=list)


def exchange(user: User, source: str) -> Exchange | None:
    """None for a source that is no platform link of ours."""
    kind, _colon, link = source.partition(":")
    role = role_of(link) if kind == "jt809" else ""
    if not role:
        return None
    orders = Order.objects.filter(link=link).exclude(kind=VEHICLE_ANSWER)
    answered = set(
        Order.objects.filter(link=link, kind=DUTY_ANSWER).values_list("info_id", flat=True)
    )
    lines = [_ours(one) for one in orders.select_related("ordered_by")[:SHOWN]]
    messages = Message.objects.filter(link=link).select_related("text", "text__answer")
    lines += [_theirs(one, answered) for one in messages[:SHOWN]]
    lines.sort(key=lambda one: one.at, reverse=True)
    return Exchange(link, role == "upper", may_order(user), lines[:SHOWN])


def _ours(order: Order) -> Line:
    what = {DUTY: _("查岗"), TEXT: _("平台间报文"), DUTY_ANSWER: _("查岗应答")}[order.kind]
    state = {
        "queued": _("待发送"),
        "sent": _("已发送"),
        "refused": _("未能发送"),
        "expired": _("已过期"),
    }[order.state]
    if order.answer_state:
        state = {
            "answered": _("已应答"),
            "late": _("超时应答"),
            "missed": _("未应答"),
            "taken": _("对方已收到"),
        }[order.answer_state]
    who = str(order.ordered_by) if order.ordered_by else ""
    answer = order.answer or order.detail
    return Line(order.ordered_at, True, what, order.fields.get("content", ""), who, state, answer)


def _theirs(message: Message, answered: set[int | None]) -> Line:
    words = str(message.fields.get("content") or "")
    if message.kind == DUTY:
        done = message.fields.get("info_id") in answered
        state = _("已应答") if done else _("待应答")
        return Line(
            message.time, False, _("上级查岗"), words, "", state, "", "" if done else message.pk
        )
    if message.kind == TEXT:
        return Line(message.time, False, _("上级报文"), words, "", _("已收到"), "")
    text: VehicleText | None = getattr(message, "text", None)
    state = text_state(text.state) if text else ""
    detail = text.detail if text else ""
    return Line(message.time, False, _("下发车辆报文"), words, message.plate, state, detail)


def text_state(state: str) -> str:
    """What became of a text to a terminal."""
    return {
        "queued": _("待发送"),
        "sent": _("已发往终端"),
        "offline": _("终端离线"),
        "acknowledged": _("终端已确认"),
        "refused": _("未能送达"),
        "expired": _("终端未应答"),
    }.get(state, state)
