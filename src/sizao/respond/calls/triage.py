"""From what a caller said to a level, a plan and who must be told, with the reasons.

>>> from datetime import date
>>> from sizao.respond.calls.table import table_of
>>> facts = Facts("crash", road_class="expressway", injured=2, lanes="part")
>>> found = triage(facts, table_of(date(2026, 11, 26)))
>>> found.level.code, found.command_level.code, [reason.row for reason in found.reasons]
('orange', 'brigade', ['injured', 'fast_road_lane', 'any_crash', 'fast_road'])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sizao.core.errors import ConfigError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.calls.table import CallTable, Question, Row


@dataclass(frozen=True)
class Facts:
    """What is known of an incident. None, "" and an empty set mean that nobody has said yet."""

    kind: str
    road_class: str = ""
    tunnel: bool = False
    placed: bool = True
    vehicles: int | None = None
    involved: frozenset[str] = frozenset()
    injured: int | None = None
    dead: int | None = None
    trapped: int | None = None
    hazmat: str = ""
    """``yes``, ``no`` or nothing."""
    on_fire: bool = False
    lanes: str = ""
    """Blocked: ``none``, ``part``, ``all``."""
    phone: bool = True


@dataclass(frozen=True)
class Reason:
    """A row that fitted, with the numbers that made it fit."""

    row: str
    zh: str
    en: str
    level: WarningLevel


@dataclass(frozen=True)
class Triage:
    """The grade of a call and what follows from it."""

    level: WarningLevel
    command_level: CommandLevel
    resources: tuple[str, ...]
    plans: tuple[str, ...]
    reasons: tuple[Reason, ...]
    """The gravest first."""
    questions: tuple[Question, ...]
    """Still to be asked."""
    table: date

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold, to be kept with the call."""
        return {
            "level": self.level.code,
            "command_level": self.command_level.code,
            "resources": list(self.resources),
            "plans": list(self.plans),
            "reasons": [
                {"row": one.row, "zh": one.zh, "en": one.en, "level": one.level.code}
                for one in self.reasons
            ],
            "table": self.table.isoformat(),
        }


def triage(facts: Facts, table: CallTable) -> Triage:
    """Grade what is known. Raises ConfigError for a kind that the table does not have."""
    if facts.kind not in table.kinds:
        raise ConfigError(f"no kind of call {facts.kind!r}: known are {', '.join(table.kinds)}")
    fitting = [row for row in table.rows if _fits(row, facts)]
    fitting.sort(key=lambda row: -row.level)
    wanted = {name for row in fitting for name in row.resources}
    return Triage(
        level=max((row.level for row in fitting), default=WarningLevel.BLUE),
        command_level=max((row.command_level for row in fitting), default=CommandLevel.SQUADRON),
        resources=tuple(name for name in table.resources if name in wanted),
        plans=tuple(dict.fromkeys(row.plan for row in fitting if row.plan)),
        reasons=tuple(_reason(row, facts) for row in fitting),
        questions=tuple(one for one in table.questions if _open(one, facts)),
        table=table.day,
    )


def _fits(row: Row, facts: Facts) -> bool:
    if row.kinds and facts.kind not in row.kinds:
        return False
    return all(_holds(name, wanted, facts) for name, wanted in row.when.items())


def _holds(name: str, wanted: Any, facts: Facts) -> bool:
    if name.endswith("_min"):
        known = getattr(facts, name.removesuffix("_min"))
        return known is not None and known >= wanted
    if name == "involved":
        return bool(facts.involved & set(wanted))
    if isinstance(wanted, bool):
        return bool(getattr(facts, name)) is wanted
    return getattr(facts, name) in wanted


def _reason(row: Row, facts: Facts) -> Reason:
    counts = [
        str(getattr(facts, name.removesuffix("_min"))) for name in row.when if name.endswith("_min")
    ]
    zh, en = row.zh, row.en
    if counts:
        zh, en = f"{zh}（{'、'.join(counts)}）", f"{en} ({', '.join(counts)})"
    return Reason(row.id, zh, en, row.level)


def _open(question: Question, facts: Facts) -> bool:
    if question.kinds and facts.kind not in question.kinds:
        return False
    known: Mapping[str, bool] = {
        "place": facts.placed,
        "injured": facts.injured is not None,
        "trapped": facts.trapped is not None,
        "vehicles": facts.vehicles is not None,
        "hazmat": bool(facts.hazmat),
        "lanes": bool(facts.lanes),
        "phone": facts.phone,
    }
    return not known[question.field]
