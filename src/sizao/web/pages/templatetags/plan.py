"""Tags of the pages of patrol plans."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def percent(share: object) -> str:
    """A share of 1 as people read it; a dash where nothing is known.

    >>> percent(0.1084)
    '10.8 %'
    """
    return f"{share * 100:.1f} %" if isinstance(share, float) else "—"
