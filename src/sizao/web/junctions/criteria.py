"""What makes a model junction: the rule book's criteria, each answered from data or "unknown"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from sizao.core.errors import ConfigError
from sizao.core.rulebook import entry
from sizao.plan.signals.conflicts import permitted
from sizao.plan.signals.phasing import may_give_way
from sizao.plan.signals.program import faults
from sizao.web.clock import feed_now
from sizao.web.junctions import nearby
from sizao.web.junctions.audits import latest
from sizao.web.junctions.counting import counts
from sizao.web.junctions.items import items, rule
from sizao.web.junctions.models import Audit, Finding, Junction
from sizao.web.junctions.register import plan_of, shape_of
from sizao.web.pages.words import pick

YES, NO, UNKNOWN = "yes", "no", "unknown"


@dataclass(frozen=True)
class Criterion:
    """One criterion: met, not met or not known, and why."""

    code: str
    answer: str
    why: str

    @property
    def word(self) -> str:
        return str(pick(*_WORDS[self.code]))

    def data(self) -> dict[str, Any]:
        return {"code": self.code, "answer": self.answer, "why": self.why}


_WORDS = {
    "lane_match_in_out": ("进出口车道数匹配", "Lanes in match lanes out"),
    "signal_timing_reviewed": ("一年内评估过信号配时", "Timing reviewed within a year"),
    "pedestrian_clearance_ok": ("行人过街时间足够", "Time enough to walk across"),
    "left_turn_phase_ok": ("需要左转相位的都有", "Left-turn phases where needed"),
    "waiting_areas": ("待行区、等候区合格", "Waiting areas in order"),
    "signs_and_markings_conform": ("标志标线全部合格", "Signs and markings conform"),
    "order_observed": ("现场秩序良好", "Order observed"),
    "hazards_open_zero": ("没有未销号隐患", "No open hazard"),
}


def criteria(junction: Junction) -> list[Criterion]:
    """All criteria of ``junction.check_items``, in its order."""
    audit = latest(junction)
    known: dict[str, Callable[[], tuple[str, str]]] = {
        "lane_match_in_out": lambda: _lanes(junction),
        "signal_timing_reviewed": lambda: _reviewed(junction),
        "pedestrian_clearance_ok": lambda: _walking(junction),
        "left_turn_phase_ok": lambda: _left(junction),
        "waiting_areas": lambda: _audited(audit, lambda i: i == "waiting_area"),
        "signs_and_markings_conform": lambda: _audited(
            audit, lambda i: i in items() and items()[i].group in ("signs", "markings")
        ),
        "order_observed": lambda: _audited(audit, lambda i: i == "order"),
        "hazards_open_zero": lambda: _hazards(junction),
    }
    wanted = entry("junction.check_items").value("model_items")
    return [Criterion(code, *known[code]()) for code in wanted if code in known]


def defects_gone(junction: Junction) -> Criterion:
    """For acceptance of works: an audit since they began, without a defect."""
    audit = latest(junction)
    code = "signs_and_markings_conform"
    if audit is None or (junction.works_at and audit.finished_at < junction.works_at):
        return Criterion(code, UNKNOWN, _("整治开始后还没有完成过检查"))
    count = audit.findings.filter(answer=Finding.Answer.DEFECT).count()
    if count:
        return Criterion(code, NO, _("最近一次检查还有 {n} 项问题").format(n=count))
    return Criterion(code, YES, "")


def _lanes(junction: Junction) -> tuple[str, str]:
    """Lanes of one approach that go straight on need as many lanes to go into."""
    shape = shape_of(junction)
    for arm in shape.arms:
        out = shape.exit_of(f"{arm.id}.T") if arm.lanes else None
        through = sum("T" in lane.turns for lane in arm.lanes)
        if out is not None and through > out.exit_lanes:
            return NO, _("{arm}：直行 {n} 条，出口 {m} 条").format(
                arm=arm.name, n=through, m=out.exit_lanes
            )
    return YES, ""


def _reviewed(junction: Junction) -> tuple[str, str]:
    since = feed_now() - timedelta(days=rule().value("valid"))
    if junction.timings.filter(adopted_at__gte=since).exists():
        return YES, ""
    return NO, _("一年内没有采用过优化方案")


def _walking(junction: Junction) -> tuple[str, str]:
    count, plan = junction.counts.first(), _plan(junction)
    if plan is None or count is None:
        return UNKNOWN, _("没有配时方案或流量")
    short = [
        one for one in faults(shape_of(junction), plan, counts(count)) if one["kind"] == "green"
    ]
    if short:
        one = short[0]
        return NO, _("第 {p} 相位绿灯 {n} 秒，至少要 {m} 秒").format(
            p=one["phase"], n=one["is_s"], m=one["least_s"]
        )
    return YES, ""


def _left(junction: Junction) -> tuple[str, str]:
    count, plan = junction.counts.first(), _plan(junction)
    if plan is None or count is None:
        return UNKNOWN, _("没有配时方案或流量")
    shape, counted = shape_of(junction), counts(count)
    for phase in plan.phases:
        for movement in phase.movements:
            arm = movement.rpartition(".")[0]
            if (
                movement.endswith(".L")
                and permitted(shape, movement, phase.movements)
                and not may_give_way(shape, counted, arm)
            ):
                return NO, _("{arm}左转量大，须设专用相位").format(arm=shape.arm(arm).name)
    return YES, ""


def _plan(junction: Junction):
    try:
        return plan_of(junction)
    except ConfigError:
        return None


def _audited(audit: Audit | None, wanted: Callable[[str], bool]) -> tuple[str, str]:
    since = feed_now() - timedelta(days=rule().value("valid"))
    if audit is None or audit.finished_at < since:
        return UNKNOWN, _("一年内没有完成过检查")
    found = [one for one in audit.findings.all() if wanted(one.item)]
    bad = [one for one in found if one.answer == Finding.Answer.DEFECT]
    if bad:
        return NO, _("{n} 项有问题").format(n=len(bad))
    return YES, ""


def _hazards(junction: Junction) -> tuple[str, str]:
    found = nearby.hazards(junction)
    return (NO, _("{n} 处未销号").format(n=len(found))) if found else (YES, "")
