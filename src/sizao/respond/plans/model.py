"""What a response plan is made of, and how its text is read.

A plan is a document of names, conditions and minutes. Reading it refuses what would fail at three
in the morning: a task that waits for one that does not exist, a circle, a party nobody knows, a
clock to finish that runs out before the one to acknowledge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sizao.core.errors import SaidError
from sizao.core.levels import WarningLevel
from sizao.core.places import ROAD_CLASSES
from sizao.core.rulebook import CERTAINTIES

PARTIES: Mapping[str, tuple[str, str]] = {
    "command": ("指挥中心", "command centre"),
    "detachment": ("支队", "detachment"),
    "brigade": ("属地大队", "local brigade"),
    "squadron": ("属地中队", "local squadron"),
    "transport": ("交通运输部门", "transport department"),
    "highway": ("高速公路经营管理单位", "highway operator"),
    "weather": ("气象部门", "weather service"),
    "emergency": ("应急管理部门", "emergency management"),
    "health": ("卫生健康部门（120）", "health and ambulance (120)"),
    "fire": ("消防救援机构（119）", "fire and rescue (119)"),
    "education": ("教育部门", "education department"),
}
"""Who can be given a task. The first four are ours, the others partner agencies."""

OWN = ("command", "detachment", "brigade", "squadron")

QUESTIONS: Mapping[str, tuple[str, str]] = {
    "fire": ("有起火或浓烟", "fire or thick smoke"),
    "injured": ("有人员受伤", "somebody is hurt"),
    "trapped": ("有人员被困", "somebody is trapped"),
    "hazmat": ("涉及危险货物", "dangerous goods are involved"),
    "blocked": ("道路完全中断", "the road is blocked altogether"),
    "bus": ("涉及客车或校车", "a coach or school bus is involved"),
    "secondary": ("有继续塌落或二次事故的危险", "more may fall or crash"),
    "crowd": ("人员大量聚集", "a crowd has gathered"),
}
"""What the desk is asked when a plan is started; conditions of tasks name them."""

MEASURES: Mapping[str, tuple[str, str]] = {
    "speed_limit": ("临时限速", "temporary speed limit"),
    "closure": ("封闭", "closure"),
    "convoy": ("警车带道", "convoy behind a police car"),
    "diversion": ("分流绕行", "diversion"),
    "hold": ("服务区滞留", "hold at a service area"),
    "entrance_control": ("入口管制", "entrance control"),
    "area_text": ("区域车载提示", "text to vehicles in an area"),
    "sign_text": ("情报板发布", "text on roadside signs"),
}
"""Kinds of control measures that a plan may propose: a kind and parameters, nothing more."""


@dataclass(frozen=True)
class Condition:
    """When a task or a plan applies. What is empty asks nothing."""

    levels: frozenset[WarningLevel] = frozenset()
    roads: frozenset[str] = frozenset()
    """Road classes of the network: expressway, national, provincial, county, ..."""
    facts: frozenset[str] = frozenset()
    """Keys of ``QUESTIONS``: at least one of them was answered yes."""

    def holds(self, level: WarningLevel, road: str, facts: frozenset[str]) -> bool:
        """Whether it applies. A road whose class is unknown passes: better asked than missed."""
        return (
            (not self.levels or level in self.levels)
            and (not self.roads or not road or road in self.roads)
            and (not self.facts or bool(self.facts & facts))
        )


@dataclass(frozen=True)
class Measure:
    """A control measure that a task proposes; the desk decides whether it is taken."""

    kind: str
    parameters: Mapping[str, Any]
    """Values that JSON can hold: ``limit_kmh``, ``upstream_km``, ``kinds``, ``text``."""


@dataclass(frozen=True)
class Task:
    """What one party has to do."""

    id: str
    party: str
    zh: str
    en: str
    acknowledge_min: Mapping[WarningLevel, float]
    finish_min: Mapping[WarningLevel, float]
    """Minutes from the moment the task is ordered, by level."""
    after: tuple[str, ...] = ()
    """Ids of tasks that must have ended before this one is ordered."""
    when: Condition = Condition()
    measures: tuple[Measure, ...] = ()
    lifts: tuple[str, ...] = ()
    """Ids of tasks whose measures have to be lifted before this one is done."""


@dataclass(frozen=True)
class Plan:
    """A response plan as it stood on a day."""

    id: str
    zh: str
    en: str
    valid_from: date
    kinds: frozenset[str]
    """Kinds of cases that propose it."""
    when: Condition
    tasks: tuple[Task, ...]
    questions: tuple[str, ...]
    """The facts that its conditions ask for, in the order of ``QUESTIONS``."""
    sources: tuple[Mapping[str, str], ...]
    """``zh``, ``en``, and ``certainty``: where order and minutes come from."""
    version: str = ""
    """The day it holds from, and who keeps it: ``2026-11-01`` of the package, or an own text's."""

    @property
    def certainty(self) -> str:
        """The weakest of its sources."""
        order = list(CERTAINTIES)
        return max((one["certainty"] for one in self.sources), key=order.index)


