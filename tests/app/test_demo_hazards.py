"""The made-up hazards fit the city and the kinds; that they play is seen in tests/e2e."""

from __future__ import annotations

from sizao.app.demo_hazards import GAP, WAY, stories
from sizao.govern.hazards.kinds import kinds
from sizao.sim import city
from sizao.web.units.services import DEMO_PARTIES


def test_every_story_can_be_told() -> None:
    places = city.build().places
    told = stories()
    assert len(told) >= 30
    # By these a stopped telling is gone on with.
    assert len({(story.kind, story.text) for story in told}) == len(told)
    for story in told:
        assert story.town in places, story
        assert story.kind in kinds(), story
        assert story.grade in GAP, story
        assert story.upto in (*WAY, "found", "dismiss", "merge"), story
        assert bool(story.duty) == (story.upto not in ("found", "dismiss", "merge")) or story.duty
        made_up = {zh for zh, _ in DEMO_PARTIES.values()}
        assert not story.duty or "虚构" in story.duty or story.duty in made_up
    assert {story.upto for story in told} >= {*WAY, "found", "dismiss", "merge"}
    assert {story.listing for story in told} >= {"asked", "in_force", "lifted"}
