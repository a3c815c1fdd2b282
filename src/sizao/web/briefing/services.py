"""Building a briefing, issuing it, correcting it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.web import audit
from sizao.web.briefing import sheet
from sizao.web.briefing.content import DAY, build
from sizao.web.briefing.models import Briefing
from sizao.web.clock import feed_now
from sizao.web.units.models import Unit, User
from sizao.web.writing import write


def may_see(user: User) -> bool:
    return user.path != "" or user.sees_all


def may_issue(user: User, unit: Unit) -> bool:
    """Operators and leaders of exactly this unit."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.unit_id == unit.pk


def since(unit: Unit, now: datetime) -> datetime:
    """When the last briefing ended, or a day ago."""
    last = Briefing.objects.filter(unit=unit, until__lt=now).order_by("-until").first()
    return last.until if last else now - DAY


def draft(unit: Unit) -> list[dict[str, Any]]:
    """What would be issued now."""
    now = feed_now()
    return [one.to_dict() for one in build(unit, since(unit, now), now)]


def issue(user: User, unit: Unit, words: str, *, corrects: str = "", why: str = "") -> Briefing:
    """Issue the briefing as it is now; with ``corrects`` as a correction that says why.

    Raises TransitionError if it may not be, or if a correction gives no reason.
    """
    if not may_issue(user, unit):
        raise TransitionError(
            "只有本单位指挥员和领导可以签发。", "Operators and leaders of the unit issue it.",
            code="role",
        )  # fmt: skip
    with write():
        wrong = None
        if corrects:
            wrong = Briefing.objects.filter(unit=unit, number=corrects).first()
            if wrong is None:
                raise TransitionError("没有这份早报。", "There is no such briefing.", code="target")
            if not why.strip():
                raise TransitionError("请写明更正原因。", "Say why it is corrected.", code="reason")
        now = feed_now()
        begin = wrong.since if wrong else since(unit, now)
        made = Briefing.objects.create(
            number=_next_number(unit, now), unit=unit, since=begin, until=now,
            content=[one.to_dict() for one in build(unit, begin, now)],
            words=words.strip()[:1000], issued_by=user, issued_at=now, corrects=wrong,
            why=why.strip()[:300] if wrong else "",
        )  # fmt: skip
        audit.record(user, "briefing.issue", "briefing", made.number,
                     {"corrects": corrects, "why": made.why})  # fmt: skip
    return made


def paper(one: Briefing) -> sheet.Sheet:
    """The briefing as one page, in Chinese."""
    blocks = [
        sheet.Block(
            f"{number}、{section['zh']}",
            [line["zh"] for line in section["lines"]],
            [[cell[0] for cell in row] for row in section["table"]],
        )
        for number, section in zip("一二三四五六七八九", one.content, strict=False)
    ]
    if one.words:
        blocks.insert(0, sheet.Block("签发意见", [one.words]))
    span = f"{_at(one.since)} 至 {_at(one.until)}"
    foot = [f"签发：{one.issued_by}　{_at(one.issued_at)}　内部资料，不含个人信息。"]
    if one.corrects is not None:
        foot.insert(0, f"本份更正 {one.corrects.number}：{one.why}")
    day = timezone.localtime(one.issued_at)
    return sheet.Sheet(
        title=f"{one.unit.name_zh}每日研判（{day:%Y年%m月%d日}）",
        subtitle=f"{one.number}　{span}",
        blocks=blocks,
        foot=foot,
    )


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def _next_number(unit: Unit, now: datetime) -> str:
    day = timezone.localtime(now).strftime(f"Z%Y%m%d-{unit.code}")
    return f"{day}-{Briefing.objects.filter(number__startswith=f'{day}-').count() + 1}"
