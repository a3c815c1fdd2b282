"""Figures of sources: what is added, what is divided, what stays unknown."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.sources_file import read_registry
from sizao.log.sketch import sketch_of
from sizao.log.source_figures import hourly, last_heard, total

REGISTRY, _ = read_registry("""
sources:
  - id: jt808
    name_zh: 终端
    name_en: Terminals
    owner: {party: a}
    contract: [{topic: positions, interval_s: 30, per: vehicle}, {topic: driver_cards}]
  - id: weigh:a
    name_zh: 站
    name_en: Station
    owner: {party: a}
    contract: [{topic: weighings, per_hour: 40}]
  - id: weather:a
    name_zh: 台
    name_en: Weather
    owner: {party: a}
    contract: [{topic: weather_notices}]
""")
HOUR = 494_000
NOW_S = (HOUR + 1.5) * 3600


class Fake:
    """A log's tallies, as the protocol has them."""

    def __init__(self, rows: list[tuple[str, int, str, int]], vehicles: int = 0) -> None:
        self.rows = rows
        self.names = pa.array([f"v{n}" for n in range(vehicles)], pa.string())

    def counts(self, first_hour: int, last_hour: int) -> list[tuple[str, int, str, int]]:
        return [row for row in self.rows if first_hour <= row[1] <= last_hour]

    def heard(self) -> list[tuple[str, str, int]]:
        return [("jt808", "positions", 5 + len(self.rows))]

    def begun(self) -> dict[str, int]:
        return {"jt808": HOUR - 5, "weigh:a": HOUR - 1}

    def quiet(self, after_us: int) -> list[tuple[str, str, int, int]]:
        return []

    def sketches(self, first_hour: int, last_hour: int) -> list[tuple[str, int, bytes]]:
        times = np.zeros(len(self.names), np.int64)
        if not len(self.names):
            return []
        return [("jt808", HOUR, sketch_of(self.names, times).tobytes())]


def test_counts_of_all_logs_are_added() -> None:
    one = Fake([("jt808", HOUR, "accepted/positions", 900), ("jt808", HOUR, "delay/2", 900)], 100)
    two = Fake(
        [
            ("jt808", HOUR, "accepted/positions", 100),
            ("jt808", HOUR, "quarantined/bad_checksum", 7),
            ("jt808", HOUR, "moving/positions", 950),
            ("jt808", HOUR, "bytes/quarantined", 70),
            ("weigh:strange", HOUR, "accepted/weighings", 1),
        ],
        100,
    )
    found = hourly([one, two], REGISTRY, HOUR, HOUR + 1, NOW_S)
    figures = found["jt808"][HOUR]
    assert figures.accepted_total == 1000
    assert figures.received == 1007
    assert figures.delay(0.5) == 2.5
    # 100 vehicles in one block of five minutes, a report each 30 s: 1000 were due.
    assert figures.completeness == pytest.approx(0.95, rel=0.03)
    assert found["weigh:strange"][HOUR].completeness is None
    assert last_heard([one, two])["jt808"] == {"positions": 10}


def test_a_source_owes_nothing_before_it_was_connected() -> None:
    class Late(Fake):
        def begun(self) -> dict[str, int]:
            return {"weigh:a": HOUR}

    class Never(Fake):
        def begun(self) -> dict[str, int]:
            return {}

    late = hourly([Late([])], REGISTRY, HOUR - 3, HOUR + 1, NOW_S)["weigh:a"]
    assert {hour: one.expected for hour, one in late.items()} == {HOUR + 1: 20}
    assert hourly([Never([])], REGISTRY, HOUR - 3, HOUR + 1, NOW_S)["weigh:a"] == {}


def test_nothing_from_a_source_with_a_rate_is_zero_and_from_others_unknown() -> None:
    found = hourly([Fake([])], REGISTRY, HOUR, HOUR + 2, NOW_S)
    assert found["jt808"] == {}
    assert found["weather:a"] == {}
    rows = found["weigh:a"]
    assert [rows[hour].expected for hour in sorted(rows)] == [40, 20, 0]
    assert rows[HOUR].completeness == 0
    assert rows[HOUR + 2].completeness is None, "an hour in the future owes nothing"
    assert total(rows.values()).expected == 60
    assert total([]).completeness is None
