"""The life of a control measure: ordered, approved, put up, run out, lifted; never forgotten.

A state and a step in, the next state and a line for its record out. Nothing is stored and nobody
is asked for the time. A measure ends only when a person lifts it: past its expected end it stands
on, and a clock escalates it to the next level until somebody does.

>>> one, line = order("closure", Actor("u1", "officer"), 0.0, whole=True, urgent=True)
>>> one.state, one.approval, clock(one).name
(<MeasureState.IN_FORCE: 'in_force'>, <Approval.WAITING: 'waiting'>, 'approve')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.respond.measure_kinds import KINDS, clock_s, expected_s, needs_second
from sizao.respond.records import SYSTEM, Actor
from sizao.respond.steps import LEADER, OFFICER, OPERATOR, ROLE_NAMES


class MeasureState(StrEnum):
    """Where a measure stands. Past its expected end it is still ``in_force``: see ``overrun``."""

    ORDERED = "ordered"
    IN_FORCE = "in_force"
    LIFTED = "lifted"
    REFUSED = "refused"


class Approval(StrEnum):
    """What the second person said."""

    NONE = "none"
    WAITING = "waiting"
    GIVEN = "given"
    REFUSED = "refused"


STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "waiting": ("待批准", "awaits approval"),
    "ordered": ("已下达，待实施", "ordered, not yet up"),
    "in_force": ("实施中", "in force"),
    "overrun": ("已到期未解除", "past its end, not lifted"),
    "lifted": ("已解除", "lifted"),
    "refused": ("未获批准", "refused"),
}
"""What lists show: ``shown`` to Chinese and English."""

OPEN = frozenset({MeasureState.ORDERED, MeasureState.IN_FORCE})
"""States in which somebody has to do something before it is over."""

CLOCKS: Mapping[str, tuple[str, str]] = {
    "approve": ("批准时限", "approve"),
    "begin": ("实施时限", "put up"),
    "lift": ("解除时限", "lift"),
}

STEPS: Mapping[str, tuple[str, str, frozenset[str]]] = {
    "approve": ("批准", "Approve", frozenset({OPERATOR, LEADER})),
    "refuse": ("不批准", "Refuse", frozenset({OPERATOR, LEADER})),
    "begin": ("已实施", "Is up", frozenset({OPERATOR, LEADER, OFFICER})),
    "lift": ("解除", "Lift", frozenset({OPERATOR, LEADER, OFFICER})),
    "extend": ("延长", "Extend", frozenset({OPERATOR, LEADER, OFFICER})),
}
"""Step to its names and the roles that may take it, in the order of the work."""


@dataclass(frozen=True)
class Measure:
    """The state of one measure. Times are seconds since the epoch; None has not happened."""

    kind: str
    whole: bool
    state: MeasureState
    approval: Approval
    ordered_s: float
    ordered_by: str
    from_s: float
    until_s: float
    command_level: CommandLevel
    approved_s: float | None = None
    approved_by: str = ""
    begun_s: float | None = None
    ended_s: float | None = None
    """When it was lifted or refused."""
    missed: tuple[tuple[str, float], ...] = ()
    """Clock and moment of each escalation."""
    version: int = 1

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def overrun(self, at_s: float) -> bool:
        """Stands although its expected end is over."""
        return self.state is MeasureState.IN_FORCE and at_s > self.until_s

    def shown(self, at_s: float) -> str:
        """Key of STATE_NAMES."""
        if self.state is MeasureState.ORDERED and self.approval is Approval.WAITING:
            return "waiting"
        return "overrun" if self.overrun(at_s) else self.state.value

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return asdict(self) | {
            "state": self.state.value,
            "approval": self.approval.value,
            "command_level": self.command_level.code,
            "missed": [list(pair) for pair in self.missed],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Measure:
        """The measure of :meth:`to_dict`."""
        return cls(
            **{
                **raw,
                "state": MeasureState(raw["state"]),
                "approval": Approval(raw["approval"]),
                "command_level": CommandLevel.parse(raw["command_level"]),
                "missed": tuple((name, at) for name, at in raw["missed"]),
            }
        )


@dataclass(frozen=True)
class Line:
    """One line of the measure's record."""

    action: str
    at_s: float
    actor: str
    actor_name: str
    zh: str
    en: str


@dataclass(frozen=True)
class Clock:
    """A running clock: ``at_s - start_s`` is its span."""

    name: str
    at_s: float
    start_s: float

    @property
    def zh(self) -> str:
        return CLOCKS[self.name][0]

    @property
    def en(self) -> str:
        return CLOCKS[self.name][1]


