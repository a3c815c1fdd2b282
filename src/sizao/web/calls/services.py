"""Taking and working a call: one transaction, a version check, all sides recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.calls.table import kind_names
from sizao.web import audit
from sizao.web.calls import intake, upward
from sizao.web.calls.access import may_take
from sizao.web.calls.grading import list_whom, move, must_be, note_toll, regrade
from sizao.web.calls.intake import Given, table_now
from sizao.web.calls.joining import join_within
from sizao.web.calls.keeping import log_event, open_one
from sizao.web.calls.models import Call, CallContact
from sizao.web.calls.where import Where, where
from sizao.web.cases import services as cases
from sizao.web.channels.telling import tell_of_case
from sizao.web.clock import feed_now
from sizao.web.config import config
from sizao.web.units.models import User
from sizao.web.units.territory import territory
from sizao.web.wake import wake_desk
from sizao.web.writing import write


def take(user: User, data: Mapping[str, str], involved: list[str], *, join: str = "") -> Call:
    """Write a call down and, with ``join`` (``call:NUMBER`` or ``case:NUMBER``), join it at once.

    Raises TransitionError naming what is missing; nothing is written then.
    """
    if not may_take(user):
        raise TransitionError("您不能接警。", "You may not take calls.", code="role")
    with write():
        now = feed_now()
        table = table_now(now)
        given = intake.read(data, involved, table)
        if given.problems:
            raise TransitionError(
                "请选择类别，人数和车辆数填数字（不知道就留空）。",
                "Choose a kind; counts are numbers, or empty if nobody knows.",
                code="field",
            )
        place = where(data)
        if not place.known and not given.address:
            raise TransitionError(
                place.zh or "请填写地点：桩号、路口、地图、坐标，或来电人的原话。",
                place.en or "Give a place: stake, junction, map, coordinates, or the words.",
                code="place",
            )
        call = _new(user, given, place, now)
        log_event(call, "take", f"接警：{table.kinds[given.kind].zh} {call.where}",
               f"Taken: {table.kinds[given.kind].en} {call.where}", user)  # fmt: skip
        list_whom(call, now)
        if join:
            join_within(user, call, join)
        else:
            upward.follow(call, now)
        call.save()
    wake_desk()
    return call


def _new(user: User, given: Given, place: Where, now: datetime) -> Call:
    graded = intake.grade(given, place, table_now(now))
    assert graded is not None  # read() saw to it
    call = Call.objects.create(
        number=_next_number(now), line=given.line, kind=given.kind, text=given.text,
        address=given.address, how=place.how, place=place.words[:96], road=place.road[:32],
        road_class=place.road_class, stake_m=place.stake_m, direction=place.direction,
        within_m=place.within_m, tunnel=place.tunnel, area=place.area, lat=place.lat,
        lon=place.lon, injured=given.injured, dead=given.dead, trapped=given.trapped,
        vehicles=given.vehicles, involved=list(given.involved), hazmat=given.hazmat,
        goods=given.goods, on_fire=given.on_fire, lanes=given.lanes, level=graded.level.value,
        command_level=graded.command_level.value, triage=graded.to_dict(), unit=place.unit,
        desk=user.unit, taker=user, received_at=now, changed_at=now,
        wants_callback=given.wants_callback and bool(given.phone),
    )  # fmt: skip
    if given.phone:
        CallContact.objects.create(
            call=call, name=given.name, phone=given.phone,
            delete_after=now + timedelta(days=config.report_contact_days.read()),
        )  # fmt: skip
    if given.dead is not None or given.injured is not None:
        note_toll(call, user, now, dead=given.dead)
    return call


def amend(
    user: User, number: str, data: Mapping[str, str], involved: list[str], expected_version: int
) -> Call:
    """Take over what the form says now; the grade follows, and never falls by itself."""
    with write():
        call = open_one(user, number, expected_version)
        must_be(call, Call.State.OPEN)
        now = feed_now()
        given = intake.read({**data, "kind": data.get("kind") or call.kind}, involved,
                            table_now(now))  # fmt: skip
        if given.problems:
            raise TransitionError("人数和车辆数须填数字。", "Counts are numbers.", code="field")
        for name in ("kind", "injured", "dead", "trapped", "vehicles", "hazmat", "goods",
                     "on_fire", "lanes"):  # fmt: skip
            setattr(call, name, getattr(given, name))
        call.involved = list(given.involved)
        call.text = given.text or call.text
        if data.get("how"):
            place = where(data)
            if place.known:
                move(call, place)
        regrade(user, call, now)
        if given.dead is not None:
            last = call.tolls.order_by("-pk").first()
            if last is None or last.dead != given.dead:
                note_toll(call, user, now, dead=given.dead, serious=last.serious if last else None,
                      light=last.light if last else None, missing=last.missing if last else None,
                      loss_cny=last.loss_cny if last else None)  # fmt: skip
        upward.follow(call, now)
    wake_desk()
    return call


def raise_case(user: User, number: str, expected_version: int) -> Call:
    """Raise a case at the call's grade, commanded where the grade says."""
    with write():
        call = open_one(user, number, expected_version)
        must_be(call, Call.State.OPEN)
        if call.case_id is not None:
            raise TransitionError("这条接警已经立案。", "The call has a case.", code="state")
        command = CommandLevel(call.command_level)
        kind = table_now(feed_now()).kinds[call.kind]
        call.case = cases.open_case(
            user, origin="call", origin_ref=call.number, level=WarningLevel(call.level),
            command_level=command, now=feed_now(),
            unit=territory().commanding(call.unit, command), local_unit=call.unit,
            facts={
                "kind": kind.case_kind, "place": call.where[:96],
                "road": call.road, "area": call.area, "lat": call.lat, "lon": call.lon,
                "onset_at": call.received_at, "fired_at": call.received_at,
            },
        )  # fmt: skip
        tell_of_case(call.case, kind_names()[kind.case_kind], call.road_class)
        log_event(call, "case", f"立案 {call.case.number}", f"Raised case {call.case.number}", user)
    wake_desk()
    return call


