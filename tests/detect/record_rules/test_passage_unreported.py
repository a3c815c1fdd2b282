"""Passages without telemetry: both sides of the window, and a silent source told apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.rule_parameters import parameter
from sizao.core.schemas import PASSAGE
from sizao.detect import records, registry
from sizao.detect.heard import LATE_US, Heard
from sizao.detect.names import Names
from sizao.detect.records import Facts, RecordContext, RecordState
from tests.detect.judging import START, judge, passage, register_of

PLACES = {"A": {"lat": 26.5, "lon": 101.7, "road": "G5", "stake_m": 1000.0}}
OTHERS = [("20000", minute, "jt809:a", 0) for minute in range(-15, 16)]
"""Another vehicle of the same platform, which reports each minute."""


def heard(*reports: tuple[str, float, str, float]) -> Heard:
    """Reports as vehicle, minutes after START at which it was received, source, minutes late."""
    start_us = int(START.timestamp() * 1e6)
    kept, names = Heard(), Names()
    slots = names.slots_of(pa.array([one[0] for one in reports], pa.string()))
    received = start_us + np.array([round(one[1] * 60e6) for one in reports], np.int64)
    late = np.array([round(one[3] * 60e6) for one in reports], np.int64)
    sources = pa.array([one[2] for one in reports], pa.string())
    kept.update(names, slots, received - late, received, sources)
    return kept


def facts(*reports: tuple[str, float, str, float], kind="hazmat", **known: Any) -> Facts:
    row = {"vehicle": "10001", "plate": "川DI0001", "plate_colour": 2, "kind": kind, **known}
    return Facts(register_of(row), PLACES, heard=heard(*reports))


def found(*reports: tuple[str, float, str, float], **known: Any) -> list[str]:
    rows = judge("passage_unreported", passage(30, "A"), facts=facts(*reports, **known))
    return [row["severity"] for row in rows]


def own(minute: float, source: str = "jt809:a", late: float = 0.0):
    return ("10001", minute, source, late)


@pytest.mark.parametrize(
    ("reports", "severity"),
    [
        # The passing is in minute 0; minutes -10 to 10 count whole.
        ([own(-10.01)], "silent"),
        ([own(-10.0)], None),
        ([own(-30), own(10.99)], None),
        ([own(-30), own(11.0)], "silent"),
        # Stored in a dead zone and sent afterwards: 5 min late count, later ones do not.
        ([own(-30), own(14, late=5.0)], None),
        ([own(-30), own(14.1, late=5.1)], "silent"),
        ([], "never_heard"),
    ],
)
def test_edges(reports, severity):
    assert found(*OTHERS, *reports) == ([severity] if severity else [])


def test_nobody_may_wait_longer_than_what_comes_late_is_counted():
    """Beyond five minutes the number would do nothing: it is refused where it is entered."""
    late = parameter("passage_unreported", "late_min")
    assert late.allows(5.0)
    assert not late.allows(5.1)
    assert late.max == LATE_US / 60e6


def test_a_silent_source_is_no_silent_terminal():
    eleven = [one for one in OTHERS if -5 <= one[1] <= 5]
    assert found(own(-30), *eleven) == ["silent"]
    assert found(own(-30), *eleven[1:]) == [], "10 of 21 minutes are less than half"
    elsewhere = [(name, minute, "jt808", late) for name, minute, _, late in OTHERS]
    assert found(own(-30), *elsewhere) == [], "another platform's data prove nothing about this"
    assert found(*elsewhere) == ["never_heard"]


@pytest.mark.parametrize(
    ("known", "fires"),
    [
        ({"kind": "heavy_truck", "gross_kg": 12_000.0}, True),
        ({"kind": "heavy_truck", "gross_kg": 11_999.0}, False),
        ({"kind": "heavy_truck"}, True),
        ({"kind": "minivan"}, False),
        ({"plate": "川DI0002"}, False),
    ],
)
def test_who_must_report(known, fires):
    assert bool(found(own(-30), *OTHERS, **known)) == fires


def test_what_it_says():
    (row,) = judge("passage_unreported", passage(30, "A"), facts=facts(own(-30), *OTHERS))
    assert (row["vehicle"], row["vehicle_kind"]) == ("10001", "hazmat")
    assert (row["measured"], row["limit"], row["measured_unit"]) == (21, 0, "min")
    assert row["fired"] == START + timedelta(seconds=30, minutes=10)
    assert row["evidence"] == ["passages:A30"]


def test_nothing_is_said_of_what_nobody_remembers():
    late = passage(30, "A", received=START + timedelta(hours=2))
    reports = [own(-30), *OTHERS, ("10001", 100, "jt809:a", 0.0)]
    assert judge("passage_unreported", late, facts=facts(*reports)) == []


def test_it_waits_for_positions_and_would_accuse_without():
    """Passages are read before the positions received meanwhile: a pipeline that is behind."""
    given = facts(own(-30), *OTHERS)
    given.heard.until_us = int(START.timestamp() * 1e6)
    context = RecordContext.build(
        registry.RECORD_RULES, given, only=frozenset({"passage_unreported"})
    )
    rows = [passage(30, "A"), passage(3600, "A", plate="川DI9999")]
    batch = pa.RecordBatch.from_pylist(rows, schema=PASSAGE)
    early, state = records.step("passages", batch, RecordState(), context)
    assert len(early) == 0
    held, state = records.release(int(START.timestamp() * 1e6) + 3_600_000_000, state, context)
    assert len(held) == 0
    # Its report of minute 3 is read at last.
    reports = [own(-30), *OTHERS, own(3)]
    given.heard.restore(heard(*reports).to_bytes(), Names.of(["10001", "20000"]))
    given.heard.until_us = int(START.timestamp() * 1e6) + 3_600_000_000
    context = RecordContext.build(
        registry.RECORD_RULES, given, only=frozenset({"passage_unreported"})
    )
    done, _ = records.release(given.heard.until_us, state, context)
    assert len(done) == 0
    # The control: judged when the second passage came, it would have fired.
    assert found(own(-30), *OTHERS) == ["silent"]


@pytest.mark.parametrize(
    ("kind", "seen", "severity"),
    [
        ("hazmat", "H15", "silent"),
        ("hazmat", None, "silent"),
        ("hazmat", "X99", "silent"),
        ("hazmat", "K11", None),
        ("line_coach", "K11", "silent"),
        ("line_coach", "H11", None),
    ],
)
def test_a_plate_read_off_another_sort_of_vehicle(kind, seen, severity):
    row = passage(30, "A", vehicle_class=seen)
    rows = judge("passage_unreported", row, facts=facts(own(-30), *OTHERS, kind=kind))
    assert [one["severity"] for one in rows] == ([severity] if severity else [])
