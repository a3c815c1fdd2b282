"""Words of hazards in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sizao.govern.hazards.kinds import GROUPS, check_list, kinds
from sizao.govern.hazards.listing import LEVELS
from sizao.govern.hazards.records import DUE, DUTY_KINDS, GRADES, State
from sizao.web.clock import feed_now
from sizao.web.hazards.models import ORIGINS, Hazard
from sizao.web.pages.words import pick

STAGES = {
    "found": ("发现时", "When found"),
    "protect": ("临时防护", "Protection"),
    "work": ("整改中", "At work"),
    "rectify": ("整改后", "After the work"),
    "accept": ("验收", "Acceptance"),
}
"""What photos show, in the order of the work."""


def state_word(code: str) -> str:
    state = State(code)
    return pick(state.zh, state.en.capitalize())


def grade_word(code: str) -> str:
    zh, en = GRADES.get(code, ("未定级", "not graded"))
    return pick(zh, en.capitalize())


def kind_word(code: str) -> str:
    kind = kinds().get(code) or kinds()["other"]
    return pick(kind.zh, kind.en)


def origin_word(code: str) -> str:
    zh, en = ORIGINS.get(code, (code, code))
    return pick(zh, en.capitalize())


def duty_kind_word(code: str) -> str:
    zh, en = DUTY_KINDS[code]
    return pick(zh, en.capitalize())


def level_word(code: str) -> str:
    """Of listed supervision; empty for none."""
    zh, en = LEVELS.get(code, ("", ""))
    return pick(f"{zh}挂牌", f"Listed by the {en}") if zh else ""


def stage_word(code: str) -> str:
    return pick(*STAGES.get(code, STAGES["work"]))


def grouped_kinds() -> list[tuple[str, list[tuple[str, str]]]]:
    """Kinds with their words, by group."""
    return [
        (pick(zh, en.capitalize()),
         [(one.code, pick(one.zh, one.en)) for one in kinds().values() if one.group == code])
        for code, (zh, en) in GROUPS.items()
    ]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What a list shows of a hazard."""

    hazard: Hazard
    word: str
    grade: str
    state: str
    listed: str
    late: bool
    bare: bool
    """Nobody and nothing protects people until it is gone."""
    running: bool
    """The deadline runs: it is the duty body's turn."""
    photo: Any = None


def row_of(hazard: Hazard, now: datetime | None = None) -> Row:
    now = now or feed_now()
    unfinished = hazard.state in ("found", "assigned", "rectifying", "rectified")
    return Row(
        hazard=hazard,
        word=kind_word(hazard.kind),
        grade=grade_word(hazard.grade),
        state=state_word(hazard.state),
        listed=level_word(hazard.listed),
        late=hazard.late_at(now),
        bare=unfinished and not hazard.protected_at(now),
        running=hazard.state in DUE and hazard.deadline is not None,
        photo=next(iter(hazard.photos.all()), None),
    )


def questions() -> list[tuple[str, str, str]]:
    """The check list of an inspection: kind, question, and what is wrong if the answer is no."""
    return [
        (kind.code, pick(kind.ask_zh, kind.ask_en), pick(kind.zh, kind.en)) for kind in check_list()
    ]