def order(
    kind: str,
    actor: Actor,
    at_s: float,
    *,
    whole: bool = True,
    from_s: float | None = None,
    until_s: float | None = None,
    urgent: bool = False,
    command_level: CommandLevel = CommandLevel.SQUADRON,
) -> tuple[Measure, Line]:
    """Order a measure.

    from_s, until_s : planned start and expected end; now, and the kind's usual length after it
    urgent : it is being put up at this moment, by who orders it. It is in force at once, and the
        approval that it may need follows

    Raises TransitionError for an unknown kind, an end before the start or in the past, or a role
    that orders nothing.
    """
    if kind not in KINDS:
        raise _no("unknown_kind", f"没有这种管制措施：{kind}。", f"No such measure: {kind}.")
    if actor.role not in STEPS["begin"][2]:
        zh, en = ROLE_NAMES.get(actor.role, (actor.role, actor.role))
        raise _no("role", f"{zh}不能下达管制措施。", f"{en.capitalize()}: may not order a measure.")
    start = at_s if from_s is None or urgent else max(from_s, at_s)
    end = start + expected_s(kind) if until_s is None else until_s
    if end <= start:
        raise _no(
            "end", "预计结束时间须晚于开始时间。", "The expected end must be after the start."
        )
    second = needs_second(kind, whole=whole)
    at_once = urgent or (KINDS[kind].acts_at_once and not second and start <= at_s)
    measure = Measure(
        kind=kind,
        whole=whole,
        state=MeasureState.IN_FORCE if at_once else MeasureState.ORDERED,
        approval=Approval.WAITING if second else Approval.NONE,
        ordered_s=at_s,
        ordered_by=actor.id,
        from_s=start,
        until_s=end,
        command_level=command_level,
        begun_s=at_s if at_once else None,
    )
    name = KINDS[kind]
    zh, en = f"下达{name.zh}", f"Ordered: {name.en}"
    if urgent:
        zh, en = f"{zh}，现场已先行实施", f"{en}, already up at the scene"
    if second:
        zh, en = f"{zh}，待另一人批准", f"{en}; another person has to approve it"
    return measure, Line("order", at_s, actor.id, actor.name, zh, en)


def refusal(measure: Measure, action: str, actor: Actor) -> TransitionError | None:
    """Why this person may not take this step now; None if they may."""
    if action not in STEPS:
        return _no("unknown_action", f"没有“{action}”这一步。", f"No step {action!r}.")
    step_zh, step_en, roles = STEPS[action]
    if actor.role not in roles:
        zh, en = ROLE_NAMES.get(actor.role, (actor.role, actor.role))
        return _no("role", f"{zh}不能{step_zh}。", f"{en.capitalize()}: may not “{step_en}”.")
    waits = measure.approval is Approval.WAITING
    if action in ("approve", "refuse"):
        if not (measure.open and waits):
            return _no("state", "没有待批准的事项。", "Nothing waits for approval.")
        if actor.id == measure.ordered_by:
            return _no(
                "same_person",
                "措施由您下达，须由另一人批准。",
                "You ordered it, so another person has to approve it.",
            )
    elif action == "begin" and (measure.state is not MeasureState.ORDERED or waits):
        if waits and measure.state is MeasureState.ORDERED:
            return _no(
                "approval",
                "尚待另一人批准，批准后才能实施；现场情况紧急的，请按紧急措施下达。",
                "It awaits approval; what cannot wait is ordered as urgent.",
            )
        return _no("state", "措施已实施或已结束。", "The measure is up already, or over.")
    elif action in ("extend", "lift") and not measure.open:
        return _no("state", "措施已结束。", "The measure is over.")
    return None


def steps(measure: Measure, actor: Actor) -> tuple[str, ...]:
    """The steps this person may take now, in the order of the work."""
    return tuple(action for action in STEPS if refusal(measure, action, actor) is None)


def apply(
    measure: Measure,
    action: str,
    actor: Actor,
    at_s: float,
    *,
    reason: str = "",
    until_s: float | None = None,
) -> tuple[Measure, Line]:
    """Take one step: approve, refuse, begin, extend (to ``until_s``) or lift.

    Refusing, extending and lifting need a few words. Refusing what was put up as urgent lifts it.
    Raises TransitionError, having changed nothing.
    """
    refused = refusal(measure, action, actor)
    if refused is not None:
        raise refused
    words = reason.strip()
    if action in ("refuse", "extend", "lift") and not words:
        raise _no(
            "missing_reason",
            f"{STEPS[action][0]}须写明原因或现场情况。",
            f"“{STEPS[action][1]}” needs a few words on why.",
        )
    zh, en = STEPS[action][:2]
    match action:
        case "approve":
            after = replace(measure, approval=Approval.GIVEN, approved_s=at_s, approved_by=actor.id)
            if KINDS[measure.kind].acts_at_once and measure.from_s <= at_s:
                after = _begun(after, at_s)
        case "refuse":
            over = MeasureState.LIFTED if measure.begun_s is not None else MeasureState.REFUSED
            after = replace(measure, approval=Approval.REFUSED, state=over, ended_s=at_s)
        case "begin":
            after = _begun(measure, at_s)
        case "extend":
            if until_s is None or until_s <= max(at_s, measure.until_s):
                raise _no(
                    "end",
                    "新的结束时间须晚于现在和原定时间。",
                    "The new end must be later than now and than the old one.",
                )
            missed = tuple(pair for pair in measure.missed if pair[0] != "lift")
            after = replace(measure, until_s=until_s, missed=missed)
        case _:
            after = replace(measure, state=MeasureState.LIFTED, ended_s=at_s)
    if words:
        zh, en = f"{zh}：{words}", f"{en}: {words}"
    line = Line(action, at_s, actor.id, actor.name, zh, en)
    return replace(after, version=measure.version + 1), line


