"""What is refused is a sentence in the reader's language, whatever the program said of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from sizao.core.errors import SaidError, TransitionError
from sizao.web.drills.services import checked as script
from sizao.web.fences.services import _checked as fence
from sizao.web.refusals import untranslated
from sizao.web.tables.editing import checked as table
from tests.web.conftest import World

CJK = re.compile(r"[\u4e00-\u9fff]")
LINE = {"type": "LineString", "coordinates": []}


@pytest.mark.parametrize(
    ("refused", "zh", "en"),
    [
        (lambda: script("events: ["), "演练脚本有误，请改正。", "The script is wrong; correct it."),
        (lambda: table("rows: ["), "分级表有误，请改正。", "The table is wrong; correct it."),
        (
            lambda: fence({"geometry": LINE, "properties": {}}, 1),
            "围栏有误，请改正。", "This is no fence; correct it.",
        ),
    ],
)  # fmt: skip
def test_what_only_the_program_can_say_stands_behind_a_sentence(
    refused: Callable[[], object], zh: str, en: str
) -> None:
    """Each was shown bare once, in whatever language it was written."""
    with pytest.raises(TransitionError) as error:
        refused()
    assert error.value.zh.startswith(f"{zh}程序给出的原因：")
    assert error.value.en.startswith(f"{en} What the program says: ")
    assert not CJK.search(en)


def test_a_text_of_a_plan_is_refused_in_both_languages(world: World) -> None:
    client = world.client("op-zd")
    for language, said in (("zh-hans", "预案全文有误，请改正。"), ("en", "The text is wrong;")):
        client.cookies["django_language"] = language
        answer = client.post("/responses/landslide/ask/", {"text": "tasks: [", "reason": "r"})
        assert answer.status_code == 422
        assert said in answer.content.decode()


def test_an_error_that_has_both_languages_is_said_in_each() -> None:
    said = untranslated("有误", "Wrong", SaidError("车速过高", "the speed is too high"))
    assert (said.zh, said.en) == ("有误：车速过高。", "Wrong: the speed is too high")


@pytest.mark.parametrize("given", ["没有这条规则", "没有这条规则。", "可以吗？"])
def test_a_refusal_is_a_whole_sentence(given: str) -> None:
    assert TransitionError(given).zh in ("没有这条规则。", "可以吗？")
