"""Who is told of what: notices from warnings, tasks and whatever else somebody has to know.

Runs inside the transaction of what is told, so that there is no warning without its notices.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Q

from sizao.core.clock import SHANGHAI
from sizao.core.errors import ConfigError
from sizao.core.ids import content_id
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.feeds.cap.tables import in_force
from sizao.respond import routing
from sizao.respond.records import OPEN
from sizao.warn.words import RULES
from sizao.web.channels import duty, outbox
from sizao.web.channels.models import Notice
from sizao.web.clock import feed_now
from sizao.web.gathered import memo, put
from sizao.web.live.models import NOTICE
from sizao.web.live.outbox import publish
from sizao.web.ports import installed, ports
from sizao.web.units.models import Unit
from sizao.web.units.territory import territory

log = logging.getLogger("sizao.channels")


def table() -> routing.Routes:
    """The routing table in force now. With a mistake in the installation's own it is the package's:
    a warning is issued all the same, and ``sizao doctor`` says what to mend."""
    today = feed_now().astimezone(SHANGHAI).date()
    folder = ports().data.routes if installed() else None
    return _table(today, folder, _stamp(folder))


def _stamp(folder: Path | None) -> tuple[tuple[str, int], ...]:
    """Names and times of the installation's own tables; a change is seen by the next warning."""
    if folder is None or not folder.is_dir():
        return ()
    return tuple(sorted((one.name, one.stat().st_mtime_ns) for one in folder.iterdir()))


@lru_cache(maxsize=4)
def _table(today: date, folder: Path | None, stamp: object) -> routing.Routes:
    try:
        return routing.load(today, folder)
    except (ConfigError, OSError):
        log.exception("the routing table has a mistake; the package's own is used")
        return routing.load(today)


def tell_of_warning(warning) -> list[Notice]:
    """Tell everybody whom the table names, within the caller's transaction."""
    subject = routing.Subject(
        kind=warning.kind,
        level=WarningLevel(warning.level),
        command_level=CommandLevel(warning.command_level),
        at=warning.issued,
        area=warning.area,
        road_class=warning.road_class,
        vehicle_kind=warning.vehicle_kind,
    )
    return _route(
        subject, warning.case, warning.unit, outbox.any_sign(warning),
        key=("warning", warning.pk), title=_titles(warning), text=_texts(warning),
        warning=warning, place=warning.place, at=(warning.lat, warning.lon),
        exercise=warning.drill,
    )  # fmt: skip


def tell_of_case(case, kind_words: tuple[str, str], road_class: str = "") -> list[Notice]:
    """The same for a case that no warning stands behind: one from a call.

    kind_words : its kind in Chinese and English, without names
    road_class : where the call says it
    """
    subject = routing.Subject(
        kind=case.kind,
        level=WarningLevel(case.level),
        command_level=CommandLevel(case.command_level),
        at=case.raised_at,
        area=case.area,
        road_class=road_class,
        vehicle_kind=case.vehicle_kind,
    )
    level = WarningLevel(case.level)
    return _route(
        subject, case, case.unit, False,
        key=("case", case.number),
        title=(
            f"{level.zh}警情：{case.place} {kind_words[0]}",
            f"{level.code.capitalize()} incident: {kind_words[1]}, {case.place}",
        ),
        text=("请按职责和联动约定处置，情况请回复。", "Act as agreed, and reply what you do."),
        about=f"case:{case.pk}", place=case.place, at=(case.lat, case.lon),
    )  # fmt: skip


def _route(
    subject: routing.Subject, case, command: Unit, signs: bool, *, text: tuple[str, str],
    **told: Any,
) -> list[Notice]:  # fmt: skip
    chosen = table()
    made = []
    for one in routing.route(subject, chosen):
        if set(one.channels) == {"inbox", "sign"} and not signs:
            continue  # told only of what the signs show, and there is none
        for party in _parties(one, case, command, subject.area):
            found = _duty_officer(party) if one.role == routing.DUTY else None
            noted = duty.said(found) if found else ("", "")
            made.append(
                tell(
                    found.unit if found else party,
                    text=(f"{text[0]}{noted[0]}", f"{text[1]} {noted[1]}".strip()),
                    # Nobody at all is on duty: anybody of the unit answers.
                    role="" if found and found.person is None else one.role,
                    person=found.person if found else None,
                    case=case,
                    level=subject.level.value,
                    channels=one.channels,
                    acknowledge_s=one.acknowledge_s,
                    rows=one.rows,
                    table_date=chosen.start,
                    **told,
                )
            )
    return made


def _duty_officer(party: Unit) -> duty.Found:
    """Asked once in a flood: the roster is the same for all warnings of one transaction."""
    known = memo()
    found = known.get((duty.ROLE, party.pk))
    if found is None:
        found = known[duty.ROLE, party.pk] = duty.officer(party, feed_now())
    return found


