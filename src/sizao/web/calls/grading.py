"""What follows from what is known of a call: its toll, its grade, who must be told, its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.levels import WarningLevel
from sizao.core.severity import class_1991, grade_2007
from sizao.web.calls import intake
from sizao.web.calls.intake import Given, table_now
from sizao.web.calls.keeping import log_event
from sizao.web.calls.models import Call, CallToll, Told
from sizao.web.calls.where import Where
from sizao.web.units.models import User


def note_toll(call: Call, user: User, now: datetime, **counts: Any) -> CallToll:
    dead, serious = counts.get("dead"), counts.get("serious")
    gone = None if dead is None and counts.get("missing") is None else (
        (dead or 0) + (counts.get("missing") or 0)
    )  # fmt: skip
    loss = counts.get("loss_cny")
    return CallToll.objects.create(
        call=call, at=now, by=str(user), **counts,
        grade_2007=grade_2007(dead=gone, serious=serious, loss_cny=loss) or "",
        class_1991=class_1991(dead=gone, serious=serious, light=counts.get("light"),
                              loss_cny=loss) or "",
    )  # fmt: skip


def list_whom(call: Call, now: datetime) -> None:
    """Everybody whom the grade wants told and who is not on the list yet."""
    table = table_now(now)
    known = set(call.told.values_list("resource", flat=True))
    for code in call.triage.get("resources", []):
        if code not in known:
            Told.objects.create(
                call=call, resource=code,
                due_at=now + timedelta(minutes=table.resources[code].tell_min),
            )  # fmt: skip


def move(call: Call, place: Where) -> None:
    call.how, call.place, call.road = place.how, place.words[:96], place.road[:32]
    call.road_class, call.stake_m, call.direction = place.road_class, place.stake_m, place.direction
    call.within_m, call.tunnel, call.area = place.within_m, place.tunnel, place.area
    call.lat, call.lon, call.unit = place.lat, place.lon, place.unit


def regrade(user: User, call: Call, now: datetime) -> None:
    given = Given(
        kind=call.kind, injured=call.injured, dead=call.dead, trapped=call.trapped,
        vehicles=call.vehicles, involved=tuple(call.involved), hazmat=call.hazmat,
        on_fire=call.on_fire, lanes=call.lanes,
    )  # fmt: skip
    place = Where(
        unit=call.unit, road_class=call.road_class, tunnel=call.tunnel, lat=call.lat, lon=call.lon
    )
    graded = intake.grade(given, place, table_now(now))
    assert graded is not None
    before = call.level
    call.level = max(call.level, graded.level.value)
    call.command_level = max(call.command_level, graded.command_level.value)
    call.triage = graded.to_dict()
    zh, en = "情况更新", "Updated"
    if call.level > before:
        zh += f"，等级升为{WarningLevel(call.level).zh}"
        en += f", now {WarningLevel(call.level).code}"
    log_event(call, "amend", zh, en, user)
    list_whom(call, now)


def must_be(call: Call, state: str) -> None:
    if call.state != state:
        raise TransitionError(
            f"接警{call.get_state_display()}，现在不能这样做。",
            f"The call is {call.state}; this is not possible now.",
            code="state",
        )
