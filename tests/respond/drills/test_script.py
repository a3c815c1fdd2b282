"""Scripts of drills: read, refused in words, made from a past case; and the score."""

from __future__ import annotations

import pytest

from sizao.core.errors import SaidError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.case import apply, join, note
from sizao.respond.drills.score import parties, tasks
from sizao.respond.drills.script import of_case, read, texts
from sizao.respond.plans.runs import TaskState
from sizao.respond.plans.steps import answer
from tests.respond.cases import OFFICER, OPERATOR, raised, walk
from tests.respond.plans.test_steps import started

GOOD = texts()["landslide"]


def test_the_scripts_of_the_package_can_be_read():
    for text in texts().values():
        script = read(text)
        assert script.injects[0].where["kind"] in ("crash", "landslide")
        assert all(one.zh and one.en for one in script.injects)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("kind: warning", "kind: dance"), "第 1 条：没有 dance"),
        (("minute: 4", "minute: -1"), "第 2 条：minute"),
        (("minute: 4", "minute: soon"), "第 2 条：minute"),
        (("minute: 4", "minute: 99"), "依次"),
        (("level: orange", "level: pink"), "level 要写"),
        (("kind: warning", "kind: note"), "第一条应是发布预警"),
        (("injects:", "what:"), "缺少"),
        (("name: {", "name: [["), "YAML"),
    ],
)
def test_a_mistake_is_refused_in_words(change, said):
    with pytest.raises(SaidError) as refused:
        read(GOOD.replace(*change, 1))
    assert said in refused.value.zh
    assert refused.value.en.isascii()


def test_a_past_case_gives_what_came_in_and_not_what_people_did():
    case, events = walk(*raised(), ("sign", "dispatch"))
    case, worse = join(
        case, warning="w2", level=WarningLevel.RED, command_level=CommandLevel.DETACHMENT,
        at_s=case.updated_s + 60,
    )  # fmt: skip
    case, same = join(
        case, warning="w3", level=WarningLevel.BLUE, command_level=CommandLevel.BRIGADE,
        at_s=case.updated_s + 60,
    )  # fmt: skip
    case, word = note(case, "inject", case.updated_s + 5, "有人被困", "trapped", details={})
    case, done = apply(case, "control", OPERATOR, case.updated_s + 5)
    script = of_case("n", [*events, worse, same, word, done], {"kind": "crash"})
    assert [one.kind for one in script.injects] == ["warning", "worse", "note", "note"]
    assert script.injects[0].at_s == 0
    assert script.injects[1].at_s == worse.at_s - events[0].at_s
    assert script.injects[1].level == "red"


def scored(case, now_s):
    return tasks(case.plans, {("landslide/guard", "squadron"): now_s - 19_970}, now_s)


def test_a_clock_that_had_not_run_out_is_not_judged():
    case, _ = started()
    at = case.plans[0].started_s
    guard = tasks(case.plans, {}, at + 1)[0]
    assert guard.counted == (False, False), "it still runs"
    guard = tasks(case.plans, {}, guard.acknowledge_by_s + 1)[0]
    assert guard.counted == (True, False)
    case, _ = apply(case, "dismiss", OPERATOR, at + 10, reason="r")
    guard = tasks(case.plans, {}, at + 1_000_000)[0]
    assert guard.state is TaskState.LEFT
    assert guard.counted == (False, False), "the case ended first"
    assert all(one.clocks == 0 for one in parties(tasks(case.plans, {}, at + 1_000_000)))


def test_the_score_is_of_parties_and_their_clocks():
    case, _ = started()
    at = case.plans[0].started_s
    case, _ = answer(case, "landslide", "guard", "task_acknowledge", OFFICER, at + 60)
    case, _ = answer(case, "landslide", "guard", "task_finish", OFFICER, at + 10_000)
    case, _ = answer(
        case, "landslide", "ambulance", "task_not_needed", OPERATOR, at + 10_001, reason="r"
    )
    found = {one.zh: one for one in scored(case, at + 20_000)}
    guard = next(one for one in found.values() if one.party == "squadron")
    assert (guard.told_s, guard.opened_s, guard.acknowledged_s) == (at, at + 30, at + 60)
    assert guard.kept == (True, False)
    ambulance = next(one for one in found.values() if one.party == "health")
    assert ambulance.kept == (False, False)
    assert ambulance.deviated
    assert ambulance.opened_s is None
    groups = {one.party: one for one in parties(list(found.values()))}
    assert (groups["squadron"].kept, groups["squadron"].clocks) == (1, 2)
    assert groups["health"].never_opened == groups["health"].deviated == 1
    waiting = [one for one in case.plans[0].tasks if one.state is TaskState.WAITING]
    assert waiting
    assert not {one.zh for one in waiting} & set(found), "what was not ordered is not scored"
