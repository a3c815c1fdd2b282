"""The audit log reads in words: every action that the sources write has one, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from sizao.web import audit
from sizao.web.pages.auditwords import STEPS, SUBJECTS, WHOLE, action_word, object_word
from tests.web.conftest import World

WEB = Path(__file__).resolve().parents[3] / "src/sizao/web"
CJK = re.compile(r"[\u4e00-\u9fff]")


def recorded() -> Iterator[tuple[str, str]]:
    """Action and object type of each call that records, as far as they are written out."""
    for path in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 3:
                continue
            if ast.unparse(node.func) not in ("audit.record", "record"):
                continue
            action, kind = (
                one.value if isinstance(one, ast.Constant) else "" for one in node.args[1:3]
            )
            yield str(action), str(kind)


def test_every_action_and_object_of_the_sources_has_a_word() -> None:
    found = set(recorded())
    assert len(found) > 80
    for language in ("zh-hans", "en"):
        with translation.override(language):
            for action, kind in found:
                if action:
                    said = action_word(action)
                    assert said != action
                    assert bool(CJK.search(said)) == (language != "en"), said
                if kind:
                    assert bool(CJK.search(object_word(kind))) == (language != "en"), kind


@pytest.mark.parametrize("words", [SUBJECTS, STEPS, WHOLE])
def test_each_word_has_both_languages(words: dict[str, tuple[str, str]]) -> None:
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