def read(raw: Mapping[str, Any], *, version: str = "") -> Plan:
    """A plan from its document. Raises SaidError in words that say where and what."""
    if not isinstance(raw, Mapping):
        raise SaidError("预案应是一组“名称: 值”", "a plan is a mapping of names to values")
    name = str(raw.get("id") or "")
    try:
        clocks = raw["minutes"]
        tasks = tuple(_task(one, clocks, name) for one in raw["tasks"])
        plan = Plan(
            id=name,
            zh=raw["name"]["zh"],
            en=raw["name"]["en"],
            valid_from=_day(raw["from"], name),
            kinds=frozenset(raw.get("kinds") or ()),
            when=_condition(raw.get("when"), (name, name)),
            tasks=tasks,
            questions=tuple(
                fact for fact in QUESTIONS if any(fact in task.when.facts for task in tasks)
            ),
            sources=tuple(dict(one) for one in raw["sources"]),
            version=version or str(raw["from"]),
        )
    except KeyError as error:
        raise SaidError(
            f"预案 {name or '？'}：缺少 {error.args[0]}", f"plan {name or '?'}: no {error.args[0]}"
        ) from error
    except (TypeError, AttributeError, ValueError) as error:
        raise SaidError(
            f"预案 {name or '？'}：格式不对（{error}）",
            f"plan {name or '?'}: of a wrong form ({error})",
        ) from error
    _check(plan)
    return plan


def _day(value: Any, name: str) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise SaidError(
            f"预案 {name}：from 应是日期，例如 2026-11-01",
            f"plan {name}: from must be a date, such as 2026-11-01",
        ) from None


def _condition(raw: Mapping[str, Any] | None, where: tuple[str, str]) -> Condition:
    given = dict(raw or {})
    try:
        levels = frozenset(WarningLevel.parse(code) for code in given.pop("levels", ()))
    except KeyError as error:
        raise SaidError(
            f"预案 {where[0]}：没有等级 {error.args[0]}",
            f"plan {where[1]}: no level {error.args[0]}",
        ) from None
    roads, facts = frozenset(given.pop("roads", ())), frozenset(given.pop("facts", ()))
    unknown = [*given, *(facts - QUESTIONS.keys()), *(roads - ROAD_CLASSES.keys())]
    if unknown:
        raise SaidError(
            f"预案 {where[0]}：条件里有不认识的 {'、'.join(unknown)}",
            f"plan {where[1]}: unknown in a condition: {', '.join(unknown)}",
        )
    return Condition(levels, roads, facts)


