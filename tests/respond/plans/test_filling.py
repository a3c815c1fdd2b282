"""What a plan's measure puts into the form, and which tasks take measures away."""

from __future__ import annotations

import pytest

from sizao.core.errors import ConfigError
from sizao.respond.measure_kinds import AREA, KINDS
from sizao.respond.plans.book import plans, texts
from sizao.respond.plans.filling import CORNERS, fill
from sizao.respond.plans.model import read

AT = (26.58, 101.72)


def test_every_measure_of_every_plan_fills_the_form():
    for plan in plans():
        for task in plan.tasks:
            for one in task.measures:
                found = fill(
                    {"kind": one.kind, **one.parameters}, stake_m=50_000.0, direction="下行", at=AT
                )
                kind = KINDS[one.kind]
                assert bool(found.ring) == (kind.place == AREA), (plan.id, task.id)
                assert (found.stake_from_m is None) == (kind.place == AREA)
                assert not kind.needs_limit or found.limit_kmh, (plan.id, task.id)
                assert not kind.needs_text or found.text, (plan.id, task.id)


@pytest.mark.parametrize(
    ("proposed", "direction", "stakes"),
    [
        ({"kind": "closure", "upstream_km": 5}, "下行", (45_000, 50_500)),
        ({"kind": "closure", "upstream_km": 5}, "上行", (49_500, 55_000)),
        ({"kind": "closure", "upstream_km": 5}, "", (45_000, 55_000)),
        ({"kind": "closure", "radius_m": 200}, "", (49_800, 50_200)),
        ({"kind": "speed_limit", "limit_kmh": 40}, "下行", (49_000, 51_000)),
        ({"kind": "hold", "upstream_km": 30}, "下行", (20_000, None)),
        ({"kind": "hold", "upstream_km": 30}, "上行", (80_000, None)),
        ({"kind": "hold", "upstream_km": 60}, "下行", (0, None)),
    ],
)
def test_upstream_is_against_the_stakes_of_the_direction(proposed, direction, stakes):
    found = fill(proposed, stake_m=50_000.0, direction=direction, at=AT)
    assert (found.stake_from_m, found.stake_to_m) == stakes


def test_a_place_without_stakes_or_point_leaves_the_person_to_say_where():
    assert fill({"kind": "closure"}).stake_from_m is None
    assert fill({"kind": "area_text", "text": "慢"}).ring == ()


def test_a_ring_lies_round_the_place():
    ring = fill({"kind": "area_text", "text": "慢", "radius_m": 1000}, at=AT).ring
    assert len(ring) == CORNERS
    assert max(lat for _, lat in ring) - AT[0] == pytest.approx(1000 / 111_195, rel=0.01)


def test_the_grade_is_that_of_the_visibility():
    given = {"kind": "speed_limit", "limit_kmh": 40, "visibility_m": [50, 100]}
    assert fill(given).grade == "2"
    assert fill({**given, "visibility_m": [50, 101]}).grade == ""


def test_what_the_form_has_no_field_for_is_told_in_the_reason():
    found = fill(
        {"kind": "entrance_control", "kinds": ["heavy_truck"], "hours": [[7, 8], [16, 18]]}
    )
    assert found.vehicles == ("heavy_truck",)
    assert found.notes[0][0] == "时段7:00–8:00、16:00–18:00"


def test_up_already_only_when_the_tasks_before_it_were_done():
    given = {"kind": "closure", "up": True}
    assert fill(given, before_done=True).up
    assert not fill(given).up
    assert not fill({"kind": "closure"}, before_done=True).up


def test_the_landslide_plan_orders_its_closure_and_takes_it_away():
    plan = next(one for one in plans() if one.id == "landslide")
    close = next(one for one in plan.tasks if one.id == "close")
    assert [one.kind for one in close.measures] == ["closure", "diversion", "area_text"]
    assert next(one for one in plan.tasks if one.id == "open").lifts == ("close",)


def test_a_plan_that_takes_away_what_no_task_ordered_is_refused():
    import yaml

    raw = yaml.safe_load(texts()["landslide.yaml"])
    raw["tasks"][-1]["lifts"] = ["closed"]
    with pytest.raises(ConfigError, match="closed"):
        read(raw)
