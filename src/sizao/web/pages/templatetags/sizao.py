"""Template tags: the small parts that look the same on every page."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import ceil
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from sizao.respond.unit_kinds import SKILLS
from sizao.web.clock import feed_now
from sizao.web.pages import words

register = template.Library()

WHY_NOT = (
    gettext_noop("没有打开页面并允许通知的浏览器"),
    gettext_noop("channels.yaml 中没有这个端点"),
    gettext_noop("标志上有更急的内容"),
    gettext_noop("程序错误"),
    gettext_noop("网关未接受"),
    gettext_noop("网关回执"),
    gettext_noop("连接失败"),
    gettext_noop("试算期间程序停止，请重新试算"),
    gettext_noop("程序在运行中停止，请重新开始"),
    gettext_noop("还没有路网，请先导入"),
    gettext_noop("台账里没有这些年的事故，请先导入"),
    gettext_noop("落在路网上的事故太少，请补充导入或多选几年"),
    gettext_noop("所依据的评估已不存在，请重新编排"),
    gettext_noop("所依据的评估不完整，请重新评估"),
    gettext_noop("评估之后换过路网，请重新评估"),
    gettext_noop("还没有做成过风险评估，请先做一次"),
)
"""Stored in Chinese, with the delivery, trial or run that failed (``web/channels``, ``web/rules``,
``web/risk``, ``web/plan``, ``web/forecast``, ``web/junctions``)."""


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of ``static/sizao/icons.svg``, decorative: the word stands beside it."""
    return format_html(
        '<svg class="sz-icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        extra, static("sizao/icons.svg"), name,
    )  # fmt: skip


@register.simple_tag
def level(code: str, *, word: bool = True, unsigned: bool = False) -> SafeString:
    """A warning level: colour, shape and word together."""
    return format_html(
        '<span class="sz-level{}" data-level="{}"><svg aria-hidden="true">'
        '<use href="{}#level-{}"></use></svg>{}</span>',
        " sz-unsigned" if unsigned else "", code, static("sizao/icons.svg"), code,
        words.level_word(code) if word else format_html('<span class="sz-vh">{}</span>',
                                                        words.level_word(code)),
    )  # fmt: skip


@register.simple_tag
def level_word(code: str) -> str:
    return words.level_word(code)


@register.simple_tag
def clock(deadline_s: float | None, start_s: float | None, name: str = "") -> SafeString | str:
    """Time left to a deadline; the script keeps it running, this is its first value."""
    if deadline_s is None:
        return ""
    left = deadline_s - feed_now().timestamp()
    span = deadline_s - (start_s if start_s is not None else deadline_s)
    phase = "late" if left < 0 else "amber" if left <= span / 4 else "normal"
    seconds = int(abs(left))
    digits = (
        f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        if seconds >= 3600
        else f"{seconds // 60:02d}:{seconds % 60:02d}"
    )
    return format_html(
        '<span class="sz-clock" role="timer" data-phase="{}" data-deadline="{}" data-start="{}" '
        'title="{} {}"><span>{}</span><b>{}</b></span>',
        phase, round(deadline_s, 1), round(start_s or deadline_s, 1), name,
        _stamp(datetime.fromtimestamp(deadline_s, tz=timezone.get_current_timezone()), full=True),
        _("超时") if left < 0 else _("剩"), digits,
    )  # fmt: skip


def _stamp(at: datetime, *, full: bool = False) -> str:
    local = timezone.localtime(at)
    if full:
        return f"{local:%Y-%m-%d %H:%M:%S}"
    today = timezone.localtime(feed_now()).date()
    return f"{local:%H:%M:%S}" if local.date() == today else f"{_day(local)} {local:%H:%M}"


def _day(day: date) -> str:
    """MM-DD in this year, else YYYY-MM-DD."""
    return f"{day:%m-%d}" if day.year == timezone.localtime(feed_now()).year else f"{day:%Y-%m-%d}"


@register.filter
def short_day(at: date | None) -> str:
    """MM-DD of a day or a moment, with its year if that is not the present one."""
    if at is None:
        return ""
    return _day(timezone.localtime(at) if isinstance(at, datetime) else at)


@register.filter
def why_not(said: str) -> str:
    """What was written down when something failed, in the reader's language; what another side or
    the program said stands behind a colon as it is."""
    head, colon, rest = said.partition("：")
    return f"{_(head)}{_('：') if colon else ''}{rest}" if head in WHY_NOT else said


@register.filter
def is_known(said: str) -> bool:
    """Whether :func:`why_not` has words of ours for it."""
    return said.partition("：")[0] in WHY_NOT


@register.simple_tag
def when(at: datetime | None) -> SafeString | str:
    """HH:MM:SS today, MM-DD HH:MM before, with its year if that is another one; the whole moment on
    hover."""
    if at is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(), _stamp(at, full=True), _stamp(at),
    )  # fmt: skip


