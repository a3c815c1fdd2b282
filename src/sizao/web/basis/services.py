"""A person's answer to a change of the ground: what is to be done, and why."""

from __future__ import annotations

from sizao.core.errors import TransitionError
from sizao.web.basis.models import BasisAnswer, BasisChange
from sizao.web.basis.wording import CHOICES
from sizao.web.cases.access import may_act
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.services import add_note
from sizao.web.clock import feed_now
from sizao.web.units.models import User
from sizao.web.writing import write

LONGEST = 300


def open_questions(case: Case) -> list[BasisChange]:
    """Changes that wait for an answer, the oldest first."""
    return list(case.basis_changes.filter(asks=True, answer=None).select_related("warning"))


def answer(user: User, case: Case, upto: int, choice: str, remark: str) -> Case:
    """Answer every question of a case up to the one that the person saw last.

    upto : id of that change. What came in later stays open.

    The case does not move: to stand down, its measures are lifted and it is resolved or dismissed
    by the usual steps. Raises NotAllowedError; TransitionError without a choice or reason, and if
    somebody else was faster (code ``state``).
    """
    if not may_act(user, case):
        raise NotAllowedError(
            "您可以查看本案，但不能操作。", "You may read this case, not act on it."
        )
    remark = remark.strip()
    if choice not in CHOICES:
        raise TransitionError("请选择如何处理。", "Choose what is to be done.", code="choice")
    if not remark:
        raise TransitionError("请写明理由。", "Say why.", code="reason")
    if len(remark) > LONGEST:
        raise TransitionError(
            f"理由请不超过 {LONGEST} 字。", f"At most {LONGEST} characters.", code="long"
        )
    with write():
        case = Case.every.select_related("unit", "local_unit").select_for_update(of=("self",)).get(
            pk=case.pk
        )  # fmt: skip
        seen = case.basis_changes.filter(asks=True, pk__lte=upto)
        waiting = list(seen.filter(answer=None))
        if not waiting:
            last = BasisAnswer.objects.filter(change__in=seen).select_related("by").last()
            by = str(last.by) if last else ""
            raise TransitionError(
                f"{by or '别人'}已确认过，无须再确认。",
                f"{by or 'Somebody'} has answered already.",
                code="state",
            )
        now = feed_now()
        for change in waiting:
            BasisAnswer(change=change, choice=choice, remark=remark, by=user, at=now).save()
        zh, en = CHOICES[choice]
        add_note(
            case, "basis", f"依据变化已确认：{zh}。理由：{remark}",
            f"Change of the ground answered: {en}. Reason: {remark}", user=user,
            details={"changes": [one.pk for one in waiting], "choice": choice},
        )  # fmt: skip
    return case
