"""The audit log reads in words: every action that the sources write has one, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from django.utils import translation

from sizao.govern.hazards import steps as hazards
from sizao.respond import measures, records
from sizao.respond import steps as cases
from sizao.respond.plans import steps as plans
from sizao.web import audit
from sizao.web.evidence import retention
from sizao.web.field.services import ACTIONS
from sizao.web.junctions import life
from sizao.web.measures.models import TerminalText
from sizao.web.pages.auditwords import OWN, STEPS, SUBJECTS, WHOLE, action_word, object_word
from sizao.web.reports import steps as reports
from tests.web.conftest import World

WEB = Path(__file__).resolve().parents[3] / "src/sizao/web"
CJK = re.compile(r"[\u4e00-\u9fff]")


DECIDED = ("accepted", "refused", "withdrawn")
COMPOSED: Mapping[str, Iterable[str]] = {
    "admin.{action}": ("add", "change", "delete"),
    "calendar.{change.state}": DECIDED,
    "call.{action}": OWN["call"],
    "case.{event.action}": (
        *cases.STEPS, *plans.ACTIONS, *records.NOTES, "raise", "join", "leave", "escalate",
    ),
    "control.{measure.state}": {*TerminalText.State.values} - {"queued"},
    "evidence.{state}": ("full", "room"),
    "fence.{change.state}": DECIDED,
    "field.{row.action}": ACTIONS,
    "hazard.{event.action}": (
        *hazards.STEPS, "open", "remind", "escalate", "list", "unlist", "interim", "absorb",
        "release", "attach",
    ),
    "hotlist.{request.state}": DECIDED,
    "junction.{name}": life.STEPS,
    "listing.{kind}": ("notice", "lifting"),
    "measure.{line.action}": (*measures.STEPS, "order", "escalate"),
    "plan.{text.state}": DECIDED,
    "report.{action}": reports.STEPS,
    "response.{made.state}": DECIDED,
    "roster.swap_{swap.state}": DECIDED,
    "rule.{change.state}": DECIDED,
    "source.{outcome}": ("heard", "unwatched"),
    "table.{version.state}": DECIDED,
}  # fmt: skip
"""An action that is put together, to what stands in its place."""


def recorded() -> Iterator[tuple[str, str]]:
    """Action and object type of each call that records; a part that only the call knows is ""."""
    for path in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 3:
                continue
            if ast.unparse(node.func) not in ("audit.record", "record"):
                continue
            kind = node.args[2].value if isinstance(node.args[2], ast.Constant) else ""
            for action in actions(node.args[1]):
                yield action, str(kind)


def actions(node: ast.expr) -> Iterable[str]:
    """What a call may say it does. An action that is put together has to stand above."""
    match node:
        case ast.Constant():
            return [str(node.value)]
        case ast.IfExp():
            return [*actions(node.body), *actions(node.orelse)]
        case ast.JoinedStr():
            text = ast.unparse(node)[2:-1]
            subject, _, _ = text.partition("{")
            return [subject + one for one in COMPOSED[text]]
        case ast.Name(id="ACTION"):
            return [retention.ACTION]
    return [""]


def test_calls_say_what_has_a_word() -> None:
    """The call's own steps are told to a function of their own."""
    said = set()
    for path in (WEB / "calls").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "log_event",
                "_tell_above",
            ):
                at = node.args[1 if ast.unparse(node.func) == "log_event" else 2]
                said |= set(actions(at)) - {""}
    assert said == {*OWN["call"]}


def test_no_word_is_there_for_nothing() -> None:
    subjects = {action.partition(".")[0] for action, _ in recorded()}
    steps = {action.partition(".")[2] for action, _ in recorded()}
    assert {*STEPS} <= steps
    assert {*OWN} <= subjects


def test_every_action_and_object_of_the_sources_has_a_word() -> None:
    found = set(recorded())
    assert len(found) > 150
    for language in ("zh-hans", "en"):
        with translation.override(language):
            assert [action for action, _ in found if action and action_word(action) == action] == []
            for action, kind in found:
                if action:
                    said = action_word(action)
                    assert bool(CJK.search(said)) == (language != "en"), said
                if kind:
                    assert bool(CJK.search(object_word(kind))) == (language != "en"), kind


@pytest.mark.parametrize("words", [SUBJECTS, STEPS, WHOLE, *OWN.values()])
def test_each_word_has_both_languages(words: Mapping[str, tuple[str, str]]) -> None:
    for code, (zh, en) in words.items():
        assert CJK.search(zh), code
        assert not CJK.search(en), code


def test_the_page_shows_words_and_keeps_what_has_none(world: World) -> None:
    user = world.user("op-zd")
    audit.record(user, "case.escalate", "case", "1", {})
    audit.record(user, "brand.new", "thing", "2", {})
    page = world.client("audit").get("/audit/").content.decode()
    assert re.search(r'title="case\.escalate">案件：超时升级<', page)
    assert ">brand.new<" in page
    assert re.search(r'<option value="case.escalate"\s*>案件：超时升级<', page)
