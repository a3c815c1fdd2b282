"""Taking an action from a phone: once, in order, and with what happened meanwhile told back.

An action comes with an id of the phone's own and the version of the case that the officer saw.
Three things may come of it:

done        its effect and this record are one transaction; the same id again gives the same answer
conflict    the case moved on. Nothing is done; the answer says who did what. The officer sends it
            again with the version now seen, or drops it, which is kept on record too
refused     it is not possible any more (the case is closed, say). Dropping keeps it on record

Pictures and measures do not conflict: what was photographed or put up is so, whatever the desk
did meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied

from sizao.core.errors import EvidenceError, TransitionError
from sizao.log.evidence import EvidenceStore
from sizao.respond.measure_kinds import KINDS
from sizao.web import audit
from sizao.web.cases import services as cases
from sizao.web.cases.access import may_act
from sizao.web.cases.errors import CaseConflictError, NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.queries import next_steps
from sizao.web.clock import feed_now
from sizao.web.field.models import FieldAction, FieldPhoto
from sizao.web.measures import services as measures
from sizao.web.measures.places import Where, locate
from sizao.web.ports import ports
from sizao.web.reports import photos as pictures
from sizao.web.units.models import PatrolUnit, User
from sizao.web.writing import write

STEPS = ("sign", "arrive", "resolve")
"""Steps of the case that a phone takes; they conflict if the case moved on."""
ACTIONS = (*STEPS, "measure", "photo")
MEASURES = ("closure", "speed_limit")
"""What an officer puts up alone: closing lanes or the road, and a limit."""

Result = FieldAction.Result


class FieldError(Exception):
    """The phone sent what no phone of ours sends. ``zh`` and ``en`` say what."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} ({en})")
        self.zh, self.en = zh, en


def take(user: User, given: Mapping[str, Any], photo: bytes | None = None) -> dict[str, Any]:
    """Take one action and return the answer for the phone.

    given : ``client_id``, ``case``, ``action``, ``version`` (seen), ``at`` (seconds since the
        epoch, the phone's), and by action ``reason``; ``kind``, ``limit_kmh``, ``lanes``, ``lat``,
        ``lon`` of a measure. ``drop`` true keeps the action on record without doing it.

    The answer has ``result``, ``version`` of the case now, ``state``, ``own`` (nothing but this
    action happened since the version seen), and by result ``said`` and ``events``.

    Raises FieldError, PermissionDenied for a case that the user may not act on, Case.DoesNotExist.
    """
    client_id, action = str(given.get("client_id") or ""), str(given.get("action") or "")
    if not 8 <= len(client_id) <= 64 or action not in ACTIONS:
        raise FieldError("无法识别的操作。", "No such action.")
    kept = _stored(photo) if action == "photo" and not given.get("drop") else None
    with write():
        before = known(client_id)
        if before is not None and before.user_id != user.pk:
            raise PermissionDenied
        if before is not None and before.result in (Result.DONE, Result.DROPPED):
            return {**before.answer, "again": True}
        case = (
            Case.every.for_user(user)
            .select_related("unit", "local_unit")
            .get(pk=_whole(given.get("case")))
        )
        if not may_act(user, case):
            raise PermissionDenied
        row = before or FieldAction(client_id=client_id, user=user, case=case, action=action)
        row.given = {key: given[key] for key in _KEPT if given.get(key) not in (None, "")}
        row.received_at = feed_now()
        row.done_at = _moment(given.get("at"), row.received_at)
        row.seen = _whole(given.get("version"))
        if given.get("drop"):
            _drop(row, user)
        else:
            _attempt(row, user, case, kept)
    if row.action == "measure" and row.result == Result.DONE and row.case.drill_id is None:
        measures.published()
    return row.answer


_KEPT = ("reason", "kind", "limit_kmh", "lanes", "lat", "lon")


def known(client_id: str) -> FieldAction | None:
    """The action of this id, if it came before."""
    return FieldAction.objects.filter(client_id=client_id).first()


def _attempt(
    row: FieldAction, user: User, case: Case, photo: tuple[str, pictures.Photo] | None
) -> None:
    version = case.version
    try:
        if row.action in STEPS:
            cases.act(user, case.pk, row.action, row.seen, reason=row.given.get("reason", ""))
        elif row.action == "measure":
            if case.drill_id is not None:
                _said_only(row, user, case)
            else:
                _measure(row, user, case)
        elif case.closed:
            raise TransitionError("案件已办结，照片未附上。", "The case is closed.", code="state")
    except CaseConflictError as error:
        _answer(row, Result.CONFLICT, case, said=(error.zh, error.en), since=row.seen)
    except (TransitionError, NotAllowedError) as error:
        _answer(row, Result.REFUSED, case, said=(error.zh, error.en), since=row.seen)
    else:
        _answer(row, Result.DONE, case, own=version == row.seen)
    row.save()
    if row.result == Result.DONE:
        _seen(row, user)
    if photo is not None and row.result == Result.DONE:
        name, picture = photo
        FieldPhoto.objects.create(
            action=row, evidence=name, format=picture.format, size=len(picture.data)
        )
    audit.record(
        user, f"field.{row.action}", "case", case.number,
        {"client": row.client_id, "result": row.result, "at": row.done_at.isoformat(),
         "seen": row.seen, **row.given},
    )  # fmt: skip


