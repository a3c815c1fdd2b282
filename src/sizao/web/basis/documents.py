"""What already left the house, or was written down, because of a case: it may have to be recalled.

Partners' and units' notices, texts to drivers, control measures and files attached to the case. The
review and its documents are drawn from the timeline each time, so they say by themselves what
changed.
"""

from __future__ import annotations

from typing import Any

from sizao.respond.measure_kinds import KINDS
from sizao.respond.measures import MeasureState
from sizao.web.cases.models import Case
from sizao.web.review.models import Attachment

Paper = dict[str, Any]
"""``kind``, ``id``, ``zh``, ``en``, ``at`` (ISO)."""


def of_case(case: Case) -> list[Paper]:
    """Everything made from the case so far, the oldest first."""
    found: list[Paper] = []
    for notice in case.notices.select_related("party"):
        found.append(
            _paper(
                "notice", notice.pk, f"通报{notice.party.name_zh}", f"notice to {notice.party}",
                notice.told_at,
            )
        )  # fmt: skip
    for text in case.texts.all():
        found.append(
            _paper("text", text.command, "终端提示", "text to the terminal", text.ordered_at)
        )
    for measure in case.measures.exclude(state=MeasureState.REFUSED):
        known = KINDS[measure.kind]
        found.append(
            _paper(
                "measure", measure.number, f"{known.zh} {measure.number}",
                f"{known.en} {measure.number}", measure.ordered_at,
            )
        )  # fmt: skip
    for file in Attachment.objects.filter(case=case):
        found.append(_paper("file", file.pk, f"附件“{file.name}”", f"file “{file.name}”", file.at))
    return sorted(found, key=lambda one: one["at"])


def _paper(kind: str, number: object, zh: str, en: str, at: Any) -> Paper:
    return {"kind": kind, "id": str(number), "zh": zh, "en": en, "at": at.isoformat()}
