"""Asking, deciding, renewing, removing; and the copy of the list that the pipeline reads.

The database is first; ``hot-list.yaml`` is its copy, written right after and read by the pipeline
within a second. Entries that only stand in the file (written by hand before) stay until they are
over; everything new comes by here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import yaml

from sizao.core import durable
from sizao.core.clock import SHANGHAI
from sizao.core.errors import ConfigError, TransitionError
from sizao.log import roadside
from sizao.log.datadir import DataDir
from sizao.web import audit, twoperson
from sizao.web.clock import feed_now
from sizao.web.hotlist.access import may_ask, may_decide
from sizao.web.hotlist.checking import Wanted, term
from sizao.web.hotlist.models import Confirmation, Edition, Entry, Hit, Request
from sizao.web.hotlist.reasons import reasons
from sizao.web.ports import ports
from sizao.web.units.models import User
from sizao.web.writing import write

log = logging.getLogger("sizao.hotlist")

_HEAD = """\
# Made by the desk from approved entries; the page 布控 has their history.
# Do not edit: the next decision writes it anew.
"""


def ask(
    user: User, wanted: Sequence[Wanted], *, kind: str = Request.Kind.ADD, reason: str = "",
    file: str = "", renews: Entry | None = None,
) -> Request:  # fmt: skip
    """Ask for entries, all in one decision. Raises TransitionError in words for people."""
    if not may_ask(user):
        raise TransitionError(
            "只有指挥员和领导可以申请布控", "Only operators and leaders may ask.", code="role"
        )
    if not wanted:
        raise TransitionError("没有可提交的条目", "There is no entry to ask for.")
    with write():
        request = Request.objects.create(
            kind=kind, unit=user.unit, file=file[:120], reason=reason.strip()[:500],
            asked_by=user, asked_at=feed_now(),
        )  # fmt: skip
        for number, one in enumerate(wanted, 1):
            Entry.objects.create(
                number=f"B{request.pk:05d}-{number}", request=request, renews=renews, **vars(one)
            )
        audit.record(user, "hotlist.ask", "hotlist", request.pk, _told(request))
    return request


def decide(user: User, request: Request, accept: bool, remark: str = "") -> Request:
    """Approve or refuse, by a leader of the detachment who did not ask; who asked may withdraw."""
    own = user.pk == request.asked_by_id
    if not may_decide(user) and not (own and not accept):
        raise TransitionError(
            "布控须由支队领导批准", "A leader of the detachment decides.", code="role"
        )
    if accept:
        _sound(ports().data)
    with write():
        request = twoperson.decide(user, request, accept, remark)
        if accept and any(one.until <= feed_now() for one in request.entries.all()):
            raise TransitionError(
                "申请中有条目已经过期，请退回重新申请", "An entry is over by now: ask anew."
            )
        audit.record(user, f"hotlist.{request.state}", "hotlist", request.pk, _told(request))
    if accept:
        publish(ports().data)
    return request


def renew(user: User, entry: Entry, until: datetime | None, reason: str) -> Request:
    """Ask for the same again from its end on: a new entry, and a new decision."""
    now = feed_now()
    if entry.state(now) not in ("in_force", "later", "over"):
        raise TransitionError("这条布控不能续期", "This entry cannot be renewed.")
    if not reason.strip():
        raise TransitionError("请写明续期理由", "Say why it is to go on.")
    if entry.renewals.filter(request__state=Request.State.ASKED).exists():
        raise TransitionError("已有一项续期在等待批准", "A renewal waits already.")
    since = max(entry.until, now)
    term(entry.reason, since, until, now)
    assert until is not None
    wanted = Wanted(
        entry.plate, entry.plate_colour, entry.reason, entry.details, entry.case_number, since,
        until, entry.handling, entry.instruction,
    )  # fmt: skip
    return ask(user, [wanted], kind=Request.Kind.RENEW, reason=reason, renews=entry)


def remove(user: User, entry: Entry, why: str) -> Entry:
    """Take an entry off at once, by one person: looking for somebody wrongly waits for nobody."""
    if not may_ask(user):
        raise TransitionError(
            "只有指挥员和领导可以撤控", "Only operators and leaders may.", code="role"
        )
    if not why.strip():
        raise TransitionError("请写明撤控原因", "Say why it is taken off.")
    _sound(ports().data)
    with write():
        entry = Entry.objects.select_for_update().get(pk=entry.pk)
        if entry.state(feed_now()) not in ("in_force", "later"):
            raise TransitionError("这条布控已经不在控", "It is not on the list any more.")
        entry.removed_at, entry.removed_by, entry.removed_why = feed_now(), user, why.strip()[:300]
        entry.save(update_fields=["removed_at", "removed_by", "removed_why"])
        audit.record(
            user, "hotlist.remove", "hotlist", entry.number, {"why": entry.removed_why}
        )  # fmt: skip
    publish(ports().data)
    return entry


def duplicates(plate: str, colour: int | None, now: datetime) -> list[Entry]:
    """Entries for the same plate that stand or wait; an unknown colour is every colour."""
    rows = Entry.objects.filter(plate=plate, until__gt=now, removed_at=None).filter(
        request__state__in=(Request.State.ASKED, Request.State.ACCEPTED)
    )
    return [one for one in rows if not (colour and one.plate_colour and one.plate_colour != colour)]


def confirm(user: User, hit: Hit, same: bool, remark: str) -> Confirmation:
    """Say, once, whether a probable hit is the vehicle. Raises TransitionError."""
    if not user.acts:
        raise TransitionError("您不能确认命中", "You may not confirm hits.", code="role")
    if not remark.strip():
        raise TransitionError("请写明核对依据", "Say what you compared.")
    with write():
        Hit.objects.select_for_update().get(pk=hit.pk)
        known = Confirmation.objects.filter(hit=hit).select_related("by").first()
        if known is not None:
            raise TransitionError(
                f"{known.by}已确认过", f"{known.by} has answered already.", code="state"
            )
        made = Confirmation(
            hit=hit, same=same, remark=remark.strip()[:300], by=user, at=feed_now()
        )  # fmt: skip
        made.save()
        audit.record(
            user, "hotlist.confirm", "hotlist", hit.entry.number,
            {"detection": hit.detection, "same": same, "remark": made.remark},
        )  # fmt: skip
    return made


def document(now: datetime, data: DataDir) -> list[dict[str, Any]]:
    """What ``hot-list.yaml`` says: everything that stands, with who asked and who approved."""
    rows = Entry.objects.standing(now).select_related("request__asked_by", "request__decided_by")
    found = [
        {
            "entry": one.number,
            "plate": one.plate,
            "plate_colour": one.plate_colour,
            "purpose": reasons()[one.reason].zh,
            "case": one.case_number,
            "from": one.since.astimezone(SHANGHAI),
            "until": one.until.astimezone(SHANGHAI),
            "requested_by": one.request.asked_by.username,
            "approved_by": one.request.decided_by.username,
        }
        for one in rows.order_by("pk")
    ]
    return [*by_hand(data, now), *found]


def broken(data: DataDir) -> str:
    """What is wrong with the file, which people may write into; "" if it can be read."""
    try:
        roadside.hot_list(data.hot_list)
    except ConfigError as error:
        return str(error)
    return ""


def _sound(data: DataDir) -> None:
    """Raises TransitionError if what people wrote into the file would be lost by writing it."""
    wrong = broken(data)
    if wrong:
        raise TransitionError(
            f"名单文件 hot-list.yaml 有错误，请先改好（文件未改动）：{wrong}",
            f"hot-list.yaml has a mistake; mend it first (it was not touched): {wrong}",
        )


def by_hand(data: DataDir, now: datetime) -> list[dict[str, Any]]:
    """Entries of the file that nobody approved here and that are not over; none if it is broken."""
    if broken(data) or not data.hot_list.exists():
        return []
    raw = yaml.safe_load(data.hot_list.read_text(encoding="utf-8")) or []
    ours = set(Entry.objects.values_list("number", flat=True))
    return [one for one in raw if one["entry"] not in ours and one["until"] > now]


def publish(data: DataDir) -> bool:
    """Bring the file up to the database; whether it had to be written. A broken one is left."""
    now = feed_now()
    if wrong := broken(data):
        log.error("not written: %s", wrong)
        return False
    if not Entry.objects.filter(request__state=Request.State.ACCEPTED).exists():
        return False
    rows = document(now, data)
    text = _HEAD + yaml.safe_dump(rows, allow_unicode=True, sort_keys=False)
    try:
        if data.hot_list.read_text(encoding="utf-8") == text:
            return False
    except FileNotFoundError:
        pass
    with write():
        version = roadside.version_of(text)
        Edition.objects.get_or_create(
            version=version, defaults={"at": now, "entries": [one["entry"] for one in rows]}
        )
    durable.replace(data.hot_list, text.encode())
    return True


def _told(request: Request) -> dict[str, Any]:
    return {
        "kind": request.kind,
        "file": request.file,
        "reason": request.reason,
        "remark": request.remark,
        "entries": [
            {"number": one.number, "plate": one.plate, "class": one.reason,
             "case": one.case_number, "until": one.until.isoformat()}
            for one in request.entries.all()
        ],
    }  # fmt: skip
