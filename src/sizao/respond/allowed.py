"""Whether a person may take a step of a case now, and if not, why: in words for the screen."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.core.errors import TransitionError
from sizao.respond.plans.model import PARTIES
from sizao.respond.records import Actor, CaseState
from sizao.respond.steps import MEASURES, ROLE_NAMES, STEPS, Step


def refusal(
    case: CaseState,
    action: str,
    actor: Actor,
    *,
    reason: str | None = None,
    units: Sequence[str] | None = None,
    measure: str | None = None,
    left: str | None = None,
) -> TransitionError | None:
    """Why this person may not take this step now, or None if they may.

    Leave ``reason``, ``units``, ``measure`` and ``left`` out to ask before the person has filled
    them in.
    """
    step = STEPS.get(action)
    if step is None:
        return TransitionError(
            f"没有“{action}”这一步。可用：{'、'.join(STEPS)}。",
            f"No step {action!r}. Steps: {', '.join(STEPS)}.",
            code="unknown_action",
        )
    if actor.role not in step.roles:
        role_zh, role_en = ROLE_NAMES.get(actor.role, (actor.role, actor.role))
        who_zh = "、".join(ROLE_NAMES[role][0] for role in _ordered(step.roles))
        who_en = ", ".join(ROLE_NAMES[role][1] for role in _ordered(step.roles))
        return TransitionError(
            f"{role_zh}不能{step.zh}，需由{who_zh}操作。",
            f"{role_en.capitalize()}: may not take the step “{step.en}”; it is for {who_en}.",
            code="role",
        )
    if case.state not in step.before or (action == "arrive" and case.dispatched_s is None):
        zh, en = _possible(case, actor)
        return TransitionError(
            f"案件{case.state.zh}，现在不能{step.zh}。{zh}",
            f"The case is {case.state.en}: “{step.en}” is not possible now. {en}",
            code="state",
        )
    if step.by_another and actor.id == case.resolved_by:
        return TransitionError(
            "处置结果由您上报，须由另一人核实。",
            "You reported the result, so another person has to verify it.",
            code="same_person",
        )
    if step.needs_reason and reason is not None and not reason.strip():
        return TransitionError(
            f"{step.zh}须填写情况说明。",
            f"“{step.en}” needs a few words on what was done or why.",
            code="missing_reason",
        )
    if step.needs_units and units is not None and not named(units):
        return TransitionError(
            f"{step.zh}须至少选择一个警力单元。",
            f"“{step.en}” needs at least one unit.",
            code="missing_units",
        )
    if action == "resolve" and case.open_tasks and left is not None and not left.strip():
        # A false alarm says why by itself, and what was ordered for it is over.
        open_zh = "；".join(f"{PARTIES[one.party][0]}：{one.zh}" for one in case.open_tasks)
        open_en = "; ".join(f"{PARTIES[one.party][1]}: {one.en}" for one in case.open_tasks)
        return TransitionError(
            f"还有{len(case.open_tasks)}项任务没有结束：{open_zh}。请先办结，或写明为什么不再等。",
            f"Tasks still open ({len(case.open_tasks)}): {open_en}. End them, or say why you do "
            "not wait for them.",
            code="open_tasks",
        )
    if action == "control" and measure is not None and measure not in MEASURES:
        return TransitionError(
            f"没有控制措施“{measure}”。可用：{'、'.join(MEASURES)}。",
            f"No control measure {measure!r}. Measures: {', '.join(MEASURES)}.",
            code="unknown_measure",
        )
    return None


def named(units: Sequence[str]) -> list[str]:
    """Each unit once, blank form fields left out."""
    return list(dict.fromkeys(unit.strip() for unit in units if unit.strip()))


def _possible(case: CaseState, actor: Actor) -> tuple[str, str]:
    """What can be done now, in words: for this person, else for whom."""
    mine = [step for step in STEPS.values() if _may(case, step, actor)]
    if mine:
        return (
            f"现在可以：{'、'.join(step.zh for step in mine)}。",
            f"Possible now: {', '.join(step.en for step in mine)}.",
        )
    if case.state in STEPS["verify"].before:
        return "请等待另一人核实。", "It waits for another person to verify it."
    return "您现在无须操作。", "There is nothing for you to do now."


def _may(case: CaseState, step: Step, actor: Actor) -> bool:
    return (
        actor.role in step.roles
        and case.state in step.before
        and not (step.action == "arrive" and case.dispatched_s is None)
        and not (step.by_another and actor.id == case.resolved_by)
    )


def _ordered(roles: frozenset[str]) -> list[str]:
    return [role for role in ROLE_NAMES if role in roles]
