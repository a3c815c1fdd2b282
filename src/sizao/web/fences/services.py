"""Asking for a fence, deciding it, and what is in force.

An accepted change is in the database first; ``fences.geojson`` in the data folder, which the
pipeline reads within a second, is brought up to it right after, and again by the desk if that
could not be written. Fences that stand only in the file (an import, an administrator's hand) stay
as they are until somebody changes them here; from then on the database has them.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Any

from django.db import IntegrityError
from django.db.models import Max

from sizao.core import durable
from sizao.core.errors import ConfigError, TransitionError
from sizao.log.datadir import DataDir
from sizao.roads.fences import NUMBERS, Fence, read_fence
from sizao.web import audit, twoperson
from sizao.web.clock import feed_now
from sizao.web.desk.detections import detections as window
from sizao.web.fences.models import FenceChange
from sizao.web.fences.words import outline
from sizao.web.ports import ports
from sizao.web.refusals import untranslated
from sizao.web.rules.access import may_change
from sizao.web.units.models import User
from sizao.web.writing import write

log = logging.getLogger("sizao.fences")

Feature = dict[str, Any]


def standing(data: DataDir | None = None) -> dict[int, Feature]:
    """Number to the feature in force: the file's, and over them what was accepted here."""
    found = _in_file(data or ports().data)
    for change in FenceChange.objects.filter(state=FenceChange.State.ACCEPTED).order_by(
        "decided_at", "pk"
    ):
        found.pop(change.number, None)
        if change.feature is not None:
            found[change.number] = change.feature
    return dict(sorted(found.items()))


def outline_of(number: int | None) -> dict[str, Any] | None:
    """What the fence of a number covers now, as polygon geometry; None if there is none."""
    return next((outline(*one) for one in fences() if one[1].number == number), None)


def fences() -> list[tuple[Feature, Fence]]:
    """What is in force, each with its checked form; a bad one is left out and logged."""
    found = []
    for number, feature in standing().items():
        try:
            found.append((feature, read_fence(feature)))
        except ConfigError as error:
            log.warning("fence %s: %s", number, error)
    return found


def ask(user: User, number: int | None, feature: Feature | None, reason: str) -> FenceChange:
    """Ask for a fence to be as ``feature`` says, or with None for its end.

    ``number`` None is a new fence; it gets the next number, its own for ever.
    Raises TransitionError in words for people: no right, no reason, a fence that cannot be,
    nothing changed, one that is not there, or a change of it that waits already.
    """
    if not may_change(user):
        raise TransitionError(
            "只有支队指挥员和领导可以申请变更围栏",
            "Only operators and leaders of the detachment may ask for a fence.",
        )
    if not reason.strip():
        raise TransitionError("请写明变更理由", "Say why.")
    now = standing()
    if number is not None and number not in now:
        raise TransitionError("没有这个围栏，或已撤销", "There is no such fence any more.")
    try:
        with write():
            if feature is not None:
                number = _next(now) if number is None else number
                feature = _checked(feature, number)
                if feature == now.get(number):
                    raise TransitionError("与现行围栏相同，没有可变更的内容", "Nothing differs.")
            change = FenceChange.objects.create(
                number=number,
                feature=feature,
                reason=reason.strip(),
                asked_by=user,
                asked_at=feed_now(),
            )
            audit.record(user, "fence.ask", "fence", str(number), _told(change))
    except IntegrityError as error:
        raise TransitionError(
            "这个围栏已有一项变更在等待批准", "A change of this fence waits already."
        ) from error
    return change


def decide(user: User, change: FenceChange, accept: bool, remark: str = "") -> FenceChange:
    """Accept or refuse, by another person than the one who asked; who asked may withdraw.

    Raises TransitionError in words for people.
    """
    if not may_change(user):
        raise TransitionError(
            "只有支队指挥员和领导可以批准变更",
            "Only operators and leaders of the detachment decide.",
        )
    with write():
        change = twoperson.decide(user, change, accept, remark)
        audit.record(user, f"fence.{change.state}", "fence", str(change.number), _told(change))
    if accept:
        publish(ports().data)
    return change


def publish(data: DataDir) -> bool:
    """Bring ``fences.geojson`` up to the database; whether it had to be written."""
    if not FenceChange.objects.filter(state=FenceChange.State.ACCEPTED).exists():
        return False
    wanted = standing(data)
    if wanted == _in_file(data):
        return False
    document = {"type": "FeatureCollection", "features": list(wanted.values())}
    durable.replace(data.fences, json.dumps(document, ensure_ascii=False, indent=1).encode())
    return True


def counts() -> Counter[int]:
    """Detections of each fence among the newest that the desk keeps."""
    newest = window(ports().detections).newest()
    return Counter(row["fence"] for row in newest if row.get("fence") is not None)


def _in_file(data: DataDir) -> dict[int, Feature]:
    try:
        document = json.loads(data.fences.read_text(encoding="utf-8"))
        features = [one for one in document["features"] if isinstance(one, dict)]
        return {int(one["properties"]["number"]): one for one in features}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{data.fences}: not a collection of fences: {error}") from error


def _next(now: dict[int, Feature]) -> int:
    given = FenceChange.objects.aggregate(most=Max("number"))["most"] or 0
    number = max([given, *now]) + 1
    if number >= NUMBERS:
        raise TransitionError("围栏编号已用完", "There are no more fence numbers.")
    return number


def _checked(feature: Feature, number: int) -> Feature:
    """The feature with its number. Raises TransitionError if no fence can be made of it."""
    feature = {**feature, "properties": {**feature["properties"], "number": number}}
    try:
        read_fence(feature)
    except ConfigError as error:
        if str(error).startswith("polygon"):
            raise TransitionError(
                "范围的边互相交叉，请拖动角点改正", "Edges of the area cross; move its corners."
            ) from error
        raise untranslated("围栏有误", "This is no fence", error) from error
    return feature


def _told(change: FenceChange) -> dict[str, Any]:
    return {"name": change.name, "feature": change.feature, "reason": change.reason,
            "remark": change.remark}  # fmt: skip
