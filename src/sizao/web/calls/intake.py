"""What the intake form says so far: place, grade, likeness. Reads only, on every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from sizao.core.places import read_stake
from sizao.respond.calls.likeness import Likeness, Sighting, like
from sizao.respond.calls.table import CallTable, table_of
from sizao.respond.calls.triage import Facts, Triage, triage
from sizao.respond.records import OPEN
from sizao.web.calls.models import Call
from sizao.web.calls.where import Where, where
from sizao.web.cases.models import Case
from sizao.web.units.models import User

MOST = 999
LANES = ("none", "part", "all")


@dataclass(frozen=True)
class Given:
    """The form as values. ``problems`` are fields that could not be read."""

    kind: str
    injured: int | None = None
    dead: int | None = None
    trapped: int | None = None
    vehicles: int | None = None
    involved: tuple[str, ...] = ()
    hazmat: str = ""
    goods: str = ""
    on_fire: bool = False
    lanes: str = ""
    text: str = ""
    address: str = ""
    line: str = "122"
    phone: str = ""
    name: str = ""
    wants_callback: bool = True
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Like:
    """A call or case that may be the same, with why."""

    thing: Call | Case
    likeness: Likeness

    @property
    def is_case(self) -> bool:
        return isinstance(self.thing, Case)

    @property
    def key(self) -> str:
        """What the form posts to join it."""
        return self.likeness.key


def table_now(at: datetime) -> CallTable:
    """The table in force at a moment, by the local day."""
    return table_of(timezone.localtime(at).date())


def read(data: Mapping[str, str], involved: list[str], table: CallTable) -> Given:
    """The form's fields. Numbers that are none and choices that do not exist are problems."""
    problems: list[str] = []

    def count(name: str) -> int | None:
        text = data.get(name, "").strip()
        if not text:
            return None
        if text.isascii() and text.isdigit() and int(text) <= MOST:
            return int(text)
        problems.append(name)
        return None

    def one_of(name: str, known: tuple[str, ...]) -> str:
        text = data.get(name, "")
        return text if text in known else ""

    kind = data.get("kind", "")
    if kind not in table.kinds:
        problems.append("kind")
        kind = ""
    return Given(
        kind=kind,
        injured=count("injured"),
        dead=count("dead"),
        trapped=count("trapped"),
        vehicles=count("vehicles"),
        involved=tuple(code for code in table.involved if code in involved),
        hazmat=one_of("hazmat", ("yes", "no")),
        goods=data.get("goods", "").strip()[:80],
        on_fire=data.get("on_fire") == "1",
        lanes=one_of("lanes", LANES),
        text=data.get("text", "").strip()[:2000],
        address=data.get("address", "").strip()[:200],
        line=data.get("line", "122").strip()[:8] or "122",
        phone=data.get("phone", "").strip()[:32],
        name=data.get("name", "").strip()[:64],
        wants_callback=data.get("no_callback") != "1",
        problems=tuple(problems),
    )


def facts_of(given: Given, place: Where) -> Facts:
    """What the grade goes by. A hazmat vehicle ticked is hazmat, whatever the other field says."""
    hazmat = "yes" if "hazmat_vehicle" in given.involved else given.hazmat
    return Facts(
        kind=given.kind,
        road_class=place.road_class,
        tunnel=place.tunnel,
        placed=place.known or bool(given.address),
        vehicles=given.vehicles,
        involved=frozenset(given.involved),
        injured=given.injured,
        dead=given.dead,
        trapped=given.trapped,
        hazmat=hazmat,
        on_fire=given.on_fire,
        lanes=given.lanes,
        phone=bool(given.phone),
    )


def grade(given: Given, place: Where, table: CallTable) -> Triage | None:
    """The grade so far; None while no kind is chosen."""
    return triage(facts_of(given, place), table) if given.kind else None


def sighting_of_call(call: Call, table: CallTable) -> Sighting:
    """A call as likeness sees it."""
    kind = table.kinds.get(call.kind)
    return Sighting(
        key=f"call:{call.number}",
        time_s=call.received_at.timestamp(),
        family=kind.family if kind else "",
        road=call.road,
        road_class=call.road_class,
        stake_m=call.stake_m,
        direction=call.direction,
        lat=call.lat,
        lon=call.lon,
        within_m=call.within_m,
    )


def sighting_of_case(case: Case) -> Sighting:
    """A case as likeness sees it: of any family, because a warning may be what the crash began as.

    Its stake is read from its place.
    """
    said = read_stake(case.place)
    return Sighting(
        key=f"case:{case.number}",
        time_s=case.raised_at.timestamp(),
        road=said.road if said else case.road,
        stake_m=said.stake_m if said else None,
        direction=said.direction if said else "",
        lat=case.lat,
        lon=case.lon,
    )


def likes(
    user: User, place: Where, kind: str, at: datetime, table: CallTable, *, but: str = ""
) -> list[Like]:
    """Open calls and cases that may be the same as what is at this place now, the nearest first.

    kind : "" compares with every kind; but : number of a call that is left out
    """
    if not place.known:
        return []
    family = table.kinds[kind].family if kind else ""
    new = Sighting(
        "", at.timestamp(), family, place.road, place.road_class, place.stake_m, place.direction,
        place.lat, place.lon, place.within_m,
    )  # fmt: skip
    span = timedelta(minutes=table.near_min)
    calls = (
        Call.objects.for_user(user)
        .filter(received_at__gte=at - span, received_at__lte=at + span, joined_to=None)
        .exclude(number=but)
        .select_related("unit", "case")
    )
    # A case that came from a call is shown as that call: joining the call joins the case.
    cases = (
        Case.objects.for_user(user)
        .filter(raised_at__gte=at - span, raised_at__lte=at + span, calls=None)
        .filter(state__in=[state.value for state in OPEN])
    )
    things: dict[str, Call | Case] = {f"call:{one.number}": one for one in calls}
    things |= {f"case:{one.number}": one for one in cases}
    seen = [
        sighting_of_call(one, table) if isinstance(one, Call) else sighting_of_case(one)
        for one in things.values()
    ]
    return [Like(things[found.key], found) for found in like(new, seen, table)]


@dataclass(frozen=True)
class Look:
    """All that the panel beside the form shows."""

    place: Where
    triage: Triage | None
    likes: list[Like]
    table: CallTable
    given: Given


def look(user: User, data: Mapping[str, str], involved: list[str], at: datetime) -> Look:
    """What the form says so far."""
    table = table_now(at)
    given = read(data, involved, table)
    place = where(data)
    return Look(
        place, grade(given, place, table), likes(user, place, given.kind, at, table), table, given
    )
