"""Treatments: read from a file, refused where a claim would mislead, judged beside the others."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.schemas import CRASH
from sizao.risk import snapping, treatment_effects
from sizao.risk.breaks import Break
from sizao.risk.crashes import Crashes
from sizao.risk.evaluation import Comparison
from sizao.risk.features import Features
from sizao.risk.network_sites import sites_of
from sizao.risk.register_crashes import located
from sizao.risk.treatments import Treatment, periods, read_treatments, refusals
from tests.risk import grids

HEAD = "kind,lat,lon,from,to,cost,recorded,selected\n"
LIGHT = Treatment("lighting", "", 26.5, 101.7, date(2023, 3, 1), date(2023, 5, 20),
                  recorded=date(2023, 6, 1))  # fmt: skip


def test_a_file_is_read_and_wrong_rows_say_why(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        HEAD + "lighting,26.5,101.7,2023-03-01,2023-05-20,1000,2023-06-01,2020-2022\n"
        "lighting,126.5,101.7,2023-03-01,2023-05-20,,,\n"
        "lighting,26.5,101.7,2023-03-01,2022-05-20,,,\n"
        "lighting,26.5,101.7,2023-03-01,2023-05-20,,,never\n"
        "lighting,26.5,101.7,2023-03-01,2023-05-20,-5,,\n", encoding="utf-8",
    )  # fmt: skip
    (one,), rejected = read_treatments(path)
    assert (one.selected, one.recorded, one.cost) == (range(2020, 2023), date(2023, 6, 1), 1000)
    assert Counter(row.reason for row in rejected) == Counter(
        ["bad_place", "bad_day", "bad_years", "bad_cost"]
    )


def test_the_years_of_the_works_belong_to_neither_period() -> None:
    assert periods(LIGHT, 2015, 2025) == (range(2020, 2023), range(2024, 2026))
    assert periods(LIGHT, 2022, 2023) == (range(2022, 2023), range(2024, 2024))


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({}, None),
        ({"recorded": date(2024, 8, 1)}, "late"),
        ({"selected": range(2020, 2023)}, None),
        ({"selected": range(2022, 2025)}, "selected"),
    ],
)
def test_selection_on_outcome_is_refused(over, code) -> None:
    one = Treatment(**{**LIGHT.__dict__, **over})
    found = refusals(one, (), *periods(one, 2015, 2025))
    assert [each for each, _ in found] == ([code] if code else [])


def test_a_claim_across_a_reporting_break_is_refused() -> None:
    spans = periods(LIGHT, 2015, 2025)
    shift = Break("level_shift", 2024, -0.4, "2024-01", "")
    assert refusals(LIGHT, [shift], *spans) == [("break", 2024)]
    outside = Break("level_shift", 2018, -0.4, "2018-01", "")
    assert refusals(LIGHT, [outside], *spans) == []


PLACED = sites_of(grids.network())


def crashes(years: range = range(2020, 2026)) -> Crashes:
    table = pa.Table.from_pylist(grids.crash_rows(years, 240), schema=CRASH)
    return located(table, ZoneInfo("Asia/Shanghai")).crashes


def given(lat: float, lon: float, number: int = 1, **over):
    row = {"id": number, "kind": "lighting", "name": "", "lat": lat, "lon": lon,
           "first": "2022-03-01", "last": "2022-05-20", "recorded": "2022-06-01",
           "selected": None}  # fmt: skip
    return {**row, **over}


def hot_road() -> tuple[float, float]:
    """The middle of the block with a fifth of all crashes."""
    return grids.LAT, grids.LON + grids.STEP_DEG / 2


def spared(share: int) -> Crashes:
    """The made-up crashes without every so many-th on that block after the works."""
    everything = crashes()
    lat, lon = hot_road()
    here = (np.abs(everything.lat - lat) < 1e-3) & (np.abs(everything.lon - lon) < 2.5e-3)
    after = np.flatnonzero(here & (everything.year >= 2023))
    keep = np.ones(len(everything), np.bool_)
    keep[after[::share]] = False
    return everything.of(keep)


def test_nothing_was_done_and_nothing_is_found() -> None:
    """The worst block of made-up crashes, picked for them: no effect may come of it."""
    (found,) = treatment_effects.judge_all(PLACED, crashes(), {}, [given(*hot_road())])
    assert found["refused"] == []
    assert (found["before"], found["after"]) == ([2020, 2021], [2023, 2025])
    assert found["observed_before"] > 50
    assert not found["significant"]
    assert abs(1 - found["ratio"]) < 1.96 * found["error"]


def test_what_works_is_found() -> None:
    (found,) = treatment_effects.judge_all(PLACED, spared(2), {}, [given(*hot_road())])
    assert found["significant"]
    assert 0.35 < found["ratio"] < 0.65


def test_at_few_sites_nothing_is_claimed() -> None:
    """36 junctions are under what a regression needs."""
    row, column = grids.HOT_NODE
    lat, lon = grids.LAT + row * grids.STEP_DEG, grids.LON + column * grids.STEP_DEG
    (found,) = treatment_effects.judge_all(PLACED, crashes(), {}, [given(lat, lon)])
    assert found["refused"] == [["few", 0]]
    assert "ratio" not in found


def test_what_was_worked_on_is_left_out_of_the_trend() -> None:
    """With it in the trend (the control) what works would pass for what happens anyway."""
    everything = spared(1)
    sites = PLACED.sites
    index = snapping.build_index(sites)
    snapped = snapping.snap(index, everything.lat, everything.lon)
    hot = int(snapping.snap(index, *(np.array([one]) for one in hot_road())).edge[0])
    trends = [
        Comparison(
            sites, Features(sites), everything, snapped, range(2020, 2022), range(2023, 2026),
            treated, [],
        )._edges.trend
        for treated in ([hot], [])
    ]  # fmt: skip
    assert trends[0] == pytest.approx(1.5, abs=0.15), "three years after two"
    assert trends[1] < 0.9 * trends[0]


def test_off_the_network_and_too_young_say_so() -> None:
    found = treatment_effects.judge_all(
        PLACED, crashes(), {},
        [given(20.0, 100.0), given(*hot_road(), 2, first="2025-02-01", last="2025-03-01",
                                   recorded="2025-03-02")],
    )  # fmt: skip
    assert found[0]["row"] == -1
    assert found[1]["refused"] == [["no_after", 2026]]
