"""A grade explained: what happened, why this level, what the rules say and how sure that is.

Built when the warning is made and kept with it, so that it still reads the same after the table
or the rule book has moved on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.core.rulebook import CERTAINTIES, entry, rulebook
from sizao.core.vehicles import KINDS
from sizao.warn.control import advice
from sizao.warn.facts import Facts
from sizao.warn.place_words import place_sentence
from sizao.warn.rule_text import rule_text
from sizao.warn.sentences import quality, sentence
from sizao.warn.table import Decision
from sizao.warn.words import VEHICLE_KINDS_EN

CAUTION_ZH = "本预警是供民警核实的线索，不作为处罚依据。"
CAUTION_EN = "This warning is a lead for a person to check, never a penalty."
PLACE_CAUTION_ZH = "本预警供民警核实路况、采取措施，是否管制由有权单位决定。"
PLACE_CAUTION_EN = "This warning is to be checked on the road; closing it is for those in charge."


@dataclass(frozen=True)
class PlaceGrade:
    """How a warning about a place was graded: by a row of a table, or by a person."""

    level: WarningLevel
    command_level: CommandLevel
    reason_zh: str
    reason_en: str
    because: tuple[tuple[str, str], ...] = ()
    """Each condition that held, in Chinese and English."""
    rules: tuple[str, ...] = ()
    """Ids in the rule book."""
    row_id: str = ""
    table_date: date | None = None
    certainty: str = "proposed"


@dataclass(frozen=True)
class RuleRef:
    """A rule that the grade leans on."""

    id: str
    name_zh: str
    name_en: str
    text_zh: str
    """What it says for this very case, in words."""
    text_en: str
    citation: str
    """Title, year, article."""
    certainty: str
    """found, recalled or proposed: of the part that applies."""
    certainty_zh: str
    note: str


@dataclass(frozen=True)
class Explanation:
    """Everything a case page says about a grade."""

    what_zh: str
    what_en: str
    grade_zh: str
    grade_en: str
    because_zh: tuple[str, ...]
    because_en: tuple[str, ...]
    rules: tuple[RuleRef, ...]
    quality_zh: tuple[str, ...]
    quality_en: tuple[str, ...]
    caution_zh: str
    caution_en: str
    rule_version: str
    """Version of the detection rule that concluded it."""
    row_id: str
    table_date: str
    certainty: str
    certainty_zh: str
    advice_zh: tuple[str, ...] = ()
    """Control of the road that the row advises."""
    advice_en: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold, to be kept with the warning."""
        return asdict(self)


def explain(
    facts: Facts, decision: Decision, *, place: str = "", place_en: str = ""
) -> Explanation:
    """The explanation of a grade.

    place, place_en : how the place is called, direction included; without them, road and stake
    """
    what_zh, what_en = what_happened(facts, place=place, place_en=place_en)
    certainty_zh = CERTAINTIES[decision.certainty]
    day = decision.table_date.isoformat()
    return Explanation(
        what_zh=what_zh,
        what_en=what_en,
        grade_zh=(
            f"定为{decision.level.zh}预警，由{decision.command_level.zh}处置：{decision.reason_zh}。"
        ),
        grade_en=(
            f"Graded {decision.level.code}, for the {decision.command_level.code}: "
            f"{decision.reason_en}."
        ),
        because_zh=tuple(match.zh for match in decision.matched) or ("没有其他条目适用",),
        because_en=tuple(match.en for match in decision.matched) or ("no other row applies",),
        rules=tuple(_reference(rule_id, facts) for rule_id in _rules(facts, decision)),
        quality_zh=tuple(quality(code, facts)[0] for code in facts.quality),
        quality_en=tuple(quality(code, facts)[1] for code in facts.quality),
        caution_zh=CAUTION_ZH if facts.vehicle else PLACE_CAUTION_ZH,
        caution_en=CAUTION_EN if facts.vehicle else PLACE_CAUTION_EN,
        rule_version=facts.rule_version,
        row_id=decision.row_id,
        table_date=day,
        certainty=decision.certainty,
        certainty_zh=certainty_zh,
        advice_zh=(advice(decision.control)[0],) if decision.control else (),
        advice_en=(advice(decision.control)[1],) if decision.control else (),
    )


