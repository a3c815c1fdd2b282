"""What passages hit: taken over with the detection, and what may follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.core.errors import TransitionError
from sizao.web import audit
from sizao.web.cases.models import Case
from sizao.web.hotlist.models import UNSURE, Entry, Hit

RULE = "hot_list"
ACTS = frozenset({"dispatch", "control"})
"""Steps by which somebody is stopped."""


def take(row: Mapping[str, Any]) -> Hit | None:
    """Keep the hit of a detection, within the transaction of its delivery; once."""
    named = dict(one.partition(":")[::2] for one in row["evidence"] or [])
    entry = Entry.objects.filter(number=named.get("hot_list", "")).first()
    if entry is None or Hit.objects.filter(detection=row["id"]).exists():
        return None
    hit = Hit(
        entry=entry, detection=row["id"], at=row["start"], probable=row["severity"] != "exact",
        road=row["road"] or "", stake_m=row["stake_m"], passage=named.get("passages", "")[:128],
        version=named.get("hot_list_version", ""),
    )  # fmt: skip
    hit.save()
    audit.record(
        None, "hotlist.hit", "hotlist", entry.number,
        {"detection": hit.detection, "probable": hit.probable, "version": hit.version},
    )  # fmt: skip
    return hit


def of_case(case: Case) -> list[Hit]:
    """Hits behind the warnings of a case, the latest first."""
    if case.kind != RULE:
        return []
    warned = set(case.warnings.values_list("detection", flat=True))
    warned |= set(case.warnings.values_list("repeats__detection", flat=True))
    return list(
        Hit.objects.filter(detection__in=warned - {None, ""}).select_related(
            "entry__request", "confirmation__by"
        )
    )


def refuse_unsure(case: Case, action: str) -> None:
    """Raise TransitionError if a case rests on probable hits alone and nobody compared pictures."""
    if action not in ACTS or case.kind != RULE:
        return
    numbers = [hit.pk for hit in of_case(case)]
    if numbers and not Hit.objects.filter(pk__in=numbers).exclude(UNSURE).exists():
        raise TransitionError(
            "号牌与布控车辆有一个易混字符不同，只是疑似：请先核对照片并确认，再派警或控制。",
            "The plate differs by a confusable character: compare the pictures and confirm first.",
            code="unconfirmed",
        )
