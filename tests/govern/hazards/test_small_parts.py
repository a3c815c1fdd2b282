"""Kinds, duplicates, and who may list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sizao.core.levels import CommandLevel
from sizao.core.rulebook import entry
from sizao.core.workdays import announced
from sizao.govern.hazards import listing
from sizao.govern.hazards.duplicates import Spot, likely
from sizao.govern.hazards.kinds import check_list, kinds
from sizao.govern.hazards.listing import Expert
from sizao.govern.hazards.records import Actor

from .test_life import ASSIGN, BRIGADE, CHIEF, DESK, OFFICER, PLAN, RECTIFY, walk


def test_every_item_of_the_rule_is_a_kind_with_a_question() -> None:
    assert [kind.item for kind in check_list()] == entry("junction.check_items").value(
        "hazard_items"
    )
    for kind in kinds().values():
        assert bool(kind.item) == bool(kind.ask_zh) == bool(kind.ask_en), kind.code


def metres(one: Spot, other: Spot) -> float:
    assert None not in (one.lat, other.lat)
    return abs((one.lat or 0) - (other.lat or 0)) * 111_000


def test_near_of_a_kind_or_at_the_same_junction() -> None:
    new = Spot("n", "sight", 26.5, 101.7, junction="A")
    others = [
        Spot("near", "sight", 26.5004, 101.7),
        Spot("far", "sight", 26.51, 101.7),
        Spot("other kind", "signs", 26.5, 101.7, junction="A"),
        Spot("same junction", "sight", 26.502, 101.7, junction="A"),
        Spot("nowhere", "sight"),
        Spot("n", "sight", 26.5, 101.7),
    ]
    found = likely(new, others, metres)
    assert [like.number for like in found] == ["same junction", "near"]
    assert found[1].metres == pytest.approx(44.4, abs=0.1)


def test_an_enterprise_is_one_place() -> None:
    new = Spot("n", "enterprise", enterprise="虚构货运")
    others = [Spot("a", "enterprise", enterprise="虚构货运"), Spot("b", "enterprise")]
    assert [like.number for like in likely(new, others, metres)] == ["a"]


SECOND_CHIEF = Actor("u-chief2", "leader", "辛某", "zd", CommandLevel.DETACHMENT)


def test_who_may_list_at_which_level() -> None:
    assert listing.may_ask(BRIGADE, "county") is None
    for level in ("city", "province"):
        assert listing.may_ask(BRIGADE, level) is not None
        assert listing.may_ask(DESK, level) is None
    assert listing.may_ask(OFFICER, "county") is not None
    assert listing.may_decide(CHIEF, "city", asked_by="u-desk") is None
    refused = listing.may_decide(CHIEF, "city", asked_by="u-chief")
    assert refused is not None
    assert refused.code == "same_person"
    assert listing.may_decide(DESK, "city", asked_by="u-chief") is not None  # no leader
    assert listing.may_ask(CHIEF, "ministry") is not None


def test_a_panel_is_others_enough_and_of_one_mind() -> None:
    hazard, _ = walk(ASSIGN, PLAN, RECTIFY)
    panel = [Expert(name, "高级工程师", True) for name in ("专家一", "专家二", "专家三")]
    assert listing.panel_fault(panel, hazard, CHIEF) is None
    bad = [
        panel[:2],
        [*panel[:2], panel[0]],
        [*panel[:2], replace(panel[2], name="虚构养护工")],  # did the work
        [*panel[:2], replace(panel[2], name="甲某")],  # recorded it done
        [*panel[:2], replace(panel[2], name="戊某")],  # writes it down
        [*panel[:2], replace(panel[2], agrees=False)],
    ]
    for one in bad:
        assert listing.panel_fault(one, hazard, CHIEF) is not None


def test_interim_reports_are_due_on_working_days_before_the_deadline() -> None:
    found = listing.interim_days(date(2026, 11, 26), date(2027, 1, 25), announced())
    assert found == [date(2026, 12, 11), date(2026, 12, 28), date(2027, 1, 11)]
    assert listing.default_days("city") == 60
