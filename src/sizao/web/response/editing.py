"""Changing a plan: a whole new text, dated, handed in by one person and approved by another."""

from __future__ import annotations

from django.db import IntegrityError
from django.utils import timezone

from sizao.core.errors import ConfigError, TransitionError
from sizao.respond.plans.book import plans, texts
from sizao.web import audit, twoperson
from sizao.web.clock import feed_now
from sizao.web.refusals import untranslated
from sizao.web.response import book
from sizao.web.response.access import may_change
from sizao.web.response.models import OwnPlan
from sizao.web.units.models import User
from sizao.web.writing import write

LONGEST = 50_000


def text_of(plan_id: str) -> str:
    """The text to begin from: the newest own one, else the package's, else empty."""
    own = OwnPlan.objects.filter(plan=plan_id, state=OwnPlan.State.ACCEPTED)
    newest = own.order_by("-valid_from", "-decided_at", "-pk").first()
    if newest is not None:
        return newest.text
    fitting = [plan for plan in plans() if plan.id == plan_id]
    if not fitting:
        return ""
    last = max(fitting, key=lambda plan: plan.valid_from)
    return next(
        text for text in texts().values() if book.parse(text).valid_from == last.valid_from
        and book.parse(text).id == plan_id
    )  # fmt: skip


def ask(user: User, plan_id: str, text: str, reason: str) -> OwnPlan:
    """Hand in a text.

    Raises TransitionError in words for people: no right, no reason, a mistake in the text and
    where, a day that is over, nothing changed, or a text of this plan that waits already.
    """
    if not may_change(user):
        raise TransitionError(
            "只有支队指挥员和领导可以修改预案",
            "Only commanders and leaders of the detachment may change a plan.",
        )
    if not reason.strip():
        raise TransitionError("请写明修改理由", "Say why.")
    text = text.replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise TransitionError("预案全文太长", "The text is too long.")
    try:
        plan = book.parse(text)
    except ConfigError as error:
        raise untranslated("预案全文有误", "The text is wrong", error) from error
    if plan.id != plan_id:
        raise TransitionError(
            f"这里修改的是 {plan_id}，全文里写的是 {plan.id}",
            f"This is {plan_id}, the text says {plan.id}.",
        )
    if plan.valid_from < timezone.localdate(feed_now()):
        raise TransitionError(
            f"生效日期 {plan.valid_from} 已过：已启动的预案不能事后改写，请写今天或以后的日期",
            f"{plan.valid_from} is over: write today or a later day.",
        )
    if text.strip() == text_of(plan_id).strip():
        raise TransitionError("与现行文本相同，没有可修改的内容", "Nothing was changed.")
    try:
        with write():
            made = OwnPlan.objects.create(
                plan=plan_id, text=text, valid_from=plan.valid_from, reason=reason.strip()[:500],
                asked_by=user, asked_at=feed_now(),
            )  # fmt: skip
            audit.record(user, "plan.ask", "response_plan", plan_id, _told(made))
    except IntegrityError as error:
        raise TransitionError("这项预案已有一份修改稿在等待批准", "One waits already.") from error
    return made


def decide(user: User, text: OwnPlan, accept: bool, remark: str = "") -> OwnPlan:
    """Accept or refuse, by another person than the one who asked; who asked may withdraw.

    Raises TransitionError in words for people.
    """
    if not may_change(user):
        raise TransitionError(
            "只有支队指挥员和领导可以批准预案",
            "Only commanders and leaders of the detachment may approve a plan.",
        )
    with write():
        text = twoperson.decide(user, text, accept, remark)
        audit.record(user, f"plan.{text.state}", "response_plan", text.plan, _told(text))
    return text


def _told(text: OwnPlan) -> dict[str, object]:
    return {
        "text": text.pk,
        "valid_from": text.valid_from.isoformat(),
        "reason": text.reason,
        "remark": text.remark,
    }
