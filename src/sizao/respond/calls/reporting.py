"""Reports of a crash to the levels above: what is due to whom by when.

A unit reports within one hour of learning of it, every level passes it on within two hours of
receiving it, and deaths and injuries that change are reported until the seventh day. How far up it
goes follows the grade of Order 493. The numbers stand in the rule book (``severity.reporting``,
``severity.reporting_reach``, both recalled and to be checked).

Each report is a leg: from one level to the next, with a clock. The first round tells of the crash;
a change of the toll after somebody was told begins another round.

Source: 生产安全事故报告和调查处理条例 (2007) articles 9 to 13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sizao.core.rulebook import entry
from sizao.core.severity import grade_2007
from sizao.respond.calls.table import CallTable

LEVELS: dict[str, tuple[str, str]] = {
    "squadron": ("中队", "squadron"),
    "brigade": ("大队（县级）", "brigade (county)"),
    "detachment": ("支队（市级）", "detachment (city)"),
    "province": ("省级", "province"),
    "ministry": ("国家级", "state"),
    "government": ("本级人民政府和应急管理部门", "own government and its emergency department"),
}
"""Who reports and who is told, lowest first."""

_CHAIN = ("squadron", "brigade", "detachment", "province", "ministry")
_OURS = ("squadron", "brigade", "detachment")
HOUR_S = 3600.0

CONTENT: dict[str, tuple[str, str]] = {
    "place": ("时间、地点和现场情况", "time, place and scene"),
    "course": ("事故简要经过", "what happened, in short"),
    "toll": ("伤亡人数（含下落不明）", "dead, hurt and missing"),
    "loss": ("初步估计的直接经济损失", "first estimate of the direct loss"),
    "measures": ("已经采取的措施", "what has been done"),
    "enterprise": ("涉事单位概况", "the enterprise involved"),
}
"""What a report must say (article 12)."""


@dataclass(frozen=True)
class Toll:
    """Deaths and injuries as known from ``at_s`` on; None: not known."""

    at_s: float
    dead: int | None = None
    serious: int | None = None
    light: int | None = None
    missing: int | None = None
    loss_cny: float | None = None

    @property
    def grade(self) -> str:
        """Grade of Order 493 by what is known: the least it can be. Missing count as dead."""
        dead = None if self.dead is None and self.missing is None else self._dead
        return grade_2007(dead=dead, serious=self.serious, loss_cny=self.loss_cny) or "ordinary"

    @property
    def _dead(self) -> int:
        return (self.dead or 0) + (self.missing or 0)


@dataclass(frozen=True)
class Leg:
    """One report from a level to the next. ``round`` 1 is the first report, later ones updates."""

    round: int
    step: int
    sender: str
    receiver: str
    start_s: float
    due_s: float


@dataclass(frozen=True)
class Done:
    """A leg that exists already, and how far it got."""

    round: int
    step: int
    receiver: str
    sent_s: float | None = None
    receipt_s: float | None = None


def reasons(known: Mapping[str, int | None], table: CallTable) -> list[tuple[str, str]]:
    """Why a crash must be reported upward, in both languages; empty: it need not be.

    known : count by the fields of the table's ``notice_when``
    """
    return [
        (one.zh, one.en)
        for one in table.notice_when
        if (count := known.get(one.field)) is not None and count >= one.least
    ]


def limit_h(name: str) -> float:
    """Hours of ``unit_report`` or ``each_level_report``."""
    return float(entry("severity.reporting").value(name))


def window_s() -> float:
    """Seconds for which changes of the toll are reported."""
    return float(entry("severity.reporting").value("road_casualty_update_window")) * 24 * HOUR_S


def reach(grade: str) -> str:
    """The highest level that must learn of a crash of this grade."""
    return str(entry("severity.reporting_reach").value("levels")[grade])


def next_legs(
    origin: str, known_s: float, tolls: Sequence[Toll], done: Sequence[Done], update_h: float
) -> list[Leg]:
    """The legs that are due now and do not exist yet, at most one of each round.

    origin : level of the unit that learnt of it: squadron, brigade, detachment
    known_s : when it did; tolls : what was known, oldest first, at least one
    done : legs that exist

    A level above the detachment passes it on by itself: our legs end with the detachment's.
    """
    if not done:
        return [_leg(1, 1, origin, tolls[-1].grade, known_s, limit_h("unit_report"))]
    found = []
    for number in sorted({one.round for one in done}):
        last = max((one for one in done if one.round == number), key=lambda one: one.step)
        top = reach(tolls[-1].grade)
        goes_on = (
            last.receipt_s is not None
            and last.receiver in _OURS
            and _CHAIN.index(last.receiver) < _CHAIN.index(top)
        )
        if goes_on and last.receipt_s is not None:
            hours = limit_h("each_level_report")
            found.append(
                _leg(number, last.step + 1, last.receiver, tolls[-1].grade, last.receipt_s, hours)
            )
    newest = max(one.round for one in done)
    told_s = [one.sent_s for one in done if one.round == newest and one.sent_s is not None]
    changed = [one for one in tolls[1:] if told_s and one.at_s > min(told_s)]
    if changed and changed[0].at_s <= known_s + window_s():
        found.append(_leg(newest + 1, 1, origin, tolls[-1].grade, changed[0].at_s, update_h))
    return found


def _leg(number: int, step: int, sender: str, grade: str, start_s: float, hours: float) -> Leg:
    at = _CHAIN.index(sender)
    above = at < _CHAIN.index(reach(grade))
    receiver = _CHAIN[at + 1] if above else "government"
    return Leg(number, step, sender, receiver, start_s, start_s + hours * HOUR_S)


def missing(said: Mapping[str, bool]) -> list[str]:
    """Codes of ``CONTENT`` that a report does not say yet."""
    return [code for code in CONTENT if not said.get(code)]
