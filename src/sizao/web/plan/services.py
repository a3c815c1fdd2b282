"""A plan from the order to the approval. Each function is one transaction or says otherwise."""

from __future__ import annotations

import json
import logging
import secrets
import shutil
from collections.abc import Callable, Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from sizao.core.errors import ConfigError, ConflictError, SaidError
from sizao.plan.draw import commitment
from sizao.plan.force import force_of
from sizao.web import audit
from sizao.web.child import run_child
from sizao.web.clock import feed_now
from sizao.web.plan import access, files
from sizao.web.plan.models import Plan, Stay
from sizao.web.refusals import kept
from sizao.web.risk import files as risk_files
from sizao.web.risk.models import Assessment
from sizao.web.units.models import Unit, User
from sizao.web.writing import write

log = logging.getLogger("sizao.plan")

MOST_CREWS = 24
_ROUND_THE_CLOCK = 5
"""Squadrons from which on somebody is always out: 21 shifts of 8 h, five of them each at most."""
Runner = Callable[[Path, Callable[[str], None]], None]


def crews_of(unit: Unit) -> list[Unit]:
    """Squadrons below a unit that have a place: each can be sent out."""
    return list(
        Unit.objects.filter(
            path__startswith=unit.path, level=Unit.Level.SQUADRON, lat__isnull=False
        )
    )


def open_plan(
    user: User,
    *,
    first: date,
    days: int,
    crews: Collection[str],
    drink_driving: int = 0,
    core_violations: int = 0,
) -> Plan:
    """Write down that a plan is wanted. Raises SaidError if it cannot be made."""
    squadrons = [one for one in crews_of(user.unit) if one.code in crews]
    if not 1 <= len(squadrons) <= MOST_CREWS:
        raise SaidError(
            f"请选 1 至 {MOST_CREWS} 个本单位的中队。",
            f"Choose 1 to {MOST_CREWS} squadrons of the unit.",
        )
    if not 1 <= days <= 14:
        raise SaidError("方案为 1 至 14 天，请改天数。", "A plan is for 1 to 14 days.")
    if first < timezone.localdate(feed_now()):
        raise SaidError(
            "首日已经过了，请选今天或以后的一天。", "The first day is over: choose a later one."
        )
    run = Assessment.objects.filter(state=Assessment.State.DONE).first()
    if run is None:
        raise SaidError(
            "还没有做过风险评估，不知道哪里容易出事故。请先在“评估记录”页做一次。",
            "There is no assessment yet: nothing says where crashes are expected. Make one first.",
        )
    given: dict[str, Any] = {
        "units": [
            {
                "id": one.code,
                "name": one.name_zh,
                "base": [one.lat, one.lon],
                "skills": ["patrol", "alcohol", "weighing"],
                **({"road_classes": _classes(one.roads)} if one.roads else {}),
            }
            for one in squadrons
        ],
        "rules": {"min_on_duty": 1 if len(squadrons) >= _ROUND_THE_CLOCK else 0},
        "operations": [
            {"kind": kind, "per_week": number, "minutes": 75}
            for kind, number in (
                ("drink_driving", drink_driving),
                ("core_violations", core_violations),
            )
            if number
        ],
    }
    force_of(given)
    seed = secrets.token_hex(16)
    with write():
        plan = Plan.objects.create(
            state=Plan.State.MAKING, unit=user.unit, first=first, days=days, assessment=run.pk,
            given=given, by=user.get_username(), by_name=user.display_name, at=feed_now(),
            seed=seed, commitment=commitment(seed),
        )  # fmt: skip
        audit.record(
            user, "order", "plan", plan.pk,
            {"first": str(first), "days": days, "crews": [one.code for one in squadrons],
             "commitment": plan.commitment},
        )  # fmt: skip
    return plan


def _classes(roads: str) -> list[str]:
    """An expressway unit stands on ramps too."""
    named = [one for one in roads.split(",") if one]
    return [*named, "ramp"] if "expressway" in named else named


