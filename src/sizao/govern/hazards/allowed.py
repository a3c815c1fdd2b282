"""Whether a person may take a step of a hazard now, and if not, why: in words for the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.core.rulebook import entry
from sizao.govern.hazards.records import DUTY_KINDS, GRADES, Actor, HazardState
from sizao.govern.hazards.steps import LEADER, PARTNER, ROLE_NAMES, STEPS, Step

RULE = "hazard.clock"


def refusal(
    hazard: HazardState,
    action: str,
    actor: Actor,
    *,
    reason: str | None = None,
    details: Mapping[str, Any] | None = None,
    photos: int | None = None,
) -> TransitionError | None:
    """Why this person may not take this step now, or None if they may.

    Leave ``reason``, ``details`` and ``photos`` out to ask before the person has filled them in.
    """
    step = STEPS.get(action)
    if step is None:
        return TransitionError(
            f"没有“{action}”这一步。", f"No step {action!r}.", code="unknown_action"
        )
    if actor.role not in step.roles:
        role_zh, role_en = ROLE_NAMES.get(actor.role, (actor.role, actor.role))
        return TransitionError(
            f"{role_zh}不能{step.zh}。", f"{role_en.capitalize()}: may not “{step.en}”.",
            code="role",
        )  # fmt: skip
    if hazard.state not in step.before:
        return TransitionError(
            f"隐患{hazard.state.zh}，现在不能{step.zh}。",
            f"The hazard is {hazard.state.en}: “{step.en}” is not possible now.",
            code="state",
        )
    return (
        _not_this_person(hazard, step, actor)
        or _not_now(hazard, action, details or {})
        or _missing(step, reason, details, photos)
    )


def _not_this_person(
    hazard: HazardState, step: Step, actor: Actor
) -> TransitionError | None:  # fmt: skip
    if actor.role == PARTNER and not (hazard.duty_party and actor.unit == hazard.duty_party):
        return TransitionError(
            "这条隐患不是交办给您单位的。", "It was not assigned to your agency.", code="role"
        )
    if step.by_another:
        same = actor.id == hazard.recorded_by or (
            bool(actor.name) and actor.name in (hazard.rectified_by, hazard.recorded_name)
        )
        if same:
            return TransitionError(
                f"整改由您完成或登记，须由另一人{step.zh}。",
                f"You did the work or recorded it done: “{step.en}” is for another person.",
                code="same_person",
            )
        own = hazard.duty_kind == "unit" and actor.unit == hazard.duty_unit
        if own and actor.level < CommandLevel.DETACHMENT:
            return TransitionError(
                f"您的单位就是整改责任单位，须由其他单位的人{step.zh}。",
                f"Your unit had to rectify it: “{step.en}” is for another unit.",
                code="same_unit",
            )
    # Nobody in this system is above the detachment: there it is the leader's decision.
    top = actor.level >= CommandLevel.DETACHMENT and actor.role == LEADER
    if step.by_above and actor.level <= hazard.command_level and not top:
        return TransitionError(
            f"{step.zh}须由{hazard.command_level.zh}的上一级决定。",
            f"“{step.en}” is for the level above the {hazard.command_level.code}.",
            code="level",
        )
    return None


def _not_now(
    hazard: HazardState, action: str, details: Mapping[str, Any]
) -> TransitionError | None:
    if action == "accept" and hazard.listed and not details.get("panel"):
        return TransitionError(
            "隐患正在挂牌督办，须由专家组现场验收。",
            "It is under listed supervision: a panel of experts accepts it on site.",
            code="panel",
        )
    if action == "receive" and hazard.received_s is not None:
        return TransitionError(
            "责任单位已接收。", "The duty body has acknowledged it.", code="received"
        )
    if action == "ask" and (hazard.asked_s is not None or hazard.extended >= _extensions()):
        return TransitionError(
            "已有延期申请，或不能再延期。", "An extension was asked for, or none is left.",
            code="asked",
        )  # fmt: skip
    if action == "deny" and hazard.asked_s is None:
        return TransitionError("没有延期申请。", "No extension was asked for.", code="asked")
    if action == "extend" and hazard.extended >= _extensions():
        return TransitionError(
            f"已延期 {hazard.extended} 次，不能再延期。",
            f"It was extended {hazard.extended} time(s); no further extension.",
            code="extended",
        )
    if action in ("delist", "merge", "dismiss") and hazard.listed:
        return TransitionError(
            "隐患正在挂牌督办，须先由督办单位解除挂牌。",
            "It is under listed supervision; the listing has to be lifted first.",
            code="listed",
        )
    if action == "merge" and hazard.holds:
        return TransitionError(
            "已有其他隐患合并到本条，请把对方合并过来。",
            "Others were merged into this one; merge the other way round.",
            code="holds",
        )
    return None


def _extensions() -> int:
    return int(entry(RULE).value("extensions_max"))


_WORDS = {
    "grade": ("隐患等级", "a grade"),
    "duty_kind": ("责任单位类别", "the kind of duty body"),
    "duty_name": ("责任单位", "a duty body"),
    "deadline_s": ("整改期限", "a deadline"),
    "by": ("责任人", "who did it"),
    "into": ("合并到哪一条", "the hazard to merge into"),
}


def _missing(
    step: Step,
    reason: str | None,
    details: Mapping[str, Any] | None,
    photos: int | None,
) -> TransitionError | None:
    if step.needs_reason and reason is not None and not reason.strip():
        return TransitionError(
            f"{step.zh}须填写情况说明。", f"“{step.en}” needs a few words.", code="missing_reason"
        )
    if details is not None:
        for name in step.needs:
            if not details.get(name):
                zh, en = _WORDS[name]
                return TransitionError(
                    f"{step.zh}须填写{zh}。", f"“{step.en}” needs {en}.", code=f"missing_{name}"
                )
        if details.get("grade", "ordinary") not in GRADES:
            return TransitionError("没有这个隐患等级。", "No such grade.", code="missing_grade")
        if details.get("duty_kind", "unit") not in DUTY_KINDS:
            return TransitionError(
                "没有这类责任单位。", "No such kind of duty body.", code="missing_duty_kind"
            )
    if step.needs_photo and photos is not None and not photos:
        return TransitionError(
            f"{step.zh}须附照片。", f"“{step.en}” needs a photo.", code="missing_photo"
        )
    return None
