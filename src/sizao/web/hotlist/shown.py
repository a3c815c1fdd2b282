"""What a case page says of the hits behind it."""

from __future__ import annotations

from typing import Any

from sizao.web.cases.access import may_act
from sizao.web.cases.models import Case
from sizao.web.hotlist.hits import of_case as hits_of
from sizao.web.hotlist.reasons import reasons
from sizao.web.pages import words
from sizao.web.units.models import User


def of_case(user: User, case: Case) -> list[dict[str, Any]]:
    """Hits with what the entry wants done, and whether one is still to be confirmed."""
    return [
        {
            "hit": hit,
            "reason": words.pick(reasons()[hit.entry.reason].zh, reasons()[hit.entry.reason].en),
            "handling": words.pick(*hit.entry.handling_words),
            "answer": getattr(hit, "confirmation", None),
            "ask": hit.probable and not hasattr(hit, "confirmation") and may_act(user, case),
        }
        for hit in hits_of(case)
    ]
