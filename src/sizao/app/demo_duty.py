"""A demonstration's duty: a roster, yesterday's calls and handover, this morning's briefing.

People and callers are made up; the officers of the roster cannot sign in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sizao.log.datadir import DataDir

if TYPE_CHECKING:
    from sizao.web.units.models import Unit, User

OFFICERS = ("值班民警甲", "值班民警乙", "值班民警丙", "值班民警丁")
DAYS_BEFORE, DAYS_AFTER = 2, 5

CALLS: tuple[tuple[dict[str, str], list[str]], ...] = (
    (
        {"how": "stake", "stake": "G5 K2655+300 下行", "kind": "crash", "injured": "2",
         "vehicles": "2", "lanes": "part", "hazmat": "no", "phone": "10000000021",
         "text": "小客车追尾货车，占行车道。"},
        ["car", "truck"],
    ),
    (
        {"how": "stake", "stake": "G353 K3140+200", "kind": "obstruction", "lanes": "part",
         "phone": "10000000022", "text": "边坡落石，占半幅路面。"},
        [],
    ),
    (
        {"how": "stake", "stake": "G5 K2670 上行", "kind": "breakdown", "lanes": "none",
         "phone": "10000000023", "text": "货车爆胎，停在应急车道。"},
        ["truck"],
    ),
)  # fmt: skip


def seed_duty(data: DataDir) -> int:
    """Make what is missing; returns how many calls there are. Django must be set up.

    The roads are needed to place the calls, so the web has them for as long as this takes.
    """
    from sizao.core.clock import load_clock
    from sizao.roads.network import Network
    from sizao.web.calls.models import Call
    from sizao.web.ports import Ports, install

    if Call.objects.exists():
        return Call.objects.count()
    unused: Any = None
    network = Network.load(data.network)
    install(
        Ports(
            data=data, clock=load_clock(data.clock), detections=unused, results=unused,
            commands=unused, tracks=unused, network=network,
        )
    )  # fmt: skip
    try:
        _seed()
    finally:
        install(None)
    return Call.objects.count()


def _seed() -> None:
    from sizao.web.briefing.services import issue
    from sizao.web.calls import services as calls
    from sizao.web.clock import feed_now
    from sizao.web.handover import services as handover
    from sizao.web.units.models import Unit, User

    now = feed_now()
    operator = User.objects.select_related("unit").get(username="demo-detachment")
    root = Unit.objects.get(parent=None)
    _roster(operator, root, now)
    for given, involved in CALLS:
        calls.take(operator, given, involved)
    note = handover.begin(operator, root)
    note = handover.sign_out(operator, note.number, "夜间巡逻车一台在修，已报修。", note.version)
    incoming = _officers(root)[0]
    handover.sign_in(incoming, note.number, note.version)
    issue(operator, root, "桥隧和长下坡路段注意控速。")


def _officers(root: Unit) -> list[User]:
    """Made-up people for the roster; none of them can sign in."""
    from sizao.web.units.models import User

    found = []
    for number, name in enumerate(OFFICERS, 1):
        user, new = User.objects.get_or_create(
            username=f"demo-officer-{number}",
            defaults={"role": User.Role.OPERATOR, "unit": root, "display_name": name},
        )
        if new:
            user.set_unusable_password()
            user.save()
        found.append(user)
    return found


def _roster(planner: User, root: Unit, now: datetime) -> None:
    """Three shifts a day at the detachment, four people in turn."""
    from django.utils import timezone

    from sizao.web.roster.services import add

    people = _officers(root)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    turn = 0
    for day in range(-DAYS_BEFORE, DAYS_AFTER + 1):
        for hour in (0, 8, 16):
            start = midnight + timedelta(days=day, hours=hour)
            for post in ("commander", "operator"):
                person = people[turn % len(people)]
                add(planner, root, post, person, start, start + timedelta(hours=8))
                turn += 1
