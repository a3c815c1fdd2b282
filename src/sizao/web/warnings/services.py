"""The one way in which a warning is issued, whatever it was made from."""

from __future__ import annotations

from django.dispatch import Signal

from sizao.web.gathered import put
from sizao.web.live import outbox
from sizao.web.warnings.models import Warning

issued = Signal()
"""A warning was issued: ``warning``, within its transaction. It may wait to be saved."""


def issue(warning: Warning) -> Warning:
    """Keep a new warning and tell everybody whom it concerns, in the caller's transaction."""
    put(warning)
    issued.send(Warning, warning=warning)
    outbox.warning_event(warning)
    return warning
