"""Made-up hazards for a demonstration: some thirty in every state over the past weeks.

They go through the same services as anybody's, each step with its own time, the clocks rung in
between: so their timelines, escalations and documents are real and only what they tell is made up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from sizao.sim import city
from sizao.sim.reports import scene

if TYPE_CHECKING:
    from sizao.web.hazards.models import Hazard
    from sizao.web.units.models import Unit, User


@dataclass(frozen=True)
class Story:
    """One hazard: where (a town of the city), what, and how far it got."""

    town: str
    kind: str
    text: str
    days_ago: float
    upto: str
    """The last step: found, assign, protect, plan, rectify, accept, delist, reopen, dismiss,
    merge."""
    grade: str = ""
    duty: str = ""
    pace: float = 0.0
    """Days between two steps; 0 takes what the grade usually needs."""
    protected: bool = True
    junction: str = ""
    origin: str = "inspection"
    listing: str = ""
    """How far listed supervision got: asked, in_force, lifted."""


WAY = ("assign", "protect", "plan", "rectify", "accept", "delist", "reopen")
GAP = {"ordinary": 2.6, "considerable": 4.4, "major": 9.0, "": 1.0}
"""Days between two steps, by grade."""
READ_DAYS = 3
WORDS = {
    "protect": "锥桶、爆闪灯警示，夜间派员值守",
    "plan": "按规范设计，筹措资金，期限内完成",
    "rectify": "已按方案整改到位",
    "accept": "现场查看，与方案一致，同意",
    "reopen": "复查发现又被遮挡",
    "dismiss": "现场核实，不属于道路交通安全隐患",
}


def stories() -> list[Story]:
    """The made-up hazards, as data."""
    text = (resources.files("sizao.app") / "demo_hazards.yaml").read_text(encoding="utf-8")
    return [Story(**raw) for raw in yaml.safe_load(text)]


def seed_hazards(now: datetime) -> int:
    """Make the hazards, each once; returns how many there are. Django must be set up and the web
    wired. Stopped before its end, it goes on with the stories that had not begun."""
    from django.db import connection
    from django.db.models import F

    from sizao.web.channels.models import Delivery, Notice
    from sizao.web.clocks.services import fire_due
    from sizao.web.hazards.clocks import HazardClocks
    from sizao.web.hazards.models import Hazard, HazardNotice
    from sizao.web.listings.clocks import InterimClocks
    from sizao.web.listings.numbers import office_of
    from sizao.web.writing import write

    told = set(Hazard.objects.values_list("kind", "text"))
    left = [one for one in enumerate(stories()) if (one[1].kind, one[1].text) not in told]
    if not left:
        return len(told)
    places = city.build().places
    cast = _Cast()
    office = office_of(cast.root)
    office.name, office.prefix = "示意市道路交通安全委员会办公室", "示交安办督"
    office.save()
    clocks = (HazardClocks(), InterimClocks())
    plays = [
        sorted(
            _Play(story, number, cast, now, places[story.town]).moves(), key=lambda pair: pair[0]
        )
        for number, story in left
    ]
    for moves in sorted(plays, key=lambda one: one[0][0]):
        # One story a transaction: the desk runs beside this, and would find a hazard of weeks ago
        # overdue before the story has come to its end.
        with write():
            for at, move in moves:
                fire_due(at, clocks)
                move()
            fire_due(now, clocks)
    # What is older than a few days has been read.
    old = HazardNotice.objects.filter(at__lt=now - timedelta(days=READ_DAYS))
    old.update(read_at=now - timedelta(days=1), read_by=cast.chief.username)
    sent = Notice.objects.filter(
        about__startswith="hazard:", told_at__lt=now - timedelta(days=READ_DAYS)
    )
    sent.filter(acknowledge_by__isnull=False, acknowledged_at=None).update(
        acknowledged_at=F("told_at") + timedelta(hours=2), acknowledged_by=cast.chief
    )
    Delivery.objects.filter(notice__in=sent, state__in=("waiting", "held")).update(
        state="cancelled", next_at=None
    )
    count = Hazard.objects.count()
    connection.close()  # it runs beside the pages, in a thread of its own
    return count


class _Cast:
    """Who acts: made-up accounts nobody can sign in with, a leader and an officer a brigade."""

    def __init__(self) -> None:
        from sizao.web.units.models import Unit, User

        self.root: Unit = Unit.objects.get(parent=None)
        self.operator: User = User.objects.get(username="demo-detachment")
        self.chief = self._person(self.root, "leader")
        self._people: dict[int, tuple[User, User]] = {}

    def _person(self, unit: Unit, role: str) -> User:
        from sizao.web.units.models import User

        name = f"虚构{'领导' if role == 'leader' else '民警'}（{unit.name_zh}）"
        user, new = User.objects.get_or_create(
            username=f"sample-{unit.code}-{role}",
            defaults={"role": role, "unit": unit, "is_active": False, "display_name": name},
        )  # fmt: skip
        if new:
            user.set_unusable_password()
            user.save()
        return user

    def of(self, hazard: Hazard) -> tuple[User, User]:
        """A leader of the brigade, and an officer of the squadron responsible."""
        squadron = hazard.local_unit
        if squadron.pk not in self._people:
            brigade = squadron.parent or squadron
            pair = self._person(brigade, "leader"), self._person(squadron, "officer")
            self._people[squadron.pk] = pair
        return self._people[squadron.pk]


class _Play:
    """One story as steps with their times."""

    def __init__(
        self, story: Story, number: int, cast: _Cast, now: datetime, place: Mapping[str, Any]
    ) -> None:
        self.story, self.number, self.cast, self.now = story, number, cast, now
        self.place = place
        self.hazard: Hazard | None = None
        self.listing: Any = None

    def moves(self) -> list[tuple[datetime, Callable[[], None]]]:
        """The steps, each with its time; none is later than now."""
        story = self.story
        at = self.now - timedelta(days=story.days_ago)
        usual = GAP[story.grade] * (0.8 + 0.1 * (self.number % 5))
        gap = timedelta(days=story.pace or usual)
        found: list[tuple[datetime, Callable[[], None]]] = [(at, self._enter(at))]
        if story.upto in ("dismiss", "merge"):
            later = at + gap / 2
            return [*found, (later, self._step(story.upto, later))]
        for action in WAY if story.upto != "found" else ():
            at = min(at + (gap / 6 if action in ("assign", "protect") else gap), self.now)
            if action != "protect" or story.protected:
                found.append((at, self._step(action, at)))
            if action == "protect" and story.listing:
                found += self._listed(at)
            if action == story.upto:
                break
            if action == "assign" and story.upto == "protect" and not story.protected:
                break
        return found

    def _enter(self, at: datetime) -> Callable[[], None]:
        def enter() -> None:
            from sizao.web.hazards.intake import Finding, enter

            story = self.story
            drawn = scene("signal_fault" if story.kind == "signal" else "hazard", self.number % 4)
            self.hazard = enter(
                self.cast.operator,
                Finding(
                    kind=story.kind, text=story.text, lat=float(self.place["lat"]),
                    lon=float(self.place["lon"]), junction=story.junction, origin=story.origin,
                    place=story.junction or f"{story.town}路段", photos=[drawn],
                ),
                now=at,
            )  # fmt: skip

        return enter

    def _step(self, action: str, at: datetime) -> Callable[[], None]:
        def step() -> None:
            from sizao.web.hazards.models import Hazard
            from sizao.web.hazards.services import act

            hazard = Hazard.objects.select_related("local_unit__parent").get(pk=self._pk)
            leader, officer = self.cast.of(hazard)
            if action == "accept" and self.story.listing:
                return self._panel(at)
            who = officer if action in ("protect", "plan", "rectify") else leader
            values = {
                "grade": self.story.grade, "duty_kind": "agency", "duty_name": self.story.duty,
                "by": self.story.duty if action == "rectify" else hazard.local_unit.name_zh,
            }  # fmt: skip
            if action == "merge":
                twin = Hazard.objects.filter(kind=hazard.kind, state="found", lat=hazard.lat)
                values["into"] = twin.exclude(pk=hazard.pk).values_list("number", flat=True)[0]
                who = self.cast.operator
            act(
                who, hazard.number, action, hazard.version, reason=WORDS.get(action, ""),
                values=values, now=at,
                photos=[scene("weather", self.number % 4)] if action == "rectify" else (),
            )  # fmt: skip
            return None

        return step

    @property
    def _pk(self) -> int:
        assert self.hazard is not None  # entered by the first move
        return self.hazard.pk

    def _listed(self, at: datetime) -> list[tuple[datetime, Callable[[], None]]]:
        from sizao.web.listings import services

        def ask() -> None:
            from sizao.web.hazards.models import Hazard

            self.listing = services.ask(
                self.cast.operator, Hazard.objects.get(pk=self._pk).number, "city",
                reason="临崖临水，问题突出，治理难度大",
                requirements="完善护栏和线形诱导标\n增设警告、限速标志\n清理边坡、疏通排水",
                deadline=(at + timedelta(days=60)).date(), copies="示意市应急管理局", now=at,
            )  # fmt: skip

        def decide() -> None:
            services.decide(self.cast.chief, self.listing.pk, True, "同意", now=at)

        def report() -> None:
            services.report(self.cast.operator, self.listing.pk, "材料已进场", now=at)

        moves = [(at, ask)]
        if self.story.listing != "asked":
            moves.append((at, decide))
            moves.append((min(at + timedelta(days=13), self.now), report))
        return moves

    def _panel(self, at: datetime) -> None:
        from django.utils import timezone

        from sizao.govern.hazards.listing import Expert
        from sizao.web.listings import services

        experts = [Expert(f"虚构专家{name}", "高级工程师", True) for name in "甲乙丙"]
        services.accept(
            self.cast.operator, self.listing.pk, experts, "现场验收，符合要求",
            timezone.localtime(at).date(), now=at,
        )  # fmt: skip
        services.lift(self.cast.chief, self.listing.pk, now=at)
