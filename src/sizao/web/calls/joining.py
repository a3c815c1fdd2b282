"""Calls of the same thing: joined to another call or to a case, and parted again."""

from __future__ import annotations

from sizao.core.errors import TransitionError
from sizao.web.calls import upward
from sizao.web.calls.grading import list_whom, must_be, note_toll, regrade
from sizao.web.calls.keeping import log_event, open_one
from sizao.web.calls.models import Call
from sizao.web.cases import services as cases
from sizao.web.cases.access import may_act as may_act_on_case
from sizao.web.clock import feed_now
from sizao.web.units.models import User
from sizao.web.wake import wake_desk
from sizao.web.writing import write


def join(user: User, number: str, target: str, expected_version: int) -> Call:
    """Join another call (``call:NUMBER``) or a case (``case:NUMBER``) as the same thing."""
    with write():
        call = open_one(user, number, expected_version)
        must_be(call, Call.State.OPEN)
        if call.case_id is not None or call.joined.exists():
            raise TransitionError(
                "本条已立案，或已有别的来电并入，请把另一条并入本条。",
                "This call has a case or others joined it: join the other one to this.",
                code="state",
            )
        join_within(user, call, target)
    wake_desk()
    return call


def join_within(user: User, call: Call, target: str) -> None:
    """The same, within the caller's transaction."""
    sort, _, name = target.partition(":")
    now = feed_now()
    if sort == "case":
        case = cases.case_at_hand(user, name)
        cases.join_report(user, case, report=call.number, now=now)
        call.case = case
        log_event(call, "join", f"并入案件 {name}", f"Joined case {name}", user)
    else:
        other = Call.objects.for_user(user).filter(number=name).exclude(pk=call.pk).first()
        if other is None or other.joined_to_id is not None:
            raise TransitionError(
                "请选择另一条有效的接警。", "Choose another call that stands.", code="target"
            )
        call.joined_to, call.state = other, Call.State.JOINED
        log_event(call, "join", f"并入 {name}", f"Joined {name}", user)
        log_event(other, "joined", f"{call.number} 并入本条（同一警情的又一来电）",
               f"{call.number} joined this one: a further call of the same", user)  # fmt: skip
        # What the further caller knows better is graded anew with what the first one said.
        _merge(user, other, call)
    # Whoever works the first call sees to these.
    call.told.filter(told_at=None).delete()
    call.notices.filter(sent_at=None).delete()


def _merge(user: User, into: Call, new: Call) -> None:
    """Take the graver numbers of a further call over, and grade again."""
    changed = []
    for name in ("injured", "dead", "trapped", "vehicles"):
        mine, theirs = getattr(into, name), getattr(new, name)
        if theirs is not None and (mine is None or theirs > mine):
            setattr(into, name, theirs)
            changed.append(name)
    for name in ("hazmat", "lanes", "goods"):
        if getattr(new, name) and not getattr(into, name):
            setattr(into, name, getattr(new, name))
            changed.append(name)
    if new.on_fire and not into.on_fire:
        into.on_fire = True
        changed.append("on_fire")
    extra = [code for code in new.involved if code not in into.involved]
    if extra:
        into.involved = [*into.involved, *extra]
        changed.append("involved")
    if changed:
        if "dead" in changed:
            note_toll(into, user, feed_now(), dead=into.dead)
        regrade(user, into, feed_now())
        upward.follow(into, feed_now())


def unjoin(user: User, number: str, expected_version: int) -> Call:
    """Take a call that was joined to another call out again: it stands by itself."""
    with write():
        call = open_one(user, number, expected_version)
        other = call.joined_to
        if call.state != Call.State.JOINED or other is None:
            raise TransitionError(
                "这条接警没有并入别的接警。", "This call is not joined to another.", code="state"
            )
        now = feed_now()
        call.joined_to, call.state = None, Call.State.OPEN
        log_event(call, "unjoin", f"从 {other.number} 拆出", f"Taken out of {other.number}", user)
        log_event(other, "unjoined", f"{call.number} 从本条拆出",
               f"{call.number} was taken out of this one", user)  # fmt: skip
        list_whom(call, now)
        upward.follow(call, call.received_at)
    wake_desk()
    return call


def may_leave(user: User, call: Call) -> bool:
    """Whether the page offers it: joined to a case that others raised."""
    case = call.case
    if case is None or call.state != Call.State.OPEN or not may_act_on_case(user, case):
        return False
    return not (case.origin == "call" and case.origin_ref == call.number)


def leave_case(user: User, number: str, reason: str, expected_version: int) -> Call:
    """Take a call that was joined to a case by mistake out again: it stands by itself, and who must
    be told of it is its own again.

    Raises TransitionError for a call that raised the case, has no case, or without a reason.
    """
    with write():
        call = open_one(user, number, expected_version)
        must_be(call, Call.State.OPEN)
        case = call.case
        if case is None:
            raise TransitionError("这条接警没有并入案件。", "The call has no case.", code="state")
        if case.origin == "call" and case.origin_ref == call.number:
            raise TransitionError(
                "案件由这条接警立案，不能移出；不属实的，请在案件上判为误报。",
                "The case was raised from this call and cannot lose it; dismiss the case instead.",
                code="state",
            )
        if not may_act_on_case(user, case):
            raise TransitionError(
                "该案件不由您处置。", "That case is not yours to act on.", code="role"
            )
        words = reason.strip()[:300]
        if not words:
            raise TransitionError("请写明为什么移出。", "Say why it leaves.", code="reason")
        cases.leave_report(user, case, report=call.number, reason=words)
        call.case = None
        log_event(call, "leave", f"从案件 {case.number} 移出：{words}",
                  f"Left case {case.number}: {words}", user)  # fmt: skip
        now = feed_now()
        list_whom(call, now)
        upward.follow(call, call.received_at)
        call.save()
    wake_desk()
    return call
