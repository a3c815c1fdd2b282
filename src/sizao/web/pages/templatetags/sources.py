"""Template tags of the pages about sources."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sizao.log.source_figures import SHARES, Figures
from sizao.web.pages import sourcewords
from sizao.web.sources import services

register = template.Library()


@register.simple_tag
def source_name(source: str) -> str:
    return sourcewords.name_of(source)


@register.simple_tag
def source_owner(source: str) -> str:
    """Whom to call."""
    entry = services.book().registry.get(source)
    if entry is None:
        return ""
    return " ".join(
        one for one in (entry.owner.party, entry.owner.role, entry.owner.contact) if one
    )


@register.simple_tag
def source_state(state: str) -> SafeString:
    """A source's state: a dot whose form says it too, and the word."""
    strong = " sz-chip-strong" if state in services.PRESSING else ""
    return format_html(
        '<span class="sz-chip sz-source-state{}" data-source-state="{}">{}</span>',
        strong, state, sourcewords.state_word(state),
    )  # fmt: skip


@register.simple_tag
def topic_word(topic: str) -> str:
    return sourcewords.topic_word(topic)


@register.simple_tag
def reason_word(reason: str) -> str:
    return sourcewords.reason_word(reason)


@register.simple_tag
def delays(figures: Figures) -> str:
    """Three percentiles of delay in seconds."""
    found = [figures.delay(share) for share in SHARES]
    return "—" if None in found else " / ".join(_seconds(one) for one in found if one is not None)


@register.simple_tag
def completeness(figures: Figures) -> SafeString | str:
    """Accepted of expected in per cent, with both on hover."""
    share = figures.completeness
    if share is None or figures.counted is None or figures.expected is None:
        return "—"
    return format_html(
        '<span title="{} / {}">{}%</span>',
        f"{figures.counted:,.0f}", f"{figures.expected:,.0f}", f"{100 * share:.1f}",
    )  # fmt: skip


@register.simple_tag
def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"