def tell_duty_again(notice: Notice, found: duty.Found) -> Notice:
    """A shift ended and nobody follows: who is on duty above has it from now on."""
    zh, en = duty.said(found)
    return tell(
        found.unit,
        key=("duty", notice.key, *(one.code for one in found.passed)),
        title=(notice.title_zh, notice.title_en),
        text=(f"{notice.text_zh}{zh}", f"{notice.text_en} {en}"),
        role=notice.role if found.person else "",
        person=found.person,
        warning=notice.warning,
        case=notice.case,
        about=notice.about,
        level=notice.level,
        place=notice.place,
        at=(notice.lat, notice.lon),
        channels=notice.channels,
        acknowledge_s=notice.acknowledge_s,
        rows=notice.rows,
        table_date=notice.table_date,
        exercise=notice.exercise,
    )


def tell(
    party: Unit,
    *,
    key: Iterable[object],
    title: tuple[str, str],
    text: tuple[str, str] = ("", ""),
    role: str = "",
    warning=None,
    case=None,
    about: str = "",
    level: int | None = None,
    place: str = "",
    at: tuple[float | None, float | None] = (None, None),
    channels: Iterable[str] = ("inbox",),
    acknowledge_s: float | None = None,
    rows: Iterable[str] = (),
    table_date=None,
    exercise: bool = False,
    signs: Iterable[str] = (),
    person=None,
) -> Notice:
    """Tell a party something, once, within the caller's transaction.

    key : what is told; with party and role it makes the notice's own key, so that telling again
        returns the notice that exists
    title, text : Chinese and English, without plates, names or enterprises
    about : the object of another domain, ``task:12``
    channels : in the order in which they are tried (``respond.routing.CHANNELS``)
    acknowledge_s : somebody must acknowledge in this time; None: nobody has to
    signs : endpoints of signs that show ``text``, for the channel ``sign``; without a warning
    person : who is on duty, for the role ``duty``
    exercise : marked 演练 wherever it is shown, and sent by no channel that leaves the house
    """
    name = content_id("notice", *key, party.code, role)
    told = memo()
    known = told.get((Notice, name))
    # Of a warning that is not saved yet nobody can have been told.
    if known is None and not (warning is not None and warning._state.adding):
        known = Notice.objects.filter(key=name).first()
    if known is not None:
        return known
    now = feed_now()
    wanted = list(dict.fromkeys(["inbox", *channels]))
    notice = told[Notice, name] = Notice(
        key=name, party=party, role=role, person=person, warning=warning, case=case, about=about,
        level=level,
        title_zh=title[0][:160], title_en=title[1][:160], text_zh=text[0], text_en=text[1],
        place=place, lat=at[0], lon=at[1], rows=list(rows), table_date=table_date,
        channels=wanted, exercise=exercise, told_at=now,
        acknowledge_s=acknowledge_s,
        acknowledge_by=now + timedelta(seconds=acknowledge_s) if acknowledge_s else None,
    )  # fmt: skip
    put(notice)
    outbox.queue(notice, now, signs)
    announce(notice, "told")
    return notice


def announce(notice: Notice, action: str) -> None:
    """Tell the screens of the party, and of those who see the case, that a notice changed."""
    reach = f"|{notice.party.path}|"
    if notice.case is not None:
        reach += notice.case.reach.lstrip("|")
    if notice.person is not None:
        reach += f"{notice.person.path}|"
    publish(
        NOTICE,
        reach,
        {
            "id": notice,
            "action": action,
            "level": notice.level_code,
            "party": notice.party.code,
            "role": notice.role,
            "person": notice.person_id or 0,
            "title": notice.title_zh,
            "title_en": notice.title_en,
            "acknowledged": notice.acknowledged_at is not None,
        },
    )


def follow_case(case) -> None:
    """When nothing is left to do on the road, the parties that were told hear that too."""
    if case.state in {state.value for state in OPEN}:
        return
    routed = Q(warning__isnull=False) | Q(about=f"case:{case.pk}")
    open_notices = Notice.objects.filter(routed, case=case, lifted_at=None)
    for notice in open_notices.select_related("party", "case"):
        notice.lifted_at = feed_now()
        notice.save(update_fields=["lifted_at"])
        outbox.withdraw(notice)
        outbox.clear_signs(notice, notice.lifted_at)
        announce(notice, "lifted")


def _parties(one: routing.Tell, case, command: Unit, area: str) -> list[Unit]:
    if one.agency:
        known = memo()
        every = known.get((Unit, one.agency))
        if every is None:
            every = known[Unit, one.agency] = list(Unit.parties.filter(agency=one.agency))
        return [party for party in every if not party.area or party.area == area]
    if one.police == "command":
        return [command]
    return [case.local_unit if one.police == "local" else territory().root]


def _titles(warning) -> tuple[str, str]:
    """Level, event and place; the event as CAP says it, which names no vehicle."""
    event = _worded(warning)["event"]
    return (
        f"{warning.level_zh}预警：{warning.place} {event['zh']}",
        f"{warning.level_code.capitalize()} warning: {event['en']}, {warning.place}",
    )


def _texts(warning) -> tuple[str, str]:
    instruction = _worded(warning)["instruction"]
    return instruction["zh"], instruction["en"]


def _worded(warning):
    kinds = in_force("outgoing", warning.issued.astimezone(SHANGHAI).date())["kinds"]
    found = kinds.get(warning.kind, kinds["other"])
    if warning.kind in kinds or warning.kind not in RULES:
        return found
    zh, en = RULES[warning.kind]
    return {**found, "event": {"zh": zh, "en": en.capitalize()}}