def make(plan_id: int, runner: Runner | None = None) -> Plan:
    """Do what was ordered. ``runner`` does the arithmetic, else a process of its own.

    Raises nothing that belongs to the plan: its row says what went wrong.
    """
    plan = Plan.objects.select_related("unit").get(pk=plan_id)
    place = files.folder(plan)
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, mode=0o700)
        (place / "job.json").write_text(json.dumps(_job(plan)), encoding="utf-8")
        (runner or _in_child)(place, lambda name: _note(plan, step=name))
        result = json.loads((place / "result.json").read_text(encoding="utf-8"))
    except ConfigError as error:
        return give_up(plan, kept(error))
    finally:
        (place / "job.json").unlink(missing_ok=True)  # the seed is in there
    (place / "result.json").unlink()
    with write():
        Stay.objects.bulk_create([Stay(plan=plan, **_aware(row)) for row in result["stays"]])
        plan.summary, plan.state, plan.step = result["summary"], Plan.State.DRAFT, ""
        plan.save()
        audit.record(None, "planned", "plan", plan.pk, {"stays": len(result["stays"])})
    return plan


def _job(plan: Plan) -> dict[str, Any]:
    run = Assessment.objects.filter(pk=plan.assessment, state=Assessment.State.DONE).first()
    if run is None:
        raise SaidError(
            "所依据的评估已不存在，请重新编排", "the assessment is gone; order the plan again"
        )
    return {
        "units": plan.given,
        "first": plan.first.isoformat(),
        "days": plan.days,
        "seed": plan.seed,
        "network": run.parameters["network"],
        "assessment": str(risk_files.folder(run)),
        "causes": _causes(run),
    }


def _causes(run: Assessment) -> dict[str, list[Any]]:
    """Cause, edge and local hour of the week of the run's crashes on segments."""
    results = risk_files.results(run)
    kind, number = (results.sites[name].to_pylist() for name in ("kind", "row"))
    found: dict[str, list[Any]] = {"cause": [], "edge": [], "hour": []}
    for crash in results.crashes.select(["cause", "time", "hour_known", "site"]).to_pylist():
        site = crash["site"]
        if site is None or site < 0 or kind[site] != "segment":
            continue
        local = timezone.localtime(crash["time"])
        found["cause"].append(crash["cause"] or "")
        found["edge"].append(number[site])
        found["hour"].append(local.weekday() * 24 + local.hour if crash["hour_known"] else -1)
    return found


def _aware(row: dict[str, Any]) -> dict[str, Any]:
    zone = timezone.get_current_timezone()
    for name in ("shift_start", "shift_end", "arrive", "leave"):
        row[name] = datetime.fromisoformat(row[name]).replace(tzinfo=zone)
    return row


def _in_child(place: Path, step: Callable[[str], None]) -> None:
    run_child("sizao.web.plan.compute", place, lambda said: step(said["step"]))


def _note(plan: Plan, **values: object) -> None:
    for name, value in values.items():
        setattr(plan, name, value)
    with write():
        plan.save(update_fields=list(values))


def give_up(plan: Plan, why: str) -> Plan:
    """Close a plan that did not come to its end."""
    shutil.rmtree(files.folder(plan), ignore_errors=True)
    _note(plan, state=Plan.State.FAILED, error=why[:500], step="")
    return plan


def mend(at_work: Collection[int]) -> None:
    """Close plans that a process before this one left unfinished."""
    for plan in Plan.objects.filter(state=Plan.State.MAKING).exclude(pk__in=at_work):
        give_up(plan, "程序在运行中停止，请重新开始")


def approve(user: User, plan_id: int) -> Plan:
    """Another person than who made or changed it says yes. Raises ConflictError otherwise."""
    with write():
        plan = Plan.objects.select_related("unit").select_for_update().get(pk=plan_id)
        if not access.may_approve(user, plan):
            raise ConflictError("not to be approved now, or not by this person")
        plan.state, plan.approved_at = Plan.State.APPROVED, feed_now()
        plan.approved_by, plan.approved_name = user.get_username(), user.display_name
        plan.save()
        audit.record(user, "approve", "plan", plan.pk, {"covered": plan.summary["covered"]})
    return plan


def withdraw(user: User, plan_id: int) -> Plan:
    """Take a plan back, for whatever reason; it stays readable. Raises ConflictError if over."""
    with write():
        plan = Plan.objects.select_related("unit").select_for_update().get(pk=plan_id)
        if not access.sees_whole(user, plan) or plan.state not in (
            Plan.State.DRAFT, Plan.State.APPROVED,
        ):  # fmt: skip
            raise ConflictError("nothing to withdraw")
        plan.state = Plan.State.WITHDRAWN
        plan.save()
        audit.record(user, "withdraw", "plan", plan.pk)
    return plan
