"""The plans that hold: those of the package and the installation's own accepted texts."""

from __future__ import annotations

from datetime import date

import yaml
from django.utils import timezone

from sizao.core.errors import SaidError
from sizao.core.levels import WarningLevel
from sizao.respond.plans import book
from sizao.respond.plans.model import Plan, read
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.response.models import OwnPlan


def parse(text: str, version: str = "") -> Plan:
    """A plan from its YAML. Raises SaidError in words that say where and what."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        zh, en = (
            (f"第 {mark.line + 1} 行", f"line {mark.line + 1}") if mark else ("全文", "the text")
        )
        raise SaidError(f"{zh}不是有效的 YAML", f"{en} is not valid YAML") from error
    return read(raw, version=version)


def in_force(day: date | None = None) -> dict[str, Plan]:
    """Plan id to the plan that holds on a day; today without one."""
    own = OwnPlan.objects.filter(state=OwnPlan.State.ACCEPTED).order_by("decided_at", "pk")
    return book.in_force(
        (*book.plans(), *(parse(one.text, one.version) for one in own)),
        day or timezone.localdate(feed_now()),
    )


def road_class(case: Case) -> str:
    """Class of the road of the case, where a warning said it."""
    return case.warnings.values_list("road_class", flat=True).first() or ""


def known_facts(case: Case) -> frozenset[str]:
    """What the case itself says: the kind of vehicle, and answers of its reports."""
    facts = set()
    if case.vehicle_kind == "hazmat":
        facts.add("hazmat")
    if case.vehicle_kind in ("line_coach", "tour_coach", "school_bus"):
        facts.add("bus")
    for given in case.reports.values_list("attributes", flat=True):
        answers = given.get("injured", [])
        if "some" in answers:
            facts.add("injured")
        if "trapped" in answers:
            facts |= {"injured", "trapped"}
        if given.get("blocked") == "all":
            facts.add("blocked")
    return frozenset(facts)


def proposed(case: Case) -> list[Plan]:
    """The plans that the case proposes and that do not run on it."""
    running = {run["plan"] for run in case.machine.get("plans", ())}
    found = book.proposed(
        in_force().values(),
        case.kind,
        WarningLevel(case.level),
        road_class(case),
        known_facts(case),
    )
    return [plan for plan in found if plan.id not in running]