def _begun(measure: Measure, at_s: float) -> Measure:
    return replace(measure, state=MeasureState.IN_FORCE, begun_s=at_s)


def clock(measure: Measure) -> Clock | None:
    """The running clock that ends first; None once the measure is over.

    A miss gives ``review`` more; the approval of what already stands is asked for beside the
    clock to lift it.
    """
    found = []
    if measure.open and measure.approval is Approval.WAITING:
        found.append(_clock(measure, "approve", measure.ordered_s, clock_s("approve")))
    if measure.state is MeasureState.ORDERED and measure.approval is not Approval.WAITING:
        start = max(measure.from_s, measure.approved_s or measure.ordered_s)
        found.append(_clock(measure, "begin", start, clock_s("begin")))
    if measure.state is MeasureState.IN_FORCE:
        start = measure.from_s if measure.begun_s is None else measure.begun_s
        found.append(_clock(measure, "lift", start, measure.until_s - start))
    return min(found, key=lambda one: one.at_s, default=None)


def _clock(measure: Measure, name: str, start_s: float, span_s: float) -> Clock:
    last = max((at for missed, at in measure.missed if missed == name), default=None)
    if last is None:
        return Clock(name, start_s + span_s, start_s)
    return Clock(name, last + clock_s("review"), last)


def escalate(measure: Measure, at_s: float) -> tuple[Measure, Line] | None:
    """Take the first clock that has run out by ``at_s`` one level up; None if none has.

    At the top the miss is recorded all the same, so that a forgotten measure goes on being told.
    After a pause of the desk one call records one miss, however many spans went by.
    """
    ahead = clock(measure)
    if ahead is None or at_s <= ahead.at_s:
        return None
    upper = measure.command_level.up()
    name_zh, name_en = KINDS[measure.kind].zh, KINDS[measure.kind].en
    if upper is measure.command_level:
        zh = f"{name_zh}{ahead.zh}已过，已在{upper.zh}，继续督办"
        en = f"The clock to {ahead.en} the {name_en} ran out; it is at the top ({upper.code})"
    else:
        zh = f"{name_zh}{ahead.zh}已过，由{measure.command_level.zh}升至{upper.zh}"
        en = (
            f"The clock to {ahead.en} the {name_en} ran out: "
            f"from {measure.command_level.code} to {upper.code}"
        )
    after = replace(
        measure,
        command_level=upper,
        missed=(*measure.missed, (ahead.name, at_s)),
        version=measure.version + 1,
    )
    return after, Line("escalate", at_s, SYSTEM, ROLE_NAMES[SYSTEM][0], zh, en)


def shown(measure: Measure, at_s: float, where: str) -> tuple[Measure, Line] | None:
    """Begin a text on signs once a sign has said that it shows it; ``where`` names the signs."""
    if measure.state is not MeasureState.ORDERED or measure.approval is Approval.WAITING:
        return None
    after = replace(_begun(measure, at_s), version=measure.version + 1)
    zh, en = f"情报板已显示：{where}", f"Shown on {where}"
    return after, Line("begin", at_s, SYSTEM, ROLE_NAMES[SYSTEM][0], zh, en)


def start_due(measure: Measure, at_s: float) -> tuple[Measure, Line] | None:
    """Begin what needs nobody at the roadside, once its planned start has come."""
    due = (
        measure.state is MeasureState.ORDERED
        and KINDS[measure.kind].acts_at_once
        and measure.approval is not Approval.WAITING
        and measure.from_s <= at_s
    )
    if not due:
        return None
    after = replace(_begun(measure, at_s), version=measure.version + 1)
    return after, Line("begin", at_s, SYSTEM, ROLE_NAMES[SYSTEM][0], "到时自动生效", "Took effect")


def _no(code: str, zh: str, en: str) -> TransitionError:
    return TransitionError(zh, en, code=code)