def _seen(row: FieldAction, user: User) -> None:
    """Where the phone was is where its unit is, if that is on this case."""
    lat, lon = _number(row.given.get("lat"), None), _number(row.given.get("lon"), None)
    if lat is None or lon is None:
        return
    sent = row.case.assignments.filter(
        released_at=None, patrol__unit__path__startswith=user.path
    ).values("patrol")
    PatrolUnit.objects.filter(pk__in=sent).update(lat=lat, lon=lon, seen_at=row.done_at)


def _measure(row: FieldAction, user: User, case: Case) -> None:
    """Order what the officer has put up, and take the case to controlled if it is not yet."""
    kind = str(row.given.get("kind") or "")
    if kind not in MEASURES:
        raise TransitionError("外勤只能下达封闭和限速。", "Only closures and limits.")
    where = _where(kind, row, case)
    limit = _number(row.given.get("limit_kmh"), None) if kind == "speed_limit" else None
    reason = str(row.given.get("reason") or "") or f"案件 {case.number} 现场管制"
    measures.order_within(
        user, kind, where, case=case, reason=reason, limit_kmh=limit,
        lanes=str(row.given.get("lanes") or "") if kind == "closure" else "", urgent=True,
        client_id=row.client_id,
    )  # fmt: skip
    if case.state in ("signed", "dispatched", "on_scene"):
        said = KINDS[kind].zh if limit is None else f"{KINDS[kind].zh} {limit:g} km/h"
        # What is up is up, whether or not the case takes the step now.
        with suppress(TransitionError, NotAllowedError, CaseConflictError):
            cases.act(user, case.pk, "control", case.version, measure="road_control", text=said)


def _said_only(row: FieldAction, user: User, case: Case) -> None:
    """In a drill nothing stands on the road: the case's timeline alone says what was put up."""
    kind = str(row.given.get("kind") or "")
    if kind not in MEASURES:
        raise TransitionError("外勤只能下达封闭和限速。", "Only closures and limits.")
    cases.act(
        user, case.pk, "control", case.version, measure="road_control",
        text=f"演练：{KINDS[kind].zh}",
    )  # fmt: skip


def _where(kind: str, row: FieldAction, case: Case) -> Where:
    """Where the phone is, if that is on a road; else where the case is."""
    lat, lon = _number(row.given.get("lat"), None), _number(row.given.get("lon"), None)
    if lat is not None and lon is not None:
        with suppress(TransitionError):
            return locate(kind, lat=lat, lon=lon)
    return locate(kind, lat=case.lat, lon=case.lon, road=case.road, name=case.place)


def _answer(
    row: FieldAction,
    result: Result,
    case: Case,
    *,
    said: tuple[str, str] = ("", ""),
    since: int | None = None,
    own: bool = False,
) -> None:
    case.refresh_from_db()
    row.result = result
    possible = {one.step.action for one in next_steps(row.user, case)}
    row.answer = {
        "possible": row.action not in STEPS or row.action in possible,
        "result": result.value,
        "client_id": row.client_id,
        "version": case.version,
        "state": case.state,
        "closed": case.closed,
        "own": own,
        "said": list(said),
        "events": []
        if since is None
        else [
            {"at": event.at.timestamp(), "who": event.actor_name, "zh": event.text_zh,
             "en": event.text_en}
            for event in case.events.filter(seq__gt=since).order_by("seq")
        ],
    }  # fmt: skip


def _drop(row: FieldAction, user: User) -> None:
    """The officer gives it up after seeing what happened: not done, and not forgotten."""
    _answer(row, Result.DROPPED, row.case)
    row.save()
    audit.record(
        user, "field.drop", "case", row.case.number,
        {"client": row.client_id, "action": row.action, "at": row.done_at.isoformat(),
         "seen": row.seen, **row.given},
    )  # fmt: skip


def _stored(photo: bytes | None) -> tuple[str, pictures.Photo]:
    """The picture without what the camera wrote into it, durable before a row names it."""
    if photo is None or len(photo) > pictures.MAX_BYTES:
        raise FieldError(
            f"照片每张最多 {pictures.MAX_BYTES >> 20} MB。",
            f"A photo has {pictures.MAX_BYTES >> 20} MB at most.",
        )
    picture = pictures.clean(photo)
    if picture is None:
        raise FieldError("照片无法识别。", "That is no JPEG, PNG or WebP picture.")
    try:
        return EvidenceStore(ports().data.evidence).put(picture.data), picture
    except EvidenceError as error:
        raise FieldError("照片暂时无法保存，请稍后再试。", f"It cannot be kept: {error}") from error


def _moment(given: Any, received: datetime) -> datetime:
    """When it was done by the phone's clock; a clock that runs ahead is not believed."""
    try:
        at = datetime.fromtimestamp(float(given), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return received
    return min(at, received)


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return -1


def _number(value: Any, default: float | None) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return default