def tell(user: User, number: str, resource: str, *, arrived: bool = False) -> Call:
    """Somebody was told, or came. Each is written once; the first word stands."""
    with write():
        call = open_one(user, number, None)
        told = call.told.filter(resource=resource).first()
        if told is None:
            raise TransitionError(
                "没有这个联动对象。", "Nobody such is on the list.", code="target"
            )
        name = table_now(call.received_at).resources[resource]
        now = feed_now()
        if arrived and told.arrived_at is None:
            told.told_at = told.told_at or now
            told.arrived_at = now
            log_event(call, "arrived", f"{name.zh}已到场", f"{name.en}: on scene", user)
        elif not arrived and told.told_at is None:
            told.told_at, told.told_by = now, str(user)
            log_event(call, "told", f"已通知{name.zh}", f"Told: {name.en}", user)
        told.save()
    return call


def set_toll(user: User, number: str, data: Mapping[str, str], expected_version: int) -> Call:
    """Deaths and injuries as known now; a change after a report was sent begins another round."""
    with write():
        call = open_one(user, number, expected_version)
        counts: dict[str, Any] = {}
        for name in ("dead", "serious", "light", "missing"):
            text = data.get(name, "").strip()
            if text and not (text.isascii() and text.isdigit() and int(text) <= intake.MOST):
                raise TransitionError("人数须填数字。", "Counts are numbers.", code="field")
            counts[name] = int(text) if text else None
        money = data.get("loss_cny", "").strip()
        try:
            counts["loss_cny"] = float(money) if money else None
        except ValueError as error:
            raise TransitionError("损失金额须填数字。", "The loss is a number.") from error
        if counts["loss_cny"] is not None and not 0 <= counts["loss_cny"] < 1e12:
            raise TransitionError("损失金额须填数字。", "The loss is a number.", code="field")
        now = feed_now()
        toll = note_toll(call, user, now, **counts)
        if counts["dead"] is not None:
            call.dead = counts["dead"]
        log_event(
            call, "toll",
            f"伤亡更新：死亡 {_n(toll.dead)}，重伤 {_n(toll.serious)}，轻伤 {_n(toll.light)}，"
            f"下落不明 {_n(toll.missing)}",
            f"Toll: dead {_n(toll.dead)}, serious {_n(toll.serious)}, light {_n(toll.light)}, "
            f"missing {_n(toll.missing)}",
            user,
        )  # fmt: skip
        upward.follow(call, now)
    wake_desk()
    return call


def _n(value: int | None) -> str:
    return "?" if value is None else str(value)


def close(user: User, number: str, outcome: str, expected_version: int) -> Call:
    """Close with what became of it; the caller who wants it is called back within its clock.

    Raises TransitionError while the case is open, or a report upward is not sent.
    """
    with write():
        call = open_one(user, number, expected_version)
        must_be(call, Call.State.OPEN)
        if not outcome.strip():
            raise TransitionError("请写明处理结果。", "Say what became of it.", code="reason")
        if call.case is not None and not call.case.closed:
            raise TransitionError(
                f"案件 {call.case.number} 尚未办结。", f"Case {call.case.number} is still open.",
                code="state",
            )  # fmt: skip
        if call.notices.filter(sent_at=None).exists():
            raise TransitionError(
                "还有事故上报没有报送。", "A report upward has not been sent.", code="state"
            )
        finish(call, outcome.strip(), user)
    return call


def finish(call: Call, outcome: str, user: User | None) -> None:
    """Close a call and all that joined it, within the caller's transaction."""
    now = feed_now()
    hours = table_now(now).callback_h
    for one in [call, *call.joined.select_related("unit", "desk")]:
        if one.state == Call.State.CLOSED:
            continue
        one.state, one.closed_at, one.outcome = Call.State.CLOSED, now, outcome
        if one.wants_callback:
            one.callback_due = now + timedelta(hours=hours)
        log_event(one, "close", f"办结：{outcome}", f"Closed: {outcome}", user)


def call_back(user: User, number: str, note: str, expected_version: int) -> Call:
    """The caller was told the outcome."""
    with write():
        call = open_one(user, number, expected_version)
        if not call.callback_waits:
            raise TransitionError("这条接警不用回访。", "No call back is due.", code="state")
        if not note.strip():
            raise TransitionError("请写明回访情况。", "Say how it went.", code="reason")
        call.callback_at, call.callback_note = feed_now(), note.strip()[:200]
        log_event(call, "callback", f"已回访：{call.callback_note}",
               f"Called back: {call.callback_note}", user)  # fmt: skip
    return call


def reveal_contact(user: User, number: str) -> CallContact | None:
    """The caller's number, unmasked, for who works the call; the look is an audit entry."""
    with write():
        call = open_one(user, number, None)
        audit.record(user, "call.contact_read", "call", call.number)
        return CallContact.objects.filter(call=call).first()


def _next_number(now: datetime) -> str:
    day = timezone.localtime(now).strftime("J%Y%m%d")
    last = Call.objects.filter(number__startswith=f"{day}-").order_by("-pk").first()
    count = int(last.number.partition("-")[2]) + 1 if last else 1
    return f"{day}-{count:04d}"