@register.simple_tag
def span(first: datetime | None, last: datetime | None) -> SafeString | str:
    """From when to when, as :func:`when`; of two days both with their day, of one its day once."""
    told = [timezone.localtime(at) for at in (first, last) if at is not None]
    days = {at.date() for at in told}
    if days == {timezone.localtime(feed_now()).date()} or len(told) < 2:
        return format_html("{} – {}", when(first), when(last))
    dated = (True, len(days) == 2)
    return format_html_join(
        " – ",
        '<time datetime="{}" title="{}">{}</time>',
        (
            (
                at.isoformat(),
                _stamp(at, full=True),
                f"{_day(at)} {at:%H:%M}" if day else f"{at:%H:%M}",
            )
            for at, day in zip(told, dated, strict=True)
        ),
    )


@register.simple_tag
def ago(at: datetime | None) -> SafeString | str:
    """How long ago, kept running by the script; the whole moment on hover."""
    if at is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}" data-ago="{}">{}</time>',
        at.isoformat(), _stamp(at, full=True), round(at.timestamp(), 1), _stamp(at),
    )  # fmt: skip


@register.simple_tag
def plate(number: str, colour: int | None = None) -> SafeString | str:
    """A number plate; its colour is a band, so that it is not taken for a warning."""
    if not number:
        return ""
    return format_html('<span class="sz-plate" data-colour="{}">{}</span>', colour or "", number)


@register.simple_tag
def certainty(code: str) -> SafeString:
    """How sure a number is: found in its source, recalled, or the project's own default."""
    return format_html(
        '<span class="sz-chip sz-certainty" data-certainty="{}" title="{}">{}</span>',
        code, _("条文与数值的查证程度"), words.certainty_word(code),
    )  # fmt: skip


register.filter("cited", words.citation)
"""A rule's source in the reader's language, its certainty left to the badge beside it."""


@register.simple_tag
def state(code: str) -> SafeString:
    """A case's state."""
    return format_html(
        '<span class="sz-chip sz-state{}" data-open="{}">{}</span>',
        " sz-chip-strong" if code == "raised" else "",
        "no" if code in ("resolved", "dismissed", "verified") else "yes",
        words.state_word(code),
    )  # fmt: skip


@register.simple_tag
def state_word(code: str) -> str:
    return words.state_word(code)


@register.simple_tag
def role_word(role: str) -> str:
    return words.role_word(role)


@register.simple_tag
def command_word(level: int) -> str:
    return words.command_word(level)


@register.simple_tag
def kind_word(rule: str) -> str:
    return words.kind_word(rule)


@register.simple_tag
def origin_word(origin: str) -> str:
    return words.origin_word(origin)


@register.simple_tag
def delivery_word(state: str) -> str:
    return words.delivery_word(state)


@register.simple_tag
def skill_word(code: str) -> str:
    """What a unit can do, in the reader's language."""
    return words.pick(*SKILLS.get(code, (code, code)))


@register.simple_tag
def unit_name(unit: Any) -> str:
    """A unit's name in the reader's language."""
    return "" if unit is None else words.pick(unit.name_zh, unit.name_en or unit.name_zh)


@register.simple_tag
def actor_name(event: Any) -> str:
    """Who did it: the display name, or the system's own name in the reader's language."""
    if event.actor == "system":
        return words.role_word("system")
    return event.actor_name or event.actor


@register.simple_tag
def person(name: str, by: str) -> str:
    """Who did it, by display name or account; "system" is the system in the reader's language."""
    return words.role_word("system") if by == "system" else name or by


@register.simple_tag
def quantity(value: float, unit: str) -> str:
    return words.quantity(value, unit)


@register.simple_tag
def minutes(seconds: float | None) -> str:
    """A travel time in whole minutes, rounded up."""
    return "" if seconds is None else words.pick("{} 分钟", "{} min").format(ceil(seconds / 60))


@register.simple_tag
def share(value: float) -> str:
    """A probability as whole percent; never 0 or 100 %, because nobody is that sure."""
    if value < 0.01:
        return "<1%"
    return ">99%" if value > 0.99 else f"{value:.0%}"


@register.filter
def listed(values: list[str]) -> str:
    """Several phrases in one line, with the language's own mark between them."""
    return words.pick("；", "; ").join(values)


@register.filter
def unlocalized(value: Any) -> str:
    """A number as machines write it, whatever the language."""
    return str(value)


@register.simple_tag
def page_words() -> SafeString:
    """The scripts' strings, as data."""
    return json_script(words.script_words(), "sz-words")


@register.filter
def grouped(value: Any) -> str:
    """A number with its thousands grouped; nothing for None.

    >>> grouped(12345)
    '12,345'
    """
    if value is None or value == "":
        return ""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.1f}"
    return f"{int(value):,}"


@register.filter
def epoch(value: datetime | None) -> str:
    """Seconds since the epoch, for data attributes."""
    return "" if value is None else f"{value.timestamp():.1f}"


@register.filter
def theme_of(user: Any) -> str:
    """Dark for who sits in the command centre, light for others, unless chosen."""
    chosen = getattr(user, "theme", "")
    if chosen:
        return chosen
    return "dark" if getattr(user, "role", "") == "operator" else "light"


@register.filter
def words_of(text: str) -> list[str]:
    """The words of a literal, to loop over.

    >>> words_of("1 5 10")
    ['1', '5', '10']
    """
    return text.split()


@register.simple_tag
def moment_of(seconds: float) -> SafeString | str:
    """As ``when``, of seconds since the epoch."""
    return when(datetime.fromtimestamp(seconds, UTC))
