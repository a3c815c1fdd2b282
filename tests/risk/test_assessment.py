"""An assessment of a small network: nothing is lost, the hot places are found, doubt is said."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sizao.core.errors import ConfigError
from sizao.risk.assessment import Assessment, Options, assess
from sizao.risk.assessment_table import SCHEMA
from sizao.risk.network_sites import NetworkSites, sites_of
from sizao.risk.register_crashes import located
from tests.risk import grids

ZONE = ZoneInfo("Asia/Shanghai")
YEARS = range(2023, 2026)


@pytest.fixture(scope="module")
def placed() -> NetworkSites:
    return sites_of(grids.network())


@pytest.fixture(scope="module")
def found(placed: NetworkSites) -> Assessment:
    crashes = located(grids.crash_table(), ZONE).crashes
    return assess(grids.network(), placed, crashes, Options(YEARS))


def test_every_crash_counts_at_one_site_and_none_twice(found: Assessment) -> None:
    table = found.table
    assert table.schema == SCHEMA
    assert table["observed"].to_numpy().sum() == found.summary["on_network"] == 3 * 120
    by_site = np.bincount(found.crash_site, minlength=len(table))
    assert (by_site == table["observed"].to_numpy()).all()
    harm = sum(table[name].to_numpy().sum() for name in ("fatal", "injury", "property"))
    assert harm == 3 * 120


def test_expectations_add_up_to_what_happened(found: Assessment) -> None:
    expected = found.table["expected"].to_numpy()
    assert expected.sum() == pytest.approx(3 * 120, rel=0.05)
    a_year = found.week.sum() * 365.2425 / 7
    assert a_year == pytest.approx(expected.sum() / 3, rel=1e-3)


def test_the_two_hot_places_are_first_and_surely_worse(found: Assessment) -> None:
    rows = found.table.to_pylist()
    segment = next(row for row in rows if row["kind"] == "segment" and row["rank"] == 1)
    junction = next(row for row in rows if row["kind"] == "junction" and row["rank"] == 1)
    assert grids.HOT_ROAD in segment["place"]
    assert junction["place"] == "四横路 / 四纵路"
    for row in (segment, junction):
        assert row["p_worse"] > 0.95
        assert "worse" in row["notes"]
        assert row["lower"] < row["expected"] < row["upper"]
        # Shrunk: an estimate lies between what was seen and what is usual.
        assert row["predicted"] < row["expected"] < row["observed"] * 1.05
    quiet = [row for row in rows if row["observed"] == 0]
    assert quiet
    assert all("worse" not in row["notes"] for row in quiet)


def test_equal_sites_share_a_rank(found: Assessment) -> None:
    rows = [row for row in found.table.to_pylist() if row["kind"] == "junction"]
    for row in rows:
        assert row["tied"] == sum(other["rank"] == row["rank"] for other in rows)
        assert ("tied" in row["notes"]) == (row["tied"] > 1)


def test_the_last_year_judges(found: Assessment) -> None:
    tested = found.backtest
    assert tested is not None
    assert (tested["train"], tested["test"]) == ("2023-2024", 2025)
    low, high = tested["capture_interval"]["0.05"]
    assert low < tested["capture"]["0.05"] < high
    assert tested["pai"]["0.05"] > 2


def test_too_little_is_refused_and_one_year_has_no_backtest(placed: NetworkSites) -> None:
    crashes = located(grids.crash_table(), ZONE).crashes
    with pytest.raises(ConfigError, match="needs 20"):
        assess(grids.network(), placed, crashes, Options(range(2019, 2020)))
    alone = assess(grids.network(), placed, crashes, Options(range(2025, 2026)))
    assert alone.backtest is None


def test_crashes_without_a_place_are_counted_not_guessed() -> None:
    rows = grids.crash_rows(a_year=30)
    rows[0]["lat"] = rows[0]["lon"] = None
    import pyarrow as pa

    from sizao.core.schemas import CRASH

    read = located(pa.RecordBatch.from_pylist(rows, schema=CRASH), ZONE)
    assert read.unlocated == 1
    assert len(read.crashes) == len(rows) - 1
    assert (read.crashes.hour == -1).sum() == sum(not row["hour_known"] for row in rows[1:])
