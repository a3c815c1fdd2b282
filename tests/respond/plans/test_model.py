"""The plans of the package can be read, and what would fail at night is refused in words."""

from __future__ import annotations

from copy import deepcopy
from datetime import date

import pytest
import yaml

from sizao.core.errors import SaidError
from sizao.core.levels import WarningLevel
from sizao.respond.plans.book import in_force, plans, proposed, texts
from sizao.respond.plans.model import PARTIES, read
from sizao.respond.plans.runs import laid_out

UNITS = {party: party for party in PARTIES}
WANTED = {
    "dense_fog", "road_ice", "landslide", "chain_crash_fire", "hazmat_leak", "brake_failure",
    "market_overload", "school_gate", "mass_congestion", "big_event",
}  # fmt: skip


def raw(name: str = "landslide") -> dict:
    return yaml.safe_load(texts()[f"{name}.yaml"])


def test_every_plan_asked_for_is_there_and_says_what_is_a_project_default():
    held = in_force(plans(), date(2026, 11, 26))
    assert set(held) == WANTED
    for plan in held.values():
        assert plan.certainty == "proposed", "the minutes are nobody's but ours"
        for task in plan.tasks:
            assert task.zh
            assert task.en.isascii()
        for level in WarningLevel:
            assert laid_out(plan, level, "", frozenset(plan.questions), UNITS)


def test_partners_of_every_kind_have_tasks():
    parties = {task.party for plan in plans() for task in plan.tasks}
    assert parties >= set(PARTIES) - {"detachment"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["tasks"][1].update(after=["nobody"]), "没有前置任务 nobody"),
        (lambda d: d["tasks"][0].update(after=["open"]), "互相等待"),
        (lambda d: d["tasks"][0].update(party="army"), "没有单位 army"),
        (lambda d: d["tasks"][0].update(id="close"), "出现两次"),
        (lambda d: d["tasks"][0].update(minutes={"finish": 0}), "大于 0"),
        (lambda d: d["tasks"][0].update(minutes={"finish": 1}), "早于接收时限"),
        (lambda d: d["tasks"][0].update(minutes={"finish": {"red": 3}}), "四个等级各写一个"),
        (lambda d: d["tasks"][0].update(when={"facts": ["dragon"]}), "不认识的 dragon"),
        (lambda d: d["tasks"][0].update(when={"roads": ["river"]}), "不认识的 river"),
        (lambda d: d["tasks"][0].update(when={"levels": ["pink"]}), "没有等级"),
        (lambda d: d["tasks"][0].update(measures=[{"kind": "wall"}]), "没有管制措施 wall"),
        (lambda d: d["sources"][0].update(certainty="sure"), "certainty 是 sure"),
        (lambda d: d.update(sources=[]), "一条依据"),
        (lambda d: d.pop("minutes"), "缺少 minutes"),
        (lambda d: d.update({"from": "soon"}), "应是日期"),
        (lambda d: d.update(tasks=3), "格式不对"),
    ],
)
def test_what_would_fail_at_night_is_refused(change, said):
    document = deepcopy(raw())
    change(document)
    with pytest.raises(SaidError) as refused:
        read(document)
    assert said in refused.value.zh
    assert refused.value.en.isascii()


def test_anything_else_than_a_mapping_is_refused():
    with pytest.raises(SaidError):
        read(["a"])  # type: ignore[arg-type]  # on purpose


def test_an_own_text_wins_from_its_day_on():
    own = read({**raw(), "from": date(2026, 12, 1)}, version="own-1")
    every = (*plans(), own)
    assert in_force(every, date(2026, 11, 30))["landslide"].version == "2026-11-01"
    assert in_force(every, date(2026, 12, 1))["landslide"].version == "own-1"
    same_day = read(raw(), version="own-2")
    assert in_force((*plans(), same_day), date(2026, 11, 26))["landslide"].version == "own-2"


def test_what_asks_for_more_is_proposed_first():
    held = in_force(plans(), date(2026, 11, 26)).values()

    def names(kind, level, road="", facts=()):
        return [one.id for one in proposed(held, kind, level, road, frozenset(facts))]

    assert names("report_crash", WarningLevel.RED) == ["chain_crash_fire"]
    assert names("report_crash", WarningLevel.BLUE) == []
    assert names("report_hazard", WarningLevel.RED, "county") == ["landslide", "school_gate"]
    assert names("obstruction", WarningLevel.RED, "expressway") == []
    assert names("obstruction", WarningLevel.RED, "county") == ["landslide"]
    assert names("speeding", WarningLevel.RED) == []


def test_tasks_that_do_not_apply_pass_their_order_on():
    """Without trapped people nobody waits for the fire brigade; who waited waits for the rest."""
    plan = read(
        {
            **raw(),
            "tasks": [
                {"id": "a", "party": "squadron", "zh": "a", "en": "a"},
                {"id": "b", "party": "fire", "zh": "b", "en": "b", "after": ["a"],
                 "when": {"facts": ["fire"]}},
                {"id": "c", "party": "health", "zh": "c", "en": "c", "after": ["b"]},
            ],
        }
    )  # fmt: skip
    quiet = laid_out(plan, WarningLevel.RED, "", frozenset(), UNITS)
    assert [(one.id, one.after) for one in quiet] == [("a", ()), ("c", ("a",))]
    burning = laid_out(plan, WarningLevel.RED, "", frozenset({"fire"}), UNITS)
    assert [(one.id, one.after) for one in burning] == [("a", ()), ("b", ("a",)), ("c", ("b",))]


def test_minutes_follow_the_level():
    plan = in_force(plans(), date(2026, 11, 26))["landslide"]
    red, blue = (
        {one.id: one.finish_s for one in laid_out(plan, level, "", frozenset(), UNITS)}
        for level in (WarningLevel.RED, WarningLevel.BLUE)
    )
    assert red["guard"] == 20 * 60
    assert all(red[name] <= blue[name] for name in red if name in blue)
