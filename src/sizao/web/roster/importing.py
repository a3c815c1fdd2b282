"""A roster from a table: each row a shift; bad rows are named and the others planned."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.feeds.tables.reading import read
from sizao.feeds.tables.table import Refusal, Row, Table, shown
from sizao.respond.duty.roster import POSTS
from sizao.web.pages.words import pick
from sizao.web.roster import services
from sizao.web.units.models import Unit, User

COLUMNS = ("岗位", "人员", "上班", "下班")
"""Needed in the header; 人员 is an account or a name that only one person of the unit has."""
MOST_BYTES = 2 << 20
MOST_ROWS = 2000
_POST_OF = {names[0]: code for code, names in POSTS.items()}


@dataclass
class Imported:
    """How many shifts were planned, and what was wrong with which row."""

    added: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


def plan_table(user: User, unit: Unit, data: bytes) -> Imported:
    """Plan every row of a CSV or .xlsx file for the unit.

    Raises TransitionError if the file is none, or lacks a column: nothing is planned then.
    """
    if len(data) > MOST_BYTES:
        raise TransitionError("文件超过 2 MB。", "The file is larger than 2 MB.", code="field")
    table = read(data)
    if isinstance(table, Refusal):
        raise TransitionError(table.words.zh, table.words.en, code="field")
    places = _places(table)
    found = Imported()
    people = list(User.objects.filter(unit__path__startswith=unit.path).select_related("unit"))
    for row in list(table.rows)[:MOST_ROWS]:
        try:
            _plan(user, unit, row, places, people)
        except TransitionError as error:
            found.problems.append((row.number, pick(error.zh, error.en)))
        else:
            found.added += 1
    return found


def _places(table: Table) -> dict[str, int]:
    lacking = [name for name in COLUMNS if name not in table.header]
    if lacking:
        raise TransitionError(
            f"表头缺：{'、'.join(lacking)}。需要 {'、'.join(COLUMNS)}。",
            f"Columns missing: {', '.join(lacking)}.", code="field",
        )  # fmt: skip
    return {name: table.header.index(name) for name in COLUMNS}


def _plan(user: User, unit: Unit, row: Row, places: dict[str, int], people: list[User]) -> None:
    def cell(name: str) -> str:
        at = places[name]
        return shown(row.cells[at]).strip() if at < len(row.cells) else ""

    post, name = cell("岗位"), cell("人员")
    same = [one for one in people if name and name in (one.username, one.display_name)]
    if len(same) != 1:
        raise TransitionError(
            f"“{name}”不是本单位的账号，或有同名的人。",
            f"“{name}” is nobody of the unit, or several.", code="field",
        )  # fmt: skip
    services.add(
        user, unit, _POST_OF.get(post, post), same[0], _moment(cell("上班")), _moment(cell("下班"))
    )


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise TransitionError(
            f"看不懂时间“{text}”，请写成 2026-11-26 08:00。",
            f"Not a time: “{text}”; write 2026-11-26 08:00.", code="field",
        ) from None  # fmt: skip
    return at if at.tzinfo else at.replace(tzinfo=timezone.get_current_timezone())