def _task(raw: Mapping[str, Any], clocks: Mapping[str, Any], plan: str) -> Task:
    where = f"{plan} 的任务 {raw.get('id') or '？'}", f"{plan}, task {raw.get('id') or '?'}"
    own = raw.get("minutes") or {}
    return Task(
        id=str(raw["id"]),
        party=raw["party"],
        zh=raw["zh"],
        en=raw["en"],
        acknowledge_min=_minutes(own.get("acknowledge", clocks["acknowledge"]), where),
        finish_min=_minutes(own.get("finish", clocks["finish"]), where),
        after=tuple(raw.get("after") or ()),
        when=_condition(raw.get("when"), where),
        measures=tuple(_measure(one, where) for one in raw.get("measures") or ()),
        lifts=tuple(raw.get("lifts") or ()),
    )


def _measure(raw: Mapping[str, Any], where: tuple[str, str]) -> Measure:
    if raw["kind"] not in MEASURES:
        raise SaidError(
            f"预案 {where[0]}：没有管制措施 {raw['kind']}",
            f"plan {where[1]}: no measure {raw['kind']}",
        )
    return Measure(raw["kind"], {key: value for key, value in raw.items() if key != "kind"})


def _minutes(raw: Any, where: tuple[str, str]) -> Mapping[WarningLevel, float]:
    """One number for every level, or one a level. ``where`` in Chinese and English."""
    if isinstance(raw, int | float):
        raw = dict.fromkeys((level.code for level in WarningLevel), raw)
    found = {level: raw.get(level.code) for level in WarningLevel}
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in found.values()):
        raise SaidError(
            f"预案 {where[0]}：时限要写一个分钟数，或四个等级各写一个",
            f"plan {where[1]}: a term is one number of minutes, or one for each of the four levels",
        )
    if any(one <= 0 for one in found.values()):
        raise SaidError(
            f"预案 {where[0]}：时限须大于 0 分钟",
            f"plan {where[1]}: a term must be more than 0 min",
        )
    return {level: float(one) for level, one in found.items()}


def _check(plan: Plan) -> None:
    if not plan.id or not plan.tasks or not plan.sources:
        raise SaidError(
            f"预案 {plan.id or '？'}：要有 id、至少一项任务和一条依据",
            f"plan {plan.id or '?'}: an id, a task and a source are the least it must have",
        )
    for source in plan.sources:
        if source.get("certainty") not in CERTAINTIES:
            raise SaidError(
                f"预案 {plan.id}：依据的 certainty 是 {source.get('certainty')}？",
                f"plan {plan.id}: no certainty of a source is {source.get('certainty')}",
            )
    known = [task.id for task in plan.tasks]
    for task in plan.tasks:
        where_zh, where_en = f"预案 {plan.id} 的任务 {task.id}", f"plan {plan.id}, task {task.id}"
        if known.count(task.id) > 1:
            raise SaidError(f"{where_zh}出现两次", f"{where_en} is there twice")
        if task.party not in PARTIES:
            raise SaidError(
                f"{where_zh}：没有单位 {task.party}", f"{where_en}: no party {task.party}"
            )
        if missing := [one for one in task.after if one not in known]:
            raise SaidError(
                f"{where_zh}：没有前置任务 {missing[0]}",
                f"{where_en}: no task {missing[0]} to come after",
            )
        if missing := [one for one in task.lifts if one not in known]:
            raise SaidError(
                f"{where_zh}：lifts 里没有任务 {missing[0]}",
                f"{where_en}: no task {missing[0]} to lift",
            )
        for level in WarningLevel:
            if task.finish_min[level] < task.acknowledge_min[level]:
                raise SaidError(
                    f"{where_zh}：完成时限早于接收时限",
                    f"{where_en}: to be done before it is to be acknowledged",
                )
    _no_circle(plan)


def _no_circle(plan: Plan) -> None:
    left: dict[str, Sequence[str]] = {task.id: task.after for task in plan.tasks}
    while free := [name for name, after in left.items() if not any(one in left for one in after)]:
        for name in free:
            del left[name]
    if left:
        raise SaidError(
            f"预案 {plan.id}：任务 {'、'.join(left)} 互相等待",
            f"plan {plan.id}: tasks wait for each other: {', '.join(left)}",
        )