def explain_place(
    what: tuple[str, str], decision: PlaceGrade, *, quality: tuple[tuple[str, str], ...] = ()
) -> Explanation:
    """The explanation of a warning about a place that no detection rule concluded.

    what : one sentence in Chinese and one in English, without names and plates
    quality : what is doubtful about the data, in both languages
    """
    level, command = decision.level, decision.command_level
    return Explanation(
        what_zh=what[0],
        what_en=what[1],
        grade_zh=f"定为{level.zh}预警，由{command.zh}处置：{decision.reason_zh}。",
        grade_en=f"Graded {level.code}, for the {command.code}: {decision.reason_en}.",
        because_zh=tuple(zh for zh, _ in decision.because),
        because_en=tuple(en for _, en in decision.because),
        rules=tuple(_cited(rule_id) for rule_id in decision.rules),
        quality_zh=tuple(zh for zh, _ in quality),
        quality_en=tuple(en for _, en in quality),
        caution_zh=PLACE_CAUTION_ZH,
        caution_en=PLACE_CAUTION_EN,
        rule_version="",
        row_id=decision.row_id,
        table_date=decision.table_date.isoformat() if decision.table_date else "",
        certainty=decision.certainty,
        certainty_zh=CERTAINTIES[decision.certainty],
    )


def _cited(rule_id: str) -> RuleRef:
    rule = entry(rule_id)
    return RuleRef(
        id=rule.id,
        name_zh=rule.name_zh,
        name_en=rule.name_en,
        text_zh=rule.name_zh,
        text_en=rule.name_en,
        citation=rule.citation(),
        certainty=rule.certainty,
        certainty_zh=CERTAINTIES[rule.certainty],
        note=rule.note,
    )


def what_happened(facts: Facts, *, place: str = "", place_en: str = "") -> tuple[str, str]:
    """One sentence in Chinese and one in English: where, what vehicle, what, how much.

    It never names a driver or a plate: whoever may see those sees them beside it.
    """
    where = place or facts.place
    where_en = place_en or place or facts.place
    if not facts.vehicle:
        return place_sentence(facts, where, where_en)
    kind_zh = KINDS.get(facts.vehicle_kind, KINDS["other"])
    kind_en = VEHICLE_KINDS_EN.get(facts.vehicle_kind, VEHICLE_KINDS_EN["other"])
    before_zh = f"{where}，" if where else ""
    before_en = f"{where_en}: " if where_en else ""
    return sentence(facts, f"{before_zh}{kind_zh}", f"{before_en}{kind_en}")


def _rules(facts: Facts, decision: Decision) -> tuple[str, ...]:
    """What the row names, then how the detection rule itself reads its samples."""
    own = f"detect.{_READS_AS.get(facts.rule, facts.rule)}"
    return (*decision.rules, own) if own in rulebook() else decision.rules


_READS_AS = {
    "coach_night_speed": "speeding",
    "coach_night_fatigue": "fatigue",
    "coach_day_total": "fatigue",
    "coach_week_total": "fatigue",
}
"""Rules that read their samples as another does."""


def _reference(rule_id: str, facts: Facts) -> RuleRef:
    rule = entry(rule_id)
    text_zh, text_en, certainty = rule_text(rule, facts)
    return RuleRef(
        id=rule.id,
        name_zh=rule.name_zh,
        name_en=rule.name_en,
        text_zh=text_zh,
        text_en=text_en,
        citation=rule.citation(),
        certainty=certainty,
        certainty_zh=CERTAINTIES[certainty],
        note=rule.note,
    )
