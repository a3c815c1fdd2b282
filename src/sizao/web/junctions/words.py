"""Words for what is kept in codes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from sizao.core.errors import SaidError, SizaoError
from sizao.plan.signals.junction import TURN_NAMES, Junction
from sizao.web.pages.words import pick

STATES = {
    "normal": ("一般路口", "ordinary"),
    "hazard": ("隐患路口", "hazard junction"),
    "works": ("整治中", "under works"),
    "review": ("待验收", "waits for acceptance"),
    "accepted": ("已验收", "accepted"),
    "model": ("精品路口", "model junction"),
}
ACTIONS = {
    "register": ("登记", "registered"),
    "shape": ("改进口道", "arms corrected"),
    "plan": ("改现行配时", "plan in force corrected"),
    "audit": ("完成检查", "audit finished"),
    "adopt": ("采用优化方案", "better plan adopted"),
    "mark": ("列为隐患路口", "mark as hazard"),
    "begin": ("开始整治", "begin works"),
    "ask": ("申请验收", "ask for acceptance"),
    "reject": ("退回整治", "send back"),
    "accept": ("通过验收", "accept"),
    "model": ("认定精品路口", "make it a model junction"),
}
SOURCES = {
    "typed": ("人工录入", "typed in"),
    "file": ("文件导入", "from a file"),
}
RUNS = {
    "none": ("未仿真", "not simulated"),
    "waiting": ("排队中", "waiting"),
    "running": ("正在仿真", "running"),
    "done": ("已仿真", "simulated"),
    "failed": ("仿真失败", "failed"),
    "cancelled": ("已取消", "cancelled"),
}
FAULTS = {
    "green": (
        "绿灯短于最小绿灯或行人过街所需",
        "green shorter than the least, or than walking takes",
    ),
    "yellow": ("黄灯短于计算值", "yellow shorter than computed"),
    "all_red": ("全红短于计算值", "all-red shorter than computed"),
    "cycle": ("周期过长", "cycle too long"),
}
ANSWERS = {
    "good": ("合格", "good"),
    "defect": ("有问题", "defect"),
    "none": ("不适用", "does not apply"),
}


def state_word(state: str) -> str:
    return str(pick(*STATES.get(state, (state, state))))


def action_word(action: str) -> str:
    return str(pick(*ACTIONS.get(action, (action, action))))


def source_word(source: str) -> str:
    return str(pick(*SOURCES.get(source, (source, source))))


def run_word(run: str) -> str:
    return str(pick(*RUNS.get(run, (run, run))))


def fault_word(kind: str) -> str:
    return str(pick(*FAULTS.get(kind, (kind, kind))))


def answer_word(answer: str) -> str:
    return str(pick(*ANSWERS.get(answer, (answer, answer))))


def turn_word(turn: str) -> str:
    return str(pick(*TURN_NAMES[turn]))


def turn_mark(turn: str) -> str:
    """One character for a turn, for drawings."""
    return str(pick(TURN_NAMES[turn][0][0], turn))


def refusal(error: Exception) -> str:
    """Why something cannot be, for the reader. What is raised beside this app's own pages has
    words in both languages; a number that is none has Python's, which nobody shall read."""
    if isinstance(error, SaidError):
        return pick(f"{error.zh}。", f"{error.en[:1].upper()}{error.en[1:]}.")
    if isinstance(error, SizaoError):
        return str(error)
    return _("填写有误：请检查各项是否为数字。")


def movement_word(shape: Junction, movement: str) -> str:
    """``N.LT`` as people say it: the arm and its turns."""
    arm, _, turns = movement.rpartition(".")
    return f"{shape.arm(arm).name} {'/'.join(turn_word(turn) for turn in turns)}"


def group_rows(shape: Junction, before: dict[str, Any], after: dict[str, Any]) -> list[Any]:
    """Lane groups of two plans side by side."""
    later = {one["group"]: one for one in after["groups"]}
    return [
        (movement_word(shape, one["group"]), one, later.get(one["group"]))
        for one in before["groups"]
    ]
