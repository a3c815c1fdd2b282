"""What is refused is a sentence in the reader's language, whatever the program said of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from sizao.core.errors import SaidError, TransitionError
from sizao.web.drills.services import checked as script
from sizao.web.fences.services import _checked as fence
from sizao.web.refusals import untranslated
from sizao.web.rules.services import ask
from sizao.web.tables.editing import checked as table
from tests.web.conftest import World

CJK = re.compile(r"[\u4e00-\u9fff]")
LINE = {"type": "LineString", "coordinates": []}


@pytest.mark.parametrize(
    ("refused", "zh", "en"),
    [
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


def test_a_text_of_a_plan_is_refused_in_both_languages(world: World) -> None:
    client = world.client("op-zd")
    for text, zh, en in (
        ("a: 1\ntasks: [", "预案全文有误：第 2 行不是有效的 YAML。",
         "The text is wrong: line 2 is not valid YAML."),
        ("id: x", "预案全文有误：预案 x：缺少 minutes。", "The text is wrong: plan x: no minutes."),
        ("[]", "预案全文有误：预案应是一组“名称: 值”。",
         "The text is wrong: a plan is a mapping of names to values."),
    ):  # fmt: skip
        for language, said in (("zh-hans", zh), ("en", en)):
            client.cookies["django_language"] = language
            answer = client.post("/responses/landslide/ask/", {"text": text, "reason": "r"})
            assert answer.status_code == 422
            assert said in answer.content.decode()


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("injects: [", "不是有效的 YAML", "it is not valid YAML"),
        ("name: {zh: a, en: b}", "缺少或写错了 'injects'", "'injects' is missing or wrong"),
        (
            "name: {zh: a, en: b}\ninjects: [{kind: dance, minute: 0}]",
            "第 1 条：没有 dance，可用：warning、worse、note",
            "entry 1: there is no dance; use one of warning, worse, note",
        ),
        (
            "name: {zh: a, en: b}\ninjects: [{kind: note, minute: -1}]",
            "第 1 条：minute 应是不小于 0 的分钟数",
            "entry 1: minute must be a number of minutes, 0 or more",
        ),
    ],
)
def test_a_script_is_refused_in_both_languages(text: str, zh: str, en: str) -> None:
    """English readers were told in Chinese what was wrong with it."""
    with pytest.raises(TransitionError) as error:
        script(text)
    assert error.value.zh == f"演练脚本有误：{zh}。"
    assert error.value.en == f"The script is wrong: {en}."


def test_a_change_of_a_rule_is_refused_in_both_languages(world: World) -> None:
    user = world.user("op-dd")
    with pytest.raises(TransitionError) as error:
        ask(user, "speeding", {}, enabled=True, reason="r")
    assert error.value.zh == "只有支队指挥员和领导可以申请变更规则。"
    assert not CJK.search(error.value.en)


def test_a_role_that_does_not_fit_is_refused_in_both_languages(world: World) -> None:
    user = world.user("op-dd")
    user.role = user.Role.PARTNER
    for language, said in (("zh-hans", "只能用于联动单位。"), ("en", "nobody else has it.")):
        with translation.override(language), pytest.raises(ValidationError) as error:
            user.clean()
        assert error.value.messages[0].endswith(said)


def test_an_error_that_has_both_languages_is_said_in_each() -> None:
    said = untranslated("有误", "Wrong", SaidError("车速过高", "the speed is too high"))
    assert (said.zh, said.en) == ("有误：车速过高。", "Wrong: the speed is too high.")


@pytest.mark.parametrize("given", ["没有这条规则", "没有这条规则。", "可以吗？"])
def test_a_refusal_is_a_whole_sentence(given: str) -> None:
    assert TransitionError(given, "x").zh in ("没有这条规则。", "可以吗？")


@pytest.mark.parametrize(
    ("given", "said"),
    [("Say why", "Say why."), ("Say why.", "Say why."), ("May I?", "May I?"), ("(Or.)", "(Or.)")],
)
def test_an_english_refusal_is_a_whole_sentence(given: str, said: str) -> None:
    assert TransitionError("x", given).en == said
