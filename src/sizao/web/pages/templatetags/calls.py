"""Template tags of the pages of calls."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from sizao.respond.calls.table import CallTable
from sizao.web.calls import wording
from sizao.web.pages.words import pick

register = template.Library()


@register.simple_tag
def call_kind(code: str) -> str:
    return wording.kind_word(code)


@register.simple_tag
def resource_names(table: CallTable, codes: Sequence[str]) -> str:
    """Who must be told, in one line."""
    known = [table.resources[code] for code in codes]
    return pick("、", ", ").join(pick(one.zh, one.en) for one in known)


@register.simple_tag
def plan_names(table: CallTable, codes: Sequence[str]) -> str:
    """Plans that fit, in one line."""
    known = [table.plans[code] for code in codes]
    return pick("、", ", ").join(pick(one.zh, one.en) for one in known)


@register.simple_tag
def advice(table: CallTable, kind: str) -> str:
    """What to tell the caller at once."""
    known = table.kinds[kind]
    return pick(known.advice_zh, known.advice_en)
